/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RISC-V address translation on page tables made by hand, and PMP against a byte-wise reference. */

#include "accel/tcg.h"
#include "rv_hart.h"

enum { PMP_ROUNDS = 3000, PMP_PROBES = 200 };

#define TABLES (HART_RAM + 0x100000) /* page tables, the root first */
#define LEAF   (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define TARGET UINT64_C(0x80400000)

typedef struct Scheme {
    const char *name;
    unsigned mode, levels;
} Scheme;

static const Scheme schemes[] = { { "sv39", 8, 3 }, { "sv48", 9, 4 }, { "sv57", 10, 5 } };

static uint64_t pte_of(uint64_t gpa, uint64_t bits)
{
    return gpa >> 12 << 10 | bits;
}

static unsigned vpn_of(uint64_t gva, unsigned level)
{
    return gva >> (12 + 9 * level) & 511;
}

/* Where the entry for gva at `level` is: each level has one table, after its parent's. */
static uint64_t entry_at(const Scheme *scheme, uint64_t gva, unsigned level)
{
    return TABLES + (scheme->levels - 1 - level) * 0x1000 + vpn_of(gva, level) * 8;
}

/* Pointers down to `level`, then `pte`. */
static void map(Hart *h, const Scheme *scheme, uint64_t gva, unsigned level, uint64_t pte)
{
    for (unsigned l = scheme->levels - 1; l > level; l--) {
        uint64_t next = TABLES + (scheme->levels - l) * 0x1000;
        hart_store(h, entry_at(scheme, gva, l), pte_of(next, PTE_V));
    }
    hart_store(h, entry_at(scheme, gva, level), pte);
}

static Hart *new_translated(const char *model, const Scheme *scheme)
{
    Hart *h = hart_new(model);

    hart_open_pmp(h);
    hart_set_csr(h, 0x180, (uint64_t)scheme->mode << 60 | TABLES >> 12);
    h->s->mtvec = 0x80001000;
    hart_enter(h, RV_S);
    return h;
}

typedef struct Probe {
    bool ok;
    uint64_t cause; /* of the fault */
    TlbFill fill;
} Probe;

static Probe probe(Hart *h, uint64_t gva, AccessKind kind, RvMode mode)
{
    uint64_t priv = h->s->priv, mstatus = h->s->mstatus;
    Probe p = { 0 };

    h->s->mcause = 99;
    p.ok = rv_tlb_fill(&h->cpu->vcpu, gva, 1, kind, mode, &p.fill);
    p.cause = h->s->mcause;
    if (!p.ok) {
        g_assert_cmphex(h->s->mtval, ==, gva);
        g_assert_cmpuint(h->s->priv, ==, RV_M);
    } else {
        g_assert_cmpuint(p.cause, ==, 99);
    }
    h->s->mstatus = mstatus;
    hart_enter(h, priv);
    return p;
}

static const struct {
    AccessKind kind;
    uint8_t need;
    unsigned page_fault, access_fault;
} kinds[] = {
    { ACCESS_LOAD, TLB_READ, 13, 5 },
    { ACCESS_STORE, TLB_WRITE, 15, 7 },
    { ACCESS_FETCH, TLB_EXEC, 12, 1 },
    { ACCESS_ATOMIC, TLB_READ | TLB_WRITE, 15, 7 },
};

static void assert_page_fault(Hart *h, uint64_t gva)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(kinds); k++) {
        Probe p = probe(h, gva, kinds[k].kind, RV_MODE_S);
        g_assert_false(p.ok);
        g_assert_cmpuint(p.cause, ==, kinds[k].page_fault);
    }
}

static void test_levels(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(schemes); i++) {
        for (unsigned level = 0; level < schemes[i].levels; level++) {
            for (unsigned high = 0; high < 2; high++) {
                const Scheme *scheme = &schemes[i];
                Hart *h = new_translated("rv64", scheme);
                unsigned bits = 12 + 9 * level;
                uint64_t gva = high ? ~UINT64_C(0) << (11 + 9 * scheme->levels) | 0x123456789abc
                                    : 0x1234567abc;
                uint64_t target = level < 2 ? TARGET : UINT64_C(5) << bits;
                Probe p;

                target &= BITS(55, 0);
                map(h, scheme, gva, level, pte_of(target, LEAF));
                p = probe(h, gva, ACCESS_LOAD, RV_MODE_S);
                g_assert_true(p.ok);
                g_assert_cmphex(p.fill.gpa, ==, target | (gva & (BIT(bits) - 1)));
                g_assert_cmpuint(p.fill.page_bits, ==, bits);
                g_assert_cmpuint(p.fill.perms, ==, 7);
                g_assert_false(p.fill.global);
                g_assert_false(p.fill.uncached);
                hart_free(h);
            }
        }
    }
}

static void test_canonical(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(schemes); i++) {
        Hart *h = new_translated("rv64", &schemes[i]);
        unsigned bits = 12 + 9 * schemes[i].levels;

        map(h, &schemes[i], 0, schemes[i].levels - 1, pte_of(0, LEAF));
        g_assert_true(probe(h, 0, ACCESS_LOAD, RV_MODE_S).ok);
        for (unsigned bit = bits; bit < 64; bit++) {
            assert_page_fault(h, BIT(bit));
        }
        hart_free(h);
    }
}

static void test_bad_entries(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(schemes); i++) {
        const Scheme *scheme = &schemes[i];
        Hart *h = new_translated("rv64", scheme);
        const uint64_t gva = 0x40201000;
        unsigned top = scheme->levels - 1;

        map(h, scheme, gva, 0, pte_of(TARGET, LEAF));
        g_assert_true(probe(h, gva, ACCESS_STORE, RV_MODE_S).ok);
        map(h, scheme, gva, 0, pte_of(TARGET, LEAF & ~PTE_V));
        assert_page_fault(h, gva);
        map(h, scheme, gva, 0, pte_of(TARGET, PTE_V | PTE_W | PTE_A | PTE_D));
        assert_page_fault(h, gva);
        map(h, scheme, gva, 0, pte_of(TARGET, PTE_V | PTE_W | PTE_X | PTE_A | PTE_D));
        assert_page_fault(h, gva);
        map(h, scheme, gva, 0, pte_of(TARGET, PTE_V));
        assert_page_fault(h, gva);
        for (unsigned bit = 54; bit < 64; bit++) {
            map(h, scheme, gva, 0, pte_of(TARGET, LEAF) | BIT(bit));
            assert_page_fault(h, gva);
        }
        /* Reserved bits of a pointer. */
        map(h, scheme, gva, 0, pte_of(TARGET, LEAF));
        for (unsigned bit = 4; bit < 64; bit += bit == 4 ? 2 : bit == 7 ? 47 : 1) {
            hart_store(h, entry_at(scheme, gva, top), pte_of(TABLES + 0x1000, PTE_V) | BIT(bit));
            assert_page_fault(h, gva);
        }
        /* Misaligned large pages. */
        for (unsigned level = 1; level < scheme->levels; level++) {
            map(h, scheme, gva, level, pte_of(BIT(12 + 9 * level), LEAF));
            g_assert_true(probe(h, gva, ACCESS_LOAD, RV_MODE_S).ok);
            map(h, scheme, gva, level, pte_of(BIT(12 + 9 * level - 1), LEAF));
            assert_page_fault(h, gva);
        }
        hart_free(h);
    }
}

/* What a leaf with these bits lets a mode do (privileged spec 10.3.2). */
static uint8_t reference_perms(uint64_t pte, RvMode mode, bool mxr)
{
    bool user = pte & PTE_U;
    uint8_t perms = 0;

    if (user ? mode == RV_MODE_S : mode == RV_MODE_U) {
        return 0;
    }
    perms |= pte & PTE_R || (mxr && pte & PTE_X) ? TLB_READ : 0;
    perms |= pte & PTE_W ? TLB_WRITE : 0;
    perms |= pte & PTE_X && !(user && mode == RV_MODE_S_SUM) ? TLB_EXEC : 0;
    return perms;
}

static void test_permissions(void)
{
    const Scheme *scheme = &schemes[0];
    Hart *h = new_translated("rv64", scheme);

    for (unsigned bits = 0; bits < 16; bits++) {
        uint64_t pte = pte_of(TARGET, (uint64_t)bits << 1 | PTE_V | PTE_A | PTE_D);
        bool leaf = bits & 5, reserved = (bits & 3) == 2;

        if (!leaf || reserved) {
            continue;
        }
        map(h, scheme, 0x1000, 0, pte);
        for (unsigned k = 0; k < 6 * G_N_ELEMENTS(kinds); k++) {
            unsigned kind = k / 6;
            RvMode mode = k % 3;
            bool mxr = k / 3 & 1;
            uint8_t perms = reference_perms(pte, mode, mxr);
            Probe p;

            h->s->mstatus &= ~(MSTATUS_MXR | MSTATUS_SUM);
            h->s->mstatus |= (mxr ? MSTATUS_MXR : 0) | (mode == RV_MODE_S_SUM ? MSTATUS_SUM : 0);
            hart_enter(h, mode == RV_MODE_U ? RV_U : RV_S);
            p = probe(h, 0x1000, kinds[kind].kind, mode);
            g_assert_cmpint(p.ok, ==, !(kinds[kind].need & ~perms));
            if (p.ok) {
                g_assert_cmpuint(p.fill.perms, ==, perms);
            } else {
                g_assert_cmpuint(p.cause, ==, kinds[kind].page_fault);
            }
        }
    }
    hart_free(h);
}

/* Fetches go by the privilege, data by the mode asked for. */
static void test_mprv(void)
{
    const Scheme *scheme = &schemes[1];
    Hart *h = new_translated("rv64", scheme);
    Probe p;

    map(h, scheme, 0x5000, 0, pte_of(TARGET, LEAF));
    hart_enter(h, RV_M);
    p = probe(h, 0x5000, ACCESS_LOAD, RV_MODE_S);
    g_assert_true(p.ok);
    g_assert_cmphex(p.fill.gpa, ==, TARGET);
    p = probe(h, 0x5000, ACCESS_FETCH, RV_MODE_S);
    g_assert_true(p.ok);
    g_assert_cmphex(p.fill.gpa, ==, 0x5000);
    g_assert_true(p.fill.global);
    hart_free(h);
}

static void test_accessed_dirty(void)
{
    const Scheme *scheme = &schemes[0];
    const uint64_t clean = PTE_V | PTE_R | PTE_W | PTE_X;

    for (unsigned adue = 0; adue < 2; adue++) {
        Hart *h = new_translated("rv64", scheme);
        h->s->menvcfg = adue ? MENVCFG_ADUE : 0;
        for (unsigned i = 0; i < 4 * G_N_ELEMENTS(kinds); i++) {
            unsigned k = i / 4;
            uint64_t have = (i & 1 ? PTE_A : 0) | (i & 2 ? PTE_D : 0);
            uint64_t want = kinds[k].need & TLB_WRITE ? PTE_A | PTE_D : PTE_A;
            uint64_t where = entry_at(scheme, 0x3000, 0), now;
            Probe p;

            map(h, scheme, 0x3000, 0, pte_of(TARGET, clean | have));
            p = probe(h, 0x3000, kinds[k].kind, RV_MODE_S);
            now = hart_load(h, where);
            g_assert_cmpint(p.ok, ==, adue || !(want & ~have));
            g_assert_cmphex(now, ==, pte_of(TARGET, clean | have | (p.ok ? want : 0)));
            if (p.ok) {
                bool dirty = now & PTE_D;
                g_assert_cmpuint(p.fill.perms, ==, dirty ? 7 : TLB_READ | TLB_EXEC);
            } else {
                g_assert_cmpuint(p.cause, ==, kinds[k].page_fault);
            }
        }
        hart_free(h);
    }
}

static void test_global(void)
{
    const Scheme *scheme = &schemes[2];

    for (unsigned level = 0; level < scheme->levels; level++) {
        Hart *h = new_translated("rv64", scheme);
        uint64_t where = entry_at(scheme, 0x7000, level);

        map(h, scheme, 0x7000, 0, pte_of(TARGET, LEAF));
        g_assert_false(probe(h, 0x7000, ACCESS_LOAD, RV_MODE_S).fill.global);
        hart_store(h, where, hart_load(h, where) | PTE_G);
        g_assert_true(probe(h, 0x7000, ACCESS_LOAD, RV_MODE_S).fill.global);
        hart_free(h);
    }
}

static void assert_access_fault(Hart *h, uint64_t gva, RvMode mode)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(kinds); k++) {
        Probe p = probe(h, gva, kinds[k].kind, mode);
        g_assert_false(p.ok);
        g_assert_cmpuint(p.cause, ==, kinds[k].access_fault);
    }
}

static void test_tables_elsewhere(void)
{
    Hart *h = new_translated("rv64", &schemes[0]);

    /* In a hole, and on a device-less high address. */
    hart_enter(h, RV_M);
    hart_set_csr(h, 0x180, UINT64_C(8) << 60 | 0x40000);
    hart_enter(h, RV_S);
    assert_access_fault(h, 0x1000, RV_MODE_S);
    hart_enter(h, RV_M);
    hart_set_csr(h, 0x180, UINT64_C(8) << 60 | BITS(43, 0));
    hart_enter(h, RV_S);
    assert_access_fault(h, 0x1000, RV_MODE_S);
    /* In ROM they can be read, but not marked. */
    hart_enter(h, RV_M);
    hart_set_csr(h, 0x180, UINT64_C(8) << 60 | HART_ROM >> 12);
    hart_enter(h, RV_S);
    hart_store(h, HART_ROM, pte_of(UINT64_C(0x80000000), LEAF));
    g_assert_true(probe(h, 0x1000, ACCESS_STORE, RV_MODE_S).ok);
    hart_store(h, HART_ROM, pte_of(UINT64_C(0x80000000), LEAF & ~PTE_A));
    assert_access_fault(h, 0x1000, RV_MODE_S);
    hart_free(h);
}

/* The walker's window does not outlive the map. */
static void test_map_change(void)
{
    const Scheme *scheme = &schemes[0];
    Hart *h = new_translated("rv64", scheme);

    map(h, scheme, 0x1000, 0, pte_of(TARGET, LEAF));
    g_assert_true(probe(h, 0x1000, ACCESS_LOAD, RV_MODE_S).ok);
    machine_lock(h->machine);
    mem_region_set_enabled(&h->ram, false);
    machine_unlock(h->machine);
    assert_access_fault(h, 0x1000, RV_MODE_S);
    machine_lock(h->machine);
    mem_region_set_enabled(&h->ram, true);
    machine_unlock(h->machine);
    g_assert_true(probe(h, 0x1000, ACCESS_LOAD, RV_MODE_S).ok);
    hart_free(h);
}

static void test_bare(void)
{
    Hart *h = hart_new("rv64");

    hart_open_pmp(h);
    h->s->mtvec = 0x80001000;
    for (unsigned mode = RV_MODE_U; mode <= RV_MODE_M; mode++) {
        Probe p = probe(h, 0x80001234, ACCESS_LOAD, mode);
        g_assert_true(p.ok);
        g_assert_cmphex(p.fill.gpa, ==, 0x80001234);
        g_assert_cmpuint(p.fill.perms, ==, 7);
        g_assert_cmpuint(p.fill.page_bits, ==, 12);
        g_assert_true(probe(h, BITS(55, 0), ACCESS_STORE, mode).ok);
        assert_access_fault(h, BIT(56), mode);
        assert_access_fault(h, UINT64_MAX, mode);
    }
    hart_free(h);
}

static void set_napot(Hart *h, unsigned entry, uint64_t base, uint64_t size, uint8_t perms)
{
    h->s->pmpaddr[entry] = (base | (size / 2 - 1)) >> 2;
    h->s->pmpcfg[entry] = PMP_NAPOT << PMP_A_SHIFT | perms;
    rv_pmp_changed(h->cpu);
}

static void test_pmp_in_walks(void)
{
    const Scheme *scheme = &schemes[0];
    Hart *h = new_translated("rv64", scheme);
    Probe p;

    hart_open_pmp(h);
    h->s->pmpcfg[15] = h->s->pmpcfg[0];
    h->s->pmpaddr[15] = h->s->pmpaddr[0];
    map(h, scheme, 0x1000, 0, pte_of(TARGET, LEAF));
    /* Any table that may not be read is an access fault of the original kind. */
    for (unsigned level = 0; level < 3; level++) {
        set_napot(h, 0, TABLES + level * 0x1000, 0x1000, PMP_W | PMP_X);
        assert_access_fault(h, 0x1000, RV_MODE_S);
    }
    /* One that may not be written: only where A or D has to be set. */
    set_napot(h, 0, TABLES, 0x4000, PMP_R);
    g_assert_true(probe(h, 0x1000, ACCESS_STORE, RV_MODE_S).ok);
    map(h, scheme, 0x1000, 0, pte_of(TARGET, LEAF & ~PTE_D));
    p = probe(h, 0x1000, ACCESS_STORE, RV_MODE_S);
    g_assert_false(p.ok);
    g_assert_cmpuint(p.cause, ==, 7);
    g_assert_true(probe(h, 0x1000, ACCESS_LOAD, RV_MODE_S).ok);
    map(h, scheme, 0x1000, 0, pte_of(TARGET, LEAF));
    /* The page itself. */
    set_napot(h, 0, TARGET, 0x1000, 0);
    assert_access_fault(h, 0x1000, RV_MODE_S);
    set_napot(h, 0, TARGET, 0x1000, PMP_R);
    p = probe(h, 0x1000, ACCESS_LOAD, RV_MODE_S);
    g_assert_true(p.ok && !p.fill.uncached);
    g_assert_cmpuint(p.fill.perms, ==, TLB_READ);
    g_assert_false(probe(h, 0x1000, ACCESS_STORE, RV_MODE_S).ok);
    /* A part of the page: good for one access. */
    set_napot(h, 0, TARGET + 0x100, 0x100, PMP_R);
    p = probe(h, 0x1100, ACCESS_LOAD, RV_MODE_S);
    g_assert_true(p.ok && p.fill.uncached);
    g_assert_cmpuint(p.fill.perms, ==, TLB_READ);
    p = probe(h, 0x1200, ACCESS_STORE, RV_MODE_S);
    g_assert_true(p.ok && p.fill.uncached);
    g_assert_false(probe(h, 0x11ff, ACCESS_STORE, RV_MODE_S).ok);
    /* An access that an entry matches in part fails whatever the permissions. */
    TlbFill fill;
    g_assert_true(rv_tlb_fill(&h->cpu->vcpu, 0x10f8, 8, ACCESS_LOAD, RV_MODE_S, &fill));
    g_assert_false(rv_tlb_fill(&h->cpu->vcpu, 0x10f9, 8, ACCESS_LOAD, RV_MODE_S, &fill));
    hart_free(h);
}

static void test_debug(void)
{
    const Scheme *scheme = &schemes[0];
    Hart *h = new_translated("rv64", scheme);
    uint64_t gpa = 0, pte = pte_of(TARGET, PTE_V | PTE_X);

    map(h, scheme, 0x1000, 0, pte);
    g_assert_true(rv_debug_translate(&h->cpu->vcpu, 0x1abc, &gpa));
    g_assert_cmphex(gpa, ==, TARGET + 0xabc);
    g_assert_cmphex(hart_load(h, entry_at(scheme, 0x1000, 0)), ==, pte);
    g_assert_false(rv_debug_translate(&h->cpu->vcpu, 0x2000, &gpa));
    g_assert_cmpuint(h->s->tcg.raised, ==, 0);
    g_assert_cmpuint(h->s->priv, ==, RV_S);
    hart_free(h);
}

static void test_fences(void)
{
    Hart *h = hart_new("rv64");
    TcgState *state = &h->s->tcg;
    const uint64_t bits = 0x12000073;

    rv_helper_sfence_vma(state, 0x5000, 7, 0, bits);
    g_assert_cmpuint(accel_calls.flush_modes, ==, 1);
    rv_helper_sfence_vma(state, 0x5000, 7, 1, bits);
    g_assert_cmpuint(accel_calls.flush_page, ==, 1);
    g_assert_cmphex(accel_calls.gva, ==, 0x5000);
    rv_helper_sfence_vma(state, 0x5000, 0xabcd0007, 2, bits);
    g_assert_cmpuint(accel_calls.flush_space, ==, 1);
    g_assert_cmpuint(accel_calls.space, ==, 7);
    rv_helper_sfence_vma(state, 0x6000, 9, 3, bits);
    g_assert_cmpuint(accel_calls.flush_page_space, ==, 1);
    g_assert_cmphex(accel_calls.gva, ==, 0x6000);
    g_assert_cmpuint(accel_calls.space, ==, 9);
    g_assert_cmpuint(state->raised, ==, 0);
    rv_helper_fence_i(state, 0, 0, 0, 0);
    g_assert_cmpuint(accel_calls.fence_i, ==, 1);

    hart_enter(h, RV_U);
    rv_helper_sfence_vma(state, 0, 0, 0, bits);
    g_assert_cmpuint(h->s->mcause, ==, RV_CAUSE_ILLEGAL);
    g_assert_cmphex(h->s->mtval, ==, bits);
    h->s->mcause = 0;
    h->s->mstatus |= MSTATUS_TVM;
    hart_enter(h, RV_S);
    rv_helper_sfence_vma(state, 0, 0, 0, bits);
    g_assert_cmpuint(h->s->mcause, ==, RV_CAUSE_ILLEGAL);
    h->s->mcause = 0;
    rv_helper_sfence_vma(state, 0, 0, 0, bits);
    g_assert_cmpuint(h->s->mcause, ==, 0);
    g_assert_cmpuint(accel_calls.flush_modes, ==, 2);
    hart_free(h);
}

/* --- PMP against the specification, byte by byte --- */

static bool byte_matches(const uint8_t *cfg, const uint64_t *addr, unsigned i, uint64_t gpa)
{
    uint64_t word = gpa >> 2;
    unsigned ones = 0;

    switch (cfg[i] >> 3 & 3) {
    case 1:
        return word >= (i ? addr[i - 1] : 0) && word < addr[i];
    case 2:
        return word == addr[i];
    case 3:
        while (ones < 54 && addr[i] >> ones & 1) {
            ones++;
        }
        return word >> (ones + 1) == addr[i] >> (ones + 1);
    default:
        return false;
    }
}

static uint8_t reference_pmp(const uint8_t *cfg, const uint64_t *addr, RvPriv priv, uint64_t gpa,
                             unsigned size)
{
    for (unsigned i = 0; i < RV_PMP_ENTRIES; i++) {
        unsigned matched = 0;

        for (unsigned k = 0; k < size; k++) {
            matched += byte_matches(cfg, addr, i, gpa + k);
        }
        if (matched && matched < size) {
            return 0;
        }
        if (matched) {
            return priv == RV_M && !(cfg[i] & 0x80) ? 7 : cfg[i] & 7;
        }
    }
    return priv == RV_M ? 7 : 0;
}

/* Addresses that are likely to meet: in a few pages, and at the ends. */
static uint64_t random_word(void)
{
    switch (g_test_rand_int_range(0, 8)) {
    case 0:
        return 0;
    case 1:
        return BITS(53, 0) >> g_test_rand_int_range(0, 54);
    default:
        return 0x20000000 + (uint64_t)g_test_rand_int_range(0, 0x800);
    }
}

static void test_pmp_random(void)
{
    static const RvPriv privs[] = { RV_U, RV_S, RV_M };

    for (unsigned round = 0; round < PMP_ROUNDS; round++) {
        uint8_t cfg[RV_PMP_ENTRIES];
        uint64_t addr[RV_PMP_ENTRIES];
        unsigned used = g_test_rand_int_range(0, RV_PMP_ENTRIES + 1);
        RvPmp pmp = { 0 };

        for (unsigned i = 0; i < RV_PMP_ENTRIES; i++) {
            cfg[i] = i < used ? rv_pmp_cfg_write(0, (uint8_t)g_test_rand_int()) : 0;
            addr[i] = random_word() & BITS(53, 0);
        }
        rv_pmp_flatten(&pmp, cfg, addr);
        g_assert_cmpuint(pmp.count, <=, RV_PMP_INTERVALS);
        for (unsigned i = 0; i < PMP_PROBES; i++) {
            unsigned size = 1u << g_test_rand_int_range(0, 4);
            uint64_t near = i % 2 ? random_word() : addr[i / 2 % RV_PMP_ENTRIES];
            uint64_t gpa = (near << 2) + (uint64_t)g_test_rand_int_range(-9, 9);
            RvPriv priv = privs[i % 3];

            gpa &= BITS(55, 0);
            g_assert_cmphex(rv_pmp_perms(&pmp, priv, gpa, size), ==,
                            reference_pmp(cfg, addr, priv, gpa, size));
        }
    }
}

static void test_pmp_locks(void)
{
    Hart *h = hart_new("rv64");

    hart_set_csr(h, 0x3b3, 0x100);
    hart_set_csr(h, 0x3b4, 0x200);
    hart_set_csr(h, 0x3b5, 0x300);
    /* Entry 4 locked as TOR: its own registers and the address below it. */
    hart_set_csr(h, 0x3a0, UINT64_C(0x89) << 32);
    for (unsigned number = 0x3b0; number < 0x3c0; number++) {
        bool locked = number == 0x3b3 || number == 0x3b4;
        uint64_t old = hart_csr(h, number);

        hart_set_csr(h, number, 0x777);
        g_assert_cmphex(hart_csr(h, number), ==, locked ? old : 0x777);
    }
    hart_set_csr(h, 0x3a0, 0x1f1f1f1f1f1f1f1f);
    g_assert_cmphex(hart_csr(h, 0x3a0), ==, 0x1f1f1f891f1f1f1f);
    /* Locked entries hold for M as well. */
    g_assert_cmpuint(rv_pmp_perms(&h->cpu->pmp, RV_M, 0x100 << 2, 4), ==, 7);
    hart_set_csr(h, 0x3a0, 0);
    g_assert_cmpuint(rv_pmp_perms(&h->cpu->pmp, RV_M, 0x400, 4), ==, 1);
    /* A reset unlocks. */
    hart_reset(h);
    hart_set_csr(h, 0x3b4, 5);
    g_assert_cmphex(hart_csr(h, 0x3b4), ==, 5);
    hart_free(h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rv/mmu/levels", test_levels);
    g_test_add_func("/rv/mmu/canonical", test_canonical);
    g_test_add_func("/rv/mmu/bad-entries", test_bad_entries);
    g_test_add_func("/rv/mmu/permissions", test_permissions);
    g_test_add_func("/rv/mmu/mprv", test_mprv);
    g_test_add_func("/rv/mmu/accessed-dirty", test_accessed_dirty);
    g_test_add_func("/rv/mmu/global", test_global);
    g_test_add_func("/rv/mmu/tables-elsewhere", test_tables_elsewhere);
    g_test_add_func("/rv/mmu/map-change", test_map_change);
    g_test_add_func("/rv/mmu/bare", test_bare);
    g_test_add_func("/rv/mmu/pmp-in-walks", test_pmp_in_walks);
    g_test_add_func("/rv/mmu/debug", test_debug);
    g_test_add_func("/rv/mmu/fences", test_fences);
    g_test_add_func("/rv/pmp/random", test_pmp_random);
    g_test_add_func("/rv/pmp/locks", test_pmp_locks);
    return g_test_run();
}
