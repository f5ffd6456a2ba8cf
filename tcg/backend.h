/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the translator's context, the register allocator and a host back-end.
 *
 * A back-end is a table of rows {op, operand constraints, emit}. The allocator walks a region once
 * forwards, gives every operand a place that satisfies the row and calls its emitter. Slots live in
 * fixed places (a pinned host register or the state in memory) and are written at once, so the
 * guest state is exact after every op. Only temporaries are allocated.
 */
#ifndef TCG_BACKEND_H
#define TCG_BACKEND_H

#include <assert.h>

#include "tcg/tcg.h"

/* Host registers: 0-15 integer, 16-31 floating point. */
enum { REG_FP0 = 16, REG_COUNT = 32, REG_NONE = 0xff };
typedef uint32_t RegSet;

static inline RegSet reg_bit(unsigned reg)
{
    return (RegSet)1 << reg;
}

typedef enum OpndKind { OPND_NONE, OPND_REG, OPND_MEM, OPND_IMM } OpndKind;

/* Where an operand is: a register, the state at `disp` bytes from the base register, or a constant.
 */
typedef struct TcgOpnd {
    uint8_t kind;
    uint8_t reg;
    int32_t disp;
    int64_t imm;
} TcgOpnd;

typedef struct TcgGen TcgGen;
typedef struct TcgStub TcgStub;

/* What an input or output may be. */
enum {
    OP_REG = 1,
    OP_MEM = 2,
    OP_IMM = 4,   /* constants that fit in 32 bits, sign extended */
    OP_IMM64 = 8, /* any constant */
    OP_RMW = 16,  /* out: memory if it is the same slot as the first input */
};

enum {
    ROW_KEEP = 1,    /* the out register differs from every input's: a stub needs them afterwards */
    ROW_FIRST = 2,   /* the first input is read before the clobbered registers are written */
    ROW_ONE_REG = 4, /* of the first two inputs at least one is a register, unless the first is in
                        memory and the second constant */
    ROW_LAST = 16,   /* the result is written last: it may be in a clobbered register */
    ROW_NO_MEM2 = 8, /* with the output in memory the second input is not */
};

typedef struct TcgRow {
    uint8_t opc;
    uint8_t types;     /* bits by IrType */
    uint8_t in[4];     /* OP_* */
    uint8_t fixed[4];  /* register the input must be in (unless allowed as a constant), + 1 */
    uint8_t out;       /* OP_* */
    uint8_t out_fixed; /* + 1 */
    uint8_t flags;     /* ROW_* */
    uint8_t needs;     /* host features, as bits of TcgContext.features; 0: any host */
    uint8_t temps_int, temps_fp; /* scratch registers wanted */
    RegSet clobbers;             /* other registers the emitter overwrites */
    RegSet reads;                /* others that are no place for operands */
    void (*emit)(TcgGen *g, const IrOp *op);
} TcgRow;

/* Code out of line, emitted after the region's ops. */
struct TcgStub {
    void (*emit)(TcgGen *g, TcgStub *stub);
    uint8_t *jump[2]; /* 32-bit displacements that lead here */
    uint8_t *back;    /* where it goes on, if it does */
    const IrOp *op;
    TcgOpnd in[3], out;
    int64_t value;   /* the emitter's: page offset, memory access... */
    uint8_t live_fp; /* FP temporaries are alive here */
    uint8_t temp;    /* a scratch register */
    uint8_t pair;    /* of an access */
    bool write;      /* it asked for a page that may be written */
    bool carried;    /* TcgGen.page_carried, page_delta */
    int32_t delta;
};

/* Pairs of registers that know a page: see regalloc_pages.c. */
enum { PAGE_PAIRS = 2 };

/* Code of one region being generated. */
struct TcgGen {
    TcgContext *ctx;
    const IrRegion *r;
    uint8_t *p, *start, *end; /* in the writable mapping */
    int64_t pc_offset;        /* page offset of the current instruction */
    /* operands of the op being emitted */
    TcgOpnd in[4], out;
    uint8_t temp[2];  /* scratch registers */
    int8_t out_holds; /* number of the input whose value the out register still holds, or -1 */
    bool live_fp;     /* FP temporaries are alive */
    uint32_t stub_count;
    /* The flags tell whether flags_reg is 0 if nothing was emitted since flags_end. */
    const uint8_t *flags_end;
    uint8_t flags_reg;
    bool flags_wide;
    /* An access: the pair of registers for its page. Known: they hold it already, the offset in
     * the page being page_delta lower than the access's. */
    uint8_t page_pair;
    bool page_known;
    bool page_carried;  /* a stub that finds another page lets the pair hold that */
    bool page_writable; /* not known: find a page that may be written, even for a load */
    int32_t page_delta;
    /* A jump back to the region's start goes here... */
    uint8_t *loop;
    /* ...after these changes of the pairs that the loop carries. */
    struct {
        bool forget;
        int32_t add; /* to the place */
    } loop_fix[PAGE_PAIRS];
};

/* What a host provides. Emission at g->p. `mem` operands are displacements as in TcgOpnd. */
typedef struct TcgBackend {
    RegSet temps_int, temps_fp; /* registers for temporaries */
    RegSet first_int;           /* those to use first: rarely clobbered */
    struct {
        uint8_t place, page;
    } page_pairs[PAGE_PAIRS]; /* for the page of an access: offset in it, its host address */
    const uint8_t *pins_int, *pins_fp; /* registers for slots, best first */
    unsigned pin_int_count, pin_fp_count;
    unsigned max_op_bytes; /* no op takes more, with its stubs and moves of the allocator */

    /* Detects features into ctx->features, fills ctx->rows and writes the trampolines. */
    void (*init)(TcgContext *ctx, const TcgConfig *config, TcgGen *g);
    void (*move)(TcgGen *g, unsigned dst, unsigned src);
    void (*load)(TcgGen *g, IrType type, unsigned dst, int32_t disp);
    void (*store)(TcgGen *g, IrType type, unsigned src, int32_t disp);
    void (*constant)(TcgGen *g, unsigned dst, int64_t value);
    void (*forget_page)(TcgGen *g, unsigned pair); /* no check of the pair's place succeeds */
    bool (*store_constant)(TcgGen *g, int64_t value, int32_t disp); /* false: cannot */
    /* Rows of a check and the access after it as one op: in = base, stored value. */
    const TcgRow *fused_load, *fused_store;
} TcgBackend;

/* Allocator's workspace, by temporary. */
typedef struct TcgTempInfo {
    uint32_t last_use; /* index of the op + 1; 0: never used */
    uint8_t reg;       /* or REG_NONE */
    uint8_t hint;      /* pinned register to compute it in, or REG_NONE */
    uint8_t spill;     /* index in TcgState.spill, or REG_NONE */
    uint8_t type;
} TcgTempInfo;

/* Trampolines every back-end has; others are numbered from TCG_TRAMP_HOST. */
enum {
    TCG_TRAMP_ENTER,
    TCG_TRAMP_EXIT,
    TCG_TRAMP_HOST,
    TCG_MAX_TRAMPOLINES = 32 + TCG_MAX_HELPERS,
};

struct TcgContext {
    const TcgIsa *isa;
    const TcgBackend *backend;
    uint8_t *rw;        /* the buffer, writable */
    ptrdiff_t rx_delta; /* from there to where it executes */
    size_t size, used;  /* bytes; `used` includes the trampolines */
    size_t code_start;  /* end of the trampolines */
    int memfd;          /* -1: one mapping */
    uint32_t features;  /* the back-end's */

    uint8_t *slot_reg;            /* by slot: pinned register or REG_NONE */
    uint16_t pin_slot[REG_COUNT]; /* by register: IrRef of the slot pinned there or IR_NONE */
    uint8_t *tramp[TCG_MAX_TRAMPOLINES]; /* writable addresses, numbered by the back-end */
    const TcgRow *rows[IR_OPCODE_COUNT][IR_TYPE_COUNT];

    TcgTempInfo *temps;
    size_t temp_cap;
    uint8_t *reuse; /* by op: what later accesses want of a check's base */
    size_t reuse_cap;
    TcgStub *stubs;
    size_t stub_cap;
};

/* Generates the body of g->r at g->p. False: no room. */
bool tcg_allocate_region(TcgGen *g);

/* A zeroed stub for the current op; valid until the next call. */
TcgStub *tcg_add_stub(TcgGen *g, void (*emit)(TcgGen *g, TcgStub *stub));

static inline int32_t tcg_disp(size_t state_offset)
{
    return (int32_t)state_offset - TCG_STATE_BIAS;
}

#ifdef __x86_64__
extern const TcgBackend tcg_x86_64;
#endif

#endif
