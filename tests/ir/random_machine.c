/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that random regions run on: see random_region.h.
 */
#include "random_region.h"

#include <string.h>

#include "tcg/tcg.h"

enum { MXCSR_MASKS = 0x1f80, RC_SHIFT = 13 };

uint64_t random_next(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

uint64_t random_int(uint64_t *seed)
{
    uint64_t kind = random_next(seed), bits = random_next(seed);

    switch (kind % 8) {
    case 0:
        return bits % 5 - 2;
    case 1: /* around a power of two, either sign */
        return (1ull << bits % 64) + kind / 8 % 3 - 1;
    case 2:
        return -(1ull << bits % 64) + kind / 8 % 3 - 1;
    case 3:
        return (uint64_t)(int32_t)bits;
    case 4:
        return (uint32_t)bits;
    case 5:
        return bits % 4096;
    default:
        return bits;
    }
}

uint64_t random_f32(uint64_t *seed)
{
    static const uint32_t corners[] = { 0,          0x3f800000, 0x7f800000, 0x7fc00000, 0x7f800001,
                                        0x7fffffff, 0x00000001, 0x007fffff, 0x00800000, 0x7f7fffff,
                                        0x4f000000, 0x5f000000, 0x33800000, 0x3f000000 };
    uint64_t kind = random_next(seed), bits = random_next(seed);

    if (kind % 2) {
        return corners[bits % G_N_ELEMENTS(corners)] ^ (uint32_t)(kind & 2) << 30;
    }
    /* Exponents near one another, so that sums and products round in interesting ways. */
    return kind % 4 ? (uint32_t)bits : ((uint32_t)bits & 0x87ffffff) | 0x38000000;
}

uint64_t random_f64(uint64_t *seed)
{
    static const uint64_t corners[] = {
        0,
        0x3ff0000000000000,
        0x7ff0000000000000,
        0x7ff8000000000000,
        0x7ff0000000000001,
        0x7fffffffffffffff,
        0x0000000000000001,
        0x000fffffffffffff,
        0x0010000000000000,
        0x7fefffffffffffff,
        0x41dfffffffc00000,
        0x43e0000000000000,
        0x3ca0000000000000,
        0x3fe0000000000000,
    };
    uint64_t kind = random_next(seed), bits = random_next(seed);

    switch (kind % 4) {
    case 0:
        return corners[bits % G_N_ELEMENTS(corners)] ^ (kind & 4) << 61;
    case 1:
        return random_f32(seed) | (uint64_t)UINT32_MAX << 32;
    case 2:
        return (bits & 0x80ffffffffffffff) | 0x3f00000000000000;
    default:
        return bits;
    }
}

static RandomMachine *machine_of(TcgState *state)
{
    return (RandomMachine *)state;
}

static void trace(RandomMachine *m, uint64_t value)
{
    m->trace = (m->trace ^ value) * 0x100000001b3;
    m->trace ^= m->trace >> 29;
}

static void raise_at(TcgState *state, uint64_t why)
{
    trace(machine_of(state), state->pc);
    trace(machine_of(state), why);
    state->pc = RANDOM_PC + 0x100000 + (why & 0xff0);
    state->raised = 1;
}

/* --- slow paths --- */

static uint8_t *ram(TcgState *state, uint64_t gva, unsigned mem)
{
    uint64_t offset = gva - RANDOM_BASE;

    return offset <= RANDOM_MEMORY - (1u << (mem & IR_MEM_SIZE_MASK))
               ? machine_of(state)->memory + offset
               : NULL;
}

static uint64_t slow_load(TcgState *state, uint64_t gva, uint64_t mem)
{
    const uint8_t *at = ram(state, gva, (unsigned)mem);
    unsigned size = 1u << (mem & IR_MEM_SIZE_MASK);
    uint64_t value = 0;

    if (!at) {
        raise_at(state, gva);
        return 0xbadbadbadbadbad0;
    }
    memcpy(&value, at, size);
    if (mem & IR_MEM_SIGN) {
        value = (uint64_t)((int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size));
    }
    return value;
}

static void slow_store(TcgState *state, uint64_t gva, uint64_t mem, uint64_t value)
{
    uint8_t *at = ram(state, gva, (unsigned)mem);

    if (!at) {
        raise_at(state, gva + 1);
        return;
    }
    memcpy(at, &value, 1u << (mem & IR_MEM_SIZE_MASK));
}

static void *slow_atomic(TcgState *state, uint64_t gva, uint64_t mem)
{
    uint8_t *at = ram(state, gva, (unsigned)mem);

    if (!at || (gva & ((1u << (mem & IR_MEM_SIZE_MASK)) - 1))) {
        raise_at(state, gva + 2);
        return &state->scratch;
    }
    return at;
}

/* --- helpers --- */

static uint64_t help_mix(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    trace(machine_of(state), a);
    return a * 0x9e3779b97f4a7c15 ^ b;
}

static void trace_slots(RandomMachine *m)
{
    for (unsigned i = 0; i < RANDOM_INT_SLOTS; i++) {
        trace(m, m->state.ireg[i]);
    }
    for (unsigned i = 0; i < RANDOM_FP_SLOTS; i++) {
        trace(m, m->state.freg[i]);
    }
    for (unsigned i = 0; i < RANDOM_FAR_SLOTS; i++) {
        trace(m, m->far[i]);
    }
}

static uint64_t help_look(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    trace_slots(machine_of(state));
    return machine_of(state)->trace ^ a;
}

static uint64_t help_change(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    RandomMachine *m = machine_of(state);

    trace_slots(m);
    state->ireg[a % RANDOM_INT_SLOTS] ^= m->trace;
    state->ireg[b % RANDOM_INT_SLOTS] += c;
    state->freg[a % RANDOM_FP_SLOTS] = m->trace | (uint64_t)UINT32_MAX << 32;
    m->far[b % RANDOM_FAR_SLOTS] = c;
    return b + c;
}

static uint64_t help_maybe_raise(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    trace_slots(machine_of(state));
    if (((a ^ b ^ c ^ d) & 3) == 0) {
        raise_at(state, a);
    }
    state->ireg[3] += d;
    return a + d;
}

static uint64_t help_fp_status(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t flags = state->fp_status & 0x3d;

    state->fp_status &= ~0x3du;
    return flags;
}

static const TcgHelper helpers[] = {
    { "mix", help_mix, 2, 0 },
    { "look", help_look, 1, TCG_H_READS },
    { "change", help_change, 3, TCG_H_READS | TCG_H_WRITES },
    { "maybe_raise", help_maybe_raise, 4, TCG_H_READS | TCG_H_WRITES | TCG_H_RAISES },
    { "fp_status", help_fp_status, 0, TCG_H_FP },
};

#define INT(n, pin)                                                                                \
    {                                                                                              \
        "x" #n, offsetof(TcgState, ireg) + 8 * n, IR_I64, pin                                      \
    }
#define FLOAT(n, pin)                                                                              \
    {                                                                                              \
        "f" #n, offsetof(TcgState, freg) + 8 * n, IR_F64, pin                                      \
    }
static const TcgSlot slots[] = {
    INT(0, 10),
    INT(1, 9),
    INT(2, 8),
    INT(3, 7),
    INT(4, 6),
    INT(5, 5),
    INT(6, 4),
    INT(7, 3),
    INT(8, 2),
    INT(9, 1),
    INT(10, 0),
    INT(11, 0),
    INT(12, 0),
    INT(13, 0),
    INT(14, 0),
    INT(15, 0),
    FLOAT(0, 5),
    FLOAT(1, 4),
    FLOAT(2, 3),
    FLOAT(3, 2),
    FLOAT(4, 1),
    FLOAT(5, 0),
    FLOAT(6, 0),
    FLOAT(7, 0),
    { "far0", offsetof(RandomMachine, far), IR_I64, 0 },
    { "far1", offsetof(RandomMachine, far) + 8, IR_I64, 0 },
};
#undef INT
#undef FLOAT

const TcgIsa random_isa = { "random", slots, G_N_ELEMENTS(slots), helpers, G_N_ELEMENTS(helpers) };

/* --- the machine --- */

static void empty_caches(TcgState *s, unsigned mode)
{
    for (unsigned i = 0; i < TCG_TLB_SIZE; i++) {
        s->tlb[mode].load[i].tag = s->tlb[mode].store[i].tag = tcg_tlb_empty_tag(i);
    }
    for (unsigned i = 0; i < TCG_JC_SIZE; i++) {
        s->jc[mode][i] = (TcgJump) { 1, 0 };
    }
}

RandomMachine *random_machine_new(void)
{
    RandomMachine *m = aligned_alloc(TCG_PAGE_SIZE, (sizeof(*m) + TCG_PAGE_SIZE - 1) &
                                                        ~(size_t)(TCG_PAGE_SIZE - 1));

    memset(m, 0, sizeof(*m));
    m->state.rt[TCG_RT_LOAD] = slow_load;
    m->state.rt[TCG_RT_STORE] = slow_store;
    m->state.rt[TCG_RT_ATOMIC] = slow_atomic;
    m->state.rt[TCG_RT_FP] = tcg_soft_fp;
    for (unsigned i = 0; i < G_N_ELEMENTS(helpers); i++) {
        m->state.helpers[i] = helpers[i].fn;
    }
    for (unsigned mode = 0; mode < TCG_MMU_MODES; mode++) {
        empty_caches(&m->state, mode);
    }
    m->state.host_fp = MXCSR_MASKS;
    return m;
}

void random_machine_free(RandomMachine *m)
{
    free(m);
}

/* Pages are readable, writable too, or neither straight from the TLB; the last is neither. */
static void fill_tlb(RandomMachine *m, unsigned mode, uint64_t choice)
{
    TcgTlb *tlb = &m->state.tlb[mode];

    for (unsigned page = 0; page + 1 < RANDOM_PAGES; page++, choice >>= 2) {
        uint64_t gva = RANDOM_BASE + page * TCG_PAGE_SIZE;
        unsigned index = gva >> TCG_PAGE_BITS & (TCG_TLB_SIZE - 1);

        uint64_t host = (uintptr_t)m->memory + page * TCG_PAGE_SIZE;

        tlb->load[index] = (TcgTlbEntry) { choice & 3 ? gva : tcg_tlb_empty_tag(index), host };
        tlb->store[index] = (TcgTlbEntry) { choice & 2 ? gva : tcg_tlb_empty_tag(index), host };
    }
}

void random_machine_reset(RandomMachine *m, uint64_t seed)
{
    TcgState *s = &m->state;

    for (unsigned i = 0; i < 32; i++) {
        s->ireg[i] = random_int(&seed);
        s->freg[i] = random_f64(&seed);
    }
    for (unsigned i = 0; i < RANDOM_FAR_SLOTS; i++) {
        m->far[i] = random_int(&seed);
    }
    for (unsigned i = 0; i < RANDOM_RAW; i++) {
        m->raw[i] = random_int(&seed);
    }
    for (unsigned i = 0; i < RANDOM_MEMORY; i += 8) {
        uint64_t word = random_next(&seed);
        memcpy(m->memory + i, &word, 8);
    }
    for (unsigned mode = 0; mode < TCG_MMU_MODES; mode++) {
        fill_tlb(m, mode, random_next(&seed));
    }
    s->pc = 0;
    s->pc_page = RANDOM_PC;
    s->raised = 0;
    s->flags = 0;
    s->exit_request = random_next(&seed) % 4 == 0;
    s->fp_status = MXCSR_MASKS | (uint32_t)(random_next(&seed) & 3) << RC_SHIFT;
    m->trace = 0;
}

void random_machine_capture(const RandomMachine *m, bool more, RandomOutcome *outcome)
{
    const TcgState *s = &m->state;

    outcome->more = more;
    outcome->pc = s->pc;
    outcome->trace = m->trace;
    outcome->raised = s->raised;
    outcome->fp_status = s->fp_status;
    memcpy(outcome->ireg, s->ireg, sizeof(outcome->ireg));
    memcpy(outcome->freg, s->freg, sizeof(outcome->freg));
    memcpy(outcome->far, m->far, sizeof(outcome->far));
    memcpy(outcome->raw, m->raw, sizeof(outcome->raw));
    memcpy(outcome->memory, m->memory, sizeof(outcome->memory));
}

static char *diff_words(const char *name, const uint64_t *a, const uint64_t *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (a[i] != b[i]) {
            return g_strdup_printf("%s%u: %016" G_GINT64_MODIFIER "x, %016" G_GINT64_MODIFIER "x",
                                   name, i, a[i], b[i]);
        }
    }
    return NULL;
}

char *random_outcome_diff(const RandomOutcome *a, const RandomOutcome *b)
{
    const struct {
        const char *name;
        const uint64_t *a, *b;
        unsigned count;
    } words[] = {
        { "pc", &a->pc, &b->pc, 1 },
        { "x", a->ireg, b->ireg, RANDOM_INT_SLOTS },
        { "f", a->freg, b->freg, RANDOM_FP_SLOTS },
        { "far", a->far, b->far, RANDOM_FAR_SLOTS },
        { "raw", a->raw, b->raw, RANDOM_RAW },
        { "trace", &a->trace, &b->trace, 1 },
        { "memory", (const uint64_t *)(const void *)a->memory,
          (const uint64_t *)(const void *)b->memory, RANDOM_MEMORY / 8 },
    };
    char *difference = NULL;

    if (a->more != b->more || a->raised != b->raised) {
        return g_strdup_printf("outcome: %d raised %u, %d raised %u", a->more, a->raised, b->more,
                               b->raised);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(words) && !difference; i++) {
        difference = diff_words(words[i].name, words[i].a, words[i].b, words[i].count);
    }
    if (!difference && a->fp_status != b->fp_status) {
        difference = g_strdup_printf("FP status: %x, %x", a->fp_status, b->fp_status);
    }
    return difference;
}
