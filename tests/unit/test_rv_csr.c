/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RISC-V control and status registers: masks, access rules, views and side effects. */

#include <string.h>
#include <unistd.h>
#include "rv_hart.h"
#include "tcg/fp_status.h"
#include "util/log.h"

/* What the specification lets software change in the registers of `-cpu rv64`, all extensions on;
 * written down here again, from the specification, and not taken from the table under test. */
typedef struct Expected {
    unsigned first, last;
    uint64_t mask;  /* bits that keep what is written */
    uint64_t fixed; /* other bits that read as one after reset */
} Expected;

#define ALL UINT64_MAX
static const Expected expected[] = {
    { 0x001, 0x001, 0x1f, 0 },
    { 0x002, 0x002, 0x7, 0 },
    { 0x003, 0x003, 0xff, 0 },
    { 0x100, 0x100, 0xc6122, 0x200000000 },
    { 0x104, 0x104, 0x222, 0 },
    { 0x105, 0x105, ALL, 0 },
    { 0x106, 0x106, 0xffffffff, 0 },
    { 0x10a, 0x10a, 1, 0 },
    { 0x140, 0x140, ALL, 0 },
    { 0x141, 0x141, ~UINT64_C(1), 0 },
    { 0x142, 0x143, ALL, 0 },
    { 0x144, 0x144, 2, 0 },
    { 0x14d, 0x14d, ALL, 0 },
    { 0x180, 0x180, ALL, 0 },
    { 0x300, 0x300, 0x7e79aa, 0xa00000000 },
    { 0x301, 0x301, 0, 0x800000000014112d },
    { 0x302, 0x302, 0xb3ff, 0 },
    { 0x303, 0x303, 0x222, 0 },
    { 0x304, 0x304, 0xaaa, 0 },
    { 0x305, 0x305, ALL, 0 },
    { 0x306, 0x306, 0xffffffff, 0 },
    { 0x30a, 0x30a, 0xa000000000000001, 0 },
    { 0x320, 0x320, 5, 0 },
    { 0x323, 0x33f, 0, 0 },
    { 0x340, 0x340, ALL, 0 },
    { 0x341, 0x341, ~UINT64_C(1), 0 },
    { 0x342, 0x343, ALL, 0 },
    { 0x344, 0x344, 0x222, 0 },
    { 0x3a0, 0x3a0, 0x9f9f9f9f9f9f9f9f, 0 },
    { 0x3a2, 0x3a2, 0x9f9f9f9f9f9f9f9f, 0 },
    { 0x3b0, 0x3bf, 0x3fffffffffffff, 0 },
    { 0xb00, 0xb00, ALL, 0 },
    { 0xb02, 0xb02, ALL, 0 },
    { 0xb03, 0xb1f, 0, 0 },
    { 0xc00, 0xc1f, 0, 0 },
    { 0xf11, 0xf15, 0, 0 },
};

static const Expected *find_expected(unsigned number)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        if (number >= expected[i].first && number <= expected[i].last) {
            return &expected[i];
        }
    }
    return NULL;
}

/* A pmpcfg byte after it was zero: W without R is reserved and reads as neither. */
static uint64_t legal_pmpcfg(uint64_t value)
{
    for (unsigned i = 0; i < 64; i += 8) {
        if ((value >> i & 3) == 2) {
            value &= ~(UINT64_C(2) << i);
        }
    }
    return value;
}

/* What a register that read `old` reads after `value` was written, where more than a mask counts.
 */
static uint64_t after_write(unsigned number, uint64_t old, uint64_t value, const Expected *e)
{
    uint64_t result = (value & e->mask) | (old & ~e->mask);
    unsigned scheme = value >> 60;

    switch (number) {
    case 0x100:
    case 0x300:
        if (number == 0x300 && (value >> 11 & 3) == 2) {
            result = (result & ~UINT64_C(0x1800)) | (old & 0x1800);
        }
        result &= ~BIT(63);
        return (result >> 13 & 3) == 3 ? result | BIT(63) : result;
    case 0x105:
    case 0x305:
        return (value & 3) < 2 ? value : old;
    case 0x180:
        return scheme == 0 || (scheme >= 8 && scheme <= 10) ? value : old;
    case 0x3a0:
    case 0x3a2:
        return legal_pmpcfg(result);
    default:
        return result;
    }
}

/* A hart in which every register is there, can be reached and shows all its bits. */
static void prepare(Hart *h)
{
    hart_reset(h);
    hart_set_csr(h, 0x303, 0x222);
    hart_set_csr(h, 0x306, 0xffffffff);
    hart_set_csr(h, 0x106, 0xffffffff);
    h->s->mstatus |= MSTATUS_FS;
    h->s->menvcfg = 0;
}

static void check_write(Hart *h, unsigned number, uint64_t value)
{
    const Expected *e = find_expected(number);
    uint64_t old, seen, ignored;

    prepare(h);
    old = hart_csr(h, number);
    g_assert_true(rv_csr_access(h->cpu, number, RV_CSR_RW, value, &ignored));
    g_assert_cmphex(ignored, ==, old);
    if (number <= 3) {
        h->s->mstatus |= MSTATUS_FS;
    }
    if (number == 0x300) {
        h->s->priv = RV_M;
    }
    seen = hart_csr(h, number);
    if (seen != after_write(number, old, value, e)) {
        g_test_message("csr 0x%03x: was %" G_GINT64_MODIFIER "x, wrote %" G_GINT64_MODIFIER "x",
                       number, old, value);
    }
    g_assert_cmphex(seen, ==, after_write(number, old, value, e));
}

static void test_masks(void)
{
    Hart *h = hart_new("rv64");

    for (unsigned number = 0; number < RV_CSR_COUNT; number++) {
        const Expected *e = find_expected(number);
        const RvCsr *csr = rv_csr_find(h->cpu, number);

        g_assert_cmpint(csr != NULL, ==, e != NULL);
        if (!e) {
            continue;
        }
        prepare(h);
        g_assert_cmphex(hart_csr(h, number) & e->fixed, ==, e->fixed);
        if (number >> 10 == 3) {
            continue;
        }
        check_write(h, number, 0);
        check_write(h, number, ALL);
        for (unsigned bit = 0; bit < 64; bit++) {
            check_write(h, number, BIT(bit));
            check_write(h, number, ~BIT(bit));
        }
    }
    hart_free(h);
}

/* Set and clear are the same as writing the combination, for every register that is not a counter
 * of something. */
static void test_set_and_clear(void)
{
    Hart *h = hart_new("rv64");
    const uint64_t operands[] = { 0, ALL, 0x5555555555555555, 0x00ff00ff00ff00ff,
                                  0x8000000000006800 };

    for (unsigned number = 0; number < 0xc00; number++) {
        for (unsigned i = 0; find_expected(number) && i < G_N_ELEMENTS(operands) * 2; i++) {
            bool set = i & 1;
            uint64_t operand = operands[i / 2], old, seen;

            prepare(h);
            g_assert_true(rv_csr_access(h->cpu, number, RV_CSR_RW, 0x123456781c3c5e60, &old));
            g_assert_true(
                rv_csr_access(h->cpu, number, set ? RV_CSR_RS : RV_CSR_RC, operand, &old));
            h->s->mstatus |= number <= 3 ? MSTATUS_FS : 0;
            seen = hart_csr(h, number);
            g_assert_cmphex(seen, ==,
                            after_write(number, old, set ? old | operand : old & ~operand,
                                        find_expected(number)));
        }
    }
    hart_free(h);
}

/* Numbers tell the least privilege and whether a register is read-only. */
static void test_privilege(void)
{
    static const RvPriv privs[] = { RV_U, RV_S, RV_M };
    Hart *h = hart_new("rv64");

    for (unsigned number = 0; number < RV_CSR_COUNT; number++) {
        const Expected *e = find_expected(number);

        for (unsigned i = 0; i < G_N_ELEMENTS(privs); i++) {
            bool readable, writable;
            uint64_t old;

            prepare(h);
            h->s->menvcfg = MENVCFG_STCE;
            hart_enter(h, privs[i]);
            readable = rv_csr_access(h->cpu, number, RV_CSR_RS | RV_CSR_NO_WRITE, 0, &old);
            g_assert_cmpint(readable, ==, e && (number >> 8 & 3) <= (unsigned)privs[i]);
            prepare(h);
            h->s->menvcfg = MENVCFG_STCE;
            hart_enter(h, privs[i]);
            writable = rv_csr_access(h->cpu, number, RV_CSR_RW, 0, &old);
            g_assert_cmpint(writable, ==, readable && number >> 10 != 3);
        }
    }
    hart_free(h);
}

static void test_illegal_traps(void)
{
    Hart *h = hart_new("rv64");

    h->s->tcg.pc = 0x80000100;
    h->s->mtvec = 0x80001000;
    hart_enter(h, RV_U);
    rv_helper_csr(&h->s->tcg, 0x300, 0, RV_CSR_RS | RV_CSR_NO_WRITE, 0x300027f3);
    g_assert_cmphex(h->s->mcause, ==, RV_CAUSE_ILLEGAL);
    g_assert_cmphex(h->s->mtval, ==, 0x300027f3);
    g_assert_cmphex(h->s->mepc, ==, 0x80000100);
    g_assert_cmphex(h->s->tcg.pc, ==, 0x80001000);
    g_assert_cmpuint(h->s->tcg.raised, ==, 1);
    hart_free(h);
}

static void test_existence(void)
{
    static const struct {
        const char *model;
        unsigned number;
    } cases[] = {
        { "rv64,f=off", 0x001 },      { "rv64,f=off", 0x003 },     { "rv64,pmp=off", 0x3a0 },
        { "rv64,pmp=off", 0x3b5 },    { "rv64,s=off", 0x100 },     { "rv64,s=off", 0x180 },
        { "rv64,s=off", 0x302 },      { "rv64,s=off", 0x303 },     { "rv64,u=off", 0x306 },
        { "rv64,u=off", 0x30a },      { "rv64,sstc=off", 0x14d },  { "rv64,zicntr=off", 0xc00 },
        { "rv64,zicntr=off", 0xc01 }, { "rv64,zihpm=off", 0xc03 }, { "rv64,zicntr=off", 0xc02 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Hart *with = hart_new("rv64"), *without = hart_new(cases[i].model);

        with->s->mstatus |= MSTATUS_FS;
        without->s->mstatus |= MSTATUS_FS;
        g_assert_false(hart_csr_traps(with, cases[i].number));
        g_assert_true(hart_csr_traps(without, cases[i].number));
        hart_free(with);
        hart_free(without);
    }
}

static void test_no_supervisor_fields(void)
{
    Hart *h = hart_new("rv64,s=off,u=off");

    hart_set_csr(h, 0x300, ALL);
    g_assert_cmphex(hart_csr(h, 0x300), ==, BIT(63) | 0x7888);
    hart_set_csr(h, 0x304, ALL);
    g_assert_cmphex(hart_csr(h, 0x304), ==, 0x888);
    hart_set_csr(h, 0x344, ALL);
    g_assert_cmphex(hart_csr(h, 0x344), ==, 0);
    hart_free(h);
    h = hart_new("rv64,mmu=off");
    hart_set_csr(h, 0x180, ALL);
    g_assert_cmphex(hart_csr(h, 0x180), ==, 0);
    hart_free(h);
    h = hart_new("rv64,sv48=off");
    hart_set_csr(h, 0x180, UINT64_C(9) << 60);
    g_assert_cmphex(hart_csr(h, 0x180), ==, 0);
    hart_set_csr(h, 0x180, UINT64_C(8) << 60 | 5);
    g_assert_cmphex(hart_csr(h, 0x180), ==, UINT64_C(8) << 60 | 5);
    hart_free(h);
}

static void test_counter_enables(void)
{
    Hart *h = hart_new("rv64");

    for (unsigned number = 0xc00; number < 0xc20; number++) {
        uint64_t bit = BIT(number - 0xc00);

        for (unsigned k = 0; k < 4; k++) {
            h->s->mcounteren = k & 1 ? bit : ~bit & 0xffffffff;
            h->s->scounteren = k & 2 ? bit : ~bit & 0xffffffff;
            hart_enter(h, RV_M);
            g_assert_false(hart_csr_traps(h, number));
            hart_enter(h, RV_S);
            g_assert_cmpint(hart_csr_traps(h, number), ==, !(k & 1));
            hart_enter(h, RV_U);
            g_assert_cmpint(hart_csr_traps(h, number), ==, k != 3);
        }
    }
    hart_free(h);
}

static void test_gates(void)
{
    Hart *h = hart_new("rv64");

    /* FS off: no floating-point registers, in any mode. */
    for (unsigned number = 1; number <= 3; number++) {
        h->s->mstatus &= ~MSTATUS_FS;
        g_assert_true(hart_csr_traps(h, number));
        h->s->mstatus |= UINT64_C(1) << MSTATUS_FS_SHIFT;
        g_assert_false(hart_csr_traps(h, number));
    }
    /* TVM hides satp from S alone. */
    h->s->mstatus |= MSTATUS_TVM;
    g_assert_false(hart_csr_traps(h, 0x180));
    hart_enter(h, RV_S);
    g_assert_true(hart_csr_traps(h, 0x180));
    h->s->mstatus &= ~MSTATUS_TVM;
    g_assert_false(hart_csr_traps(h, 0x180));
    /* stimecmp wants STCE and mcounteren.TM in S. */
    for (unsigned k = 0; k < 4; k++) {
        h->s->menvcfg = k & 1 ? MENVCFG_STCE : 0;
        h->s->mcounteren = k & 2 ? 2 : 0;
        hart_enter(h, RV_S);
        g_assert_cmpint(hart_csr_traps(h, 0x14d), ==, k != 3);
        hart_enter(h, RV_M);
        g_assert_false(hart_csr_traps(h, 0x14d));
    }
    hart_free(h);
}

static void test_fp_status(void)
{
    static const uint8_t mxcsr_rounding[8] = { 0, 3, 1, 2, 0, 0, 0, 0 };
    Hart *h = hart_new("rv64");
    uint32_t other = FP_STATUS_DEFAULT & ~FP_STATUS_RC_MASK;

    for (unsigned fcsr = 0; fcsr < 256; fcsr++) {
        h->s->mstatus = MSTATUS_UXL_64 | UINT64_C(1) << MSTATUS_FS_SHIFT;
        hart_set_csr(h, 0x003, fcsr);
        g_assert_cmphex(hart_csr(h, 0x001), ==, fcsr & 31);
        g_assert_cmphex(hart_csr(h, 0x002), ==, fcsr >> 5);
        g_assert_cmphex(h->s->mstatus & MSTATUS_FS, ==, MSTATUS_FS);
        g_assert_cmphex(hart_csr(h, 0x300) >> 63, ==, 1);
        g_assert_cmphex(h->s->tcg.fp_status & ~FP_STATUS_FLAGS, ==,
                        other | mxcsr_rounding[fcsr >> 5] << FP_STATUS_RC_SHIFT);
        g_assert_cmphex(h->s->tcg.fp_status & FP_STATUS_FLAGS, ==,
                        (fcsr & 1 ? FP_STATUS_INEXACT : 0) | (fcsr & 2 ? FP_STATUS_UNDERFLOW : 0) |
                            (fcsr & 4 ? FP_STATUS_OVERFLOW : 0) |
                            (fcsr & 8 ? FP_STATUS_DIV_ZERO : 0) |
                            (fcsr & 16 ? FP_STATUS_INVALID : 0));
        g_assert_cmphex(h->s->tcg.flags & RV_FLAG_FRM_MASK, ==, fcsr >> 5 << RV_FLAG_FRM_SHIFT);
        g_assert_cmphex(h->s->tcg.flags & (RV_FLAG_FS_OFF | RV_FLAG_FS_CLEAN), ==, 0);
        if (fcsr >> 5 < 4) {
            g_assert_cmphex(fp_status_rounding(h->s->tcg.fp_status), ==, fcsr >> 5);
        }
    }
    hart_free(h);
}

static void test_views(void)
{
    Hart *h = hart_new("rv64");

    /* Only delegated interrupts show in sie and sip. */
    h->s->mie = 0xaaa;
    h->s->mip_soft = 0x222;
    for (unsigned k = 0; k < 8; k++) {
        uint64_t mask = (k & 1 ? 2 : 0) | (k & 2 ? 0x20 : 0) | (k & 4 ? 0x200 : 0);

        h->s->mideleg = mask;
        g_assert_cmphex(hart_csr(h, 0x104), ==, mask);
        g_assert_cmphex(hart_csr(h, 0x144), ==, mask);
        hart_set_csr(h, 0x104, 0);
        g_assert_cmphex(h->s->mie, ==, 0xaaa & ~mask);
        h->s->mie = 0xaaa;
        hart_set_csr(h, 0x144, 0);
        g_assert_cmphex(h->s->mip_soft, ==, 0x222 & ~(mask & 2));
        h->s->mip_soft = 0x222;
    }
    /* Set and clear on mip start from what software wrote, not from the line. */
    h->s->mip_soft = 0;
    irq_set(rv_cpu_line(&h->cpu->vcpu, RV_LINE_SEIP), 1);
    g_assert_cmphex(hart_csr(h, 0x344), ==, MIP_SEIP);
    uint64_t old;
    g_assert_true(rv_csr_access(h->cpu, 0x344, RV_CSR_RS, MIP_SSIP, &old));
    g_assert_cmphex(old, ==, MIP_SEIP);
    g_assert_cmphex(h->s->mip_soft, ==, MIP_SSIP);
    irq_set(rv_cpu_line(&h->cpu->vcpu, RV_LINE_SEIP), 0);
    g_assert_cmphex(hart_csr(h, 0x344), ==, MIP_SSIP);
    hart_free(h);
}

static void test_counters(void)
{
    Hart *h = hart_new("rv64");

    machine_lock(h->machine);
    clk_virtual_set(&h->machine->clk_virtual, 1000);
    g_assert_cmpuint(hart_csr(h, 0xc00), ==, 1000);
    hart_set_csr(h, 0xb00, 5);
    g_assert_cmpuint(hart_csr(h, 0xc00), ==, 5);
    g_assert_cmpuint(hart_csr(h, 0xc02), ==, 1000);
    hart_set_csr(h, 0x320, 1);
    clk_virtual_set(&h->machine->clk_virtual, 3000);
    g_assert_cmpuint(hart_csr(h, 0xb00), ==, 5);
    g_assert_cmpuint(hart_csr(h, 0xb02), ==, 3000);
    hart_set_csr(h, 0xb00, 7);
    g_assert_cmpuint(hart_csr(h, 0xb00), ==, 7);
    hart_set_csr(h, 0x320, 0);
    g_assert_cmpuint(hart_csr(h, 0xb00), ==, 7);
    clk_virtual_set(&h->machine->clk_virtual, 3100);
    g_assert_cmpuint(hart_csr(h, 0xb00), ==, 107);
    h->time.now = 77;
    g_assert_cmpuint(hart_csr(h, 0xc01), ==, 77);
    machine_unlock(h->machine);
    hart_free(h);
}

static void test_effects(void)
{
    Hart *h = hart_new("rv64");
    unsigned translated = 1 << RV_MODE_U | 1 << RV_MODE_S | 1 << RV_MODE_S_SUM;

    hart_set_csr(h, 0x180, UINT64_C(9) << 60 | UINT64_C(3) << 44 | 0x80000);
    g_assert_cmpuint(accel_calls.flush_modes, ==, 1);
    g_assert_cmpuint(accel_calls.bind, ==, 1);
    g_assert_cmpuint(accel_calls.space, ==, 3);
    g_assert_cmpuint(accel_calls.mode_mask, ==, translated);
    hart_set_csr(h, 0x180, UINT64_C(9) << 60 | UINT64_C(4) << 44 | 0x80001);
    g_assert_cmpuint(accel_calls.flush_modes, ==, 1);
    g_assert_cmpuint(accel_calls.bind, ==, 2);
    g_assert_cmpuint(accel_calls.space, ==, 4);
    hart_set_csr(h, 0x180, UINT64_C(9) << 60 | UINT64_C(4) << 44 | 0x80002);
    g_assert_cmpuint(accel_calls.flush_modes + accel_calls.bind, ==, 3);

    hart_set_csr(h, 0x300, MSTATUS_SUM | MSTATUS_TVM);
    g_assert_cmpuint(accel_calls.flush_modes, ==, 1);
    hart_set_csr(h, 0x300, MSTATUS_MXR);
    g_assert_cmpuint(accel_calls.flush_modes, ==, 2);
    hart_set_csr(h, 0x300, MSTATUS_MXR | MSTATUS_MPRV);
    g_assert_cmpuint(accel_calls.flush_modes, ==, 2);

    hart_set_csr(h, 0x3b0, 0x1000);
    g_assert_cmpuint(accel_calls.flush, ==, 1);
    hart_set_csr(h, 0x3b0, 0x1000);
    g_assert_cmpuint(accel_calls.flush, ==, 1);
    hart_set_csr(h, 0x3a0, 0x1f);
    g_assert_cmpuint(accel_calls.flush, ==, 2);
    hart_free(h);
}

/* The state word's modes by privilege, MPRV, MPP and SUM. */
static void test_modes(void)
{
    static const RvPriv privs[] = { RV_U, RV_S, RV_M };
    Hart *h = hart_new("rv64");

    for (unsigned k = 0; k < 36; k++) {
        RvPriv priv = privs[k % 3], mpp = privs[k / 3 % 3];
        bool sum = k / 9 & 1, mprv = k / 18;
        RvPriv data = priv == RV_M && mprv ? mpp : priv;
        RvMode s_mode = sum ? RV_MODE_S_SUM : RV_MODE_S;

        h->s->mstatus = (uint64_t)mpp << MSTATUS_MPP_SHIFT | (sum ? MSTATUS_SUM : 0) |
                        (mprv ? MSTATUS_MPRV : 0);
        hart_enter(h, priv);
        g_assert_cmpuint(tcg_flags_jc(h->s->tcg.flags), ==,
                         priv == RV_M   ? RV_MODE_M
                         : priv == RV_S ? s_mode
                                        : RV_MODE_U);
        g_assert_cmpuint(tcg_flags_mmu(h->s->tcg.flags), ==,
                         data == RV_M   ? RV_MODE_M
                         : data == RV_S ? s_mode
                                        : RV_MODE_U);
        g_assert_true(h->s->tcg.flags & RV_FLAG_FS_OFF);
    }
    hart_free(h);
}

/* -d unimp names registers that are not there, but not those that are only forbidden. */
static void test_absent_is_logged(void)
{
    Hart *h = hart_new("rv64");
    g_autofree char *path = NULL;
    g_autofree char *text = NULL;
    int fd = g_file_open_tmp("rv-csr-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(log_set_file(path, NULL) && log_set_items("unimp", NULL));
    hart_enter(h, RV_U);
    rv_helper_csr(&h->s->tcg, 0x300, 0, RV_CSR_RS | RV_CSR_NO_WRITE, 0x300027f3);
    hart_enter(h, RV_M);
    rv_helper_csr(&h->s->tcg, 0x7a0, 0, RV_CSR_RS | RV_CSR_NO_WRITE, 0x7a0027f3);
    log_set_mask(0);
    g_assert_true(log_set_file(NULL, NULL));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "hart 0: there is no CSR 0x7a0\n"));
    g_assert_null(strstr(text, "0x300"));
    unlink(path);
    hart_free(h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rv/csr/masks", test_masks);
    g_test_add_func("/rv/csr/set-and-clear", test_set_and_clear);
    g_test_add_func("/rv/csr/privilege", test_privilege);
    g_test_add_func("/rv/csr/illegal-traps", test_illegal_traps);
    g_test_add_func("/rv/csr/existence", test_existence);
    g_test_add_func("/rv/csr/no-supervisor-fields", test_no_supervisor_fields);
    g_test_add_func("/rv/csr/counter-enables", test_counter_enables);
    g_test_add_func("/rv/csr/gates", test_gates);
    g_test_add_func("/rv/csr/fp-status", test_fp_status);
    g_test_add_func("/rv/csr/views", test_views);
    g_test_add_func("/rv/csr/counters", test_counters);
    g_test_add_func("/rv/csr/effects", test_effects);
    g_test_add_func("/rv/csr/modes", test_modes);
    g_test_add_func("/rv/csr/absent-is-logged", test_absent_is_logged);
    return g_test_run();
}
