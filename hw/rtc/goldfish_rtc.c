/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goldfish real-time clock: ns since 1970 in two halves, with an alarm.
 * Specification: Android's "goldfish virtual hardware" guide, section on the timer; device-tree
 * binding "google,goldfish-rtc".
 */
#include "hw/core/dev.h"
#include "hw/core/regs.h"
#include "util/bitops.h"

typedef struct Rtc {
    Device dev;

    /* saved */
    uint64_t offset;    /* clock = host clock + offset */
    uint32_t time_high; /* as it was when time_low was read */
    uint32_t alarm_high;
    uint64_t alarm; /* ns since 1970 */
    bool alarm_set;
    bool pending;
    uint8_t irq_enabled;

    /* derived */
    ClkTimer timer;
    IrqLine *pin;
    RegSpace regs;
} Rtc;

static uint64_t rtc_now(const Rtc *s)
{
    return (uint64_t)clk_ns(&s->dev.machine->clk_host) + s->offset;
}

static void update_irq(Rtc *s)
{
    irq_set(s->pin, s->pending && s->irq_enabled);
}

/* Rings when the alarm is due, else arms the timer for it. */
static void check_alarm(Rtc *s)
{
    int64_t deadline = INT64_MAX;
    uint64_t now = rtc_now(s);
    if (s->alarm_set && s->alarm <= now) {
        s->alarm_set = false;
        s->pending = true;
    } else if (s->alarm_set && s->alarm - now < INT64_MAX) {
        int64_t host = clk_ns(&s->dev.machine->clk_host);
        if (__builtin_add_overflow(host, (int64_t)(s->alarm - now), &deadline)) {
            deadline = INT64_MAX;
        }
    }
    clk_timer_mod(&s->timer, deadline);
    update_irq(s);
}

static void alarm_due(void *opaque)
{
    check_alarm(opaque);
}

/* Reading the low half latches the high one. */
static uint64_t time_low_read(void *dev, unsigned i)
{
    Rtc *s = dev;
    uint64_t now = rtc_now(s);
    s->time_high = (uint32_t)(now >> 32);
    return (uint32_t)now;
}

static void set_time(Rtc *s, uint64_t ns)
{
    s->offset += ns - rtc_now(s);
    check_alarm(s);
}

static void time_low_write(void *dev, unsigned i, uint64_t value)
{
    set_time(dev, bits_put(rtc_now(dev), 0, 32, value));
}

static uint64_t time_high_read(void *dev, unsigned i)
{
    return ((Rtc *)dev)->time_high;
}

static void time_high_write(void *dev, unsigned i, uint64_t value)
{
    set_time(dev, bits_put(rtc_now(dev), 32, 32, value));
}

static uint64_t alarm_low_read(void *dev, unsigned i)
{
    return (uint32_t)((Rtc *)dev)->alarm;
}

/* Writing the low half sets the alarm. */
static void alarm_low_write(void *dev, unsigned i, uint64_t value)
{
    Rtc *s = dev;
    s->alarm = (uint64_t)s->alarm_high << 32 | value;
    s->alarm_set = true;
    check_alarm(s);
}

static void irq_enabled_write(void *dev, unsigned i, uint64_t value)
{
    update_irq(dev);
}

static void clear_alarm_write(void *dev, unsigned i, uint64_t value)
{
    ((Rtc *)dev)->alarm_set = false;
    check_alarm(dev);
}

static uint64_t alarm_status_read(void *dev, unsigned i)
{
    return ((Rtc *)dev)->alarm_set;
}

static void clear_interrupt_write(void *dev, unsigned i, uint64_t value)
{
    ((Rtc *)dev)->pending = false;
    update_irq(dev);
}

static const Reg rtc_regs[] = {
    { "TIME_LOW", 0x00, .size = 4, .read = time_low_read, .write = time_low_write },
    { "TIME_HIGH", 0x04, .size = 4, .read = time_high_read, .write = time_high_write },
    { "ALARM_LOW", 0x08, .size = 4, .read = alarm_low_read, .write = alarm_low_write },
    { "ALARM_HIGH", 0x0c, .size = 4, REG_STORE(Rtc, alarm_high) },
    { "IRQ_ENABLED", 0x10, .size = 4, REG_STORE(Rtc, irq_enabled), .mask = 1,
      .write = irq_enabled_write },
    { "CLEAR_ALARM", 0x14, .size = 4, .access = REG_WO, .flags = REG_QUIET | REG_WRITE_ALL,
      .write = clear_alarm_write },
    { "ALARM_STATUS", 0x18, .size = 4, .access = REG_RO, .read = alarm_status_read },
    { "CLEAR_INTERRUPT", 0x1c, .size = 4, .access = REG_WO, .flags = REG_QUIET | REG_WRITE_ALL,
      .write = clear_interrupt_write },
    REG_END
};

static const RegBlock rtc_block = {
    .name = "goldfish_rtc", .regs = rtc_regs, .min_access = 4, .max_access = 4
};

static bool rtc_realize(Device *dev, Error *err)
{
    Rtc *s = (Rtc *)dev;
    clk_timer_init(&s->timer, &dev->machine->clk_host, alarm_due, s);
    dev_add_out(dev, NULL, &s->pin, 1);
    regs_init(&s->regs, dev->machine, &rtc_block, dev, "goldfish_rtc", 0x24);
    dev_add_region(dev, &s->regs.mr);
    return true;
}

/* The clock itself keeps running, as one with a battery does. */
static void rtc_reset(Device *dev)
{
    Rtc *s = (Rtc *)dev;
    regs_reset(&s->regs);
    s->time_high = 0;
    s->alarm = 0;
    s->alarm_set = false;
    s->pending = false;
    check_alarm(s);
}

static bool rtc_loaded(void *dev, unsigned version, Error *err)
{
    check_alarm(dev);
    return true;
}

static void rtc_finalize(Object *obj)
{
    clk_timer_del(&((Rtc *)obj)->timer);
}

static const Field rtc_fields[] = { FIELD_SAVED(Rtc, offset),      FIELD_SAVED(Rtc, time_high),
                                    FIELD_SAVED(Rtc, alarm_high),  FIELD_SAVED(Rtc, alarm),
                                    FIELD_SAVED(Rtc, alarm_set),   FIELD_SAVED(Rtc, pending),
                                    FIELD_SAVED(Rtc, irq_enabled), FIELD_END };

static const VmState rtc_vmstate = {
    .version = 1, .min_version = 1, .fields = rtc_fields, .loaded = rtc_loaded
};

static const DeviceClass rtc_class = { .realize = rtc_realize,
                                       .reset = rtc_reset,
                                       .vmstate = &rtc_vmstate };

static const TypeInfo rtc_type = {
    .name = "goldfish_rtc",
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(Rtc),
    .class = &rtc_class,
    .props = rtc_fields,
    .instance_finalize = rtc_finalize,
    .help = "Goldfish real-time clock",
};
QOM_TYPE(rtc_type);
