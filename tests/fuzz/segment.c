/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <string.h>
#include "segment.h"

enum { PAGE = 4096, NOP = 0x13, C_NOP = 1, C_EBREAK = 0x9002, ROOM_FOR_UNIT = 96 };
enum { SATP_BARE = 0, SATP_SV39 = 8 };
enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_U = 16, PTE_A = 64, PTE_D = 128 };

typedef enum FixupKind {
    FIXUP_BRANCH,  /* instruction at offset jumps to unit `target` */
    FIXUP_ADDRESS, /* auipc, addi make the address of unit `target` plus `value` */
    FIXUP_LITERAL, /* auipc, ld get `value` from the pool */
} FixupKind;

typedef struct Fixup {
    FixupKind kind;
    unsigned offset, target;
    const RvEncoding *e;
    uint64_t value;
} Fixup;

/* --- code --- */

void segment_emit_raw(Segment *s, uint32_t bits, unsigned length)
{
    assert(s->size + length <= sizeof(s->code));
    memcpy(s->code + s->size, &bits, length);
    s->size += length;
}

void segment_emit(Segment *s, const RvEncoding *e, uint32_t bits)
{
    segment_emit_raw(s, bits, e->length);
}

void segment_put(Segment *s, const char *name, unsigned rd, unsigned rs1, unsigned rs2, int64_t imm)
{
    segment_emit_raw(s, encoder_make(s->enc, name, rd, rs1, rs2, imm), 4);
}

static void add_fixup(Segment *s, Fixup f)
{
    f.offset = s->size;
    g_array_append_val(s->fixups, f);
}

void segment_literal(Segment *s, unsigned rd, uint64_t value)
{
    add_fixup(s, (Fixup) { FIXUP_LITERAL, .value = value });
    segment_put(s, "auipc", s->links[1], 0, 0, 0);
    segment_put(s, "ld", rd, s->links[1], 0, 0);
}

void segment_address(Segment *s, unsigned link, unsigned units_on, int addend)
{
    add_fixup(s, (Fixup) { FIXUP_ADDRESS, .target = s->units->len + units_on,
                           .value = (uint64_t)(int64_t)addend });
    segment_put(s, "auipc", link, 0, 0, 0);
    segment_put(s, "addi", link, link, 0, 0);
}

void segment_branch(Segment *s, const RvEncoding *e, uint32_t bits, unsigned units_on)
{
    add_fixup(s, (Fixup) { FIXUP_BRANCH, .target = s->units->len + units_on, .e = e });
    segment_emit(s, e, bits);
}

static unsigned unit_offset(const Segment *s, unsigned unit, unsigned end)
{
    return unit < s->units->len ? g_array_index(s->units, SegmentUnit, unit).offset : end;
}

static void patch(Segment *s, unsigned offset, const RvEncoding *e, int64_t imm)
{
    uint32_t bits = 0;

    memcpy(&bits, s->code + offset, e->length);
    bool ok = encoder_set_imm(e, imm, &bits);
    assert(ok);
    memcpy(s->code + offset, &bits, e->length);
}

/* The farthest unit, from the wanted one down, that the encoding reaches. */
static void fix_branch(Segment *s, const Fixup *f, unsigned end)
{
    uint32_t bits = 0;

    memcpy(&bits, s->code + f->offset, f->e->length);
    for (unsigned target = f->target;; target--) {
        unsigned to = unit_offset(s, target, end);
        assert(to > f->offset);
        if (encoder_set_imm(f->e, (int64_t)to - f->offset, &bits)) {
            break;
        }
    }
    memcpy(s->code + f->offset, &bits, f->e->length);
}

static void fix_all(Segment *s, unsigned end)
{
    const RvEncoding *addi = encoder_row(s->enc, "addi"), *ld = encoder_row(s->enc, "ld");

    s->size = (s->size + 7) & ~7u;
    for (unsigned i = 0; i < s->fixups->len; i++) {
        const Fixup *f = &g_array_index(s->fixups, Fixup, i);

        if (f->kind == FIXUP_BRANCH) {
            fix_branch(s, f, end);
        } else if (f->kind == FIXUP_ADDRESS) {
            int64_t to = (int64_t)unit_offset(s, f->target, end) + (int64_t)f->value;
            patch(s, f->offset + 4, addi, to - f->offset);
        } else {
            patch(s, f->offset + 4, ld, (int64_t)s->size - f->offset);
            memcpy(s->code + s->size, &f->value, sizeof(f->value));
            s->size += sizeof(f->value);
        }
    }
}

void segment_clear_units(Segment *s, unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last && i < s->units->len; i++) {
        SegmentUnit u = g_array_index(s->units, SegmentUnit, i);

        for (; u.length >= 4; u.length -= 4, u.offset += 4) {
            memcpy(s->code + u.offset, &(uint32_t) { NOP }, 4);
        }
        if (u.length) {
            memcpy(s->code + u.offset, &(uint16_t) { C_NOP }, 2);
        }
    }
}

/* --- registers --- */

static bool is_among(const unsigned *regs, unsigned count, unsigned reg)
{
    for (unsigned i = 0; i < count; i++) {
        if (regs[i] == reg) {
            return true;
        }
    }
    return false;
}

bool segment_is_base(const Segment *s, unsigned reg)
{
    return is_among(s->bases, SEGMENT_BASES, reg);
}

bool segment_is_link(const Segment *s, unsigned reg)
{
    return is_among(s->links, SEGMENT_LINKS, reg);
}

bool segment_is_free(const Segment *s, unsigned reg)
{
    return reg != s->counter && !segment_is_base(s, reg) && !segment_is_link(s, reg);
}

unsigned segment_free_register(Segment *s)
{
    unsigned reg;

    if (s->hot[0] && rng_percent(&s->rng, 65)) {
        return s->hot[rng_below(&s->rng, SEGMENT_HOT)];
    }
    do {
        reg = 1 + rng_below(&s->rng, 31);
    } while (!segment_is_free(s, reg));
    return reg;
}

/* Compressed instructions address memory by x2 and by x8 to x15, and link to x1. */
static void choose_registers(Segment *s)
{
    s->links[0] = s->links[1] = 1;
    s->bases[0] = 2;
    s->bases[1] = 8 + rng_below(&s->rng, 8);
    s->bases[2] = segment_free_register(s);
    s->counter = segment_free_register(s);
    s->links[1] = segment_free_register(s);
    s->hot[1] = 8 + rng_below(&s->rng, 8);
    while (!segment_is_free(s, s->hot[1])) {
        s->hot[1] = 8 + rng_below(&s->rng, 8);
    }
    for (unsigned i = 2; i < SEGMENT_HOT; i++) {
        s->hot[i] = segment_free_register(s);
    }
    s->hot[0] = segment_free_register(s);
}

/* --- start state --- */

uint64_t segment_data_address(Segment *s)
{
    Rng *r = &s->rng;
    uint64_t offset = rng_below(r, FUZZ_DATA_PAGES * PAGE);

    if (rng_percent(r, 30)) {
        /* Near the end of a page. */
        offset = (offset | (PAGE - 1)) - rng_below(r, 16);
    } else if (rng_percent(r, 60)) {
        offset &= ~UINT64_C(7);
    }
    if (s->state->satp_mode != SATP_BARE && rng_percent(r, 60)) {
        unsigned shift = rng_percent(r, 70) ? FUZZ_ALIAS_SHIFT : FUZZ_LARGE_SHIFT;
        offset += UINT64_C(1) << shift;
    }
    return FUZZ_DATA + offset;
}

uint16_t segment_make_pte(Segment *s, unsigned alias, unsigned page)
{
    Rng *r = &s->rng;
    uint16_t flags = PTE_V | PTE_R | PTE_W | PTE_A | PTE_D;

    flags |= rng_percent(r, alias ? 90 : 30) ? PTE_U : 0;
    if (rng_percent(r, 40)) {
        flags ^= (uint16_t)(1u << rng_below(r, 8));
    }
    if (rng_percent(r, 10)) {
        flags ^= (uint16_t)(1u << rng_below(r, 8));
    }
    if (s->reference) {
        flags |= PTE_A | PTE_D;
    }
    if (rng_percent(r, 5)) {
        flags |= FUZZ_PTE_RESERVED;
    }
    unsigned frame = rng_percent(r, 60) ? page : rng_below(r, FUZZ_DATA_PAGES);
    return (uint16_t)(flags | frame << FUZZ_PTE_FRAME_SHIFT);
}

static void make_paging(Segment *s)
{
    FuzzSegment *f = s->state;
    Rng *r = &s->rng;

    f->satp_mode = SATP_BARE;
    if (rng_percent(r, f->mode == FUZZ_M ? 40 : 75)) {
        f->satp_mode = SATP_SV39 + (rng_percent(r, 60) ? 0 : rng_below(r, 3));
    }
    s->one_asid = rng_percent(r, 50);
    f->code_is_large = rng_percent(r, 40);
    for (unsigned i = 0; i < FUZZ_DATA_PAGES; i++) {
        f->pte[0][i] = segment_make_pte(s, 0, i);
        f->pte[1][i] = segment_make_pte(s, 1, i);
    }
    f->large_pte = PTE_V | PTE_R | PTE_W | PTE_A | PTE_D | (rng_percent(r, 50) ? PTE_U : 0);
}

/*
 * Entries for S and U over parts of the data area; the runtime's last entry allows the rest.
 * Accesses that only a part of an entry matches fail in M-mode too, unless they are done in two:
 * QEMU 7.2 does that at no page's end, so that its entries must be the whole area, and more.
 */
static void make_pmp(Segment *s)
{
    enum { OFF = 0, TOR = 8, NA4 = 16, NAPOT = 24, GRAIN = 2 };
    static const uint8_t perms[] = { 0, 1, 3, 4, 5, 7 };
    FuzzSegment *f = s->state;
    Rng *r = &s->rng;

    for (unsigned i = 0; i < FUZZ_PMP; i++) {
        unsigned size_log = s->reference ? 16 : 3 + rng_below(r, 12);
        uint64_t address = FUZZ_DATA + rng_below(r, FUZZ_DATA_PAGES * PAGE);
        uint8_t mode = rng_percent(r, 70)   ? OFF
                       : rng_percent(r, 60) ? NAPOT
                       : s->reference       ? TOR
                       : rng_percent(r, 50) ? TOR
                                            : NA4;
        uint64_t size = UINT64_C(1) << size_log;

        address &= mode == NA4 ? ~UINT64_C(3) : ~(size - 1);
        f->pmpaddr[i] = address >> GRAIN | (mode == NAPOT ? (size >> (GRAIN + 1)) - 1 : 0);
        f->pmpcfg |= (uint64_t)(mode | perms[rng_below(r, sizeof(perms))]) << (8 * i);
    }
}

static void make_registers(Segment *s)
{
    FuzzSegment *f = s->state;
    Rng *r = &s->rng;

    for (unsigned i = 1; i < 32; i++) {
        f->x[i] =
            segment_is_base(s, i) || rng_percent(r, 10) ? segment_data_address(s) : rng_integer(r);
    }
    for (unsigned i = 0; i < 32; i++) {
        f->f[i] = rng_float(r);
    }
    f->x[s->counter] = 1 + rng_below(r, rng_percent(r, 5) ? 2000 : 30);
    /* frm 5 to 7 are reserved: instructions that round dynamically are illegal then. */
    f->fcsr = rng_below(r, 32) | (rng_percent(r, 95) ? rng_below(r, 5) : 5 + rng_below(r, 3)) << 5;
}

/* QEMU 7.2 takes failed AMOs for loads, so that all faults of accesses must go to one mode; and it
 * knows no address of a breakpoint, which must not show in stval. */
static uint64_t reference_medeleg(uint64_t medeleg)
{
    enum { BREAKPOINT = 1 << 3, MISALIGNED = 5 << 4, FAULTS = 0xa0a0 };
    const uint64_t all = MISALIGNED | FAULTS;

    return (medeleg & ~(BREAKPOINT | all)) | (medeleg & BREAKPOINT ? all : 0);
}

static void make_state(Segment *s)
{
    enum {
        SPIE = 1 << 5,
        MPIE = 1 << 7,
        SPP = 1 << 8,
        MPRV = 1 << 17,
        SUM = 1 << 18,
        MXR = 1 << 19
    };
    /* All exceptions up to 15 that exist, without those that the runtime needs for itself. */
    enum { DELEGABLE = 0xb1ff, SUPERVISOR_INTERRUPTS = 0x222 };
    static const uint8_t modes[] = { FUZZ_M, FUZZ_M, FUZZ_M, FUZZ_S, FUZZ_S, FUZZ_U };
    const uint64_t adue = UINT64_C(1) << 61;
    FuzzSegment *f = s->state;
    Rng *r = &s->rng;

    *f = (FuzzSegment) { 0 };
    f->mode = modes[rng_below(r, sizeof(modes))];
    make_paging(s);
    make_pmp(s);
    f->status = rng_next(r) & (SPIE | SPP | SUM | MXR);
    f->medeleg = rng_percent(r, 50) ? 0 : rng_next(r) & DELEGABLE;
    if (s->reference) {
        f->medeleg = reference_medeleg(f->medeleg);
    } else {
        f->status |= rng_next(r) & (MPIE | (f->mode == FUZZ_M ? MPRV : 0));
        f->mideleg = rng_next(r) & SUPERVISOR_INTERRUPTS;
        f->menvcfg = rng_next(r) & adue;
    }
    f->seed = rng_next(r) | 1;
    make_registers(s);
}

static void choose_landings(Segment *s)
{
    unsigned unit = rng_below(&s->rng, 8);

    for (unsigned i = 0; i < FUZZ_LANDINGS && unit < s->units->len; i++) {
        s->state->landing[i] = s->base + g_array_index(s->units, SegmentUnit, unit).offset;
        unit += 1 + rng_below(&s->rng, 12);
    }
}

/* --- all of it --- */

void segment_make(Segment *s, const Encoder *enc, uint64_t seed, unsigned units, bool reference,
                  uint64_t slot, FuzzSegment *state)
{
    *s = (Segment) { .enc = enc, .rng = { seed }, .reference = reference, .state = state };
    s->units = g_array_new(FALSE, FALSE, sizeof(SegmentUnit));
    s->fixups = g_array_new(FALSE, FALSE, sizeof(Fixup));
    choose_registers(s);
    make_state(s);
    /* Often such that the code goes on into the next page. */
    unsigned start = rng_below(&s->rng, rng_percent(&s->rng, 50) ? PAGE / 2 : 512);
    s->base = slot + (rng_percent(&s->rng, 50) ? start & ~1u : PAGE - 2 - (start & ~1u));
    for (unsigned i = 0; i < units && s->size < PAGE / 2 - ROOM_FOR_UNIT; i++) {
        SegmentUnit u = { s->size, 0 };
        unit_append(s);
        u.length = s->size - u.offset;
        g_array_append_val(s->units, u);
    }
    unsigned end = s->size;
    segment_emit_raw(s, C_EBREAK, 2);
    fix_all(s, end);
    state->code = s->base;
    state->end = s->base + end;
    choose_landings(s);
}

void segment_free(Segment *s)
{
    g_array_unref(s->units);
    g_array_unref(s->fixups);
}
