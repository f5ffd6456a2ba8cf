/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Platform-level interrupt controller.
 * Specification: "RISC-V Platform-Level Interrupt Controller Specification" 1.0.0; memory map of
 * the SiFive PLIC.
 *
 * Sources are level-triggered: the gateway makes a request pending when the level is high, and
 * asks again only after a completion. Source 0 does not exist.
 */
#include "hw/core/dev.h"
#include "hw/core/regs.h"
#include "util/bitops.h"

enum {
    MAX_SOURCES = 1024,
    MAX_CONTEXTS = 1024,
    ENABLE_WORDS = MAX_SOURCES / 32, /* of a context, in the memory map */
    PRIORITY_BASE = 0,
    PENDING_BASE = 0x1000,
    ENABLE_BASE = 0x2000,
    CONTEXT_BASE = 0x200000,
    CONTEXT_STRIDE = 0x1000,
};

typedef struct Plic {
    Device dev;

    /* properties */
    uint32_t num_sources; /* with source 0 */
    uint32_t num_contexts;
    uint32_t num_priorities; /* highest priority; 2^n - 1 */

    /* saved; bit sets have 32 sources in a word */
    uint32_t *priority;  /* by source */
    uint32_t *pending;   /* accepted from the gateway, not claimed */
    uint32_t *claimed;   /* being served: the gateway waits for the completion */
    uint32_t *enable;    /* by context, `words` each */
    uint32_t *threshold; /* by context */

    /* derived */
    uint32_t words;        /* of a bit set */
    uint32_t enable_words; /* of all contexts' */
    uint32_t *level;       /* of the input lines */
    IrqLine **pins;        /* by context */
    RegSpace regs;
} Plic;

static bool bit_of(const uint32_t *set, unsigned n)
{
    return set[n / 32] >> n % 32 & 1;
}

static void put_bit(uint32_t *set, unsigned n, bool on)
{
    uint32_t bit = 1u << n % 32;
    set[n / 32] = on ? set[n / 32] | bit : set[n / 32] & ~bit;
}

/* The pending and enabled source of highest priority, the lowest number first; 0: none. */
static unsigned best_source(const Plic *s, unsigned context)
{
    unsigned best = 0;
    uint32_t best_priority = 0;
    for (unsigned w = 0; w < s->words; w++) {
        uint32_t ready = s->pending[w] & s->enable[context * s->words + w];
        for (; ready; ready &= ready - 1) {
            unsigned source = w * 32 + ctz64(ready);
            if (s->priority[source] > best_priority) {
                best = source;
                best_priority = s->priority[source];
            }
        }
    }
    return best;
}

static void update_context(Plic *s, unsigned context)
{
    unsigned best = best_source(s, context);
    irq_set(s->pins[context], best && s->priority[best] > s->threshold[context]);
}

static void update_all(Plic *s)
{
    for (unsigned c = 0; c < s->num_contexts; c++) {
        update_context(s, c);
    }
}

/* Tells the contexts that may take @source. */
static void update_for(Plic *s, unsigned source)
{
    for (unsigned c = 0; c < s->num_contexts; c++) {
        if (bit_of(s->enable + c * s->words, source)) {
            update_context(s, c);
        }
    }
}

/* The gateway: passes a high level on, unless an earlier request is still under way. */
static void request(Plic *s, unsigned source)
{
    if (bit_of(s->level, source) && !bit_of(s->claimed, source) && !bit_of(s->pending, source)) {
        put_bit(s->pending, source, true);
        update_for(s, source);
    }
}

static void source_changed(void *opaque, int n, int level)
{
    Plic *s = opaque;
    if (n == 0) {
        return;
    }
    put_bit(s->level, (unsigned)n, level != 0);
    request(s, (unsigned)n);
}

static unsigned source_limit(void *dev)
{
    return ((Plic *)dev)->num_sources;
}

static unsigned word_limit(void *dev)
{
    return ((Plic *)dev)->words;
}

static unsigned enable_limit(void *dev)
{
    return ((Plic *)dev)->num_contexts * ENABLE_WORDS;
}

static unsigned context_limit(void *dev)
{
    return ((Plic *)dev)->num_contexts;
}

/* Source 0 has no priority, and only the low bits of the others exist. */
static uint64_t priority_legal(void *dev, unsigned source, uint64_t old, uint64_t value)
{
    return source ? value & ((Plic *)dev)->num_priorities : 0;
}

static void priority_write(void *dev, unsigned source, uint64_t value)
{
    update_for(dev, source);
}

static uint64_t threshold_legal(void *dev, unsigned context, uint64_t old, uint64_t value)
{
    return value & ((Plic *)dev)->num_priorities;
}

static void threshold_write(void *dev, unsigned context, uint64_t value)
{
    update_context(dev, context);
}

/* The sources of word @w that exist. */
static uint32_t existing(const Plic *s, unsigned w)
{
    uint64_t below = s->num_sources - w * 32;
    uint32_t mask = below >= 32 ? UINT32_MAX : (uint32_t)(BIT(below) - 1);
    return w ? mask : mask & ~1u;
}

static uint64_t enable_read(void *dev, unsigned index)
{
    Plic *s = dev;
    unsigned context = index / ENABLE_WORDS, w = index % ENABLE_WORDS;
    return w < s->words ? s->enable[context * s->words + w] : 0;
}

static void enable_write(void *dev, unsigned index, uint64_t value)
{
    Plic *s = dev;
    unsigned context = index / ENABLE_WORDS, w = index % ENABLE_WORDS;
    if (w < s->words) {
        s->enable[context * s->words + w] = (uint32_t)value & existing(s, w);
        update_context(s, context);
    }
}

/* Claims regardless of the threshold. */
static uint64_t claim_read(void *dev, unsigned context)
{
    Plic *s = dev;
    unsigned source = best_source(s, context);
    if (source) {
        put_bit(s->pending, source, false);
        put_bit(s->claimed, source, true);
        update_for(s, source);
    }
    return source;
}

/* Ignored unless the source is enabled for the context. */
static void complete_write(void *dev, unsigned context, uint64_t source)
{
    Plic *s = dev;
    if (source == 0 || source >= s->num_sources ||
        !bit_of(s->enable + context * s->words, (unsigned)source)) {
        return;
    }
    put_bit(s->claimed, (unsigned)source, false);
    request(s, (unsigned)source);
}

static const Reg plic_regs[] = {
    { "priority", PRIORITY_BASE, .size = 4, .count = MAX_SOURCES, REG_STORE_PTR(Plic, priority),
      .legal = priority_legal, .write = priority_write, .limit = source_limit },
    { "pending", PENDING_BASE, .size = 4, .count = ENABLE_WORDS, .access = REG_RO,
      REG_STORE_PTR(Plic, pending), .limit = word_limit },
    { "enable", ENABLE_BASE, .size = 4, .count = MAX_CONTEXTS * ENABLE_WORDS, .read = enable_read,
      .write = enable_write, .limit = enable_limit },
    { "threshold", CONTEXT_BASE, .size = 4, .count = MAX_CONTEXTS, .stride = CONTEXT_STRIDE,
      REG_STORE_PTR(Plic, threshold), .legal = threshold_legal, .write = threshold_write,
      .limit = context_limit },
    { "claim", CONTEXT_BASE + 4, .size = 4, .count = MAX_CONTEXTS, .stride = CONTEXT_STRIDE,
      .flags = REG_WHOLE, .read = claim_read, .write = complete_write, .limit = context_limit },
    REG_END
};

static const RegBlock plic_block = {
    .name = "plic", .regs = plic_regs, .min_access = 4, .max_access = 4
};

static bool plic_realize(Device *dev, Error *err)
{
    Plic *s = (Plic *)dev;
    if (!is_pow2((uint64_t)s->num_priorities + 1)) {
        error_set(err, "num-priorities must be one less than a power of two");
        return false;
    }
    s->words = (s->num_sources + 31) / 32;
    s->enable_words = s->num_contexts * s->words;
    s->priority = g_new0(uint32_t, s->num_sources);
    s->pending = g_new0(uint32_t, s->words);
    s->claimed = g_new0(uint32_t, s->words);
    s->level = g_new0(uint32_t, s->words);
    s->enable = g_new0(uint32_t, s->enable_words);
    s->threshold = g_new0(uint32_t, s->num_contexts);
    s->pins = g_new0(IrqLine *, s->num_contexts);
    dev_add_in(dev, NULL, source_changed, s->num_sources);
    dev_add_out(dev, NULL, s->pins, s->num_contexts);
    regs_init(&s->regs, dev->machine, &plic_block, dev, "riscv.sifive.plic",
              CONTEXT_BASE + (uint64_t)MAX_CONTEXTS * CONTEXT_STRIDE);
    dev_add_region(dev, &s->regs.mr);
    return true;
}

static void plic_reset(Device *dev)
{
    Plic *s = (Plic *)dev;
    regs_reset(&s->regs);
    memset(s->claimed, 0, s->words * sizeof(*s->claimed));
    memset(s->enable, 0, s->enable_words * sizeof(*s->enable));
    update_all(s);
}

/* True when a set has only sources that exist. */
static bool check_set(const Plic *s, const uint32_t *set)
{
    for (unsigned w = 0; w < s->words; w++) {
        if (set[w] & ~existing(s, w)) {
            return false;
        }
    }
    return true;
}

static bool check_values(const uint32_t *values, uint32_t n, uint32_t mask)
{
    for (uint32_t i = 0; i < n; i++) {
        if (values[i] & ~mask) {
            return false;
        }
    }
    return true;
}

static bool plic_loaded(void *dev, unsigned version, Error *err)
{
    Plic *s = dev;
    bool good = check_set(s, s->pending) && check_set(s, s->claimed) &&
                check_values(s->priority, s->num_sources, s->num_priorities) &&
                check_values(s->threshold, s->num_contexts, s->num_priorities);
    for (unsigned c = 0; good && c < s->num_contexts; c++) {
        good = check_set(s, s->enable + c * s->words);
    }
    if (!good) {
        error_set(err, "the saved state has interrupt sources or priorities that do not exist");
        return false;
    }
    update_all(s);
    return true;
}

static void plic_finalize(Object *obj)
{
    Plic *s = (Plic *)obj;
    g_free(s->priority);
    g_free(s->pending);
    g_free(s->claimed);
    g_free(s->level);
    g_free(s->enable);
    g_free(s->threshold);
    g_free(s->pins);
}

static const Field plic_fields[] = {
    FIELD_PROP_BOUNDED(Plic, num_sources, "num-sources", "96", 2, MAX_SOURCES,
                       "number of sources, with the absent source 0"),
    FIELD_PROP_BOUNDED(Plic, num_contexts, "num-contexts", "1", 1, MAX_CONTEXTS,
                       "number of contexts: one for each privilege mode of each hart"),
    FIELD_PROP_BOUNDED(Plic, num_priorities, "num-priorities", "7", 1, INT32_MAX,
                       "highest priority, 2^n - 1"),
    FIELD_SAVED_FIXED_PTR(Plic, priority, num_sources, MAX_SOURCES),
    FIELD_SAVED_FIXED_PTR(Plic, pending, words, ENABLE_WORDS),
    FIELD_SAVED_FIXED_PTR(Plic, claimed, words, ENABLE_WORDS),
    FIELD_SAVED_FIXED_PTR(Plic, enable, enable_words, MAX_CONTEXTS *ENABLE_WORDS),
    FIELD_SAVED_FIXED_PTR(Plic, threshold, num_contexts, MAX_CONTEXTS),
    FIELD_END
};

static const VmState plic_vmstate = {
    .version = 1, .min_version = 1, .fields = plic_fields, .loaded = plic_loaded
};

static const DeviceClass plic_class = { .realize = plic_realize,
                                        .reset = plic_reset,
                                        .vmstate = &plic_vmstate };

static const TypeInfo plic_type = {
    .name = "riscv.sifive.plic",
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(Plic),
    .class = &plic_class,
    .props = plic_fields,
    .instance_finalize = plic_finalize,
    .help = "SiFive platform-level interrupt controller",
};
QOM_TYPE(plic_type);
