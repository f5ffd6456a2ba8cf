/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translating accelerator's own structures.
 *
 *   tlb.c      soft TLB: small tables that generated code probes, a large second level
 *   memory.c   what generated code calls when a probe misses
 *   block.c    translations: making, finding, linking, dropping
 *   coherence.c  which pages hold translated code, and fence.i
 *   run.c      the run loop of a vCPU
 *   threads.c  vCPU threads: start, park, wait for interrupts
 *
 * Locks, outermost first: machine's device lock; TcgAccel.lock (translations, code pages);
 * TcgAccel.park_lock (a leaf). Generated code and look-ups of translations take none.
 */
#ifndef ACCEL_TCG_INTERNAL_H
#define ACCEL_TCG_INTERNAL_H

#include <glib.h>
#include <pthread.h>
#include "accel/accel.h"
#include "accel/target_ops.h"
#include "accel/tcg.h"
#include "system/cpu.h"
#include "system/memory.h"
#include "tcg/tcg.h"
#include "util/epoch.h"

typedef struct TcgAccel TcgAccel;
typedef struct TcgCpu TcgCpu;
typedef struct TcgBlock TcgBlock;
typedef struct TcgCodePage TcgCodePage;
typedef struct TcgLink TcgLink;

static inline uint64_t page_of(uint64_t address)
{
    return address & ~(uint64_t)(TCG_PAGE_SIZE - 1);
}

/* A direct jump that was patched to a block. */
struct TcgLink {
    const TcgJumpSite *site;
    TcgLink *next;
};

/*
 * One translation. Found by the host address of its first guest byte and the state word. Immutable
 * once published, but for the lists, which the accelerator's lock guards.
 */
struct TcgBlock {
    const uint8_t *hva;  /* first guest byte */
    const uint8_t *hva2; /* split: the rest of the instruction, in another page; in the same page
                            for an instruction that stands alone (locate_code); else NULL */
    uint32_t flags;      /* state word */
    uint16_t size;       /* guest bytes in all */
    uint16_t size1;      /* of them at hva */
    bool dropped;
    const void *code;       /* host code; NULL under the interpreter */
    IrRegion *ir;           /* interpreter only */
    TcgBlock *bucket_next;  /* atomic */
    TcgBlock *page_next[2]; /* chains of TcgCodePage.blocks: by hva, by hva2 */
    TcgLink *links;         /* jumps that were patched to it */
    uint8_t bytes[];        /* the guest code it was made from */
};

/* A page of guest memory that translations were made from. */
struct TcgCodePage {
    uint64_t page; /* host address */
    TcgBlock *blocks;
    uint64_t guarded_at; /* protect_seq when write tags were last taken away */
    bool guarded;        /* no write tag may be made for it; in TcgAccel.guard */
    bool suspect;        /* may have been written since its translations were checked */
};

/* Open-addressed set of guarded pages that slow paths look into without a lock. */
typedef struct TcgGuardSet {
    uint64_t *slots; /* page address; 0 free; 1 deleted */
    unsigned bits, used;
} TcgGuardSet;

enum {
    TCG_BUCKET_BITS = 16,
    TCG_INTERP_MAX_OPS = 16 << 20,
    TCG_MAX_REGION_BYTES = 512, /* of guest code: TargetOps.max_insns of the longest */
};

struct TcgAccel {
    Machine *machine;
    AccelConfig config;
    const TargetOps *ops;
    TcgContext *ctx; /* NULL under the interpreter */

    GMutex lock;
    TcgBlock *buckets[1 << TCG_BUCKET_BITS]; /* atomic heads */
    GHashTable *pages;                       /* host page -> TcgCodePage */
    GPtrArray *suspects;                     /* TcgCodePage with suspect set */
    TcgGuardSet *guard;                      /* atomic; replaced when it grows */
    GPtrArray *old_guards;                   /* replaced sets, freed at the next flush */
    GPtrArray *dropped;                      /* blocks out of use, freed at the next flush */
    IrRegion *region;                        /* under construction */
    size_t ir_ops;                           /* interpreter: ops kept, bounds memory */
    uint64_t protect_seq;                    /* atomic; grows when a page becomes guarded */
    uint64_t drop_seq;                       /* atomic; grows when a block is dropped */
    uint64_t blocks_made, flushes;           /* counted for `info jit` */

    bool flush_wanted; /* atomic: the code buffer is full */
    GMutex flush_lock;

    TcgCpu **cpus;
    unsigned cpu_count;

    GMutex park_lock;
    GCond park_cond;    /* a vCPU parked, or was told to go on */
    unsigned parked;    /* threads that are */
    bool stop;          /* atomic: vCPUs are to park */
    bool quit;          /* atomic: threads are to end */
    GPtrArray *threads; /* TcgThread */
    ClkTimer slice;     /* thread=single: hands the thread to the next vCPU */
    TcgCpu *current;    /* thread=single: whose turn it is; atomic */
};

/* Second level of the soft TLB: four-way sets indexed by virtual page. */
#ifdef PG_STRESS
enum { TCG_L2_BITS = 2, TCG_SEEN_BITS = 6 };
#else
enum { TCG_L2_BITS = 11, TCG_SEEN_BITS = 17 };
#endif
enum {
    TCG_L2_WAYS = 4,
    TCG_L2_SETS = 1 << TCG_L2_BITS,
    TCG_FETCH_BITS = 6,
    TCG_FETCH_SIZE = 1 << TCG_FETCH_BITS,
    TCG_SPACE_GENS = 256,
    TCG_TLB_WORDS = (TCG_TLB_SIZE + 63) / 64,
    TCG_JUMP_LIST = 256,
    TCG_FETCHED_BITS = 512,
    TCG_LARGE_BITS = 256, /* bits of the filter of 1 GiB areas with large pages */
};
#define TCG_SPACE_GLOBAL UINT32_MAX
#define TCG_FETCH_EMPTY  (1 << 11) /* no page | jump cache index is this */

typedef struct TcgL2Entry {
    uint64_t tag;  /* page | mode << 4 | perms | 8 if valid: never equal to a key when empty */
    uint64_t gen;  /* generation << 32 | space */
    uint8_t *hva;  /* of the page; NULL: not RAM or ROM */
    uint64_t gpa;  /* of the page */
    bool writable; /* hva may be written (RAM, not ROM) */
} TcgL2Entry;

/* Where instructions come from: virtual page and privilege -> host page. */
typedef struct TcgFetchEntry {
    uint64_t tag; /* page | jump cache index, or TCG_FETCH_EMPTY */
    const uint8_t *hva;
    bool global; /* maps alike in every address space */
} TcgFetchEntry;

/* What is known of a fetch, or of all the fetches for a block. */
enum {
    TCG_FETCH_WHOLE = 1,  /* permissions are the same to the end of the page: may be remembered */
    TCG_FETCH_GLOBAL = 2, /* maps alike in every address space */
};

/* First-level entries of a mode that are filled, and those of them that other address spaces may
 * not use. A bit may be set although its entry is empty. */
typedef struct TcgFilled {
    uint64_t used[TCG_TLB_WORDS], local[TCG_TLB_WORDS];
} TcgFilled;

/* Entries of a jump cache that are filled, while they are few. */
typedef struct TcgJumpsFilled {
    unsigned count; /* more than TCG_JUMP_LIST: not listed */
    bool local;     /* some lead to pages that other address spaces may map differently */
    uint16_t index[TCG_JUMP_LIST];
} TcgJumpsFilled;

/* The piece of memory that was translated to last. */
typedef struct TcgMemWindow {
    uint64_t first, size; /* gpa; size 0: none */
    uint8_t *hva;
    bool writable;
} TcgMemWindow;

/* Which code was seen: a bit for each hash of its place and state word. */
typedef struct TcgFirstRuns {
    uint64_t seen[(1 << TCG_SEEN_BITS) / 64];
    unsigned count;   /* bits set; when they are many, all are cleared */
    IrRegion *region; /* being interpreted */
} TcgFirstRuns;

/* Where a thread sleeps while its vCPUs have nothing to do. */
typedef struct TcgWaiter {
    GMutex lock;
    GCond cond;
    bool sleeping; /* atomic */
} TcgWaiter;

/* A host thread and the vCPUs it runs. */
typedef struct TcgThread {
    TcgAccel *accel;
    TcgCpu **cpus;
    unsigned n;
    pthread_t id;
} TcgThread;

struct TcgCpu {
    VCpu *cpu;
    TcgState *state;
    TcgAccel *accel;
    const TargetOps *ops;
    EpochReader epoch;
    TcgWaiter *waiter; /* its own, or with thread=single the first vCPU's */
    TcgWaiter own_waiter;
    bool in_code; /* atomic: may be inside generated code or holding block pointers */

    uint64_t protect_seen; /* atomic: protect_seq this vCPU's write tags obey */
    uint64_t drop_seen;    /* drop_seq its jump caches obey */
    uint32_t jc_flags[TCG_JUMP_CACHES];
    TcgFetchEntry fetch[TCG_FETCH_SIZE];
    uint64_t fetched[TCG_FETCHED_BITS / 64]; /* filter of pages the jump caches may lead to */
    uint32_t space[TCG_MMU_MODES];
    /* Flushes of everything and of spaces; their sum stamps entries and only grows. */
    uint32_t gen, space_gen[TCG_SPACE_GENS];
    TcgFilled filled[TCG_MMU_MODES];
    TcgJumpsFilled jumps[TCG_JUMP_CACHES];
    TcgMemWindow window;
    uint64_t large[TCG_LARGE_BITS / 64];
    unsigned victim;
    bool flush_pending; /* atomic: the memory map changed */
    TcgFirstRuns first_runs;
    TcgL2Entry l2[TCG_L2_SETS][TCG_L2_WAYS];
};

static inline TcgCpu *tcpu_of(TcgState *state)
{
    return state->opaque;
}

/* --- tlb.c --- */

/* Where an access goes. */
typedef struct TcgTarget {
    uint8_t *hva; /* host address of the byte, or NULL: I/O at gpa */
    uint64_t gpa;
} TcgTarget;

void tcpu_tlb_init(TcgCpu *t);
/* Finds where `size` bytes at gva (within a page) are for this kind of data access and remembers
 * it. False: a fault was delivered. A store to a page with translations marks it written. */
bool tcpu_translate(TcgCpu *t, uint64_t gva, unsigned size, AccessKind kind, unsigned mmu_idx,
                    TcgTarget *target);
/* Host address of the instruction bytes at pc, or NULL: a fault was delivered. *how: TCG_FETCH_*;
 * without WHOLE only the two bytes at pc may be fetched, and this once. */
const uint8_t *tcpu_fetch(TcgCpu *t, uint64_t pc, unsigned *how);
/* Enters `code` for state->pc into a jump cache; `how`: of its fetches, WHOLE among them. */
void tcpu_remember_jump(TcgCpu *t, unsigned jc_idx, const void *code, unsigned how);
/* Write tags of every mode go (all), or those that lead to one host page. */
void tcpu_drop_write_tags(TcgCpu *t);
void tcpu_drop_write_tags_of(TcgCpu *t, uint64_t host_page);
void tcpu_clear_jumps(TcgCpu *t, unsigned jc_idx);
void tcpu_clear_all_jumps(TcgCpu *t);

/* --- memory.c: TCG_RT_LOAD, STORE, ATOMIC --- */
uint64_t tcg_rt_load(TcgState *state, uint64_t gva, uint32_t mem);
void tcg_rt_store(TcgState *state, uint64_t gva, uint32_t mem, uint64_t value);
void *tcg_rt_atomic(TcgState *state, uint64_t gva, uint32_t mem);

/* --- block.c --- */

/* Where the guest code of a region to be made is. */
typedef struct TcgGuestCode {
    const uint8_t *hva, *hva2; /* hva2: rest of an instruction that crosses into another page */
    unsigned size;             /* bytes that may be read at hva */
    unsigned how;              /* TCG_FETCH_* that all its fetches have */
} TcgGuestCode;

/* Copies as much as a region may need to `bytes` (TCG_MAX_REGION_BYTES); returns the size. */
unsigned tcpu_copy_code(const TcgCpu *t, const TcgGuestCode *code, uint8_t *bytes);
/* Translates `size` bytes for state->pc under state->flags into a region of IR. */
void tcpu_translate_code(TcgCpu *t, const TcgGuestCode *code, IrRegion *r, const uint8_t *bytes,
                         unsigned size);
/* The translation for state->pc under state->flags, made if there is none. NULL: the guest was
 * redirected or the vCPU must leave (buffer full): look at state again. */
TcgBlock *tcpu_find_block(TcgCpu *t);
/* -d exec and cpu: the block at state->pc is about to run. */
void tcpu_log_entry(TcgCpu *t);
const void *tcg_rt_lookup(TcgState *state);
const void *tcg_rt_link(TcgState *state, const TcgJumpSite *site);
/* Forgets every translation. No vCPU is in code. */
void tcg_blocks_flush(TcgAccel *a);
/* Lock held: takes a block that is in no page's chain any more out of use; jumps to it are
 * unpatched. */
void tcg_block_drop(TcgAccel *a, TcgBlock *b);
/* For the array of dropped blocks. */
void tcg_block_free(void *block);

/* --- first_run.c --- */

void tcpu_first_runs_init(TcgCpu *t);
void tcpu_first_runs_release(TcgCpu *t);
/* Is the code for state->pc, of which there is no translation, better interpreted this time? */
bool tcpu_is_first_run(TcgCpu *t, const TcgGuestCode *code);
/* Interprets a region of it. False: the vCPU must leave generated code. */
bool tcpu_first_run(TcgCpu *t, const TcgGuestCode *code);

/* --- coherence.c --- */

/* Lock held: registers the block under its pages. */
void tcg_page_add_block(TcgAccel *a, TcgBlock *b);
/* Lock held: from now on stores to the page are noticed (by this vCPU at once, by others at their
 * next poll). Before the bytes are read for translation. */
void tcg_page_guard(TcgCpu *t, uint64_t host_page);
bool tcg_page_is_guarded(TcgAccel *a, uint64_t host_page);
/* A store is about to reach a guarded page. Takes the lock. */
void tcg_page_written(TcgAccel *a, uint64_t host_page);
void tcg_pages_flush(TcgAccel *a);
TcgGuardSet *tcg_guard_new(unsigned bits);
void tcg_guard_free(TcgGuardSet *g);
/* This vCPU obeys all guards up to now. */
void tcpu_obey_guards(TcgCpu *t);

/* --- run.c --- */

/* Runs guest code until told to park, to quit, or (single thread) until the slice ends. Returns
 * true if the vCPU waits for an interrupt. */
bool tcpu_run(TcgCpu *t);

/* --- accel.c --- */

/* Makes what needs to know the ISA, before the first vCPU is attached. */
bool tcg_accel_prepare(TcgAccel *a, Error *err);
void tcg_accel_release(TcgAccel *a);

/* --- threads.c --- */
extern const AccelOps tcg_accel_ops;
void tcpu_kick(VCpu *cpu);
/* Sets exit_request of every vCPU. */
void tcg_kick_all(TcgAccel *a);

#endif
