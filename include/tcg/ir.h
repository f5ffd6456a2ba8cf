/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intermediate representation: what a guest front-end emits and back-ends consume.
 *
 * A region is a linear array of operations over slots (guest registers, mutable, named by the
 * front-end), temporaries (assigned once, alive inside the region) and constants. Guest state is
 * exact at every op flagged LEAVE except for the pc, which is the last `insn` op's.
 *
 * Nothing here locks: a region belongs to the thread that builds it.
 */
#ifndef TCG_IR_H
#define TCG_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

typedef enum IrOpcode {
#define OP(name, outs, ins, shape, flags, meaning) IR_##name,
#include "../../tcg/op.def"
#undef OP
    IR_OPCODE_COUNT
} IrOpcode;

/* Width and class of an op instance or of a value. */
typedef enum IrType { IR_I32, IR_I64, IR_F32, IR_F64, IR_TYPE_COUNT } IrType;

typedef enum IrCond {
    IR_EQ,
    IR_NE,
    IR_LT,
    IR_GE,
    IR_LTU,
    IR_GEU,
    IR_LE,
    IR_GT,
    IR_LEU,
    IR_GTU,
    IR_COND_COUNT
} IrCond;

/* Memory access in an op's `c`: log2 of the size, then flags. Little endian. */
enum {
    IR_MEM_8 = 0,
    IR_MEM_16 = 1,
    IR_MEM_32 = 2,
    IR_MEM_64 = 3,
    IR_MEM_SIZE_MASK = 3,
    IR_MEM_SIGN = 1 << 2,   /* ld: sign extend to 64 bits */
    IR_MEM_WRITE = 1 << 3,  /* tlbchk: the page must be writable */
    IR_MEM_ATOMIC = 1 << 4, /* tlbchk: naturally aligned RAM wanted: with WRITE both read and
                               written, without it only read (a load-reserved, whose faults are a
                               load's); misaligned or not RAM raises the ISA's fault */
};

typedef enum IrAmo {
    IR_AMO_SWAP,
    IR_AMO_ADD,
    IR_AMO_AND,
    IR_AMO_OR,
    IR_AMO_XOR,
    IR_AMO_MIN,
    IR_AMO_MAX,
    IR_AMO_MINU,
    IR_AMO_MAXU,
    IR_AMO_COUNT
} IrAmo;

/* fence kinds: on hosts with total store order only FULL costs anything. */
typedef enum IrFence { IR_FENCE_ACQ_REL, IR_FENCE_FULL } IrFence;

/* fma: which parts are negated. */
enum { IR_FMA_NEG_PRODUCT = 1, IR_FMA_NEG_ADDEND = 2 };

/* fcmp */
typedef enum IrFcmp { IR_FCMP_EQ, IR_FCMP_LT, IR_FCMP_LE } IrFcmp;

/* ftoi, itof: the integer's kind; ftoi: rounding << 4. Order of rounding modes is RISC-V's frm. */
enum { IR_CVT_I32, IR_CVT_U32, IR_CVT_I64, IR_CVT_U64 };
typedef enum IrRound { IR_RNE, IR_RTZ, IR_RDN, IR_RUP, IR_RMM, IR_ROUND_DYN = 7 } IrRound;

/* Op instance flags. */
enum { IR_F_POLL = 1 /* jump, brcond: test the exit flag before going on (back-edges) */ };

/* Opcode flags (op.def). */
enum {
    IR_COMM = 1,
    IR_PURE = 2,
    IR_LEAVE = 4,
    IR_END = 8,
    IR_EFFECT = 16,
    IR_FP = 32,
};

/* A reference to a value: nothing, a slot, a temporary or a constant. */
typedef uint16_t IrRef;
enum { IR_NONE = 0, IR_SLOT0 = 1, IR_TEMP0 = 0x400, IR_CONST0 = 0x8000 };
enum {
    IR_MAX_SLOTS = IR_TEMP0 - IR_SLOT0,
    IR_MAX_TEMPS = IR_CONST0 - IR_TEMP0,
    IR_MAX_CONSTS = 0x10000 - IR_CONST0,
};

static inline bool ir_is_slot(IrRef r)
{
    return r >= IR_SLOT0 && r < IR_TEMP0;
}
static inline bool ir_is_temp(IrRef r)
{
    return r >= IR_TEMP0 && r < IR_CONST0;
}
static inline bool ir_is_const(IrRef r)
{
    return r >= IR_CONST0;
}
static inline IrRef ir_slot(unsigned index)
{
    return (IrRef)(IR_SLOT0 + index);
}

typedef struct IrOp {
    uint8_t opc;   /* IrOpcode */
    uint8_t type;  /* IrType */
    uint8_t c;     /* small constant, see op.def */
    uint8_t flags; /* IR_F_* */
    IrRef out;
    IrRef in[4];
    int64_t imm;
} IrOp;

/* A slot: guest state that generated code addresses. Described once by each ISA. */
typedef struct TcgSlot {
    const char *name;
    uint32_t offset; /* bytes from the start of TcgState */
    uint8_t type;    /* IR_I64 or IR_F64 */
    uint8_t pin;     /* 0: in memory; else the higher, the sooner it gets a host register */
} TcgSlot;

/* A C function that IR may call: uint64_t fn(TcgState *, uint64_t a, b, c, d). */
typedef enum TcgHelperFlags {
    TCG_H_READS = 1,  /* reads slots: pinned registers are written back before the call */
    TCG_H_WRITES = 2, /* writes slots: pinned registers are reloaded after it. Implies READS */
    TCG_H_RAISES = 4, /* may set state->raised; state->pc holds the instruction's pc at the call.
                         Implies READS and WRITES */
    TCG_H_FP = 8,     /* looks at or changes state->fp_status */
} TcgHelperFlags;

struct TcgState;
typedef uint64_t TcgHelperFn(struct TcgState *state, uint64_t a, uint64_t b, uint64_t c,
                             uint64_t d);

typedef struct TcgHelper {
    const char *name;
    TcgHelperFn *fn;
    uint8_t args;
    uint8_t flags;
} TcgHelper;

/* What IR refers to by number: an ISA's slots and helpers. Constant. */
typedef struct TcgIsa {
    const char *name;
    const TcgSlot *slots;
    unsigned slot_count;
    const TcgHelper *helpers;
    unsigned helper_count;
} TcgIsa;

/* One region under construction or finished. */
typedef struct IrRegion {
    const TcgIsa *isa;
    uint64_t pc_page; /* guest virtual address of the page; for logs: code must not depend on it */
    uint32_t start;   /* page offset of the first instruction */
    uint32_t flags;   /* the state word the region was translated under */
    uint8_t mmu_idx;  /* soft-TLB that tlbchk uses */
    uint8_t jc_idx;   /* jump cache that jumps use */
    bool split;       /* an instruction crosses into the next page: never linked directly */
    bool serial;      /* no other hart runs at the same time: atomics need no locked operations */
    uint32_t guest_size; /* bytes of guest code covered, from start */
    uint32_t insn_count;

    IrOp *ops;
    uint32_t op_count, op_cap;
    uint8_t *temp_types; /* IrType by temporary */
    uint32_t temp_count, temp_cap;
    int64_t *consts;
    uint32_t const_count, const_cap;
    struct IrScratch *scratch; /* memory of the passes, kept from region to region */
} IrRegion;

/* Creates an empty region; reset empties it keeping its memory. */
IrRegion *ir_region_new(const TcgIsa *isa);
void ir_region_reset(IrRegion *r);
void ir_region_free(IrRegion *r);
/* A compact copy that owns its arrays (what the interpreter keeps in the block table). */
IrRegion *ir_region_copy(const IrRegion *r);

/* Building blocks: a fresh temporary of a type, a constant, an op appended. The IrOp * returned is
 * valid until the next append. */
IrRef ir_temp(IrRegion *r, IrType type);
IrRef ir_const(IrRegion *r, int64_t value);
IrOp *ir_append(IrRegion *r, IrOpcode opc, IrType type, IrRef out, IrRef a, IrRef b);

static inline int64_t ir_const_value(const IrRegion *r, IrRef c)
{
    return r->consts[c - IR_CONST0];
}
/* Type of any reference (constants: I64). */
IrType ir_ref_type(const IrRegion *r, IrRef ref);

/* Builders used by front-ends. The `_to` forms write to `out` (slot or temp); the others make a
 * temporary and return it. Types: integer ops take the width; values are 64-bit containers. */
void ir_op1(IrRegion *r, IrOpcode opc, IrType type, IrRef out, IrRef a);
void ir_op2(IrRegion *r, IrOpcode opc, IrType type, IrRef out, IrRef a, IrRef b);
IrRef ir_t1(IrRegion *r, IrOpcode opc, IrType type, IrRef a);
IrRef ir_t2(IrRegion *r, IrOpcode opc, IrType type, IrRef a, IrRef b);
void ir_mov(IrRegion *r, IrRef out, IrRef a);
void ir_addsh(IrRegion *r, IrRef out, IrRef a, IrRef b, unsigned shift);
void ir_setc(IrRegion *r, IrType type, IrCond cond, IrRef out, IrRef a, IrRef b);
void ir_sel(IrRegion *r, IrType type, IrCond cond, IrRef out, IrRef a, IrRef b, IrRef yes,
            IrRef no);
void ir_pcrel(IrRegion *r, IrRef out, int64_t page_offset);
/* out (I64/F32/F64 by its type) = guest memory at base + offset; emits tlbchk + ld, adjacent. */
void ir_load(IrRegion *r, IrRef out, IrRef base, int64_t offset, unsigned mem);
void ir_store(IrRegion *r, IrRef value, IrRef base, int64_t offset, unsigned mem);
/* Host pointer for atomics at base (IR_MEM_ATOMIC | WRITE implied). */
IrRef ir_atomic_ptr(IrRegion *r, IrRef base, unsigned size_log2);
void ir_amo(IrRegion *r, IrType type, IrAmo kind, IrRef out, IrRef host, IrRef value);
void ir_cas(IrRegion *r, IrType type, IrRef out, IrRef host, IrRef expected, IrRef desired);
void ir_fence(IrRegion *r, IrFence kind);
void ir_call(IrRegion *r, unsigned helper, IrRef out, IrRef a, IrRef b, IrRef c, IrRef d);
void ir_insn(IrRegion *r, uint32_t page_offset, unsigned length);
/* Direct control flow to a page offset (may be negative or beyond the page); poll on back-edges. */
void ir_brcond(IrRegion *r, IrType type, IrCond cond, IrRef a, IrRef b, int64_t page_offset,
               bool poll);
void ir_jump(IrRegion *r, int64_t page_offset, bool poll);
void ir_jumpind(IrRegion *r, IrRef target);
void ir_dispatch(IrRegion *r);
void ir_leave(IrRegion *r);

/* Table facts: one row of op.def. */
typedef struct IrOpInfo {
    const char *name;
    uint8_t outs, ins, shape, flags;
    const char *meaning;
} IrOpInfo;
extern const IrOpInfo ir_op_info[IR_OPCODE_COUNT];

/* What the types, `c` and `imm` of an op may be. */
typedef enum IrShape {
    IR_SHAPE_MOVE,
    IR_SHAPE_BITCAST,
    IR_SHAPE_ADDRESS,
    IR_SHAPE_INT,
    IR_SHAPE_SHADD,
    IR_SHAPE_EXTEND,
    IR_SHAPE_COMPARE,
    IR_SHAPE_CHECK,
    IR_SHAPE_LOAD,
    IR_SHAPE_STORE,
    IR_SHAPE_AMO,
    IR_SHAPE_FENCE,
    IR_SHAPE_UNBOX,
    IR_SHAPE_BOX,
    IR_SHAPE_FLOAT,
    IR_SHAPE_FMA,
    IR_SHAPE_FCMP,
    IR_SHAPE_FCVT,
    IR_SHAPE_FTOI,
    IR_SHAPE_ITOF,
    IR_SHAPE_CALL,
    IR_SHAPE_INSN,
    IR_SHAPE_BRANCH,
    IR_SHAPE_JUMP,
    IR_SHAPE_JUMPIND,
    IR_SHAPE_BARE,
    IR_SHAPE_COUNT
} IrShape;

/* Operand types as seen from the op's type T. */
typedef enum IrOperand {
    IR_OPERAND_INT,         /* integer: a 64-bit container, whatever T */
    IR_OPERAND_OWN,         /* T; i32 and i64 are both the integer container */
    IR_OPERAND_OTHER_FLOAT, /* f32 if T is f64, f64 if it is f32 */
    IR_OPERAND_BITS,        /* integer if T is FP, FP of either size if T is i64 */
    IR_OPERAND_F32,
    IR_OPERAND_F64,
} IrOperand;

typedef enum IrSmall {
    IR_SMALL_NONE,
    IR_SMALL_NUMBER, /* 0 .. small_max */
    IR_SMALL_COND,
    IR_SMALL_MEM,
    IR_SMALL_AMO,
    IR_SMALL_FENCE,
    IR_SMALL_FMA,
    IR_SMALL_FCMP,
    IR_SMALL_CVT,
    IR_SMALL_CVT_ROUND,
} IrSmall;

typedef enum IrLarge {
    IR_LARGE_NONE,
    IR_LARGE_OFFSET,
    IR_LARGE_HELPER,
} IrLarge;

typedef struct IrShapeInfo {
    uint8_t types;     /* bit set of the IrTypes T may be */
    uint8_t out, in;   /* IrOperand */
    bool host_first;   /* the first input is a host pointer: an integer whatever `in` is */
    uint8_t small;     /* IrSmall: what c is */
    uint8_t small_max; /* IR_SMALL_NUMBER: largest c */
    uint8_t large;     /* IrLarge: what imm is */
} IrShapeInfo;
extern const IrShapeInfo ir_shapes[IR_SHAPE_COUNT];

/* The type an operand must have: IR_I64 for integers. BITS of an i64 op: IR_TYPE_COUNT, any FP. */
IrType ir_operand_type(IrOperand operand, IrType type);
/* Checks well-formedness (temps assigned once before use, types, operand counts, an END op last and
 * only last). Returns NULL or a static/heap message describing the first fault (caller g_free()s).
 */
char *ir_verify(const IrRegion *r);

/* Text form, e.g. `add.i64 a4, a5, #16`; parse reads what print writes. Used by -d op and tests. */
void ir_print(const IrRegion *r, GString *out);
bool ir_parse(IrRegion *r, const char *text, char **error);

/* Passes: linear in the number of ops, in place. */
void ir_fold(IrRegion *r);      /* constants, copies, algebra, known NaN boxing, slot forwarding */
void ir_eliminate(IrRegion *r); /* dead temporaries and dead slot stores */
/* Value of a pure op (but pcrel and slotaddr) on constants or bit patterns: the one definition,
 * shared by ir_fold and the interpreter. `in` are the inputs' 64-bit containers. */
uint64_t ir_eval(IrOpcode opc, IrType type, uint8_t c, const uint64_t in[4]);
/* Does a <cond> b hold at the width of `type` (I32 or I64)? */
bool ir_compare(IrType type, IrCond cond, uint64_t a, uint64_t b);

#endif
