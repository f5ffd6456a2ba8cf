/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RISC-V Advanced Core Local Interruptor: MTIMER, MSWI and SSWI devices.
 * Specification: "RISC-V Advanced Core Local Interruptor Specification" 1.0-rc4. MSWI and MTIMER
 * side by side are the SiFive CLINT. Pin i is the i-th hart of the device; the board connects it to
 * hart hartid-base + i.
 */
#include "hw/intc/riscv_aclint.h"

#include <assert.h>

#include "hw/core/regs.h"
#include "util/units.h"

enum {
    MAX_HARTS = 4095,
    MTIMER_SIZE = 0x8000,
    MTIMER_TIME = 0x7ff8, /* offset of mtime; the compare registers start at 0 */
    SWI_SIZE = 0x4000,
};

/* --- MTIMER --- */

typedef struct MTimer MTimer;

typedef struct MTimerHart {
    MTimer *timer;
    unsigned index;
    ClkTimer deadline;
} MTimerHart;

struct MTimer {
    Device dev;

    /* properties */
    uint32_t num_harts;
    uint32_t frequency;

    /* saved */
    uint64_t time_delta; /* mtime = ticks(virtual clock) + time_delta; atomic */
    uint64_t *timecmp;

    /* derived */
    MTimerHart *harts;
    IrqLine **pins; /* MTIP of each hart */
    TimeSource source;
    RegSpace regs;
};

static uint64_t ticks_at(const MTimer *s, int64_t ns)
{
    return ns_to_ticks((uint64_t)ns, s->frequency);
}

static int64_t virtual_ns(const MTimer *s)
{
    return clk_ns(&s->dev.machine->clk_virtual);
}

static uint64_t mtime_at(const MTimer *s, int64_t ns)
{
    return ticks_at(s, ns) + __atomic_load_n(&s->time_delta, __ATOMIC_RELAXED);
}

/* The first ns at which mtime is @ahead ticks further than it was at @ns. */
static int64_t ns_ahead(const MTimer *s, int64_t ns, uint64_t ahead)
{
    uint64_t ticks;
    if (__builtin_add_overflow(ticks_at(s, ns), ahead, &ticks)) {
        return INT64_MAX;
    }
    uint64_t deadline = ticks_to_ns_up(ticks, s->frequency);
    return deadline > INT64_MAX ? INT64_MAX : (int64_t)deadline;
}

/* Compares, drives MTIP and arms the timer for the next change: the deadline, or, when that has
 * passed, the moment mtime starts again from 0. */
static void update_hart(MTimer *s, unsigned i)
{
    int64_t ns = virtual_ns(s);
    uint64_t now = mtime_at(s, ns);
    bool due = now >= s->timecmp[i];
    irq_set(s->pins[i], due);
    uint64_t next_change = due ? 0 : s->timecmp[i];
    /* At mtime 0 the counter has just started: 2^64 ticks to go is the same as never. */
    int64_t deadline = next_change == now ? INT64_MAX : ns_ahead(s, ns, next_change - now);
    clk_timer_mod(&s->harts[i].deadline, deadline);
}

static void update_all(MTimer *s)
{
    for (unsigned i = 0; i < s->num_harts; i++) {
        update_hart(s, i);
    }
}

/* mtime jumped: every deadline moves. */
static void set_mtime(MTimer *s, uint64_t value)
{
    uint64_t delta = value - ticks_at(s, virtual_ns(s));
    __atomic_store_n(&s->time_delta, delta, __ATOMIC_RELAXED);
}

static void tell_listeners(MTimer *s)
{
    for (unsigned i = 0; i < s->source.listeners->len; i++) {
        TimeSourceListener *l = &g_array_index(s->source.listeners, TimeSourceListener, i);
        l->changed(l->opaque);
    }
}

static uint64_t source_now(TimeSource *source)
{
    MTimer *s = container_of(source, MTimer, source);
    return mtime_at(s, virtual_ns(s));
}

static int64_t source_deadline_ns(TimeSource *source, uint64_t tick)
{
    MTimer *s = container_of(source, MTimer, source);
    int64_t ns = virtual_ns(s);
    uint64_t now = mtime_at(s, ns);
    return now >= tick ? ns : ns_ahead(s, ns, tick - now);
}

TimeSource *aclint_time_source(Device *mtimer)
{
    assert(obj_is_a(OBJECT(mtimer), TYPE_ACLINT_MTIMER));
    return &((MTimer *)mtimer)->source;
}

static unsigned mtimer_limit(void *dev)
{
    return ((MTimer *)dev)->num_harts;
}

static void timecmp_write(void *dev, unsigned i, uint64_t value)
{
    update_hart(dev, i);
}

static uint64_t mtime_read(void *dev, unsigned i)
{
    return mtime_at(dev, virtual_ns(dev));
}

static void mtime_write(void *dev, unsigned i, uint64_t value)
{
    set_mtime(dev, value);
    update_all(dev);
    tell_listeners(dev);
}

static void deadline_reached(void *opaque)
{
    MTimerHart *hart = opaque;
    update_hart(hart->timer, hart->index);
}

static const Reg mtimer_regs[] = {
    { "mtimecmp", 0, .size = 8, .count = MAX_HARTS, REG_STORE_PTR(MTimer, timecmp),
      .reset = UINT64_MAX, .write = timecmp_write, .limit = mtimer_limit },
    { "mtime", MTIMER_TIME, .size = 8, .read = mtime_read, .write = mtime_write },
    REG_END
};

static const RegBlock mtimer_block = {
    .name = "aclint-mtimer", .regs = mtimer_regs, .min_access = 4, .max_access = 8
};

static bool mtimer_realize(Device *dev, Error *err)
{
    MTimer *s = (MTimer *)dev;
    s->timecmp = g_new0(uint64_t, s->num_harts);
    s->pins = g_new0(IrqLine *, s->num_harts);
    s->harts = g_new0(MTimerHart, s->num_harts);
    for (unsigned i = 0; i < s->num_harts; i++) {
        s->harts[i].timer = s;
        s->harts[i].index = i;
        clk_timer_init(&s->harts[i].deadline, &dev->machine->clk_virtual, deadline_reached,
                       &s->harts[i]);
    }
    s->source.frequency = s->frequency;
    dev_add_out(dev, NULL, s->pins, s->num_harts);
    regs_init(&s->regs, dev->machine, &mtimer_block, dev, TYPE_ACLINT_MTIMER, MTIMER_SIZE);
    dev_add_region(dev, &s->regs.mr);
    return true;
}

static void mtimer_reset(Device *dev)
{
    MTimer *s = (MTimer *)dev;
    regs_reset(&s->regs);
    set_mtime(s, 0);
    update_all(s);
    tell_listeners(s);
}

static bool mtimer_loaded(void *dev, unsigned version, Error *err)
{
    update_all(dev);
    tell_listeners(dev);
    return true;
}

static void mtimer_init(Object *obj)
{
    MTimer *s = (MTimer *)obj;
    s->source.now = source_now;
    s->source.deadline_ns = source_deadline_ns;
    s->source.listeners = g_array_new(FALSE, FALSE, sizeof(TimeSourceListener));
}

static void mtimer_finalize(Object *obj)
{
    MTimer *s = (MTimer *)obj;
    for (unsigned i = 0; s->harts && i < s->num_harts; i++) {
        clk_timer_del(&s->harts[i].deadline);
    }
    g_array_free(s->source.listeners, TRUE);
    g_free(s->harts);
    g_free(s->pins);
    g_free(s->timecmp);
}

static const Field mtimer_fields[] = {
    FIELD_PROP_BOUNDED(MTimer, num_harts, "num-harts", "1", 1, MAX_HARTS, "number of harts"),
    FIELD_PROP_BOUNDED(MTimer, frequency, "timebase-freq", "10000000", 1, UINT32_MAX,
                       "ticks of mtime in a second"),
    FIELD_SAVED(MTimer, time_delta), FIELD_SAVED_FIXED_PTR(MTimer, timecmp, num_harts, MAX_HARTS),
    FIELD_END
};

static const VmState mtimer_vmstate = {
    .version = 1, .min_version = 1, .fields = mtimer_fields, .loaded = mtimer_loaded
};

static const DeviceClass mtimer_class = { .realize = mtimer_realize,
                                          .reset = mtimer_reset,
                                          .vmstate = &mtimer_vmstate };

static const TypeInfo mtimer_type = {
    .name = TYPE_ACLINT_MTIMER,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(MTimer),
    .class = &mtimer_class,
    .props = mtimer_fields,
    .instance_init = mtimer_init,
    .instance_finalize = mtimer_finalize,
    .help = "RISC-V ACLINT machine timer",
};
QOM_TYPE(mtimer_type);

/* --- MSWI and SSWI --- */

typedef struct Swi {
    Device dev;

    /* properties */
    uint32_t num_harts;
    bool sswi; /* supervisor: an edge that the hart remembers, instead of a level */

    /* saved */
    uint32_t *msip; /* MSWI: the level of each hart's MSIP */

    /* derived */
    IrqLine **pins; /* MSIP or SSIP of each hart */
    RegSpace regs;
} Swi;

static unsigned swi_limit(void *dev)
{
    return ((Swi *)dev)->num_harts;
}

static void msip_write(void *dev, unsigned i, uint64_t value)
{
    irq_set(((Swi *)dev)->pins[i], (int)value);
}

static uint64_t setssip_read(void *dev, unsigned i)
{
    return 0;
}

static void setssip_write(void *dev, unsigned i, uint64_t value)
{
    if (value) {
        irq_pulse(((Swi *)dev)->pins[i]);
    }
}

static const Reg mswi_regs[] = { { "msip", 0, .size = 4, .count = MAX_HARTS,
                                   REG_STORE_PTR(Swi, msip), .mask = 1, .write = msip_write,
                                   .limit = swi_limit },
                                 REG_END };

static const Reg sswi_regs[] = { { "setssip", 0, .size = 4, .count = MAX_HARTS, .mask = 1,
                                   .read = setssip_read, .write = setssip_write,
                                   .limit = swi_limit },
                                 REG_END };

static const RegBlock mswi_block = {
    .name = "aclint-mswi", .regs = mswi_regs, .min_access = 4, .max_access = 4
};

static const RegBlock sswi_block = {
    .name = "aclint-sswi", .regs = sswi_regs, .min_access = 4, .max_access = 4
};

static bool swi_realize(Device *dev, Error *err)
{
    Swi *s = (Swi *)dev;
    s->msip = g_new0(uint32_t, s->num_harts);
    s->pins = g_new0(IrqLine *, s->num_harts);
    dev_add_out(dev, NULL, s->pins, s->num_harts);
    regs_init(&s->regs, dev->machine, s->sswi ? &sswi_block : &mswi_block, dev, TYPE_ACLINT_SWI,
              SWI_SIZE);
    dev_add_region(dev, &s->regs.mr);
    return true;
}

static void drive_msip(Swi *s)
{
    for (unsigned i = 0; i < s->num_harts; i++) {
        irq_set(s->pins[i], (int)s->msip[i]);
    }
}

static void swi_reset(Device *dev)
{
    Swi *s = (Swi *)dev;
    regs_reset(&s->regs);
    drive_msip(s);
}

static bool swi_loaded(void *dev, unsigned version, Error *err)
{
    drive_msip(dev);
    return true;
}

static void swi_finalize(Object *obj)
{
    Swi *s = (Swi *)obj;
    g_free(s->pins);
    g_free(s->msip);
}

static const Field swi_fields[] = {
    FIELD_PROP_BOUNDED(Swi, num_harts, "num-harts", "1", 1, MAX_HARTS, "number of harts"),
    FIELD_PROP(Swi, sswi, "sswi", "off", "supervisor instead of machine software interrupts"),
    FIELD_SAVED_FIXED_PTR(Swi, msip, num_harts, MAX_HARTS), FIELD_END
};

static const VmState swi_vmstate = {
    .version = 1, .min_version = 1, .fields = swi_fields, .loaded = swi_loaded
};

static const DeviceClass swi_class = { .realize = swi_realize,
                                       .reset = swi_reset,
                                       .vmstate = &swi_vmstate };

static const TypeInfo swi_type = {
    .name = TYPE_ACLINT_SWI,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(Swi),
    .class = &swi_class,
    .props = swi_fields,
    .instance_finalize = swi_finalize,
    .help = "RISC-V ACLINT software interrupts",
};
QOM_TYPE(swi_type);
