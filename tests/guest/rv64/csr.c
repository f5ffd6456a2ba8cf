/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control and status registers: which exist, who may use them, which bits can be written, counters
 * and their gates, the floating-point state. (Privileged specification, chapters 2, 3.1 and 10.1.)
 */
#include "rt.h"

const char suite_name[] = "csr";

enum { CSRRW = 1, CSRRS = 2, CSRRC = 3, CSRRWI = 5, CSRRSI = 6, CSRRCI = 7 };

static u32 code[4] __attribute__((aligned(64)));

/* One CSR instruction with rd = a0, rs1 (or the immediate) given, and a return. */
static u32 csr_insn(u32 csr, u32 op, u32 rs1)
{
    return csr << 20 | rs1 << 15 | op << 12 | 10 << 7 | 0x73;
}

/* Runs the instruction with a0 = value in the mode; the trap's value is what was read. */
static Trap access(int mode, u32 csr, u32 op, u32 rs1, u64 value)
{
    code[0] = csr_insn(csr, op, rs1);
    code[1] = 0x00008067; /* ret */
    fence_i();
    return rt_run(mode, code, 0, value, 0);
}

static void expect_ok(const char *name, int mode, u32 csr)
{
    Trap t = access(mode, csr, CSRRS, 0, 0);

    if (t.cause != NO_TRAP) {
        rt_fail(name, "csr 0x%lx in mode %lu: cause 0x%lx tval 0x%lx", (u64)csr, (u64)mode, t.cause,
                t.tval);
    } else {
        rt_check(name, 0, 0);
    }
}

static void expect_illegal(const char *name, int mode, u32 csr, u32 op, u32 rs1)
{
    Trap t = access(mode, csr, op, rs1, 0);
    u32 insn = csr_insn(csr, op, rs1);

    if (t.cause != CAUSE_ILLEGAL || t.epc != (u64)code || t.tval != insn) {
        rt_fail(name, "csr 0x%lx op %lu in mode %lu: cause 0x%lx epc 0x%lx tval 0x%lx", (u64)csr,
                (u64)op, (u64)mode, t.cause, t.epc, t.tval);
    } else {
        rt_check(name, 0, 0);
    }
}

static const u16 machine_csrs[] = { 0xf11, 0xf12, 0xf13, 0xf14, 0xf15, /* ids, mconfigptr */
                                    0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306,
                                    0x30a, 0x340, 0x341, /* mstatus ... */
                                    0x342, 0x343, 0x344, 0x3a0, 0x3a2, 0x3b0, 0x3bf,
                                    0xb00, 0xb02, 0x320, 0xb03, 0xb1f, 0x323, 0x33f };
static const u16 supervisor_csrs[] = { 0x100, 0x104, 0x105, 0x106, 0x10a, 0x140,
                                       0x141, 0x142, 0x143, 0x144, 0x180, 0x14d };
static const u16 user_csrs[] = { 0x001, 0x002, 0x003, 0xc00, 0xc01, 0xc02 };
static const u16 reserved_csrs[] = { 0x000, 0x004, 0x005, 0x040, 0x041, 0x044, 0x0ff, 0x107, 0x1ff,
                                     0x181, 0x3a1, 0x3a3, 0x345, 0x4ff, 0x7ff, 0x8ff, 0x9ff, 0xcff,
                                     0xdff, 0xeff, 0xf00, 0xf16, 0xfff, 0xb01, 0xc80, 0xb80 };

#define FOR_EACH(i, table) for (u64 i = 0; i < sizeof(table) / sizeof(table[0]); i++)

static void existence(void)
{
    rt_group("existence");
    csr_write(mcounteren, 7);
    csr_write(scounteren, 7);
    csr_set(menvcfg, 1ul << 63); /* STCE, for stimecmp */
    FOR_EACH(i, machine_csrs)
    {
        expect_ok("machine", MODE_M, machine_csrs[i]);
        expect_illegal("machine from S", MODE_S, machine_csrs[i], CSRRS, 0);
        expect_illegal("machine from U", MODE_U, machine_csrs[i], CSRRS, 0);
    }
    FOR_EACH(i, supervisor_csrs)
    {
        expect_ok("supervisor from M", MODE_M, supervisor_csrs[i]);
        expect_ok("supervisor", MODE_S, supervisor_csrs[i]);
        expect_illegal("supervisor from U", MODE_U, supervisor_csrs[i], CSRRS, 0);
    }
    FOR_EACH(i, user_csrs)
    {
        expect_ok("user from M", MODE_M, user_csrs[i]);
        expect_ok("user from S", MODE_S, user_csrs[i]);
        expect_ok("user", MODE_U, user_csrs[i]);
    }
    FOR_EACH(i, reserved_csrs)
    {
        for (int mode = MODE_U; mode <= MODE_M; mode += mode ? 2 : 1) {
            expect_illegal("reserved", mode, reserved_csrs[i], CSRRS, 0);
            expect_illegal("reserved", mode, reserved_csrs[i], CSRRW, 10);
            expect_illegal("reserved", mode, reserved_csrs[i], CSRRCI, 1);
        }
    }
}

static void read_only(void)
{
    static const u16 csrs[] = { 0xf11, 0xf12, 0xf13, 0xf14, 0xc00, 0xc01, 0xc02 };

    rt_group("read-only");
    FOR_EACH(i, csrs)
    {
        expect_ok("csrrs x0", MODE_M, csrs[i]);
        CHECK("csrrc x0", access(MODE_M, csrs[i], CSRRC, 0, 0).cause, NO_TRAP);
        CHECK("csrrsi 0", access(MODE_M, csrs[i], CSRRSI, 0, 0).cause, NO_TRAP);
        CHECK("csrrci 0", access(MODE_M, csrs[i], CSRRCI, 0, 0).cause, NO_TRAP);
        /* A register other than x0 that holds zero is a write, too. */
        expect_illegal("csrrs zero", MODE_M, csrs[i], CSRRS, 10);
        expect_illegal("csrrc zero", MODE_M, csrs[i], CSRRC, 10);
        expect_illegal("csrrw x0", MODE_M, csrs[i], CSRRW, 0);
        expect_illegal("csrrwi 0", MODE_M, csrs[i], CSRRWI, 0);
        expect_illegal("csrrsi 1", MODE_M, csrs[i], CSRRSI, 1);
    }
}

/* ---- bits ---- */

static void identity(void)
{
    u64 misa = csr_read(misa);

    rt_group("identity");
    CHECK("mhartid", csr_read(mhartid), 0);
    CHECK("misa.MXL", misa >> 62, 2);
    for (const char *c = "acdfimsu"; *c; c++) {
        CHECK("misa extension", misa >> (*c - 'a') & 1, 1);
    }
    CHECK("misa has no E", misa >> 4 & 1, 0);
}

static void mstatus_bits(void)
{
    u64 old = csr_read(mstatus);

    rt_group("mstatus");
    for (u64 mpp = 0; mpp < 4; mpp++) {
        u64 want = mpp == 2 ? csr_read(mstatus) & MSTATUS_MPP : mpp << 11;

        csr_write(mstatus, (old & ~MSTATUS_MPP) | mpp << 11);
        if (mpp != 2) {
            CHECK("MPP", csr_read(mstatus) & MSTATUS_MPP, want);
        } else {
            CHECK("MPP is never 2", (csr_read(mstatus) & MSTATUS_MPP) >> 11 == 2, 0);
        }
    }
    csr_write(mstatus, old);
    for (u64 fs = 0; fs < 4; fs++) {
        csr_write(mstatus, (old & ~MSTATUS_FS) | fs << 13);
        CHECK("FS", csr_read(mstatus) >> 13 & 3, fs);
        CHECK("SD", csr_read(mstatus) >> 63, fs == 3);
        CHECK("sstatus.FS", csr_read(sstatus) >> 13 & 3, fs);
        CHECK("sstatus.SD", csr_read(sstatus) >> 63, fs == 3);
    }
    csr_write(mstatus, old);
    CHECK("UXL", csr_read(mstatus) >> 32 & 3, 2);
    CHECK("SXL", csr_read(mstatus) >> 34 & 3, 2);
    CHECK("endianness", csr_read(mstatus) >> 36 & 3, 0);
    for (u64 bit = 17; bit <= 22; bit++) {
        csr_set(mstatus, 1ul << bit);
        CHECK("MPRV SUM MXR TVM TW TSR set", csr_read(mstatus) >> bit & 1, 1);
        CHECK("seen in sstatus", csr_read(sstatus) >> bit & 1, bit == 18 || bit == 19);
        csr_clear(mstatus, 1ul << bit);
        CHECK("MPRV SUM MXR TVM TW TSR clear", csr_read(mstatus) >> bit & 1, 0);
    }
    csr_write(sstatus, 0);
    CHECK("sstatus leaves MPP", csr_read(mstatus) & MSTATUS_MPP, old & MSTATUS_MPP);
    csr_write(mstatus, old);
}

static void address_registers(void)
{
    rt_group("addresses");
    csr_write(mepc, -1ul);
    CHECK("mepc bit 0", csr_read(mepc), -2ul);
    csr_write(sepc, 0x123456789abcdef1);
    CHECK("sepc bit 0", csr_read(sepc), 0x123456789abcdef0);
    csr_write(mtval, -1ul);
    CHECK("mtval", csr_read(mtval), -1ul);
    csr_write(stval, 0x123456789abcdef1);
    CHECK("stval", csr_read(stval), 0x123456789abcdef1);
    csr_write(stvec, 0x80000001);
    CHECK("stvec vectored", csr_read(stvec), 0x80000001);
    csr_write(stvec, 0x80000000);
    CHECK("stvec direct", csr_read(stvec), 0x80000000);
    csr_write(stvec, 0x80000002);
    CHECK("stvec reserved mode", csr_read(stvec) & 2, 0);
    csr_write(scause, 1ul << 63 | 5);
    CHECK("scause", csr_read(scause), 1ul << 63 | 5);
    csr_write(sscratch, 0xfedcba9876543210);
    CHECK("sscratch", csr_read(sscratch), 0xfedcba9876543210);
}

static void satp_modes(void)
{
    rt_group("satp");
    for (u64 mode = 0; mode < 16; mode++) {
        bool good = mode == 0 || (mode >= 8 && mode <= 10);

        csr_write(satp, 0);
        csr_write(satp, mode << 60 | 0x1234ul << 44 | 0x80123);
        /* An unsupported mode makes the whole write have no effect. */
        CHECK("mode", csr_read(satp), good ? mode << 60 | 0x1234ul << 44 | 0x80123 : 0);
    }
    csr_write(satp, 0xful << 44 | 8ul << 60);
    CHECK("asid and root", csr_read(satp), 0xful << 44 | 8ul << 60);
    csr_write(satp, 8ul << 60 | 0xfffful << 44);
    CHECK("16 bits of ASID", csr_read(satp) >> 44 & 0xffff, 0xffff);
    csr_write(satp, 0);
}

static void delegation_bits(void)
{
    rt_group("delegation");
    csr_write(medeleg, -1ul);
    CHECK("ecall from M is not delegable", csr_read(medeleg) >> CAUSE_ECALL_M & 1, 0);
    for (u64 c = 0; c <= 15; c++) {
        if (c != 10 && c != 11 && c != 14) {
            CHECK("medeleg", csr_read(medeleg) >> c & 1, 1);
        }
    }
    csr_write(medeleg, 0);
    CHECK("medeleg clears", csr_read(medeleg), 0);
    csr_write(mideleg, -1ul);
    CHECK("mideleg S", csr_read(mideleg) & 0x222, 0x222);
    CHECK("mideleg M", csr_read(mideleg) & 0x888, 0);
    csr_write(mideleg, 0x20);
    csr_write(mie, -1ul);
    CHECK("mie", csr_read(mie) & 0xaaa, 0xaaa);
    CHECK("sie shows what is delegated", csr_read(sie), 0x20);
    csr_write(sie, 0);
    CHECK("sie clears only that", csr_read(mie) & 0xaaa, 0xa8a);
    csr_write(mie, 0);
    csr_write(mideleg, 0);
    csr_write(sie, -1ul);
    CHECK("sie without delegation", csr_read(mie), 0);
}

/* ---- counters ---- */

static void counter_gates(void)
{
    rt_group("counteren");
    for (u64 m = 0; m < 8; m++) {
        for (u64 s = 0; s < 8; s++) {
            csr_write(mcounteren, m);
            csr_write(scounteren, s);
            CHECK("mcounteren", csr_read(mcounteren) & 7, m);
            CHECK("scounteren", csr_read(scounteren) & 7, s);
            for (u32 n = 0; n < 3; n++) {
                bool in_s = m >> n & 1, in_u = in_s && (s >> n & 1);

                CHECK("S", access(MODE_S, 0xc00 + n, CSRRS, 0, 0).cause,
                      in_s ? NO_TRAP : CAUSE_ILLEGAL);
                CHECK("U", access(MODE_U, 0xc00 + n, CSRRS, 0, 0).cause,
                      in_u ? NO_TRAP : CAUSE_ILLEGAL);
                CHECK("M", access(MODE_M, 0xc00 + n, CSRRS, 0, 0).cause, NO_TRAP);
            }
        }
    }
    csr_write(mcounteren, 2);
    csr_write(scounteren, 0);
    expect_illegal("rdcycle", MODE_S, 0xc00, CSRRS, 0);
    expect_illegal("rdtime", MODE_U, 0xc01, CSRRS, 0);
    csr_write(mcounteren, 7);
    csr_write(scounteren, 7);
}

static void counters_count(void)
{
    u64 c0, c1, i0, i1, t0, t1;

    rt_group("counters");
    c0 = csr_read(cycle);
    i0 = csr_read(instret);
    for (volatile int i = 0; i < 1000; i++) {
    }
    c1 = csr_read(cycle);
    i1 = csr_read(instret);
    CHECK("cycle grows", c1 > c0, 1);
    CHECK("instret grows", i1 - i0 >= 1000, 1);
    CHECK("mcycle is cycle", csr_read(mcycle) >= c1, 1);
    CHECK("minstret is instret", csr_read(minstret) >= i1, 1);
    for (int i = 0; i < 100; i++) {
        t0 = csr_read(time);
        t1 = mtime();
        CHECK("time <= mtime", t0 <= t1, 1);
        t0 = csr_read(time);
        CHECK("mtime <= time", t1 <= t0, 1);
    }
    csr_write(mcycle, 1ul << 40);
    CHECK("mcycle written", csr_read(mcycle) >> 40, 1);
    csr_write(minstret, 1ul << 41);
    CHECK("minstret written", csr_read(minstret) >> 41, 1);
    csr_write(mcountinhibit, 5);
    if ((csr_read(mcountinhibit) & 5) == 5) {
        csr_write(minstret, 1000);
        csr_write(mcycle, 2000);
        CHECK("minstret inhibited", csr_read(minstret), 1000);
        CHECK("mcycle inhibited", csr_read(mcycle), 2000);
    }
    csr_write(mcountinhibit, 0);
    CHECK("time bit of mcountinhibit", csr_read(mcountinhibit) & 2, 0);
}

/* ---- floating-point state ---- */

#define FS_IS(name, want) CHECK(name, csr_read(mstatus) >> 13 & 3, want)

static void set_fs(u64 fs)
{
    csr_clear(mstatus, MSTATUS_FS);
    csr_set(mstatus, fs << 13);
}

static void float_off(void)
{
    static const u32 insns[] = { 0x003100d3, /* fadd.s f1,f2,f3, dynamic rm in bits 14:12 = 0 */
                                 0x02317143, /* fmadd.d */
                                 0x0000a007, /* flw f0,0(x1) */
                                 0x0000b027, /* fsd f0,0(x1) */
                                 0xe0000053, /* fmv.x.w x0,f0 */
                                 0xf2050053, /* fmv.d.x f0,x10 */
                                 0xa2002053, /* feq.d x0,f0,f0 */
                                 0x00102573, /* csrr a0, fflags */
                                 0x00202573, /* csrr a0, frm */
                                 0x00302573, /* csrr a0, fcsr */
                                 0x00301073, /* csrw fcsr, x0 */
                                 0x2000,     /* c.fld */
                                 0xa022 };   /* c.fsdsp */

    rt_group("FS off");
    FOR_EACH(i, insns)
    {
        Trap t;

        code[0] = insns[i];
        code[1] = 0x00008067;
        fence_i();
        set_fs(0);
        t = rt_run(MODE_M, code, 0, 0, 0);
        rt_check_trap("traps", &t, CAUSE_ILLEGAL, (u64)code, insns[i]);
        t = rt_run(MODE_U, code, 0, 0, 0);
        rt_check_trap("traps in U", &t, CAUSE_ILLEGAL, (u64)code, insns[i]);
    }
    set_fs(3);
}

static void float_dirty(void)
{
    u64 v = 0;

    rt_group("FS dirty");
    set_fs(1);
    asm volatile("fmv.x.d %0, f1" : "=r"(v));
    FS_IS("reading leaves Initial", 1);
    asm volatile("fmv.d.x f1, %0" : : "r"(v));
    FS_IS("fmv.d.x", 3);
    set_fs(1);
    asm volatile("fld f1, (%0)" : : "r"(code));
    FS_IS("fld", 3);
    set_fs(2);
    asm volatile("fadd.d f1, f2, f3");
    FS_IS("fadd.d", 3);
    set_fs(2);
    csr_write(frm, 0);
    FS_IS("frm", 3);
    set_fs(2);
    csr_write(fflags, 0);
    FS_IS("fflags", 3);
    set_fs(1);
    /* Only the flags change: invalid, from a signalling comparison. */
    asm volatile("fmv.d.x f1, %0" : : "r"(-1ul));
    set_fs(1);
    csr_write(fflags, 0);
    set_fs(1);
    asm volatile("flt.d x0, f1, f1");
    FS_IS("flags of flt.d", 3);
    CHECK("invalid", csr_read(fflags), 16);
    set_fs(3);
}

static void float_csrs(void)
{
    rt_group("fcsr");
    csr_write(fcsr, 0);
    csr_write(frm, 3);
    csr_write(fflags, 0x15);
    CHECK("fcsr", csr_read(fcsr), 0x75);
    csr_write(fcsr, 0xa9);
    CHECK("frm", csr_read(frm), 5);
    CHECK("fflags", csr_read(fflags), 9);
    csr_write(frm, -1ul);
    CHECK("frm width", csr_read(frm), 7);
    csr_write(fflags, -1ul);
    CHECK("fflags width", csr_read(fflags), 31);
    CHECK("fcsr of both", csr_read(fcsr), 0xff);
    csr_set(fflags, 0);
    csr_clear(fflags, 4);
    CHECK("fflags bit", csr_read(fflags), 27);
}

/* Dynamic rounding with a reserved frm, and reserved static modes, are illegal instructions. */
static void float_rounding(void)
{
    static const u32 dynamic[] = { 0x003170d3, 0x0a3170d3,           0x123170d3,
                                   0x1a3170d3, 0x580170d3,           0x183170c3,
                                   0xc00170d3, 0xd20170d3 | 2 << 20, 0x401170d3 };

    rt_group("rounding mode");
    FOR_EACH(i, dynamic)
    {
        for (u64 rm = 0; rm < 8; rm++) {
            Trap t;

            code[0] = dynamic[i] & ~(31 << 7); /* rd = 0: f0 or x0 */
            code[1] = 0x00008067;
            fence_i();
            csr_write(frm, rm);
            t = rt_run(MODE_M, code, 0, 0, 0);
            rt_check_trap("dynamic", &t, rm < 5 ? NO_TRAP : CAUSE_ILLEGAL,
                          rm < 5 ? t.epc : (u64)code, rm < 5 ? t.tval : code[0]);
            csr_write(frm, 7);
            code[0] = (code[0] & ~(7 << 12)) | rm << 12;
            fence_i();
            t = rt_run(MODE_M, code, 0, 0, 0);
            rt_check_trap("static", &t, rm < 5 ? NO_TRAP : CAUSE_ILLEGAL,
                          rm < 5 ? t.epc : (u64)code, rm < 5 ? t.tval : code[0]);
        }
    }
    csr_write(fcsr, 0);
}

int main(void)
{
    existence();
    read_only();
    identity();
    mstatus_bits();
    address_registers();
    satp_modes();
    delegation_bits();
    counter_gates();
    counters_count();
    float_off();
    float_dirty();
    float_csrs();
    float_rounding();
    return 0;
}
