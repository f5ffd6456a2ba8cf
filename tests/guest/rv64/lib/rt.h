/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runtime of the bare-metal guest tests: output, checks, caught traps, lower privilege modes,
 * harts.  Everything runs in M-mode with address translation off unless a test says otherwise.
 */
#ifndef RT_H
#define RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hart_offsets.h"

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;

#define UART_BASE   0x10000000ul
#define FINISHER    0x100000ul
#define CLINT_BASE  0x2000000ul
#define PLIC_BASE   0xc000000ul
#define RTC_BASE    0x101000ul
#define MSIP(hart)  (CLINT_BASE + 4 * (hart))
#define MTIMECMP(h) (CLINT_BASE + 0x4000 + 8 * (h))
#define MTIME       (CLINT_BASE + 0xbff8)

/* RAM no test image reaches, for page tables and data at known addresses (-m 128M or more). */
#define FREE_RAM 0x82000000ul

enum { MODE_U = 0, MODE_S = 1, MODE_M = 3 };

enum {
    CAUSE_FETCH_MISALIGNED = 0,
    CAUSE_FETCH_ACCESS = 1,
    CAUSE_ILLEGAL = 2,
    CAUSE_BREAKPOINT = 3,
    CAUSE_LOAD_MISALIGNED = 4,
    CAUSE_LOAD_ACCESS = 5,
    CAUSE_STORE_MISALIGNED = 6,
    CAUSE_STORE_ACCESS = 7,
    CAUSE_ECALL_U = 8,
    CAUSE_ECALL_S = 9,
    CAUSE_ECALL_M = 11,
    CAUSE_FETCH_PAGE = 12,
    CAUSE_LOAD_PAGE = 13,
    CAUSE_STORE_PAGE = 15,
    NO_TRAP = 255, /* what Trap.cause says when nothing trapped */
};
#define CAUSE_IRQ (1ul << 63)
#define IRQ_SSI   1
#define IRQ_MSI   3
#define IRQ_STI   5
#define IRQ_MTI   7
#define IRQ_SEI   9
#define IRQ_MEI   11

#define MSTATUS_SIE  (1ul << 1)
#define MSTATUS_MIE  (1ul << 3)
#define MSTATUS_SPIE (1ul << 5)
#define MSTATUS_MPIE (1ul << 7)
#define MSTATUS_SPP  (1ul << 8)
#define MSTATUS_MPP  (3ul << 11)
#define MSTATUS_FS   (3ul << 13)
#define MSTATUS_MPRV (1ul << 17)
#define MSTATUS_SUM  (1ul << 18)
#define MSTATUS_MXR  (1ul << 19)
#define MSTATUS_TVM  (1ul << 20)
#define MSTATUS_TW   (1ul << 21)
#define MSTATUS_TSR  (1ul << 22)

#define csr_read(csr)                                                                              \
    ({                                                                                             \
        u64 csr_v;                                                                                 \
        asm volatile("csrr %0, " #csr : "=r"(csr_v) : : "memory");                                 \
        csr_v;                                                                                     \
    })
#define csr_write(csr, v) asm volatile("csrw " #csr ", %0" : : "rK"((u64)(v)) : "memory")
#define csr_set(csr, v)   asm volatile("csrs " #csr ", %0" : : "rK"((u64)(v)) : "memory")
#define csr_clear(csr, v) asm volatile("csrc " #csr ", %0" : : "rK"((u64)(v)) : "memory")
#define csr_swap(csr, v)                                                                           \
    ({                                                                                             \
        u64 csr_o;                                                                                 \
        asm volatile("csrrw %0, " #csr ", %1" : "=r"(csr_o) : "r"((u64)(v)) : "memory");           \
        csr_o;                                                                                     \
    })

/* What happened inside CATCH() or rt_run(). */
typedef struct Trap {
    u64 cause;  /* mcause or scause, NO_TRAP if none */
    u64 epc;    /* mepc or sepc */
    u64 tval;   /* mtval or stval */
    u64 status; /* mstatus as the handler found it */
    u64 mode;   /* MODE_M or MODE_S: whose handler was entered */
    u64 value;  /* a0 when the code ended or trapped */
} Trap;

typedef struct Hart Hart;
struct Hart {
    u64 x[32];  /* registers at the last trap */
    u64 pc;     /* mepc of the last trap, also where a hook resumes */
    u64 status; /* mstatus of the last trap */
    u64 id;
    u64 jmp[16]; /* callee-saved registers of the armed catch */
    u64 offset;  /* where rt_run finds its return stub, from where it is linked */
    bool armed;
    Trap trap;
    bool (*hook)(Hart *h, u64 cause, u64 tval); /* true: handled, resume at h->pc */
    void (*volatile job)(void *arg);
    void *volatile job_arg;
    volatile u64 jobs_done;
};

extern char image_end[], probe_start[], probe_end[], trap_entry[], s_trap_entry[], rt_leave[];

/* Every test program has one: the suite's name in reports. */
extern const char suite_name[];
int main(void);

static inline Hart *this_hart(void)
{
    return (Hart *)csr_read(mscratch);
}

/* Output on the UART: %s %d %u %x (64 bits, no prefix) %c. Any hart; lines of harts may mix. */
void rt_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Starts a named group; failures are reported as "FAIL <suite> <group>/<case> ...". */
void rt_group(const char *name);

/* Counts a case and reports it if got != want. Hart 0 only. */
bool rt_check(const char *name, u64 got, u64 want);
#define CHECK(name, got, want) rt_check(name, (u64)(got), (u64)(want))

/* Counts a case that failed for another reason. */
void rt_fail(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints the summary and leaves through the test finisher. */
void rt_finish(void) __attribute__((noreturn));

/*
 * CATCH(trap, statements): run the statements in M-mode; the first trap ends them and is described
 * in *trap*. Variables changed inside must be volatile.
 */
int rt_catch_arm(void) __attribute__((returns_twice));
void rt_catch_begin(void);
void rt_catch_end(Trap *t);
#define CATCH(t, ...)                                                                              \
    do {                                                                                           \
        rt_catch_begin();                                                                          \
        if (!rt_catch_arm()) {                                                                     \
            __VA_ARGS__;                                                                           \
        }                                                                                          \
        rt_catch_end(&(t));                                                                        \
    } while (0)

/*
 * Runs fn(a0, a1) in a lower mode (or M) until it returns or traps. With paging on, fn, its stack
 * and the return stub are used at their addresses plus *offset*.
 */
Trap rt_run(int mode, const void *fn, u64 offset, u64 a0, u64 a1);

/* Checks cause, epc and tval at once. */
void rt_check_trap(const char *name, const Trap *t, u64 cause, u64 epc, u64 tval);
/* As above where the address of the instruction is not interesting. */
void rt_check_cause(const char *name, const Trap *t, u64 cause, u64 tval);

/* Calls generated code under a catch. */
Trap rt_call_variant(const void *fn, const void *in, void *out, u64 n);

/* Starts fn(arg) on another hart (woken by MSIP); rt_wait waits until it has returned. */
void rt_start(u64 hart, void (*fn)(void *), void *arg);
void rt_wait(u64 hart);

/* True once; false when the time (in ticks of mtime, 10 MHz) since *start* has passed. */
bool rt_within(u64 start, u64 ticks);

static inline u64 mtime(void)
{
    return *(volatile u64 *)MTIME;
}

static inline void mmio_w32(u64 a, u32 v)
{
    *(volatile u32 *)a = v;
}
static inline u32 mmio_r32(u64 a)
{
    return *(volatile u32 *)a;
}
static inline void mmio_w64(u64 a, u64 v)
{
    *(volatile u64 *)a = v;
}
static inline void mmio_w8(u64 a, u8 v)
{
    *(volatile u8 *)a = v;
}
static inline u8 mmio_r8(u64 a)
{
    return *(volatile u8 *)a;
}
static inline void fence_i(void)
{
    asm volatile("fence.i" : : : "memory");
}

void *memset(void *d, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);

#endif
