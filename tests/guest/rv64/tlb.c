/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What translation caches must not get wrong: address spaces, every form of sfence.vma, global
 * pages, aliases, many pages at once, code that is mapped elsewhere, SUM and MXR switched between
 * two loads. Only what the specification demands is checked: nothing depends on stale entries.
 */
#include "paging.h"
#include "probe.h"

const char suite_name[] = "tlb";

#define VA   0x100000000ul
#define DATA FREE_RAM

static Space spaces[8];

static u64 page_pa(u64 n)
{
    return DATA + n * 4096;
}

/* Each data page holds its number at every double word that is looked at. */
static void number_pages(u64 count)
{
    for (u64 n = 0; n < count; n++) {
        *(volatile u64 *)page_pa(n) = n;
        *(volatile u64 *)(page_pa(n) + 4088) = n;
    }
}

static u64 read_s(u64 va)
{
    Trap t = rt_run(MODE_S, probe_ld, 0, va, 0);

    return t.cause == NO_TRAP ? t.value : 0xdead0000 + t.cause;
}

static void make_spaces(u64 levels)
{
    csr_write(satp, 0);
    pages_reset();
    for (u64 i = 0; i < 8; i++) {
        space_init(&spaces[i], levels, i + 1);
    }
    fence_all();
}

#define DATA_FLAGS (PTE_R | PTE_W | PTE_AD)

/* The same address means another page in each space; switching needs no fence. */
static void isolation(void)
{
    rt_group("asid");
    make_spaces(3);
    number_pages(64);
    for (u64 i = 0; i < 8; i++) {
        for (u64 p = 0; p < 8; p++) {
            map_page(&spaces[i], VA + p * 4096, page_pa(i * 8 + p), 0, DATA_FLAGS);
        }
    }
    for (int round = 0; round < 10; round++) {
        for (u64 i = 0; i < 8; i++) {
            u64 s = (i * 5 + round) % 8;

            space_use(&spaces[s]);
            for (u64 p = 0; p < 8; p++) {
                CHECK("own page", read_s(VA + p * 4096), s * 8 + p);
            }
        }
    }
    /* Stores, too: dirty state must not leak between spaces. */
    for (u64 i = 0; i < 8; i++) {
        space_use(&spaces[i]);
        rt_run(MODE_S, probe_sd, 0, VA + 16, 0x100 + i);
    }
    for (u64 i = 0; i < 8; i++) {
        CHECK("own store", *(volatile u64 *)(page_pa(i * 8) + 16), 0x100 + i);
    }
    csr_write(satp, 0);
    CHECK("bare", read_s(page_pa(5)), 5);
}

/* Changes one PTE and fences in one of the four ways; the new page must be seen. */
static void fences(void)
{
    static const char *const names[] = { "all", "address", "asid", "address and asid" };
    Space *s = &spaces[2], *other = &spaces[3];

    rt_group("sfence.vma");
    make_spaces(3);
    number_pages(64);
    map_page(other, VA, page_pa(60), 0, DATA_FLAGS);
    for (int form = 0; form < 4; form++) {
        for (u64 n = 0; n < 8; n++) {
            u64 va = VA + n * 4096;

            map_page(s, va, page_pa(n), 0, DATA_FLAGS);
            fence_all();
            space_use(s);
            CHECK("before", read_s(va), n);
            CHECK("end of the page", read_s(va + 4088), n);
            map_page(s, va, page_pa(n + 10), 0, DATA_FLAGS);
            if (form == 0) {
                fence_all();
            } else if (form == 1) {
                fence_va(va + 8 * n);
            } else if (form == 2) {
                fence_asid(s->asid);
            } else {
                fence_va_asid(va + 4095, s->asid);
            }
            CHECK(names[form], read_s(va), n + 10);
            *pte_of(s, va, 0) = pte_leaf(page_pa(n), PTE_V | PTE_R | PTE_AD);
            fence_va_asid(va, s->asid);
            CHECK("now read-only", rt_run(MODE_S, probe_sd, 0, va, 0).cause, CAUSE_STORE_PAGE);
            *pte_of(s, va, 0) = 0;
            fence_va(va);
            CHECK("now unmapped", rt_run(MODE_S, probe_ld, 0, va, 0).cause, CAUSE_LOAD_PAGE);
            space_use(other);
            CHECK("another space", read_s(VA), 60);
        }
    }
}

/* A fence from S, and from another space than the one that is changed. */
void s_fence(void);
asm(".section .probe, \"ax\"\n.balign 4\n"
    "s_fence: sfence.vma a0, a1\n ret\n"
    ".text\n");

static void fences_from_afar(void)
{
    Space *s = &spaces[1], *other = &spaces[4];

    rt_group("fence elsewhere");
    make_spaces(3);
    number_pages(32);
    for (u64 n = 0; n < 16; n++) {
        map_page(s, VA, page_pa(n), 0, DATA_FLAGS);
        fence_va_asid(VA, s->asid);
        space_use(s);
        CHECK("first", read_s(VA), n);
        space_use(other);
        map_page(s, VA, page_pa(n + 16), 0, DATA_FLAGS);
        fence_va_asid(VA, s->asid);
        space_use(s);
        CHECK("changed while another space was active", read_s(VA), n + 16);
        map_page(s, VA, page_pa(n), 0, DATA_FLAGS);
        rt_run(MODE_S, s_fence, 0, VA, s->asid);
        CHECK("fence in S", read_s(VA), n);
    }
    /* A reused ASID with another root. */
    for (u64 n = 0; n < 8; n++) {
        Space fresh;

        space_init(&fresh, 3, s->asid);
        map_page(&fresh, VA, page_pa(n + 8), 0, DATA_FLAGS);
        space_use(&fresh);
        fence_asid(s->asid);
        CHECK("reused ASID", read_s(VA), n + 8);
    }
}

/* Superpages: any address inside names the mapping. */
static void superpages(void)
{
    Space *s = &spaces[0];
    u64 va = VA + 0x200000;

    rt_group("superpage");
    make_spaces(3);
    number_pages(1024);
    space_use(s);
    for (u64 i = 0; i < 512; i += 37) {
        map_page(s, va, DATA, 1, DATA_FLAGS);
        fence_all();
        for (u64 n = 0; n < 512; n += 3) {
            CHECK("inside", read_s(va + n * 4096), n);
        }
        map_page(s, va, DATA + 0x200000, 1, DATA_FLAGS);
        fence_va(va + i * 4096);
        CHECK("after a fence of an address inside", read_s(va + i * 4096), 512 + i);
        CHECK("another address", read_s(va + (511 - i) * 4096), 512 + 511 - i);
    }
    /* A superpage is split into small pages. */
    map_page(s, va, DATA, 1, DATA_FLAGS);
    fence_all();
    CHECK("whole", read_s(va + 5 * 4096), 5);
    *pte_of(s, va, 1) = 0;
    for (u64 n = 0; n < 512; n++) {
        map_page(s, va + n * 4096, page_pa(511 - n), 0, DATA_FLAGS);
    }
    fence_all();
    for (u64 n = 0; n < 512; n += 7) {
        CHECK("split", read_s(va + n * 4096), 511 - n);
    }
}

/* Global pages are seen from all spaces and go with an address fence, not with an ASID's. */
static void globals(void)
{
    rt_group("global");
    make_spaces(3);
    number_pages(64);
    for (u64 i = 0; i < 8; i++) {
        map_page(&spaces[i], VA, page_pa(7), 0, DATA_FLAGS | PTE_G);
        map_page(&spaces[i], VA + 4096, page_pa(20 + i), 0, DATA_FLAGS);
    }
    for (int round = 0; round < 3; round++) {
        for (u64 i = 0; i < 8; i++) {
            space_use(&spaces[i]);
            CHECK("global", read_s(VA), 7 + round);
            CHECK("own", read_s(VA + 4096), 20 + i);
        }
        for (u64 i = 0; i < 8; i++) {
            map_page(&spaces[i], VA, page_pa(8 + round), 0, DATA_FLAGS | PTE_G);
        }
        if (round & 1) {
            fence_all();
        } else {
            fence_va(VA);
        }
    }
}

/* More pages than any small cache holds, in orders that collide. */
static void many_pages(u64 levels)
{
    static const u64 strides[] = { 1, 64, 256, 257, 1024 };
    Space *s = &spaces[0];

    rt_group("many pages");
    make_spaces(levels);
    number_pages(2048);
    space_use(s);
    for (u64 k = 0; k < 5; k++) {
        u64 base = VA + (k << 32);

        for (u64 n = 0; n < 512; n++) {
            map_page(s, base + n * strides[k] * 4096, page_pa((n * 613) % 2048), 0, DATA_FLAGS);
        }
        fence_all();
        for (int round = 0; round < 3; round++) {
            for (u64 n = 0; n < 512; n++) {
                CHECK("read", read_s(base + n * strides[k] * 4096), (n * 613) % 2048);
            }
        }
        for (u64 n = 0; n < 512; n++) {
            rt_run(MODE_S, probe_sd, 0, base + n * strides[k] * 4096 + 24, n + (k << 20));
        }
        for (u64 n = 0; n < 512; n++) {
            CHECK("write", *(volatile u64 *)(page_pa((n * 613) % 2048) + 24), n + (k << 20));
        }
    }
}

/* Two addresses of one page. */
static void aliases(void)
{
    Space *s = &spaces[0];

    rt_group("alias");
    make_spaces(3);
    space_use(s);
    map_page(s, VA, page_pa(3), 0, DATA_FLAGS);
    map_page(s, VA + 0x40000000, page_pa(3), 0, DATA_FLAGS);
    fence_all();
    for (u64 n = 0; n < 100; n++) {
        rt_run(MODE_S, probe_sd, 0, VA + n * 8, n * 3);
        CHECK("one way", read_s(VA + 0x40000000 + n * 8), n * 3);
        rt_run(MODE_S, probe_sb, 0, VA + 0x40000000 + n * 8 + 7, 0x5a);
        CHECK("other way", read_s(VA + n * 8), n * 3 | 0x5aul << 56);
    }
}

/* ---- code ---- */

/* Two functions' worth of code: li a0, value; ret. */
static void write_code(u64 pa, u64 value)
{
    volatile u32 *p = (u32 *)pa;

    p[0] = value << 20 | 0x00000513;
    p[1] = 0x00008067;
}

static u64 call_s(u64 va)
{
    Trap t = rt_run(MODE_S, (void *)va, 0, 0, 0);

    return t.cause == NO_TRAP ? t.value : 0xdead0000 + t.cause;
}

/* The mapping of code changes, the memory does not: sfence.vma is enough, or a switch of satp. */
static void remapped_code(void)
{
    rt_group("remapped code");
    make_spaces(3);
    for (u64 n = 0; n < 16; n++) {
        write_code(page_pa(n), 100 + n);
        write_code(page_pa(n) + 4088, 200 + n);
    }
    fence_i();
    for (u64 i = 0; i < 8; i++) {
        map_page(&spaces[i], VA, page_pa(i), 0, PTE_R | PTE_X | PTE_AD);
    }
    for (int round = 0; round < 20; round++) {
        for (u64 i = 0; i < 8; i++) {
            space_use(&spaces[(i * 3) % 8]);
            CHECK("by space", call_s(VA), 100 + (i * 3) % 8);
            CHECK("by space, end of the page", call_s(VA + 4088), 200 + (i * 3) % 8);
        }
    }
    space_use(&spaces[0]);
    for (u64 n = 0; n < 64; n++) {
        map_page(&spaces[0], VA, page_pa(n % 16), 0, PTE_R | PTE_X | PTE_AD);
        fence_va(VA);
        CHECK("by fence", call_s(VA), 100 + n % 16);
    }
    *pte_of(&spaces[0], VA, 0) = 0;
    fence_va(VA);
    CHECK("unmapped", call_s(VA), 0xdead0000 + CAUSE_FETCH_PAGE);
    map_page(&spaces[0], VA, page_pa(1), 0, PTE_R | PTE_AD);
    fence_va(VA);
    CHECK("not executable", call_s(VA), 0xdead0000 + CAUSE_FETCH_PAGE);
    map_page(&spaces[0], VA, page_pa(1), 0, PTE_R | PTE_X | PTE_U | PTE_AD);
    fence_va(VA);
    CHECK("a page of U", call_s(VA), 0xdead0000 + CAUSE_FETCH_PAGE);
    map_page(&spaces[0], VA, page_pa(1), 0, PTE_X | PTE_AD);
    fence_va(VA);
    CHECK("execute-only", call_s(VA), 101);
}

/*
 * A loop that jumps to the next page and back. While it runs it changes, in M by a hook, where the
 * second page leads: direct jumps between pages must not outlive the mapping.
 */
void s_two_pages(void);
asm(".section .probe, \"ax\"\n.balign 4\n"
    /* a0: address of the second function, a1: how often; returns the sum of what it returns */
    "s_two_pages: mv t0, a0\n mv t1, a1\n mv t2, ra\n li a1, 0\n"
    "1: jalr t0\n add a1, a1, a0\n addi t1, t1, -1\n bnez t1, 1b\n"
    "mv a0, a1\n jr t2\n"
    ".text\n");

static void jumps_between_pages(void)
{
    Space *s = &spaces[0];
    volatile u32 *first = (u32 *)(page_pa(0) + 4092);

    rt_group("cross-page jumps");
    make_spaces(3);
    *first = 0x0040006f; /* j to the next page */
    for (u64 n = 1; n < 8; n++) {
        write_code(page_pa(n), n);
    }
    fence_i();
    space_use(s);
    map_page(s, VA, page_pa(0), 0, PTE_X | PTE_AD);
    for (u64 n = 1; n < 200; n++) {
        u64 which = 1 + n % 7;
        Trap t;

        map_page(s, VA + 4096, page_pa(which), 0, PTE_X | PTE_AD);
        fence_va(VA + 4096);
        t = rt_run(MODE_S, s_two_pages, 0, VA + 4092, 50);
        CHECK("sum", t.value, 50 * which);
        *pte_of(s, VA + 4096, 0) = 0;
        fence_va(VA + 4096);
        t = rt_run(MODE_S, s_two_pages, 0, VA + 4092, 50);
        rt_check_trap("gone", &t, CAUSE_FETCH_PAGE, VA + 4096, VA + 4096);
    }
}

/* ---- SUM and MXR inside S-mode code ---- */

void s_sum(void);
asm(".section .probe, \"ax\"\n.balign 4\n"
    "s_sum: li t0, 1 << 18\n csrs sstatus, t0\n ld t1, (a0)\n ld t1, 8(a0)\n"
    "csrc sstatus, t0\n"
    "s_sum_fault: ld t2, 16(a0)\n mv a0, t1\n ret\n"
    "s_mxr: li t0, 1 << 19\n csrs sstatus, t0\n ld t1, (a0)\n csrc sstatus, t0\n"
    "s_mxr_fault: ld t2, (a0)\n ret\n"
    ".text\n");
extern char s_sum_fault[], s_mxr[], s_mxr_fault[];

static void status_bits(void)
{
    Space *s = &spaces[0];

    rt_group("SUM and MXR");
    make_spaces(3);
    space_use(s);
    map_page(s, VA, page_pa(0), 0, DATA_FLAGS | PTE_U);
    map_page(s, VA + 4096, page_pa(1), 0, PTE_X | PTE_AD);
    fence_all();
    for (int i = 0; i < 20; i++) {
        Trap t = rt_run(MODE_S, s_sum, 0, VA, 0);

        rt_check_trap("SUM", &t, CAUSE_LOAD_PAGE, (u64)s_sum_fault, VA + 16);
        t = rt_run(MODE_S, s_mxr, 0, VA + 4096, 0);
        rt_check_trap("MXR", &t, CAUSE_LOAD_PAGE, (u64)s_mxr_fault, VA + 4096);
        /* U sees its page at the same time. */
        t = rt_run(MODE_U, probe_ld, user_offset(), VA, 0);
        CHECK("U", t.cause, NO_TRAP);
    }
}

int main(void)
{
    isolation();
    fences();
    fences_from_afar();
    superpages();
    globals();
    many_pages(3);
    many_pages(4);
    many_pages(5);
    aliases();
    remapped_code();
    jumps_between_pages();
    status_bits();
    csr_write(satp, 0);
    return 0;
}
