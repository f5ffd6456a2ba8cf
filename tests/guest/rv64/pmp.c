/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory protection: TOR, NA4, NAPOT, permissions, priority, partial matches, locks, what
 * it does to M-mode, to MPRV, to page-table walks and to running code. (Privileged spec., 3.7.)
 */
#include "rt.h"
#include "probe.h"

const char suite_name[] = "pmp";

enum { R = 1, W = 2, X = 4, TOR = 1 << 3, NA4 = 2 << 3, NAPOT = 3 << 3, LOCK = 0x80 };

#define AREA FREE_RAM /* 4 MiB aligned */

/* Entry 15 lets everybody do everything; the tests use those before it. */
static void set_cfg(int n, u64 cfg)
{
    u64 shift = 8 * (n % 8);
    u64 v = n < 8 ? csr_read(pmpcfg0) : csr_read(pmpcfg2);

    v = (v & ~(0xfful << shift)) | cfg << shift;
    if (n < 8) {
        csr_write(pmpcfg0, v);
    } else {
        csr_write(pmpcfg2, v);
    }
}

static u64 get_cfg(int n)
{
    return (n < 8 ? csr_read(pmpcfg0) : csr_read(pmpcfg2)) >> 8 * (n % 8) & 0xff;
}

#define ADDR_CASE(n)                                                                               \
    case n:                                                                                        \
        if (write) {                                                                               \
            csr_write(pmpaddr##n, v);                                                              \
        }                                                                                          \
        return csr_read(pmpaddr##n);

static u64 addr_reg(int n, bool write, u64 v)
{
    switch (n) {
        ADDR_CASE(0)
        ADDR_CASE(1)
        ADDR_CASE(2)
        ADDR_CASE(3)
        ADDR_CASE(4)
        ADDR_CASE(5)
        ADDR_CASE(6)
        ADDR_CASE(7)
        ADDR_CASE(8)
        ADDR_CASE(9)
        ADDR_CASE(10)
        ADDR_CASE(11)
        ADDR_CASE(12)
        ADDR_CASE(13)
        ADDR_CASE(14)
        ADDR_CASE(15)
    }
    return 0;
}

static void set_addr(int n, u64 v)
{
    addr_reg(n, true, v);
}

static u64 get_addr(int n)
{
    return addr_reg(n, false, 0);
}

static void set_napot(int n, u64 base, u64 size, u64 perm)
{
    set_addr(n, base >> 2 | (size / 8 - 1));
    set_cfg(n, NAPOT | perm);
}

static void clear_entries(void)
{
    set_addr(15, -1ul);
    set_cfg(15, NAPOT | R | W | X);
    for (int i = 0; i < 15; i++) {
        set_cfg(i, 0);
        set_addr(i, 0);
    }
}

static const struct {
    const char *name;
    void (*fn)(void);
    const char *at;
    u64 need, cause;
} accesses[] = {
    { "lb", probe_lb, probe_at_lb, R, CAUSE_LOAD_ACCESS },
    { "ld", probe_ld, probe_at_ld, R, CAUSE_LOAD_ACCESS },
    { "fld", probe_fld, probe_at_fld, R, CAUSE_LOAD_ACCESS },
    { "lr.d", probe_lr_d, probe_at_lr_d, R, CAUSE_LOAD_ACCESS },
    { "sb", probe_sb, probe_at_sb, W, CAUSE_STORE_ACCESS },
    { "sd", probe_sd, probe_at_sd, W, CAUSE_STORE_ACCESS },
    { "fsd", probe_fsd, probe_at_fsd, W, CAUSE_STORE_ACCESS },
    { "amoadd.d", probe_amoadd_d, probe_at_amoadd_d, R | W, CAUSE_STORE_ACCESS },
};
#define ACCESSES (sizeof(accesses) / sizeof(accesses[0]))

/* Every kind of access to addr with the permissions expected. */
static void check_access(const char *name, int mode, u64 addr, u64 perm)
{
    u32 old = *(volatile u32 *)(addr & ~3ul);
    Trap t;

    for (u64 i = 0; i < ACCESSES; i++) {
        bool ok = (perm & accesses[i].need) == accesses[i].need;

        t = rt_run(mode, accesses[i].fn, 0, addr & ~7ul, 0);
        if (ok ? t.cause != NO_TRAP
               : t.cause != accesses[i].cause || t.tval != (addr & ~7ul) ||
                     t.epc != (u64)accesses[i].at) {
            rt_fail(name, "%s at 0x%lx in mode %lu: cause 0x%lx tval 0x%lx epc 0x%lx want %s",
                    accesses[i].name, addr, (u64)mode, t.cause, t.tval, t.epc,
                    ok ? "success" : "a fault");
        } else {
            rt_check(name, 0, 0);
        }
    }
    *(volatile u32 *)(addr & ~3ul) = 0x00008067; /* ret */
    fence_i();
    t = rt_run(mode, (void *)(addr & ~3ul), 0, 0, 0);
    if (perm & X) {
        CHECK("execute", t.cause, NO_TRAP);
    } else {
        rt_check_trap("execute", &t, CAUSE_FETCH_ACCESS, addr & ~3ul, addr & ~3ul);
    }
    *(volatile u32 *)(addr & ~3ul) = old;
    fence_i();
}

static void permissions(void)
{
    static const u64 perms[] = { 0, R, R | W, X, R | X, R | W | X };

    rt_group("permissions");
    clear_entries();
    for (u64 i = 0; i < 6; i++) {
        for (int mode = MODE_U; mode <= MODE_S; mode++) {
            set_napot(3, AREA, 4096, perms[i]);
            check_access("NAPOT page", mode, AREA + 8, perms[i]);
            check_access("outside", mode, AREA + 4096, R | W | X);
        }
        check_access("M-mode", MODE_M, AREA + 8, R | W | X);
    }
    clear_entries();
    set_cfg(15, 0);
    CHECK("no entry at all: S and U may not execute", rt_run(MODE_S, probe_nothing, 0, 0, 0).cause,
          CAUSE_FETCH_ACCESS);
    clear_entries();
}

static void registers(void)
{
    rt_group("registers");
    clear_entries();
    for (int i = 0; i < 15; i++) {
        set_addr(i, -1ul);
        CHECK("54 bits", get_addr(i), (1ul << 54) - 1);
        set_addr(i, 0x123456789abcd + i);
        CHECK("grain of 4 bytes", get_addr(i), 0x123456789abcd + i);
        for (u64 a = 0; a < 4; a++) {
            set_cfg(i, a << 3 | R);
            CHECK("A field", get_cfg(i), a << 3 | R);
        }
        set_cfg(i, 0x60 | R);
        CHECK("bits 6:5 are zero", get_cfg(i), R);
        set_cfg(i, 0);
        set_addr(i, 0);
    }
}

/* Inside and outside of [base, end), at bytes next to the borders. */
static void check_range(const char *name, u64 base, u64 end)
{
    Trap t;

    for (int mode = MODE_U; mode <= MODE_S; mode++) {
        t = rt_run(mode, probe_lb, 0, base - 1, 0);
        CHECK(name, t.cause, NO_TRAP);
        t = rt_run(mode, probe_lb, 0, base, 0);
        rt_check_trap(name, &t, CAUSE_LOAD_ACCESS, (u64)probe_at_lb, base);
        t = rt_run(mode, probe_sb, 0, end - 1, 0);
        rt_check_trap(name, &t, CAUSE_STORE_ACCESS, (u64)probe_at_sb, end - 1);
        t = rt_run(mode, probe_lb, 0, end, 0);
        CHECK(name, t.cause, NO_TRAP);
    }
}

static void ranges(void)
{
    rt_group("ranges");
    clear_entries();
    for (u64 size = 8; size <= 1 << 20; size *= 2) {
        set_napot(0, AREA + (1 << 20), size, 0);
        check_range("NAPOT", AREA + (1 << 20), AREA + (1 << 20) + size);
    }
    clear_entries();
    for (u64 off = 0; off < 64; off += 4) {
        set_addr(2, (AREA + 4096 + off) >> 2);
        set_cfg(2, NA4);
        check_range("NA4", AREA + 4096 + off, AREA + 4096 + off + 4);
    }
    clear_entries();
    for (u64 len = 4; len < 20000; len = len * 3 + 8) {
        set_addr(4, (AREA + 100) >> 2);
        set_addr(5, (AREA + 100 + len) >> 2);
        set_cfg(5, TOR);
        check_range("TOR", AREA + 100, AREA + 100 + len);
    }
    set_addr(4, (AREA + 200) >> 2);
    set_addr(5, (AREA + 100) >> 2);
    CHECK("empty TOR", rt_run(MODE_U, probe_lb, 0, AREA + 150, 0).cause, NO_TRAP);
    clear_entries();
    set_addr(0, 0x10001000 >> 2);
    set_cfg(0, TOR);
    CHECK("TOR of entry 0 starts at 0", rt_run(MODE_S, probe_lb, 0, UART_BASE + 5, 0).cause,
          CAUSE_LOAD_ACCESS);
    clear_entries();
    /* A TOR entry's lower bound is the register before it, whatever that one's mode. */
    set_napot(6, AREA + 8192, 4096, R | W | X);
    set_addr(7, (AREA + 32768) >> 2);
    set_cfg(7, TOR);
    CHECK("TOR after NAPOT", rt_run(MODE_U, probe_lb, 0, AREA + 16384, 0).cause, CAUSE_LOAD_ACCESS);
    clear_entries();
}

static void priorities(void)
{
    rt_group("priority");
    clear_entries();
    set_napot(1, AREA, 64, R);
    set_napot(2, AREA, 4096, R | W);
    set_napot(3, AREA, 1 << 20, 0);
    for (int mode = MODE_U; mode <= MODE_S; mode++) {
        check_access("lowest entry wins", mode, AREA + 56, R);
        check_access("second", mode, AREA + 64, R | W);
        check_access("third", mode, AREA + 4096, 0);
        check_access("last", mode, AREA + (1 << 20), R | W | X);
    }
    set_napot(0, AREA, 1 << 20, R | W | X);
    check_access("covered by entry 0", MODE_U, AREA + 56, R | W | X);
    check_access("covered by entry 0", MODE_S, AREA + 4096, R | W | X);
    clear_entries();
}

/* An access that the first matching entry covers only in part fails, whatever the permissions. */
static void partial(void)
{
    Trap t;

    rt_group("partial");
    clear_entries();
    set_addr(1, (AREA + 16) >> 2);
    set_cfg(1, NA4 | R | W | X);
    t = rt_run(MODE_U, probe_ld, 0, AREA + 16, 0);
    rt_check_cause("ld over NA4", &t, CAUSE_LOAD_ACCESS, AREA + 16);
    t = rt_run(MODE_U, probe_sd, 0, AREA + 16, 0);
    rt_check_cause("sd over NA4", &t, CAUSE_STORE_ACCESS, AREA + 16);
    t = rt_run(MODE_U, probe_lw, 0, AREA + 16, 0);
    CHECK("lw inside NA4", t.cause, NO_TRAP);
    t = rt_run(MODE_U, probe_amoadd_d, 0, AREA + 16, 0);
    rt_check_cause("amoadd.d over NA4", &t, CAUSE_STORE_ACCESS, AREA + 16);
    set_addr(1, (AREA + 20) >> 2);
    t = rt_run(MODE_S, probe_ld, 0, AREA + 16, 0);
    rt_check_cause("upper half", &t, CAUSE_LOAD_ACCESS, AREA + 16);
    clear_entries();
}

/* The permissions change under code and data that were in use a moment ago. */
static void changes(void)
{
    rt_group("changes");
    clear_entries();
    for (int i = 0; i < 8; i++) {
        u64 perm = i & 1 ? R | X : R | W | X;

        set_napot(0, AREA, 4096, perm);
        check_access("flip W", MODE_U, AREA + 128, perm);
        set_napot(0, AREA, 4096, i & 2 ? R : X | R);
        check_access("flip X", MODE_S, AREA + 128, i & 2 ? R : X | R);
    }
    clear_entries();
}

/* Straight-line code runs into an area that may not be executed, in the middle of a page. */
static void execute_into(void)
{
    u32 *code = (u32 *)(AREA + 4096);
    Trap t;

    rt_group("execute into");
    clear_entries();
    for (int i = 0; i < 64; i++) {
        code[i] = 0x00150513; /* addi a0,a0,1 */
    }
    code[64] = 0x00008067;
    fence_i();
    set_napot(0, (u64)code + 128, 64, R | W);
    t = rt_run(MODE_U, code, 0, 0, 0);
    rt_check_trap("fault", &t, CAUSE_FETCH_ACCESS, (u64)code + 128, (u64)code + 128);
    CHECK("instructions before it ran", t.value, 32);
    set_cfg(0, 0);
    t = rt_run(MODE_U, code, 0, 0, 0);
    CHECK("all ran", t.value, 64);
    clear_entries();
}

static void mprv(void)
{
    Trap t;
    volatile u64 seen = 0;

    rt_group("MPRV");
    clear_entries();
    set_napot(0, AREA, 4096, 0);
    for (u64 mpp = 0; mpp < 4; mpp += mpp ? 2 : 1) {
        csr_clear(mstatus, MSTATUS_MPP);
        csr_set(mstatus, mpp << 11);
        CATCH(t, asm volatile("csrs mstatus, %1\n ld %0, (%2)\n csrc mstatus, %1"
                              : "=&r"(seen)
                              : "r"(MSTATUS_MPRV), "r"(AREA)));
        csr_clear(mstatus, MSTATUS_MPRV);
        if (mpp == MODE_M) {
            CHECK("M", t.cause, NO_TRAP);
        } else {
            rt_check_cause("lower", &t, CAUSE_LOAD_ACCESS, AREA);
        }
    }
    clear_entries();
}

/* A page table where the walker may not read: an access fault of the original access. */
static void page_walk(void)
{
    u64 *root = (u64 *)(AREA + 0x10000), *mid = (u64 *)(AREA + 0x20000);
    u64 va = 0x4000000000 - 0x40000000 * 2ul; /* root[254] */
    Trap t;

    rt_group("page walk");
    clear_entries();
    memset(root, 0, 4096);
    memset(mid, 0, 4096);
    root[2] = 0x80000000 >> 12 << 10 | 0xcf; /* identity, RWX AD */
    root[254] = (u64)mid >> 12 << 10 | 1;
    mid[0] = AREA >> 12 << 10 | 0xc7; /* 2 MiB RW */
    csr_write(satp, 8ul << 60 | (u64)root >> 12);
    asm volatile("sfence.vma");
    t = rt_run(MODE_S, probe_ld, 0, va, 0);
    CHECK("mapped", t.cause, NO_TRAP);
    set_napot(0, (u64)mid, 4096, 0);
    asm volatile("sfence.vma");
    t = rt_run(MODE_S, probe_ld, 0, va, 0);
    rt_check_cause("load", &t, CAUSE_LOAD_ACCESS, va);
    t = rt_run(MODE_S, probe_sd, 0, va + 8, 0);
    rt_check_cause("store", &t, CAUSE_STORE_ACCESS, va + 8);
    t = rt_run(MODE_S, probe_jump, 0, va, 0);
    rt_check_trap("fetch", &t, CAUSE_FETCH_ACCESS, va, va);
    set_napot(0, (u64)mid, 4096, R);
    set_napot(1, AREA, 4096, R);
    asm volatile("sfence.vma");
    t = rt_run(MODE_S, probe_ld, 0, va, 0);
    CHECK("walker may read", t.cause, NO_TRAP);
    t = rt_run(MODE_S, probe_sd, 0, va, 0);
    rt_check_cause("the page itself", &t, CAUSE_STORE_ACCESS, va);
    t = rt_run(MODE_S, probe_sd, 0, va + 4096, 0);
    CHECK("its neighbour in the superpage", t.cause, NO_TRAP);
    clear_entries();
    /* Only a part of the table may not be read. */
    mid[255] = mid[256] = mid[0];
    set_napot(0, (u64)mid, 2048, 0);
    asm volatile("sfence.vma");
    t = rt_run(MODE_S, probe_ld, 0, va + 255 * 0x200000ul, 0);
    rt_check_cause("last entry inside", &t, CAUSE_LOAD_ACCESS, va + 255 * 0x200000ul);
    t = rt_run(MODE_S, probe_ld, 0, va + 256 * 0x200000ul, 0);
    CHECK("first entry outside", t.cause, NO_TRAP);
    /* An entry of which one half is covered. */
    for (u64 half = 0; half < 2; half++) {
        set_addr(0, ((u64)&mid[256] + 4 * half) >> 2);
        set_cfg(0, NA4 | R | W);
        asm volatile("sfence.vma");
        t = rt_run(MODE_S, probe_ld, 0, va + 256 * 0x200000ul, 0);
        rt_check_cause("half an entry", &t, CAUSE_LOAD_ACCESS, va + 256 * 0x200000ul);
        t = rt_run(MODE_S, probe_ld, 0, va + 255 * 0x200000ul, 0);
        CHECK("its neighbour", t.cause, NO_TRAP);
    }
    csr_write(satp, 0);
    clear_entries();
}

/* Last: locks stay until reset. */
static void locks(void)
{
    Trap t;

    rt_group("locks");
    clear_entries();
    set_napot(9, AREA, 4096, R | LOCK);
    CHECK("U may read", rt_run(MODE_U, probe_ld, 0, AREA, 0).cause, NO_TRAP);
    CHECK("U may not write", rt_run(MODE_U, probe_sd, 0, AREA, 0).cause, CAUSE_STORE_ACCESS);
    t = rt_run(MODE_M, probe_ld, 0, AREA, 0);
    CHECK("M may read", t.cause, NO_TRAP);
    t = rt_run(MODE_M, probe_sd, 0, AREA, 0);
    rt_check_trap("M may not write", &t, CAUSE_STORE_ACCESS, (u64)probe_at_sd, AREA);
    t = rt_run(MODE_M, probe_jump, 0, AREA, 0);
    rt_check_trap("M may not execute", &t, CAUSE_FETCH_ACCESS, AREA, AREA);
    set_cfg(9, NAPOT | R | W | X);
    CHECK("locked cfg", get_cfg(9), NAPOT | R | LOCK);
    set_addr(9, 0);
    CHECK("locked address", get_addr(9), AREA >> 2 | 511);
    set_addr(8, 5);
    CHECK("address before a NAPOT lock is free", get_addr(8), 5);
    set_addr(10, (AREA + 0x100000) >> 2);
    set_addr(11, (AREA + 0x101000) >> 2);
    set_cfg(11, TOR | R | W | LOCK);
    set_addr(10, 0);
    CHECK("address before a TOR lock is locked", get_addr(10), (AREA + 0x100000) >> 2);
    set_cfg(10, NAPOT);
    CHECK("its cfg is not", get_cfg(10), NAPOT);
    t = rt_run(MODE_M, probe_jump, 0, AREA + 0x100800, 0);
    rt_check_trap("TOR lock", &t, CAUSE_FETCH_ACCESS, AREA + 0x100800, AREA + 0x100800);
    /* An unlocked entry in front of a locked one wins, and M passes it. */
    set_napot(0, AREA, 4096, 0);
    CHECK("unlocked entry first", rt_run(MODE_M, probe_sd, 0, AREA, 0).cause, NO_TRAP);
}

int main(void)
{
    clear_entries();
    registers();
    permissions();
    ranges();
    priorities();
    partial();
    changes();
    execute_into();
    mprv();
    page_walk();
    locks();
    return 0;
}
