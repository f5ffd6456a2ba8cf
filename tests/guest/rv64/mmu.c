/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation in Sv39, Sv48 and Sv57: permissions, A and D, page sizes, reserved bits,
 * addresses out of range, accesses over two pages. (Privileged specification, 10.3 to 10.5.)
 */
#include "paging.h"
#include "probe.h"

const char suite_name[] = "mmu";

/*
 * QEMU 7.2, against which these tests are checked, has no ADUE and always updates A and D, and
 * reports faults of AMOs as faults of loads.
 */
#ifdef REFERENCE_QEMU_7_2
enum { REFERENCE = 1 };
#else
enum { REFERENCE = 0 };
#endif

#define ADUE   (1ul << 61)
#define VA     0x100000000ul /* the tests' pages */
#define DATA   FREE_RAM
#define DATA_2 (FREE_RAM + 0x10000)

enum { LOAD, STORE, FETCH, ATOMIC };

static const struct {
    const char *name;
    void (*fn)(void);
    u64 cause;
} kinds[] = {
    [LOAD] = { "load", probe_ld, CAUSE_LOAD_PAGE },
    [STORE] = { "store", probe_sd, CAUSE_STORE_PAGE },
    [FETCH] = { "fetch", probe_call, CAUSE_FETCH_PAGE },
    [ATOMIC] = { "amo", probe_amoadd_d, CAUSE_STORE_PAGE },
};

static Space space;
static bool adue;

static u64 cause_of(int kind, u64 cause)
{
    /* An unreadable page is what an AMO of the reference meets first. */
    return REFERENCE && kind == ATOMIC ? cause - 2 : cause;
}

static Trap do_access(int mode, int kind, u64 va)
{
    return rt_run(mode, kinds[kind].fn, mode == MODE_U ? user_offset() : 0, va, 0);
}

static void expect_access(const char *name, int mode, int kind, u64 va, bool ok)
{
    Trap t = do_access(mode, kind, va);

    if (ok ? t.cause == NO_TRAP
           : (t.cause == kinds[kind].cause || t.cause == cause_of(kind, kinds[kind].cause)) &&
                 t.tval == va) {
        rt_check(name, 0, 0);
        return;
    }
    rt_fail(name, "%s at 0x%lx in mode %lu: cause 0x%lx tval 0x%lx epc 0x%lx want %s",
            kinds[kind].name, va, (u64)mode, t.cause, t.tval, t.epc, ok ? "success" : "page fault");
}

static void fresh_space(u64 levels)
{
    pages_reset();
    csr_write(satp, 0);
    space_init(&space, levels, 0);
    space_use(&space);
    fence_all();
    for (int i = 0; i < 1024; i++) {
        ((volatile u64 *)DATA)[i] = 0x0000806700008067; /* two rets */
        ((volatile u64 *)DATA_2)[i] = 0x0000806700008067;
    }
    fence_i();
}

/* ---- permissions ---- */

/* What the specification says about a leaf at level 0. */
static bool allowed(u64 f, int mode, int kind, bool sum, bool mxr)
{
    bool r = f & PTE_R, w = f & PTE_W, x = f & PTE_X, u = f & PTE_U;
    bool write = kind == STORE || kind == ATOMIC;

    if (!(f & PTE_V) || (w && !r) || !(r || w || x)) {
        return false;
    }
    if (mode == MODE_U ? !u : u && (kind == FETCH || !sum)) {
        return false;
    }
    if (kind == FETCH ? !x : write ? !w : !(r || (mxr && x))) {
        return false;
    }
    return adue || ((f & PTE_A) && (!write || (f & PTE_D)));
}

static void permission_case(u64 flags, int mode, int kind, bool sum, bool mxr)
{
    u64 *pte = pte_of(&space, VA, 0);
    bool ok = allowed(flags, mode, kind, sum, mxr);
    u64 want = flags;

    *pte = pte_leaf(DATA, flags);
    fence_va(VA);
    *(volatile u64 *)DATA = 0x0000806700008067;
    expect_access(adue ? "by flags, ADUE" : "by flags", mode, kind, VA, ok);
    if (ok) {
        want |= PTE_A | (kind == STORE || kind == ATOMIC ? PTE_D : 0);
    }
    if (adue && !ok) {
        want |= *pte & PTE_A; /* A may be set by speculation, D may not */
    }
    if ((*pte & 0x3ff) != want) {
        rt_fail(adue ? "PTE afterwards, ADUE" : "PTE afterwards", "flags 0x%lx: 0x%lx want 0x%lx",
                flags, *pte & 0x3ff, want);
    }
}

static void permissions(void)
{
    for (u64 flags = 0; flags < 256; flags++) {
        for (int bits = 0; bits < 4; bits++) {
            csr_clear(mstatus, MSTATUS_SUM | MSTATUS_MXR);
            csr_set(mstatus, (bits & 1 ? MSTATUS_SUM : 0) | (bits & 2 ? MSTATUS_MXR : 0));
            for (int kind = LOAD; kind <= ATOMIC; kind++) {
                permission_case(flags, MODE_S, kind, bits & 1, bits & 2);
                permission_case(flags, MODE_U, kind, bits & 1, bits & 2);
            }
        }
    }
    csr_clear(mstatus, MSTATUS_SUM | MSTATUS_MXR);
}

/* LR sets A only; a load that hits a clean page leaves D alone, the next store sets it. */
static void dirty_later(void)
{
    u64 *pte = pte_of(&space, VA, 0);

    for (int i = 0; i < 3; i++) {
        *pte = pte_leaf(DATA, PTE_V | PTE_R | PTE_W | PTE_A);
        fence_va(VA);
        CHECK("lr.d", rt_run(MODE_S, probe_lr_d, 0, VA, 0).cause, NO_TRAP);
        expect_access("load of a clean page", MODE_S, LOAD, VA, true);
        CHECK("D stays clear", *pte & PTE_D, 0);
        expect_access("store to a clean page", MODE_S, i == 1 ? ATOMIC : STORE, VA, adue);
        CHECK("D after a store", *pte & PTE_D, adue ? PTE_D : 0);
    }
}

/* ---- the format of entries ---- */

static void reserved_bits(void)
{
    u64 good = pte_leaf(DATA, PTE_V | PTE_RWX | PTE_AD);
    u64 *leaf = pte_of(&space, VA, 0), *up = pte_of(&space, VA, 1), old_up = *up;

    for (u64 bit = 54; bit < 64; bit++) {
        *leaf = good | 1ul << bit;
        fence_all();
        for (int k = LOAD; k <= ATOMIC; k++) {
            expect_access("high bit of a leaf", MODE_S, k, VA, false);
        }
        *leaf = good;
        *up = old_up | 1ul << bit;
        fence_all();
        expect_access("high bit of a pointer", MODE_S, LOAD, VA, false);
        *up = old_up;
    }
    for (u64 bit = 4; bit < 8; bit++) {
        bool ok = bit == 5; /* G is allowed in a pointer; U, A and D are reserved */

        *up = old_up | 1ul << bit;
        fence_all();
        expect_access("low bit of a pointer", MODE_S, LOAD, VA, ok);
    }
    for (u64 bit = 8; bit < 10; bit++) {
        *up = old_up | 1ul << bit;
        *leaf = good | 1ul << bit;
        fence_all();
        expect_access("RSW", MODE_S, STORE, VA, true);
    }
    *up = old_up & ~1ul;
    fence_all();
    expect_access("invalid pointer", MODE_S, FETCH, VA, false);
    *up = old_up;
    *leaf = good;
    fence_all();
    expect_access("good again", MODE_S, LOAD, VA, true);
}

static void superpages(u64 levels)
{
    for (u64 level = 1; level < levels; level++) {
        u64 size = 1ul << (12 + 9 * level);
        u64 va = level == levels - 1 ? size * 5 : VA * 4 + size;
        u64 base = DATA & ~(size - 1), off = DATA & (size - 1);
        u64 *pte = pte_of(&space, va & ~(size - 1), level);
        u64 saved = *pte, bad = 1ul << (10 + 9 * level - 1);

        va = (va & ~(size - 1)) + off;
        *pte = pte_leaf(base, PTE_V | PTE_RWX | PTE_AD);
        fence_all();
        *(volatile u64 *)(DATA + 24) = 0xabcd0000 + level;
        CHECK("read through a superpage", rt_run(MODE_S, probe_ld, 0, va + 24, 0).value,
              0xabcd0000 + level);
        rt_run(MODE_S, probe_sd, 0, va + 0x10000, 0x77 + level);
        CHECK("write through a superpage", *(volatile u64 *)DATA_2, 0x77 + level);
        *(volatile u64 *)DATA_2 = 0x0000806700008067;
        fence_i();
        expect_access("fetch through a superpage", MODE_S, FETCH, va + 0x10000, true);
        for (u64 bit = 10; bit < 10 + 9 * level; bit += 4) {
            *pte = pte_leaf(base, PTE_V | PTE_RWX | PTE_AD) | 1ul << bit;
            fence_all();
            expect_access("misaligned superpage", MODE_S, LOAD, va, false);
        }
        *pte = pte_leaf(base, PTE_V | PTE_RWX | PTE_AD) | bad;
        fence_all();
        expect_access("misaligned superpage", MODE_S, STORE, va, false);
        *pte = pte_leaf(base, PTE_V | PTE_RWX | (adue ? 0 : PTE_AD));
        fence_all();
        expect_access("A and D of a superpage", MODE_S, STORE, va + 64, true);
        CHECK("A and D of a superpage", *pte & 0xff, PTE_V | PTE_RWX | PTE_AD);
        *pte = saved;
        fence_all();
    }
}

static void out_of_range(u64 levels)
{
    u64 bits = 12 + 9 * levels;

    map_page(&space, VA, DATA, 0, PTE_RWX | PTE_AD);
    fence_all();
    for (u64 bit = bits - 1; bit < 64; bit++) {
        u64 va = VA ^ 1ul << bit;

        for (int k = LOAD; k <= FETCH; k++) {
            expect_access("not a sign extension", MODE_S, k, va, false);
        }
    }
    u64 high = -1ul << (bits - 1);
    map_page(&space, high, DATA, 0, PTE_RWX | PTE_AD);
    map_page(&space, -4096ul, DATA, 0, PTE_RWX | PTE_AD);
    map_page(&space, (1ul << (bits - 1)) - 4096, DATA, 0, PTE_RWX | PTE_AD);
    fence_all();
    for (int k = LOAD; k <= ATOMIC; k++) {
        *(volatile u64 *)DATA = 0x0000806700008067;
        fence_i();
        expect_access("lowest negative", MODE_S, k, high, true);
        *(volatile u64 *)DATA = 0x0000806700008067;
        expect_access("last page", MODE_S, k, -4096ul, true);
        *(volatile u64 *)DATA = 0x0000806700008067;
        expect_access("highest positive", MODE_S, k, (1ul << (bits - 1)) - 4096, true);
        expect_access("unmapped negative", MODE_S, k, high + 0x5000, false);
    }
    expect_access("end of the positive half", MODE_S, LOAD, 1ul << (bits - 1), false);
}

/* Tables outside of memory: access faults; a table anywhere in RAM is fine. */
static void table_not_there(void)
{
    u64 *up = pte_of(&space, VA, 1), old = *up;
    static const u64 causes[] = { CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS, CAUSE_FETCH_ACCESS,
                                  CAUSE_STORE_ACCESS };

    *up = pte_leaf(0x28000000, PTE_V);
    fence_all();
    for (int k = LOAD; k <= ATOMIC; k++) {
        for (u64 n = 0; n < 3; n++) {
            u64 va = VA + n * 5 * 4096 + 16;
            Trap t = do_access(MODE_S, k, va);

            rt_check_cause("table outside of memory", &t, cause_of(k, causes[k]), va);
        }
    }
    *up = old;
    *pte_of(&space, VA, 0) = pte_leaf(0x28000000, PTE_V | PTE_RWX | PTE_AD);
    fence_all();
    for (int k = LOAD; k <= ATOMIC; k++) {
        Trap t = do_access(MODE_S, k, VA + 16);

        rt_check_cause("page without memory", &t, cause_of(k, causes[k]), VA + 16);
    }
}

/* ---- two pages ---- */

static const struct {
    const char *name;
    void (*load)(void), (*store)(void);
    u64 size;
} sizes[] = { { "2 bytes", probe_lh, probe_sh, 2 },
              { "4 bytes", probe_lw, probe_sw, 4 },
              { "8 bytes", probe_ld, probe_sd, 8 } };

/* VA and VA + 4096 on pages that do not touch in physical memory. */
static void cross_data(void)
{
    map_page(&space, VA, DATA, 0, PTE_R | PTE_W | PTE_AD);
    map_page(&space, VA + 4096, DATA_2, 0, PTE_R | PTE_W | PTE_AD);
    fence_all();
    for (int s = 0; s < 3; s++) {
        u64 size = sizes[s].size, mask = size == 8 ? -1ul : (1ul << 8 * size) - 1;

        for (u64 n = 1; n < size; n++) {
            u64 at = VA + 4096 - n, v = 0x8796a5b4c3d2e1f0, got = 0;

            rt_run(MODE_S, sizes[s].store, 0, at, v);
            for (u64 i = 0; i < size; i++) {
                u64 pa = i < n ? DATA + 4096 - n + i : DATA_2 + i - n;

                got |= (u64) * (volatile u8 *)pa << 8 * i;
            }
            CHECK("store", got, v & mask);
            got = rt_run(MODE_S, sizes[s].load, 0, at, 0).value;
            CHECK("load", got & mask, v & mask);
        }
    }
}

/* tval is the address of the part that faults. */
static void cross_faults(void)
{
    for (int which = 0; which < 3; which++) { /* first page, second page, both */
        *pte_of(&space, VA, 0) = pte_leaf(DATA, which != 1 ? 0 : PTE_V | PTE_RWX | PTE_AD);
        *pte_of(&space, VA + 4096, 0) = pte_leaf(DATA_2, which ? 0 : PTE_V | PTE_RWX | PTE_AD);
        fence_all();
        for (int s = 0; s < 3; s++) {
            for (u64 n = 1; n < sizes[s].size; n++) {
                u64 at = VA + 4096 - n, tval = which == 1 ? VA + 4096 : at;
                u64 before = *(volatile u64 *)(DATA_2);
                Trap t = rt_run(MODE_S, sizes[s].load, 0, at, 0);

                rt_check_trap("load", &t, CAUSE_LOAD_PAGE, (u64)sizes[s].load, tval);
                t = rt_run(MODE_S, sizes[s].store, 0, at, 0);
                rt_check_trap("store", &t, CAUSE_STORE_PAGE, (u64)sizes[s].store, tval);
                CHECK("second page is untouched", *(volatile u64 *)DATA_2, before);
            }
        }
    }
    /* The second page may be read but not written. */
    *pte_of(&space, VA, 0) = pte_leaf(DATA, PTE_V | PTE_RWX | PTE_AD);
    *pte_of(&space, VA + 4096, 0) = pte_leaf(DATA_2, PTE_V | PTE_R | PTE_AD);
    fence_all();
    CHECK("load", rt_run(MODE_S, probe_ld, 0, VA + 4093, 0).cause, NO_TRAP);
    Trap t = rt_run(MODE_S, probe_sd, 0, VA + 4093, 0);
    rt_check_cause("store to a read-only second page", &t, CAUSE_STORE_PAGE, VA + 4096);
}

/* Instructions over the border of two pages. */
static void cross_code(void)
{
    u16 *end = (u16 *)(DATA + 4096), *start = (u16 *)DATA_2;
    Trap t;

    map_page(&space, VA, DATA, 0, PTE_RWX | PTE_AD);
    map_page(&space, VA + 4096, DATA_2, 0, PTE_RWX | PTE_AD);
    end[-3] = 0x0505; /* c.addi a0, 1 */
    end[-2] = 0x0505;
    end[-1] = 0x0513; /* addi a0, a0, 0x123, first half */
    start[0] = 0x1235;
    start[1] = 0x8082; /* c.jr ra */
    fence_all();
    fence_i();
    t = rt_run(MODE_S, probe_jump, 0, VA + 4090, 0);
    CHECK("runs", t.cause, NO_TRAP);
    CHECK("value", t.value, VA + 4090 + 2 + 0x123);
    *pte_of(&space, VA + 4096, 0) = 0;
    fence_all();
    t = rt_run(MODE_S, probe_jump, 0, VA + 4090, 0);
    rt_check_trap("second half missing", &t, CAUSE_FETCH_PAGE, VA + 4094, VA + 4096);
    CHECK("what came before ran", t.value, VA + 4092);
    end[-1] = 0x0505;
    fence_i();
    t = rt_run(MODE_S, probe_jump, 0, VA + 4090, 0);
    rt_check_trap("runs into nothing", &t, CAUSE_FETCH_PAGE, VA + 4096, VA + 4096);
    CHECK("what came before ran", t.value, VA + 4093);
    /* Another second page: the same virtual instruction becomes another one. */
    map_page(&space, VA + 4096, DATA_2 + 4096, 0, PTE_RWX | PTE_AD);
    start[2048] = 0x0015; /* the half word makes it addi a0, a0, 1 */
    start[2049] = 0x8082;
    end[-1] = 0x0513;
    fence_va(VA + 4096);
    fence_i();
    t = rt_run(MODE_S, probe_jump, 0, VA + 4090, 0);
    CHECK("remapped second half", t.value, VA + 4093);
}

/* ---- MPRV ---- */

static u64 mprv_load(u64 mpp, u64 va, Trap *t)
{
    volatile u64 v = 0;

    csr_clear(mstatus, MSTATUS_MPP);
    csr_set(mstatus, mpp << 11);
    CATCH(*t, asm volatile("csrs mstatus, %1\n ld %0, (%2)\n csrc mstatus, %1"
                           : "=&r"(v)
                           : "r"(MSTATUS_MPRV), "r"(va)
                           : "memory"));
    csr_clear(mstatus, MSTATUS_MPRV);
    return v;
}

static void mprv(void)
{
    Trap t;

    map_page(&space, VA, DATA, 0, PTE_R | PTE_W | PTE_AD);
    map_page(&space, VA + 4096, DATA_2, 0, PTE_R | PTE_W | PTE_U | PTE_AD);
    map_page(&space, VA + 8192, DATA_2, 0, PTE_X | PTE_AD);
    fence_all();
    *(volatile u64 *)DATA = 0x1111;
    *(volatile u64 *)DATA_2 = 0x2222;
    CHECK("as S", mprv_load(MODE_S, VA, &t), 0x1111);
    CHECK("as U", mprv_load(MODE_U, VA + 4096, &t), 0x2222);
    mprv_load(MODE_U, VA, &t);
    rt_check_cause("as U on an S page", &t, CAUSE_LOAD_PAGE, VA);
    mprv_load(MODE_S, VA + 4096, &t);
    rt_check_cause("as S on a U page", &t, CAUSE_LOAD_PAGE, VA + 4096);
    csr_set(mstatus, MSTATUS_SUM);
    CHECK("SUM", mprv_load(MODE_S, VA + 4096, &t), 0x2222);
    csr_clear(mstatus, MSTATUS_SUM);
    mprv_load(MODE_S, VA + 8192, &t);
    rt_check_cause("execute-only", &t, CAUSE_LOAD_PAGE, VA + 8192);
    csr_set(mstatus, MSTATUS_MXR);
    CHECK("MXR", mprv_load(MODE_S, VA + 8192, &t), 0x2222);
    csr_clear(mstatus, MSTATUS_MXR);
    CHECK("as M: no translation", mprv_load(MODE_M, DATA, &t), 0x1111);
    mprv_load(MODE_S, 0x123456789000, &t);
    CHECK("unmapped", t.cause, CAUSE_LOAD_PAGE);
}

/* ---- */

static void by_mode(const char *name, u64 levels)
{
    rt_group(name);
    fresh_space(levels);
    permissions();
    dirty_later();
    fresh_space(levels);
    reserved_bits();
    superpages(levels);
    out_of_range(levels);
    table_not_there();
    fresh_space(levels);
    cross_data();
    cross_faults();
    cross_code();
    mprv();
}

int main(void)
{
    static const char *const names[2][3] = { { "Sv39", "Sv48", "Sv57" },
                                             { "Sv39 Svadu", "Sv48 Svadu", "Sv57 Svadu" } };

    for (int hw = REFERENCE; hw < 2; hw++) {
        csr_clear(menvcfg, ADUE);
        if (hw) {
            csr_set(menvcfg, ADUE);
            if (!REFERENCE && !(csr_read(menvcfg) & ADUE)) {
                rt_printf("note: no Svadu\n");
                break;
            }
            rt_printf("note: Svadu\n");
        }
        adue = hw;
        for (u64 levels = 3; levels <= 5; levels++) {
            by_mode(names[hw][levels - 3], levels);
        }
    }
    csr_write(satp, 0);
    return 0;
}
