/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Synchronous traps: cause, epc and tval of every exception that needs no address translation, from
 * every mode, taken in M and delegated to S; the xRET instructions; TVM, TW, TSR.
 */
#include "rt.h"

const char suite_name[] = "trap";

#define HOLE 0x28000000ul /* no device and no memory there */

static u32 code[16] __attribute__((aligned(4096)));
static u64 data[16] __attribute__((aligned(64)));

#define RET       0x00008067
#define DELEGABLE 0xb3ff

/* Runs one instruction at code + offset bytes with a0 and a1 set, then returns. */
static Trap run_insn(int mode, u32 insn, u64 a0, u64 a1, u64 offset)
{
    u16 *p = (u16 *)((char *)code + offset);

    p[0] = insn;
    p[1] = insn >> 16;
    if ((insn & 3) != 3) {
        p[1] = 1; /* c.nop */
    }
    p[2] = RET & 0xffff;
    p[3] = RET >> 16;
    fence_i();
    return rt_run(mode, p, 0, a0, a1);
}

typedef struct Row {
    const char *name;
    u32 insn;
    u64 a0;
    u64 cause;
    u64 tval;
} Row;

#define TVAL_INSN (1ul << 40)

static const Row rows[] = {
    { "all zeros", 0, 0, CAUSE_ILLEGAL, TVAL_INSN },
    { "all ones", 0xffffffff, 0, CAUSE_ILLEGAL, TVAL_INSN },
    { "add with a reserved funct7", 0x42b50533, 0, CAUSE_ILLEGAL, TVAL_INSN },
    { "write to a read-only CSR", 0xc0051073, 0, CAUSE_ILLEGAL, TVAL_INSN },
    { "lb", 0x00050503, HOLE + 1, CAUSE_LOAD_ACCESS, HOLE + 1 },
    { "lh", 0x00051503, HOLE + 2, CAUSE_LOAD_ACCESS, HOLE + 2 },
    { "lw", 0x00452503, HOLE, CAUSE_LOAD_ACCESS, HOLE + 4 },
    { "ld", 0xff853503, HOLE + 16, CAUSE_LOAD_ACCESS, HOLE + 8 },
    { "lbu", 0x00054503, HOLE, CAUSE_LOAD_ACCESS, HOLE },
    { "lhu", 0x00055503, HOLE, CAUSE_LOAD_ACCESS, HOLE },
    { "lwu", 0x00056503, HOLE, CAUSE_LOAD_ACCESS, HOLE },
    { "lw x0", 0x00052003, HOLE, CAUSE_LOAD_ACCESS, HOLE },
    { "flw", 0x00052507, HOLE, CAUSE_LOAD_ACCESS, HOLE },
    { "fld", 0x00853507, HOLE, CAUSE_LOAD_ACCESS, HOLE + 8 },
    { "c.lw", 0x4148, HOLE, CAUSE_LOAD_ACCESS, HOLE + 4 },
    { "c.ld", 0x6508, HOLE, CAUSE_LOAD_ACCESS, HOLE + 8 },
    { "sb", 0x00b50023, HOLE + 3, CAUSE_STORE_ACCESS, HOLE + 3 },
    { "sh", 0x00b51023, HOLE, CAUSE_STORE_ACCESS, HOLE },
    { "sw", 0x00b52223, HOLE, CAUSE_STORE_ACCESS, HOLE + 4 },
    { "sd", 0xfeb53c23, HOLE + 16, CAUSE_STORE_ACCESS, HOLE + 8 },
    { "fsw", 0x00a52027, HOLE, CAUSE_STORE_ACCESS, HOLE },
    { "fsd", 0x00a53027, HOLE, CAUSE_STORE_ACCESS, HOLE },
    { "c.sw", 0xc14c, HOLE, CAUSE_STORE_ACCESS, HOLE + 4 },
    { "c.sd", 0xe50c, HOLE, CAUSE_STORE_ACCESS, HOLE + 8 },
    { "lr.w", 0x1005252f, HOLE, CAUSE_LOAD_ACCESS, HOLE },
    { "lr.d", 0x1005352f, HOLE, CAUSE_LOAD_ACCESS, HOLE },
    { "amoadd.w", 0x00b5252f, HOLE, CAUSE_STORE_ACCESS, HOLE },
    { "amoswap.d", 0x08b5352f, HOLE, CAUSE_STORE_ACCESS, HOLE },
    { "amomaxu.d x0", 0xe0b5302f, HOLE, CAUSE_STORE_ACCESS, HOLE },
};

static u64 tval_of(const Row *r)
{
    return r->tval == TVAL_INSN ? r->insn : r->tval;
}

static void exceptions(const char *group, bool delegate)
{
    rt_group(group);
    csr_write(medeleg, delegate ? DELEGABLE & ~(1ul << CAUSE_ECALL_S) : 0);
    csr_write(stvec, s_trap_entry);
    for (u64 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (u64 mode = 0; mode < 4; mode += mode ? 2 : 1) {
            u64 offset = i % 2 ? 2 : 0;
            Trap t = run_insn(mode, rows[i].insn, rows[i].a0, 0, offset);

            rt_check_trap(rows[i].name, &t, rows[i].cause, (u64)code + offset, tval_of(&rows[i]));
            CHECK("handler's mode", t.mode, delegate && mode != MODE_M ? MODE_S : MODE_M);
            CHECK("rd is untouched", t.value, rows[i].a0);
            if (!delegate || mode == MODE_M) {
                CHECK("MPP", (t.status & MSTATUS_MPP) >> 11, mode);
            } else {
                CHECK("SPP", (t.status & MSTATUS_SPP) != 0, mode);
            }
        }
    }
    csr_write(medeleg, 0);
}

static void fetch_faults(void)
{
    rt_group("fetch");
    for (u64 mode = 0; mode < 4; mode += mode ? 2 : 1) {
        Trap t = rt_run(mode, (void *)HOLE, 0, 0, 0);

        rt_check_trap("jump into nothing", &t, CAUSE_FETCH_ACCESS, HOLE, HOLE);
        t = rt_run(mode, (void *)(HOLE + 2), 0, 0, 0);
        rt_check_trap("half word", &t, CAUSE_FETCH_ACCESS, HOLE + 2, HOLE + 2);
        /* jalr succeeds, with its link register written; the target is what faults. */
        t = run_insn(mode, 0x00050567, HOLE + 8, 0, 0);
        rt_check_trap("jalr", &t, CAUSE_FETCH_ACCESS, HOLE + 8, HOLE + 8);
        CHECK("link", t.value, (u64)code + 4);
    }
}

static void calls_and_breaks(void)
{
    rt_group("ecall");
    for (u64 mode = 0; mode < 4; mode += mode ? 2 : 1) {
        u64 cause = CAUSE_ECALL_U + mode;
        Trap t = run_insn(mode, 0x00000073, 5, 0, 0);

        rt_check_trap("ecall", &t, cause, (u64)code, 0);
        t = run_insn(mode, 0x00100073, 5, 0, 4);
        CHECK("ebreak cause", t.cause, CAUSE_BREAKPOINT);
        CHECK("ebreak epc", t.epc, (u64)code + 4);
        /* The address or zero are both allowed. */
        CHECK("ebreak tval", t.tval == 0 || t.tval == t.epc, 1);
        t = run_insn(mode, 0x9002, 5, 0, 2);
        CHECK("c.ebreak cause", t.cause, CAUSE_BREAKPOINT);
        CHECK("c.ebreak epc", t.epc, (u64)code + 2);
    }
    csr_write(stvec, s_trap_entry);
    csr_write(medeleg, 1ul << CAUSE_ECALL_U | 1ul << CAUSE_BREAKPOINT);
    Trap t = run_insn(MODE_U, 0x00000073, 5, 0, 0);
    rt_check_trap("ecall from U to S", &t, CAUSE_ECALL_U, (u64)code, 0);
    CHECK("in S", t.mode, MODE_S);
    t = run_insn(MODE_U, 0x9002, 5, 0, 0);
    CHECK("c.ebreak from U to S", t.cause, CAUSE_BREAKPOINT);
    CHECK("in S", t.mode, MODE_S);
    csr_write(medeleg, 0);
}

/* Misaligned atomics: an address-misaligned or access-fault exception, never a silent success. */
static void misaligned_atomics(void)
{
    static const struct {
        const char *name;
        u32 insn;
        u64 size, misaligned, access;
    } ops[] = {
        { "lr.w", 0x1005252f, 4, CAUSE_LOAD_MISALIGNED, CAUSE_LOAD_ACCESS },
        { "lr.d", 0x1005352f, 8, CAUSE_LOAD_MISALIGNED, CAUSE_LOAD_ACCESS },
        { "sc.w", 0x18b5252f, 4, CAUSE_STORE_MISALIGNED, CAUSE_STORE_ACCESS },
        { "sc.d", 0x18b5352f, 8, CAUSE_STORE_MISALIGNED, CAUSE_STORE_ACCESS },
        { "amoadd.w", 0x00b5252f, 4, CAUSE_STORE_MISALIGNED, CAUSE_STORE_ACCESS },
        { "amoadd.d", 0x00b5352f, 8, CAUSE_STORE_MISALIGNED, CAUSE_STORE_ACCESS },
    };

    rt_group("misaligned atomics");
    for (u64 i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        for (u64 off = 1; off < ops[i].size; off++) {
            u64 at = (u64)data + off;
            Trap t = run_insn(MODE_M, ops[i].insn, at, 1, 0);

            if ((t.cause != ops[i].misaligned && t.cause != ops[i].access) || t.tval != at) {
                rt_fail(ops[i].name, "offset %lu: cause 0x%lx tval 0x%lx want 0x%lx", off, t.cause,
                        t.tval, at);
            } else {
                CHECK(ops[i].name, 0, 0);
            }
        }
    }
}

/* ---- xRET ---- */

static u64 mret_to_here(u64 status)
{
    u64 after;

    asm volatile("la t0, 1f\n"
                 "csrw mepc, t0\n"
                 "csrw mstatus, %1\n"
                 "mret\n"
                 "ebreak\n"
                 "1: csrr %0, mstatus"
                 : "=r"(after)
                 : "r"(status)
                 : "t0", "memory");
    return after;
}

static void mret_stack(void)
{
    u64 base = csr_read(mstatus) & ~(MSTATUS_MPP | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPRV);
    u64 s;

    rt_group("mret");
    s = mret_to_here(base | MSTATUS_MPP | MSTATUS_MPIE);
    CHECK("MIE = MPIE 1", !!(s & MSTATUS_MIE), 1);
    CHECK("MPIE = 1", !!(s & MSTATUS_MPIE), 1);
    CHECK("MPP = U", s & MSTATUS_MPP, 0);
    s = mret_to_here(base | MSTATUS_MPP | MSTATUS_MIE);
    CHECK("MIE = MPIE 0", !!(s & MSTATUS_MIE), 0);
    CHECK("MPIE = 1 again", !!(s & MSTATUS_MPIE), 1);
    s = mret_to_here(base | MSTATUS_MPP | MSTATUS_MPRV);
    CHECK("MPRV stays in M", !!(s & MSTATUS_MPRV), 1);
    csr_write(mstatus, base);
    for (int mode = MODE_U; mode <= MODE_S; mode++) {
        Trap t;

        csr_set(mstatus, MSTATUS_MPRV);
        t = run_insn(mode, 0x00000013, 0, 0, 0);
        CHECK("MPRV clears", !!(t.status & MSTATUS_MPRV), 0);
        CHECK("MPIE holds the old MIE", !!(t.status & MSTATUS_MPIE), 0);
    }
    csr_clear(mstatus, MSTATUS_MPRV);
}

/* Runs in S: sret with sstatus = a0 to a1, where an ecall ends it. */
void sret_probe(u64 status, u64 target);
asm(".section .probe, \"ax\"\n"
    ".balign 4\n"
    "sret_probe:\n"
    "    csrw sepc, a1\n"
    "    csrw sstatus, a0\n"
    "    sret\n"
    ".text\n");

static void sret_stack(void)
{
    u64 fs = MSTATUS_FS;
    Trap t;

    rt_group("sret");
    code[0] = 0x00000073;
    fence_i();
    t = rt_run(MODE_S, sret_probe, 0, fs | MSTATUS_SPP | MSTATUS_SPIE, (u64)code);
    CHECK("to S", t.cause, CAUSE_ECALL_S);
    CHECK("epc", t.epc, (u64)code);
    CHECK("SIE = SPIE 1", !!(t.status & MSTATUS_SIE), 1);
    CHECK("SPIE = 1", !!(t.status & MSTATUS_SPIE), 1);
    CHECK("SPP = U", !!(t.status & MSTATUS_SPP), 0);
    t = rt_run(MODE_S, sret_probe, 0, fs | MSTATUS_SIE, (u64)code);
    CHECK("to U", t.cause, CAUSE_ECALL_U);
    CHECK("SIE = SPIE 0", !!(t.status & MSTATUS_SIE), 0);
    CHECK("SPIE = 1 again", !!(t.status & MSTATUS_SPIE), 1);
    /* From M: sret also clears MPRV, since the new mode is less privileged. */
    csr_set(mstatus, MSTATUS_MPRV);
    t = rt_run(MODE_M, sret_probe, 0, fs, (u64)code);
    CHECK("M to U", t.cause, CAUSE_ECALL_U);
    CHECK("MPRV clears", !!(t.status & MSTATUS_MPRV), 0);
    csr_clear(mstatus, MSTATUS_MPRV | MSTATUS_SPIE | MSTATUS_SIE);
}

#define MRET       0x30200073
#define SRET       0x10200073
#define WFI        0x10500073
#define SFENCE     0x12000073
#define SFENCE_A   0x12b50073
#define READ_SATP  0x18002573
#define WRITE_SATP 0x18051073

static void expect_illegal(const char *name, int mode, u32 insn, bool illegal)
{
    Trap t = run_insn(mode, insn, 0, 0, 0);

    rt_check_trap(name, &t, illegal ? CAUSE_ILLEGAL : NO_TRAP, illegal ? (u64)code : t.epc,
                  illegal ? insn : t.tval);
}

static void privileged_instructions(void)
{
    rt_group("privilege");
    expect_illegal("mret in S", MODE_S, MRET, true);
    expect_illegal("mret in U", MODE_U, MRET, true);
    expect_illegal("sret in U", MODE_U, SRET, true);
    expect_illegal("sfence.vma in U", MODE_U, SFENCE, true);
    expect_illegal("sfence.vma a0,a1 in U", MODE_U, SFENCE_A, true);
    for (int tvm = 0; tvm < 2; tvm++) {
        csr_clear(mstatus, MSTATUS_TVM);
        csr_set(mstatus, tvm ? MSTATUS_TVM : 0);
        expect_illegal("TVM: sfence.vma in S", MODE_S, SFENCE, tvm);
        expect_illegal("TVM: sfence.vma a0,a1 in S", MODE_S, SFENCE_A, tvm);
        expect_illegal("TVM: read satp in S", MODE_S, READ_SATP, tvm);
        expect_illegal("TVM: write satp in S", MODE_S, WRITE_SATP, tvm);
        expect_illegal("TVM: sfence.vma in M", MODE_M, SFENCE, false);
        expect_illegal("TVM: read satp in M", MODE_M, READ_SATP, false);
    }
    csr_clear(mstatus, MSTATUS_TVM);
    csr_set(mstatus, MSTATUS_TSR);
    expect_illegal("TSR: sret in S", MODE_S, SRET, true);
    csr_clear(mstatus, MSTATUS_TSR);
    csr_set(mstatus, MSTATUS_TW);
    expect_illegal("TW: wfi in S", MODE_S, WFI, true);
    expect_illegal("TW: wfi in U", MODE_U, WFI, true);
    csr_clear(mstatus, MSTATUS_TW);
}

/* A trap in M saves MIE in MPIE and clears it; nested values stay as they are. */
static void trap_stack(void)
{
    Trap t;

    rt_group("trap entry");
    csr_write(mie, 0);
    csr_set(mstatus, MSTATUS_MIE);
    CATCH(t, asm volatile("ecall"));
    CHECK("MIE is cleared", !!(csr_read(mstatus) & MSTATUS_MIE), 0);
    CHECK("MPIE = 1", !!(t.status & MSTATUS_MPIE), 1);
    CHECK("MPP = M", (t.status & MSTATUS_MPP) >> 11, 3);
    CATCH(t, asm volatile("ecall"));
    CHECK("MPIE = 0", !!(t.status & MSTATUS_MPIE), 0);
    csr_write(medeleg, 1 << CAUSE_ILLEGAL);
    csr_write(stvec, s_trap_entry);
    csr_set(mstatus, MSTATUS_SIE);
    t = run_insn(MODE_S, 0, 0, 0, 0);
    CHECK("delegated from S", t.mode, MODE_S);
    CHECK("SPIE", !!(t.status & MSTATUS_SPIE), 1);
    CHECK("SIE", !!(t.status & MSTATUS_SIE), 0);
    CHECK("SPP", !!(t.status & MSTATUS_SPP), 1);
    csr_clear(mstatus, MSTATUS_SIE);
    csr_set(mstatus, MSTATUS_SPIE);
    t = run_insn(MODE_S, 0, 0, 0, 0);
    CHECK("SPIE = 0", !!(t.status & MSTATUS_SPIE), 0);
    csr_write(medeleg, 0);
    csr_clear(mstatus, MSTATUS_SIE | MSTATUS_SPIE);
    /* Traps in M are never delegated. */
    csr_write(medeleg, DELEGABLE);
    t = run_insn(MODE_M, 0, 0, 0, 0);
    CHECK("M-mode trap stays in M", t.mode, MODE_M);
    csr_write(medeleg, 0);
}

/* Exceptions go to the base address even when interrupts are vectored. */
static void vectored(void)
{
    u64 old = csr_read(mtvec);
    Trap t;

    rt_group("mtvec");
    csr_write(mtvec, old | 1);
    CHECK("mode", csr_read(mtvec), old | 1);
    t = run_insn(MODE_U, 0, 0, 0, 0);
    rt_check_trap("exception in vectored mode", &t, CAUSE_ILLEGAL, (u64)code, 0);
    csr_write(mtvec, old);
}

int main(void)
{
    exceptions("to M", false);
    exceptions("delegated", true);
    fetch_faults();
    calls_and_breaks();
    misaligned_atomics();
    mret_stack();
    sret_stack();
    privileged_instructions();
    trap_stack();
    vectored();
    return 0;
}
