/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the segments of a fuzzing program one after the other: sets the state up, handles traps by
 * noting them and skipping the instruction, and prints a hash of everything that can be seen.
 */
#include <stdbool.h>
#include "program.h"

#define CSR_READ(name)                                                                             \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("csrr %0, " #name : "=r"(value_));                                        \
        value_;                                                                                    \
    })
#define CSR_WRITE(name, value) __asm__ volatile("csrw " #name ", %0" ::"r"((uint64_t)(value)))

enum { UART = 0x10000000, FINISHER = 0x100000, FINISHER_PASS = 0x5555, MTIMECMP = 0x2004000 };
enum {
    CAUSE_FETCH_MISALIGNED = 0,
    CAUSE_FETCH_ACCESS = 1,
    CAUSE_BREAKPOINT = 3,
    CAUSE_ECALL_S = 9,
    CAUSE_FETCH_PAGE = 12
};
enum {
    MSTATUS_MPP_SHIFT = 11,
    MSTATUS_MPP = 3 << 11,
    MSTATUS_SPP = 1 << 8,
    MSTATUS_MPRV = 1 << 17
};
enum { OPCODE_AMO = 0x2f };
enum { MSTATUS_FS = 3 << 13, MSTATUS_FS_DIRTY = 3 << 13 };
enum { MOST_TRAPS = 300, PTE_V = 1, PTE_AD = 0xc0, PTE_RWX = 0xe, PTE_U = 0x10, ENTRIES = 512 };

#define STATUS_COMPARED_BY_REFERENCE                                                               \
    (~(uint64_t)(MSTATUS_FS | MSTATUS_MPRV | UINT64_C(1) << 63 | MSTATUS_MPP))

FuzzFrame frame;

static const FuzzHeader *const header = (const FuzzHeader *)FUZZ_HEADER;
static const FuzzSegment *segment;
static uint32_t number;
static uint64_t hash;
static uint32_t traps, landings;

/* Tables of all schemes: a larger scheme's root points to the smaller one's. */
static uint64_t table_sv57[ENTRIES] __attribute__((aligned(4096)));
static uint64_t table_sv48[ENTRIES] __attribute__((aligned(4096)));
static uint64_t table_sv39[ENTRIES] __attribute__((aligned(4096)));
static uint64_t middle[3][ENTRIES] __attribute__((aligned(4096)));
static uint64_t code_leaf[2][ENTRIES] __attribute__((aligned(4096)));
static uint64_t (*const data_leaf)[ENTRIES] = (uint64_t(*)[ENTRIES])FUZZ_TABLES;

/* --- printing --- */

static void print_char(char c)
{
    volatile uint8_t *uart = (volatile uint8_t *)UART;

    while (!(uart[5] & 0x20)) {
    }
    uart[0] = (uint8_t)c;
}

static void print(const char *text)
{
    while (*text) {
        print_char(*text++);
    }
}

static void print_hex(uint64_t value)
{
    for (int shift = 60; shift >= 0; shift -= 4) {
        print_char("0123456789abcdef"[value >> shift & 15]);
    }
}

static void print_number(uint64_t value)
{
    if (value >= 10) {
        print_number(value / 10);
    }
    print_char((char)('0' + value % 10));
}

static void print_value(const char *name, uint64_t value)
{
    print(name);
    print_hex(value);
}

/* Random stores may have reached the UART. */
static void init_uart(void)
{
    volatile uint8_t *uart = (volatile uint8_t *)UART;

    uart[3] = 3;
    uart[1] = 0;
    uart[2] = 0;
    uart[4] = 0;
}

/* --- state --- */

static void mix(uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
}

static void mix_memory(uint64_t from, uint64_t size)
{
    const uint64_t *words = (const uint64_t *)from;

    for (uint64_t i = 0; i < size / 8; i++) {
        mix(words[i]);
    }
}

static void fill(uint64_t from, uint64_t size, uint64_t seed)
{
    uint64_t *words = (uint64_t *)from;

    for (uint64_t i = 0; i < size / 8; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        words[i] = seed;
    }
}

static uint64_t pte(const void *target, uint64_t bits)
{
    return ((uint64_t)target >> 12) << 10 | bits;
}

static void map_code(unsigned alias, uint64_t user)
{
    uint64_t bits = PTE_V | PTE_RWX | PTE_AD | user, index = FUZZ_BLOB >> 21 & 511;

    for (uint64_t i = 0; i < ENTRIES; i++) {
        code_leaf[alias][i] = pte((void *)(FUZZ_BLOB + i * 4096), bits);
    }
    middle[alias][index] =
        segment->code_is_large ? pte((void *)FUZZ_BLOB, bits) : pte(code_leaf[alias], PTE_V);
}

static void map_data(unsigned alias)
{
    for (unsigned i = 0; i < FUZZ_DATA_PAGES; i++) {
        uint64_t how = segment->pte[alias][i], frames = how >> FUZZ_PTE_FRAME_SHIFT & 7;
        uint64_t entry = pte((void *)(FUZZ_DATA + frames * 4096), how & 0xff);

        data_leaf[alias][i] = how & FUZZ_PTE_RESERVED ? entry | UINT64_C(1) << 60 : entry;
    }
    middle[alias][FUZZ_DATA >> 21 & 511] = pte(data_leaf[alias], PTE_V);
}

static void map_all(void)
{
    const uint64_t low = UINT64_C(FUZZ_LOW) >> 30;

    table_sv57[0] = pte(table_sv48, PTE_V);
    table_sv48[0] = pte(table_sv39, PTE_V);
    table_sv39[low] = pte(middle[0], PTE_V);
    table_sv39[low + (1 << (FUZZ_ALIAS_SHIFT - 30))] = pte(middle[1], PTE_V);
    table_sv39[low + (1 << (FUZZ_LARGE_SHIFT - 30))] = pte(middle[2], PTE_V);
    map_code(0, 0);
    map_code(1, PTE_U);
    map_data(0);
    map_data(1);
    middle[2][FUZZ_DATA >> 21 & 511] = pte((void *)FUZZ_DATA, segment->large_pte);
}

static uint64_t satp_of(uint64_t mode)
{
    const void *root = mode == 8 ? table_sv39 : mode == 9 ? table_sv48 : table_sv57;

    return mode ? mode << 60 | UINT64_C(1) << 44 | (uint64_t)root >> 12 : 0;
}

/* Where a mode sees the code. */
static uint64_t alias_of(uint64_t mode)
{
    return mode == FUZZ_U && CSR_READ(satp) >> 60 ? UINT64_C(1) << FUZZ_ALIAS_SHIFT : 0;
}

static void set_csrs(void)
{
    uint64_t cfg = segment->pmpcfg | UINT64_C(0x1f) << 56;

    CSR_WRITE(pmpcfg0, 0);
    CSR_WRITE(pmpaddr0, segment->pmpaddr[0]);
    CSR_WRITE(pmpaddr1, segment->pmpaddr[1]);
    CSR_WRITE(pmpaddr2, segment->pmpaddr[2]);
    CSR_WRITE(pmpaddr3, segment->pmpaddr[3]);
    CSR_WRITE(pmpaddr7, ~UINT64_C(0) >> 10);
    CSR_WRITE(pmpcfg0, cfg);
    CSR_WRITE(mie, 0);
    CSR_WRITE(mip, 0);
    CSR_WRITE(medeleg, segment->medeleg);
    CSR_WRITE(mideleg, segment->mideleg);
    CSR_WRITE(0x30a, segment->menvcfg);
    CSR_WRITE(mcounteren, 0);
    CSR_WRITE(scounteren, 0);
    CSR_WRITE(stvec, FUZZ_STRAMP);
    CSR_WRITE(sepc, 0);
    CSR_WRITE(scause, 0);
    CSR_WRITE(stval, 0);
    CSR_WRITE(satp, satp_of(segment->satp_mode));
    __asm__ volatile("sfence.vma" ::: "memory");
}

void fuzz_init(void)
{
    *(volatile uint64_t *)MTIMECMP = ~UINT64_C(0);
    init_uart();
    if (header->magic != FUZZ_MAGIC) {
        print("no program\n");
    }
    number = header->first;
}

static void finish(void)
{
    print("\nEND\n");
    for (;;) {
        *(volatile uint32_t *)FINISHER = FINISHER_PASS;
    }
}

void fuzz_next(void)
{
    if (number == header->first + header->count) {
        finish();
    }
    segment = &header->segment[number];
    hash = number;
    traps = landings = 0;
    fill(FUZZ_LOW, FUZZ_LOW_SIZE, segment->seed);
    fill(FUZZ_DATA, FUZZ_DATA_PAGES * 4096, segment->seed);
    map_all();
    set_csrs();
    for (unsigned i = 0; i < 32; i++) {
        frame.x[i] = segment->x[i];
        frame.f[i] = segment->f[i];
    }
    frame.fcsr = segment->fcsr;
    frame.status = segment->status | MSTATUS_FS_DIRTY | segment->mode << MSTATUS_MPP_SHIFT;
    frame.pc = segment->code + alias_of(segment->mode);
    CSR_WRITE(mstatus, MSTATUS_FS_DIRTY);
    __asm__ volatile("fence.i" ::: "memory");
}

/* --- traps --- */

typedef struct Trap {
    uint64_t pc, cause, tval, mode;
} Trap;

/* A trap that S-mode took arrives as the environment call of its handler. */
static Trap take_trap(FuzzFrame *f)
{
    Trap t = { f->pc, f->cause, f->tval, f->status >> MSTATUS_MPP_SHIFT & 3 };

    if (t.cause == CAUSE_ECALL_S && t.pc == FUZZ_STRAMP) {
        uint64_t status = f->status;

        t = (Trap) { CSR_READ(sepc), CSR_READ(scause), CSR_READ(stval),
                     status & MSTATUS_SPP ? FUZZ_S : FUZZ_U };
        f->status = (status & ~(uint64_t)MSTATUS_MPP) | t.mode << MSTATUS_MPP_SHIFT;
        mix(1);
    }
    return t;
}

static uint64_t length_at(uint64_t pa)
{
    return (*(const uint16_t *)pa & 3) == 3 ? 4 : 2;
}

static bool is_fetch_fault(uint64_t cause)
{
    return cause == CAUSE_FETCH_MISALIGNED || cause == CAUSE_FETCH_ACCESS ||
           cause == CAUSE_FETCH_PAGE;
}

/*
 * What the reference (QEMU 7.2) does otherwise: it looks at what an AMO reads before it looks at
 * what it writes, and reports its faults as those of a load; it gives no address for a breakpoint,
 * and tells only which aligned doubleword of an access failed.
 */
static Trap comparable(Trap t, uint64_t pa, bool inside)
{
    bool amo = inside && (*(const uint8_t *)pa & 0x7f) == OPCODE_AMO;
    bool is_access = t.cause == 5 || t.cause == 7 || t.cause == 13 || t.cause == 15;

    if (t.cause == CAUSE_BREAKPOINT) {
        t.tval = 0;
    }
    if (is_access) {
        t.tval &= ~UINT64_C(7);
    }
    if (amo && is_access) {
        t.cause = 7;
    } else if (amo && t.cause == 4) {
        t.cause = 6;
    }
    return t;
}

/* Wild stores have hit the runtime, or the program has found a bug that hits it. */
static void die(const Trap *t)
{
    init_uart();
    print_value("\nLOST pc=", t->pc);
    print_value(" cause=", t->cause);
    print_value(" tval=", t->tval);
    finish();
}

static void note(const Trap *t, uint64_t status)
{
    uint64_t compared =
        header->flags & FUZZ_REFERENCE ? STATUS_COMPARED_BY_REFERENCE : ~UINT64_C(0);

    mix(t->pc);
    mix(t->cause);
    mix(t->tval);
    mix(status & compared);
    mix(t->mode);
    if (header->flags & FUZZ_TRACE) {
        print_value("\nT pc=", t->pc);
        print_value(" cause=", t->cause);
        print_value(" tval=", t->tval);
        print_value(" status=", status & compared);
        print_value(" mode=", t->mode);
    }
}

/* A fence that traps after a change of the tables would leave it open what is still cached. */
static void fence_instead(uint64_t pa)
{
    enum { SFENCE = 0x12000073, SFENCE_MASK = 0xfe007fff };
    const uint16_t *code = (const uint16_t *)pa;

    if (((code[0] | (uint32_t)code[1] << 16) & SFENCE_MASK) == SFENCE) {
        __asm__ volatile("sfence.vma" ::: "memory");
    }
}

/* Returns whether the segment is over. */
bool fuzz_trap(FuzzFrame *f)
{
    Trap t = take_trap(f);
    uint64_t pa = t.pc & ~(UINT64_C(1) << FUZZ_ALIAS_SHIFT);

    if (t.pc >= FUZZ_RUNTIME && t.pc < FUZZ_BLOB) {
        die(&t);
    }
    bool inside = pa >= segment->code && pa <= segment->end && !(pa & 1);

    if (inside && pa == segment->end && !is_fetch_fault(t.cause)) {
        f->pc = pa;
        return true;
    }
    Trap compared = header->flags & FUZZ_REFERENCE ? comparable(t, pa, inside) : t;
    note(&compared, f->status);
    if (++traps == MOST_TRAPS) {
        return true;
    }
    if ((int64_t)t.cause < 0) {
        CSR_WRITE(mip, 0);
        f->pc = t.pc;
    } else if (inside && !is_fetch_fault(t.cause)) {
        fence_instead(pa);
        f->pc = t.pc + length_at(pa);
    } else if (landings == FUZZ_LANDINGS || !segment->landing[landings]) {
        return true;
    } else {
        f->pc = segment->landing[landings++] + alias_of(t.mode);
    }
    return false;
}

/* --- results --- */

static void dump(const FuzzFrame *f)
{
    for (unsigned i = 1; i < 32; i++) {
        print("\nx");
        print_number(i);
        print_value(" ", f->x[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        print("\nf");
        print_number(i);
        print_value(" ", f->f[i]);
    }
    print_value("\nfcsr ", f->fcsr);
    print_value("\ntraps ", hash);
}

static void dump_memory(const char *name, uint64_t from, uint64_t size)
{
    uint64_t before = hash;

    hash = 0;
    mix_memory(from, size);
    print(name);
    print_value(" ", hash);
    hash = before;
}

void fuzz_done(const FuzzFrame *f)
{
    static const char *const names[] = { "page0", "page1", "page2", "page3",
                                         "page4", "page5", "page6", "page7" };

    /* An entry that matches a part of an access only makes it fail in M-mode too. */
    CSR_WRITE(pmpcfg0, 0);
    init_uart();
    if (header->flags & FUZZ_DUMP) {
        dump(f);
        dump_memory("\nlow", FUZZ_LOW, FUZZ_LOW_SIZE);
        for (unsigned i = 0; i < FUZZ_DATA_PAGES; i++) {
            print("\n");
            dump_memory(names[i], FUZZ_DATA + i * 4096, 4096);
        }
        dump_memory("\nentries", FUZZ_TABLES, 2 * sizeof(*data_leaf));
    }
    for (unsigned i = 1; i < 32; i++) {
        mix(f->x[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        mix(f->f[i]);
    }
    mix(f->fcsr);
    mix_memory(FUZZ_LOW, FUZZ_LOW_SIZE);
    mix_memory(FUZZ_DATA, FUZZ_DATA_PAGES * 4096);
    mix_memory((uint64_t)data_leaf, FUZZ_DATA_PAGES * 8);
    mix_memory((uint64_t)data_leaf[1], FUZZ_DATA_PAGES * 8);
    mix(middle[2][FUZZ_DATA >> 21 & 511]);
    print("\nS ");
    print_number(number);
    print_value(" ", hash);
    print(" traps ");
    print_number(traps);
    number++;
}
