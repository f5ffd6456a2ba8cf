/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of units. What a unit may not do: write the counter, jump backwards without counting down,
 * jump to where no trap stops it, or take away what the runtime needs to get back.
 */
#include <string.h>
#include "segment.h"

enum { ATTEMPTS = 20, FARTHEST = 6 };
enum {
    CSR_SSTATUS = 0x100,
    CSR_SEPC = 0x141,
    CSR_STVAL = 0x143,
    CSR_SATP = 0x180,
    CSR_MSTATUS = 0x300,
    CSR_MEPC = 0x341,
    CSR_MTVAL = 0x343
};

static unsigned units_on(Segment *s)
{
    return 1 + rng_below(&s->rng, FARTHEST);
}

/* --- one instruction --- */

/* QEMU 7.2 does not look at the address of a store-conditional without a reservation. */
static bool is_unlike_reference(const RvEncoding *e)
{
    static const char *const names[] = { "sc.w", "sc.d", "ctzw" };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(e->base->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Puts another register into a field; false if the encoding leaves no choice. */
static bool replace(Segment *s, const RvEncoding *e, const RvRegField *field, uint32_t *bits)
{
    for (unsigned i = 0; i < ATTEMPTS && field->mask; i++) {
        if (encoder_set_reg(e, field, segment_free_register(s), bits)) {
            return true;
        }
    }
    return false;
}

/* Links calculate nothing. */
static bool fix_sources(Segment *s, const RvEncoding *e, uint32_t *bits)
{
    const char *syntax = rv_formats[e->base->format].syntax;
    RvArgs args;

    for (unsigned i = 0; i < 2; i++) {
        if (!rv_decode(encoder_decoder(s->enc), *bits, &args)) {
            return false;
        }
        unsigned reg = i ? args.rs2 : args.rs1;
        if (strchr(syntax, "st"[i]) && segment_is_link(s, reg) &&
            !replace(s, e, i ? &e->rs2 : &e->rs1, bits)) {
            return false;
        }
    }
    return true;
}

/* Does it make an address of code? */
static bool makes_link(const RvEncoding *e)
{
    return e->base->format == FMT_JAL || encoding_kind(e) == KIND_JALR ||
           strcmp(e->base->name, "auipc") == 0;
}

/* Gives the instruction a destination that it may write. */
static bool fix_destination(Segment *s, const RvEncoding *e, uint32_t *bits)
{
    RvArgs args;

    if (!encoding_writes_x(e)) {
        return true;
    }
    if (!rv_decode(encoder_decoder(s->enc), *bits, &args)) {
        return false;
    }
    if (makes_link(e)) {
        return args.rd == 0 || segment_is_link(s, args.rd) ||
               encoder_set_reg(e, &e->rd, s->links[rng_below(&s->rng, SEGMENT_LINKS)], bits);
    }
    return args.rd == 0 || segment_is_free(s, args.rd) || replace(s, e, &e->rd, bits);
}

/* Operands that meet, or x0; hot registers; amounts of shifts that make idioms. */
static void vary_operands(Segment *s, const RvEncoding *e, uint32_t *bits)
{
    static const uint8_t amounts[] = { 0, 1, 16, 24, 31, 32, 48, 56, 63 };
    const RvRegField *const fields[] = { &e->rs1, &e->rs2, &e->rd, &e->rs3 };
    RvArgs args;

    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i]->mask && rng_percent(&s->rng, 50)) {
            encoder_set_reg(e, fields[i], segment_free_register(s), bits);
        }
    }
    if (e->rd.mask && rng_percent(&s->rng, 25) &&
        rv_decode(encoder_decoder(s->enc), *bits, &args)) {
        const unsigned choice[] = { 0, args.rs1, args.rs2, args.rs3 };
        encoder_set_reg(e, &e->rd, choice[rng_below(&s->rng, 4)], bits);
    }
    bool shift = e->base->format == FMT_SHIFT || e->base->format == FMT_SHIFT5;
    if (shift && rng_percent(&s->rng, 60)) {
        encoder_set_imm(e, amounts[rng_below(&s->rng, sizeof(amounts))], bits);
    }
}

/* Random bits of the row that may stand in the stream, jumps and CSR numbers aside. */
static bool make_instruction(Segment *s, const RvEncoding *e, uint32_t *bits)
{
    if ((s->reference && is_unlike_reference(e)) || !encoder_random(s->enc, &s->rng, e, bits)) {
        return false;
    }
    vary_operands(s, e, bits);
    return fix_sources(s, e, bits) && fix_destination(s, e, bits) &&
           encoder_is_row(s->enc, e, *bits);
}

static bool append_plain(Segment *s, const RvEncoding *e)
{
    uint32_t bits;

    if (!make_instruction(s, e, &bits)) {
        return false;
    }
    segment_emit(s, e, bits);
    return true;
}

static bool append_memory(Segment *s, const RvEncoding *e)
{
    uint32_t bits;

    if (!make_instruction(s, e, &bits)) {
        return false;
    }
    /* QEMU 7.2 does misaligned accesses and AMOs on devices, too. */
    if (e->rs1.mask && (s->reference || rng_percent(&s->rng, 92))) {
        unsigned base = s->bases[e->rs1.bias ? 1 : rng_below(&s->rng, SEGMENT_BASES)];
        encoder_set_reg(e, &e->rs1, base, &bits);
    }
    if (e->imm_count && rng_percent(&s->rng, 40)) {
        encoder_set_imm(e, (int64_t)rng_below(&s->rng, 64) - 32, &bits);
    }
    if (!encoder_is_row(s->enc, e, bits)) {
        return false;
    }
    segment_emit(s, e, bits);
    return true;
}

/* A few accesses off one base, which may share a check. */
static bool append_memory_run(Segment *s)
{
    unsigned base = rng_below(&s->rng, SEGMENT_BASES), wanted = 2 + rng_below(&s->rng, 4), made = 0;
    uint32_t bits;

    for (unsigned i = 0; i < 4 * ATTEMPTS && made < wanted; i++) {
        const RvEncoding *e = encoder_pick(s->enc, &s->rng);
        if (encoding_kind(e) != KIND_MEMORY || !make_instruction(s, e, &bits) ||
            !encoder_set_reg(e, &e->rs1, s->bases[base], &bits)) {
            continue;
        }
        encoder_set_imm(e, (int64_t)rng_below(&s->rng, 24) * 4 - 32, &bits);
        if (encoder_is_row(s->enc, e, bits)) {
            segment_emit(s, e, bits);
            made++;
        }
    }
    return made > 0;
}

/* Left and right again: compilers extend and scale so, and folding knows it. */
static bool append_shift_pair(Segment *s)
{
    static const uint8_t amounts[] = { 32, 32, 48, 56, 63, 16 };
    unsigned by = amounts[rng_below(&s->rng, sizeof(amounts))];
    unsigned back = by - (rng_percent(&s->rng, 60) ? 0 : rng_below(&s->rng, 4));
    unsigned middle = segment_free_register(s), rd = segment_free_register(s);

    segment_put(s, "slli", middle, segment_free_register(s), 0, by);
    segment_put(s, rng_percent(&s->rng, 50) ? "srli" : "srai",
                rng_percent(&s->rng, 50) ? middle : rd, middle, 0, back);
    return true;
}

/* --- jumps --- */

/* counter -= 1; once it is not positive, skip the instruction of `length` bytes that follows */
static void append_guard(Segment *s, unsigned length)
{
    segment_put(s, "addi", s->counter, s->counter, 0, -1);
    segment_put(s, "bge", 0, 0, s->counter, 4 + (int)length);
}

static bool append_backward(Segment *s, const RvEncoding *e, uint32_t bits)
{
    enum { GUARD = 8 };
    unsigned back = units_on(s);

    if (back > s->units->len) {
        return false;
    }
    const SegmentUnit *to = &g_array_index(s->units, SegmentUnit, s->units->len - back);
    if (!encoder_set_imm(e, (int64_t)to->offset - s->size - GUARD, &bits)) {
        return false;
    }
    append_guard(s, e->length);
    segment_emit(s, e, bits);
    return true;
}

static bool append_branch(Segment *s, const RvEncoding *e)
{
    uint32_t bits;

    if (!make_instruction(s, e, &bits)) {
        return false;
    }
    if (!rng_percent(&s->rng, 40) || !append_backward(s, e, bits)) {
        segment_branch(s, e, bits, units_on(s));
    }
    return true;
}

/* Nothing that could be executed is at these, nor a device. */
static uint64_t wild_address(Segment *s)
{
    static const uint64_t addresses[] = {
        0,
        0x60000,
        0x90000000,
        0x180000000,
        UINT64_C(0xffffffff80000000),
        UINT64_C(0x10000000000),
        UINT64_C(0x8000000000000000),
        UINT64_C(0xfffffffffffffffe),
        UINT64_C(0x4000000000),
    };

    return addresses[rng_below(&s->rng, G_N_ELEMENTS(addresses))] + rng_below(&s->rng, 4);
}

static bool append_jalr(Segment *s, const RvEncoding *e)
{
    unsigned via = s->links[rng_below(&s->rng, SEGMENT_LINKS)];
    uint32_t bits;
    RvArgs args;

    if (!make_instruction(s, e, &bits) || !encoder_set_reg(e, &e->rs1, via, &bits) ||
        (e->imm_count && !encoder_set_imm(e, (int64_t)rng_below(&s->rng, 512) - 256, &bits)) ||
        !encoder_is_row(s->enc, e, bits) || !rv_decode(encoder_decoder(s->enc), bits, &args)) {
        return false;
    }
    if (rng_percent(&s->rng, 12)) {
        segment_literal(s, via, wild_address(s));
    } else {
        segment_address(s, via, units_on(s), (int)rng_below(&s->rng, 2) - (int)args.imm);
    }
    segment_emit(s, e, bits);
    return true;
}

/* rd = where the code `units` on is seen by U-mode, or by the others */
static void append_mode_address(Segment *s, unsigned rd, unsigned units, bool user)
{
    unsigned bit = segment_free_register(s);

    segment_address(s, rd, units, 0);
    segment_put(s, "slli", rd, rd, 0, 64 - FUZZ_ALIAS_SHIFT);
    segment_put(s, "srli", rd, rd, 0, 64 - FUZZ_ALIAS_SHIFT);
    if (user && s->state->satp_mode && bit != rd) {
        segment_put(s, "addi", bit, 0, 0, 1);
        segment_put(s, "slli", bit, bit, 0, FUZZ_ALIAS_SHIFT);
        segment_put(s, "add", rd, rd, bit, 0);
    }
}

/* mret or sret to a later unit, in a mode that it chooses. */
static bool append_return(Segment *s, const RvEncoding *e)
{
    enum { MPP_SHIFT = 11, SPP_SHIFT = 8 };
    bool machine = strcmp(e->base->name, "mret") == 0;
    unsigned reg = segment_free_register(s), link = s->links[1];
    uint64_t mode = rng_below(&s->rng, 2);

    if (rng_percent(&s->rng, 40)) {
        return false;
    }
    if (machine && rng_percent(&s->rng, 30)) {
        mode = FUZZ_M;
    }
    segment_literal(s, reg, UINT64_C(3) << (machine ? MPP_SHIFT : SPP_SHIFT));
    if (!machine) {
        segment_put(s, "andi", reg, reg, 0, 1 << SPP_SHIFT);
    }
    segment_put(s, "csrrc", 0, reg, 0, machine ? CSR_MSTATUS : CSR_SSTATUS);
    segment_literal(s, reg, mode << (machine ? MPP_SHIFT : SPP_SHIFT));
    segment_put(s, "csrrs", 0, reg, 0, machine ? CSR_MSTATUS : CSR_SSTATUS);
    /* No trap comes between this and the return, which would go back to where the trap was. */
    append_mode_address(s, link, units_on(s), mode == FUZZ_U);
    segment_put(s, "csrrw", 0, link, 0, machine ? CSR_MEPC : CSR_SEPC);
    segment_emit(s, e, e->match);
    return true;
}

/* --- control and status registers --- */

/* What has no say in where traps go, and reads the same in every run. */
static const uint16_t safe_csrs[] = { 0x001, 0x001, 0x002, 0x002, 0x003, 0x003 };
/* QEMU 7.2 has other values in these, or after traps. */
static const uint16_t own_csrs[] = { 0x104, 0x144, 0x304, 0x344, 0x10a, 0x301, 0xf14, 0xf11,
                                     0xf12, 0xf13, 0xf15, 0x106, 0x306, 0x141, 0x142, 0x143,
                                     0x341, 0x342, 0x343, 0x001, 0x002, 0x003, 0x320 };

/* Numbers that random choice must not hit: the runtime's own, and what changes by itself. */
static bool is_off_limits(unsigned csr)
{
    static const struct {
        uint16_t first, last;
    } ranges[] = {
        { 0x100, 0x100 }, { 0x105, 0x105 }, { 0x140, 0x140 }, { 0x14d, 0x14d }, { 0x180, 0x180 },
        { 0x300, 0x300 }, { 0x302, 0x303 }, { 0x305, 0x305 }, { 0x30a, 0x30a }, { 0x340, 0x340 },
        { 0x3a0, 0x3ef }, { 0xb00, 0xb9f }, { 0xc00, 0xc9f },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(ranges); i++) {
        if (csr >= ranges[i].first && csr <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static unsigned choose_csr(Segment *s)
{
    if (s->reference || rng_percent(&s->rng, 60)) {
        return safe_csrs[rng_below(&s->rng, G_N_ELEMENTS(safe_csrs))];
    }
    if (rng_percent(&s->rng, 70)) {
        return own_csrs[rng_below(&s->rng, G_N_ELEMENTS(own_csrs))];
    }
    unsigned csr = rng_below(&s->rng, 4096);
    return is_off_limits(csr) ? 0x003 : csr;
}

static bool append_csr(Segment *s, const RvEncoding *e)
{
    uint32_t bits;

    if (!make_instruction(s, e, &bits)) {
        return false;
    }
    unsigned csr = choose_csr(s);
    bool address = csr == CSR_SEPC || csr == CSR_MEPC || csr == CSR_STVAL || csr == CSR_MTVAL;
    if (!encoder_set_imm(e, csr, &bits) ||
        (address && !encoder_set_reg(e, &e->rd, s->links[1], &bits))) {
        return false;
    }
    segment_emit(s, e, bits);
    return true;
}

/* Sets or clears bits that change what later instructions mean. */
static bool append_status(Segment *s)
{
    static const uint8_t shared[] = { 13, 13, 14, 14, 18, 19, 8 };
    static const uint8_t machine[] = { 20, 21, 22, 11, 12 };
    /* QEMU 7.2 goes by old translations when MPP changes under MPRV. */
    static const uint8_t own[] = { 1, 3, 5, 7, 17, 17 };
    Rng *r = &s->rng;
    unsigned reg = segment_free_register(s);
    uint64_t mask = UINT64_C(1) << shared[rng_below(r, sizeof(shared))];

    mask |= UINT64_C(1) << shared[rng_below(r, sizeof(shared))];
    if (rng_percent(r, 50)) {
        mask |= UINT64_C(1) << machine[rng_below(r, sizeof(machine))];
    }
    if (!s->reference && rng_percent(r, 30)) {
        mask |= UINT64_C(1) << own[rng_below(r, sizeof(own))];
    }
    /* It also takes FS for clean after some operations that make it dirty. */
    const uint64_t fs = UINT64_C(3) << 13;
    mask |= s->reference && mask & fs ? fs : 0;
    segment_literal(s, reg, mask);
    unsigned rd = s->reference ? 0 : segment_free_register(s);
    /* More often set than cleared, lest FS be off most of the time. */
    segment_put(s, rng_percent(r, 65) ? "csrrs" : "csrrc", rd, reg, 0,
                rng_percent(r, 50) ? CSR_MSTATUS : CSR_SSTATUS);
    return true;
}

/* --- the rest --- */

static bool append_constant(Segment *s)
{
    Rng *r = &s->rng;

    if (rng_percent(r, 60)) {
        segment_literal(s, s->bases[rng_below(r, SEGMENT_BASES)], segment_data_address(s));
    } else {
        segment_literal(s, segment_free_register(s), rng_integer(r));
    }
    return true;
}

/* Another address space, or none for the length of one access. */
static bool append_satp(Segment *s)
{
    enum { ASID_SHIFT = 44 };
    unsigned saved = segment_free_register(s), reg = segment_free_register(s);
    const RvEncoding *load = encoder_row(s->enc, rng_percent(&s->rng, 50) ? "ld" : "sd");

    if (saved == reg || !s->state->satp_mode) {
        return false;
    }
    segment_put(s, "csrrs", saved, 0, 0, CSR_SATP);
    if (!s->one_asid && rng_percent(&s->rng, 50)) {
        segment_literal(s, reg, (uint64_t)rng_below(&s->rng, 4) << ASID_SHIFT);
        segment_put(s, "xor", reg, reg, saved, 0);
        segment_put(s, "csrrw", 0, reg, 0, CSR_SATP);
    } else {
        segment_put(s, "csrrw", 0, 0, 0, CSR_SATP);
        segment_put(s, load->insn->name, reg, s->bases[0], reg, 0);
        segment_put(s, "csrrw", 0, saved, 0, CSR_SATP);
    }
    return true;
}

/*
 * Another entry for a page of the data area, and a fence, as narrow as it may be. In U-mode the
 * tables are out of reach; the runtime fences where this fence traps.
 */
static bool append_entry_change(Segment *s)
{
    enum { FIRST_ASID = 1 };
    unsigned alias = rng_below(&s->rng, 2), page = rng_below(&s->rng, FUZZ_DATA_PAGES);
    unsigned at = s->links[0], reg = segment_free_register(s), asid = segment_free_register(s);
    uint64_t how = segment_make_pte(s, alias, page), frame = how >> FUZZ_PTE_FRAME_SHIFT & 7;
    uint64_t gva = FUZZ_DATA + page * 4096 + rng_below(&s->rng, 4096);

    if (!s->state->satp_mode || reg == asid) {
        return false;
    }
    segment_literal(s, at, FUZZ_TABLES + alias * 4096 + page * 8);
    segment_literal(s, reg, ((FUZZ_DATA >> 12) + frame) << 10 | (how & 0xff));
    segment_literal(s, asid, FIRST_ASID);
    segment_put(s, "sd", 0, at, reg, 0);
    segment_literal(s, reg, gva + (alias ? UINT64_C(1) << FUZZ_ALIAS_SHIFT : 0));
    segment_put(s, "sfence.vma", 0, rng_percent(&s->rng, 70) ? reg : 0,
                s->one_asid && rng_percent(&s->rng, 50) ? asid : 0, 0);
    return true;
}

/* Other rules for the data area: only M-mode may. Entries stay unlocked, and never match code. */
static bool append_pmp_change(Segment *s)
{
    enum { CSR_PMPCFG0 = 0x3a0, CSR_PMPADDR0 = 0x3b0, UNLOCKED = 0x1f1f1f1f };
    unsigned reg = segment_free_register(s), entry = rng_below(&s->rng, FUZZ_PMP);

    if (s->reference) {
        return false;
    }
    if (rng_percent(&s->rng, 50)) {
        uint64_t bits = 0x7f >> rng_below(&s->rng, 8);
        segment_literal(s, reg, (FUZZ_DATA + rng_below(&s->rng, 0x8000)) >> 2 | bits);
        segment_put(s, "csrrw", 0, reg, 0, CSR_PMPADDR0 + entry);
    } else {
        segment_literal(s, reg, rng_next(&s->rng) & rng_next(&s->rng) & UNLOCKED);
        segment_put(s, rng_percent(&s->rng, 50) ? "csrrs" : "csrrc", 0, reg, 0, CSR_PMPCFG0);
    }
    segment_put(s, "sfence.vma", 0, 0, 0, 0);
    return true;
}

/*
 * slot: an instruction; write another over it; fence.i; once more while the counter lasts. The
 * fence follows the store at once, so that the result does not depend on how much of changed code
 * an implementation had read.
 */
static bool append_self_modifying(Segment *s)
{
    unsigned where = s->links[0], what = segment_free_register(s), start = s->size;
    const RvEncoding *e = encoder_pick(s->enc, &s->rng), *jal = encoder_row(s->enc, "jal");
    uint32_t before, after, back = encoder_make(s->enc, "jal", 0, 0, 0, 0);

    if (e->length != 4 || encoding_kind(e) != KIND_PLAIN || !make_instruction(s, e, &before) ||
        !make_instruction(s, e, &after)) {
        return false;
    }
    segment_emit(s, e, before);
    segment_put(s, "auipc", where, 0, 0, 0);
    segment_put(s, "addi", where, where, 0, -4);
    segment_literal(s, what, after);
    segment_put(s, "sw", 0, where, what, 0);
    segment_put(s, "fence.i", 0, 0, 0, 0);
    append_guard(s, 4);
    encoder_set_imm(jal, (int64_t)start - s->size, &back);
    segment_emit(s, jal, back);
    return true;
}

static bool append_reserved(Segment *s)
{
    bool small = rng_percent(&s->rng, 40);
    RvArgs args;

    for (unsigned i = 0; i < 100; i++) {
        uint32_t bits = (uint32_t)rng_next(&s->rng);

        bits = small ? (uint16_t)bits : bits | 3;
        if (rv_insn_length((uint16_t)bits) == (small ? 2u : 4u) &&
            !rv_decode(encoder_decoder(s->enc), bits, &args)) {
            segment_emit_raw(s, bits, small ? 2 : 4);
            return true;
        }
    }
    return false;
}

static bool append_row(Segment *s, const RvEncoding *e)
{
    switch (encoding_kind(e)) {
    case KIND_MEMORY:
        return append_memory(s, e);
    case KIND_BRANCH:
        return append_branch(s, e);
    case KIND_JALR:
        return append_jalr(s, e);
    case KIND_CSR:
        return append_csr(s, e);
    case KIND_RETURN:
        return append_return(s, e);
    case KIND_WAIT:
        return false;
    case KIND_PLAIN:
        break;
    }
    return append_plain(s, e);
}

static bool append_random(Segment *s)
{
    static const struct {
        unsigned percent;
        bool (*append)(Segment *s);
    } units[] = {
        { 4, append_constant },       { 2, append_status },     { 1, append_satp },
        { 2, append_self_modifying }, { 2, append_reserved },   { 4, append_memory_run },
        { 2, append_shift_pair },     { 1, append_pmp_change }, { 3, append_entry_change },
    };
    unsigned percent = rng_below(&s->rng, 100);

    for (unsigned i = 0; i < G_N_ELEMENTS(units); i++) {
        if (percent < units[i].percent) {
            return units[i].append(s);
        }
        percent -= units[i].percent;
    }
    return append_row(s, encoder_pick(s->enc, &s->rng));
}

void unit_append(Segment *s)
{
    while (!append_random(s)) {
    }
}
