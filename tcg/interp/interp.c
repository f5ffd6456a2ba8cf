/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IR interpreter: the oracle of every differential test, and the way to run on hosts without
 * a back-end. Memory, helpers and polls behave as in generated code.
 */
#include <assert.h>
#include <string.h>

#include "tcg/ir.h"
#include "tcg/tcg.h"
#include "../ir_private.h"

enum { TEMPS_ON_STACK = 256 };

typedef uint64_t LoadFn(TcgState *state, uint64_t gva, uint64_t mem);
typedef void StoreFn(TcgState *state, uint64_t gva, uint64_t mem, uint64_t value);
typedef void *AtomicFn(TcgState *state, uint64_t gva, uint64_t mem);

typedef struct Interp {
    const IrRegion *r;
    TcgState *state;
    uint64_t *temps;
    int64_t insn; /* page offset of the instruction being run */
    bool more;    /* the outcome, once the region is left */
} Interp;

/* Runs an op; returns the next one, or NULL: the region is left, state->pc says where to. */
typedef const IrOp *Handler(Interp *in, const IrOp *op);

static inline uint64_t *slot_address(const Interp *in, IrRef ref)
{
    return (uint64_t *)((char *)in->state + in->r->isa->slots[ref - IR_SLOT0].offset);
}

static inline uint64_t get(const Interp *in, IrRef ref)
{
    if (ref >= IR_CONST0) {
        return (uint64_t)in->r->consts[ref - IR_CONST0];
    }
    if (ref >= IR_TEMP0) {
        return in->temps[ref - IR_TEMP0];
    }
    return ref == IR_NONE ? 0 : *slot_address(in, ref);
}

static inline void put(Interp *in, IrRef ref, uint64_t value)
{
    if (ref >= IR_TEMP0) {
        in->temps[ref - IR_TEMP0] = value;
    } else if (ref != IR_NONE) {
        *slot_address(in, ref) = value;
    }
}

/* Makes state->pc exact before something that may raise. */
static void set_pc(Interp *in)
{
    in->state->pc = in->state->pc_page + (uint64_t)in->insn;
}

static const IrOp *leave(Interp *in, bool more)
{
    in->more = more;
    return NULL;
}

static const IrOp *go_to(Interp *in, uint64_t pc, bool poll)
{
    in->state->pc = pc;
    return leave(in, !poll || !__atomic_load_n(&in->state->exit_request, __ATOMIC_RELAXED));
}

static const IrOp *go_to_offset(Interp *in, const IrOp *op)
{
    return go_to(in, in->state->pc_page + (uint64_t)op->imm, op->flags & IR_F_POLL);
}

/* --- memory --- */

typedef uint16_t Unaligned16 __attribute__((aligned(1)));
typedef uint32_t Unaligned32 __attribute__((aligned(1)));
typedef uint64_t Unaligned64 __attribute__((aligned(1)));

static uint64_t load_host(const void *host, unsigned mem)
{
    uint64_t value = 0;
    unsigned bits = 8u << (mem & IR_MEM_SIZE_MASK);

    /* One access, so that other harts never see halves. */
    switch (mem & IR_MEM_SIZE_MASK) {
    case IR_MEM_8:
        value = *(const volatile uint8_t *)host;
        break;
    case IR_MEM_16:
        value = *(const volatile Unaligned16 *)host;
        break;
    case IR_MEM_32:
        value = *(const volatile Unaligned32 *)host;
        break;
    default:
        value = *(const volatile Unaligned64 *)host;
        break;
    }
    return mem & IR_MEM_SIGN ? (uint64_t)((int64_t)(value << (64 - bits)) >> (64 - bits)) : value;
}

static void store_host(void *host, unsigned mem, uint64_t value)
{
    switch (mem & IR_MEM_SIZE_MASK) {
    case IR_MEM_8:
        *(volatile uint8_t *)host = (uint8_t)value;
        break;
    case IR_MEM_16:
        *(volatile Unaligned16 *)host = (uint16_t)value;
        break;
    case IR_MEM_32:
        *(volatile Unaligned32 *)host = (uint32_t)value;
        break;
    default:
        *(volatile Unaligned64 *)host = value;
        break;
    }
}

/* Host address on a TLB hit of the whole access, else NULL. */
static void *tlb_find(const Interp *in, uint64_t gva, unsigned mem)
{
    const TcgTlb *tlb = &in->state->tlb[in->r->mmu_idx];
    unsigned index = gva >> TCG_PAGE_BITS & (TCG_TLB_SIZE - 1);
    const TcgTlbEntry *e = mem & IR_MEM_WRITE ? &tlb->store[index] : &tlb->load[index];
    uint64_t size = 1ull << (mem & IR_MEM_SIZE_MASK), offset = gva ^ e->tag;

    if (offset > TCG_PAGE_SIZE - size || ((mem & IR_MEM_ATOMIC) && (gva & (size - 1)))) {
        return NULL;
    }
    return (void *)(uintptr_t)(e->host + offset);
}

static const IrOp *run_atomic_check(Interp *in, const IrOp *op)
{
    uint64_t gva = get(in, op->in[0]) + (uint64_t)op->imm;
    void *host = tlb_find(in, gva, op->c);

    if (!host) {
        set_pc(in);
        host = ((AtomicFn *)in->state->rt[TCG_RT_ATOMIC])(in->state, gva, op->c);
        if (in->state->raised) {
            return leave(in, true);
        }
    }
    put(in, op->out, (uint64_t)(uintptr_t)host);
    return op + 1;
}

/* A check and the access after it. */
static const IrOp *run_pair(Interp *in, const IrOp *check)
{
    const IrOp *access = check + 1;
    uint64_t gva = get(in, check->in[0]) + (uint64_t)check->imm, value;
    void *host = tlb_find(in, gva, check->c);

    if (access->opc == IR_st) {
        value = get(in, access->in[1]);
        if (host) {
            store_host(host, access->c, value);
            return access + 1;
        }
        set_pc(in);
        ((StoreFn *)in->state->rt[TCG_RT_STORE])(in->state, gva, check->c, value);
        return in->state->raised ? leave(in, true) : access + 1;
    }
    if (host) {
        value = load_host(host, access->c);
    } else {
        set_pc(in);
        value = ((LoadFn *)in->state->rt[TCG_RT_LOAD])(in->state, gva, check->c);
        if (in->state->raised) {
            return leave(in, true);
        }
    }
    put(in, access->out, value);
    return access + 1;
}

static bool amo_keeps_old(IrAmo kind, IrType type, uint64_t old, uint64_t value)
{
    switch (kind) {
    case IR_AMO_MIN:
        return ir_compare(type, IR_LE, old, value);
    case IR_AMO_MAX:
        return ir_compare(type, IR_GE, old, value);
    case IR_AMO_MINU:
        return ir_compare(type, IR_LEU, old, value);
    default:
        return ir_compare(type, IR_GEU, old, value);
    }
}

static uint64_t amo_combine(IrAmo kind, IrType type, uint64_t old, uint64_t value)
{
    switch (kind) {
    case IR_AMO_SWAP:
        return value;
    case IR_AMO_ADD:
        return old + value;
    case IR_AMO_AND:
        return old & value;
    case IR_AMO_OR:
        return old | value;
    case IR_AMO_XOR:
        return old ^ value;
    default:
        return amo_keeps_old(kind, type, old, value) ? old : value;
    }
}

static uint64_t atomic_read(const void *host, IrType type)
{
    return type == IR_I32 ? __atomic_load_n((const uint32_t *)host, __ATOMIC_SEQ_CST)
                          : __atomic_load_n((const uint64_t *)host, __ATOMIC_SEQ_CST);
}

/* Compare and swap; *expected gets what was there. */
static bool atomic_swap(void *host, IrType type, uint64_t *expected, uint64_t desired)
{
    uint32_t narrow = (uint32_t)*expected;
    bool done;

    if (type == IR_I32) {
        done = __atomic_compare_exchange_n((uint32_t *)host, &narrow, (uint32_t)desired, false,
                                           __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        *expected = narrow;
        return done;
    }
    return __atomic_compare_exchange_n((uint64_t *)host, expected, desired, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static const IrOp *run_amo(Interp *in, const IrOp *op)
{
    void *host = (void *)(uintptr_t)get(in, op->in[0]);
    uint64_t value = get(in, op->in[1]), old = atomic_read(host, op->type);

    while (!atomic_swap(host, op->type, &old,
                        amo_combine((IrAmo)op->c, (IrType)op->type, old, value))) {
    }
    put(in, op->out, old);
    return op + 1;
}

static const IrOp *run_cas(Interp *in, const IrOp *op)
{
    void *host = (void *)(uintptr_t)get(in, op->in[0]);
    uint64_t old = get(in, op->in[1]);

    atomic_swap(host, op->type, &old, get(in, op->in[2]));
    put(in, op->out, old);
    return op + 1;
}

static const IrOp *run_tlbchk(Interp *in, const IrOp *op)
{
    return ir_is_paired_check(op) ? run_pair(in, op) : run_atomic_check(in, op);
}

/* ld and st off a pointer to atomic RAM or to the state. */
static void *raw_address(const Interp *in, const IrOp *op)
{
    return (void *)(uintptr_t)(get(in, op->in[0]) + (uint64_t)op->imm);
}

static const IrOp *run_ld(Interp *in, const IrOp *op)
{
    put(in, op->out, load_host(raw_address(in, op), op->c));
    return op + 1;
}

static const IrOp *run_st(Interp *in, const IrOp *op)
{
    store_host(raw_address(in, op), op->c, get(in, op->in[1]));
    return op + 1;
}

static const IrOp *run_fence(Interp *in, const IrOp *op)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return op + 1;
}

/* --- calls and control flow --- */

static const IrOp *run_call(Interp *in, const IrOp *op)
{
    const TcgHelper *helper = &in->r->isa->helpers[op->imm];

    if (helper->flags & TCG_H_RAISES) {
        set_pc(in);
    }
    uint64_t value = helper->fn(in->state, get(in, op->in[0]), get(in, op->in[1]),
                                get(in, op->in[2]), get(in, op->in[3]));
    if ((helper->flags & TCG_H_RAISES) && in->state->raised) {
        return leave(in, true);
    }
    put(in, op->out, value);
    return op + 1;
}

static const IrOp *run_insn(Interp *in, const IrOp *op)
{
    in->insn = op->imm;
    return op + 1;
}

static bool condition(const Interp *in, const IrOp *op)
{
    uint64_t a = get(in, op->in[0]), b = get(in, op->in[1]);

    if (op->type == IR_I64 && op->c <= IR_NE) {
        return (a == b) == (op->c == IR_EQ);
    }
    return ir_compare((IrType)op->type, (IrCond)op->c, a, b);
}

static const IrOp *run_brcond(Interp *in, const IrOp *op)
{
    return condition(in, op) ? go_to_offset(in, op) : op + 1;
}

static const IrOp *run_jumpind(Interp *in, const IrOp *op)
{
    return go_to(in, get(in, op->in[0]), true);
}

static const IrOp *run_dispatch(Interp *in, const IrOp *op)
{
    return leave(in, true);
}

static const IrOp *run_leave(Interp *in, const IrOp *op)
{
    return leave(in, false);
}

/* --- computing --- */

static const IrOp *run_pcrel(Interp *in, const IrOp *op)
{
    put(in, op->out, in->state->pc_page + (uint64_t)op->imm);
    return op + 1;
}

static const IrOp *run_slotaddr(Interp *in, const IrOp *op)
{
    put(in, op->out, (uint64_t)(uintptr_t)in->state + (uint64_t)op->imm);
    return op + 1;
}

static const IrOp *run_fp(Interp *in, const IrOp *op)
{
    uint64_t what = op->opc | (uint64_t)op->type << 8 | (uint64_t)op->c << 16;

    put(in, op->out,
        tcg_soft_fp(in->state, what, get(in, op->in[0]), get(in, op->in[1]), get(in, op->in[2])));
    return op + 1;
}

/* Any pure op. */
static const IrOp *run_pure(Interp *in, const IrOp *op)
{
    uint64_t inputs[4];

    for (unsigned i = 0; i < ir_op_info[op->opc].ins; i++) {
        inputs[i] = get(in, op->in[i]);
    }
    put(in, op->out, ir_eval((IrOpcode)op->opc, (IrType)op->type, op->c, inputs));
    return op + 1;
}

/* The commonest ones, without the way through ir_eval. */
#define FREQUENT(name, value)                                                                      \
    static const IrOp *run_##name(Interp *in, const IrOp *op)                                      \
    {                                                                                              \
        uint64_t a = get(in, op->in[0]), b = get(in, op->in[1]), result = (value);                 \
                                                                                                   \
        put(in, op->out, op->type == IR_I32 ? (uint32_t)result : result);                          \
        return op + 1;                                                                             \
    }
FREQUENT(add, a + b)
FREQUENT(sub, a - b)
FREQUENT(and, a &b)
FREQUENT(or, a | b)
FREQUENT(xor, a ^ b)
FREQUENT(addsh, a + (b << op->c))
FREQUENT(shl, a << (b & (op->type == IR_I32 ? 31 : 63)))
#undef FREQUENT

static const IrOp *run_setc(Interp *in, const IrOp *op)
{
    put(in, op->out, condition(in, op));
    return op + 1;
}

static const IrOp *run_mov(Interp *in, const IrOp *op)
{
    put(in, op->out, get(in, op->in[0]));
    return op + 1;
}

static const IrOp *run_sext32(Interp *in, const IrOp *op)
{
    put(in, op->out, (uint64_t)(int32_t)get(in, op->in[0]));
    return op + 1;
}

/* --- the loop --- */

/* What is not here is computed by run_fp or run_pure. */
static Handler *const handlers[IR_OPCODE_COUNT] = {
    [IR_tlbchk] = run_tlbchk, [IR_ld] = run_ld,           [IR_st] = run_st,
    [IR_amo] = run_amo,       [IR_cas] = run_cas,         [IR_fence] = run_fence,
    [IR_call] = run_call,     [IR_insn] = run_insn,       [IR_brcond] = run_brcond,
    [IR_jump] = go_to_offset, [IR_jumpind] = run_jumpind, [IR_dispatch] = run_dispatch,
    [IR_leave] = run_leave,   [IR_pcrel] = run_pcrel,     [IR_slotaddr] = run_slotaddr,
    [IR_add] = run_add,       [IR_sub] = run_sub,         [IR_and] = run_and,
    [IR_or] = run_or,         [IR_xor] = run_xor,         [IR_addsh] = run_addsh,
    [IR_shl] = run_shl,       [IR_setc] = run_setc,       [IR_mov] = run_mov,
    [IR_sext32] = run_sext32,
};

static const IrOp *run_other(Interp *in, const IrOp *op)
{
    return ir_op_info[op->opc].flags & IR_FP ? run_fp(in, op) : run_pure(in, op);
}

bool tcg_interp_run(const IrRegion *r, TcgState *state)
{
    uint64_t on_stack[TEMPS_ON_STACK];
    bool small = r->temp_count <= TEMPS_ON_STACK;
    Interp in = { .r = r, .state = state, .insn = r->start };

    in.temps = small ? on_stack : g_new(uint64_t, r->temp_count);
    for (const IrOp *op = r->ops; op;) {
        Handler *handler = handlers[op->opc];

        op = handler ? handler(&in, op) : run_other(&in, op);
    }
    if (!small) {
        g_free(in.temps);
    }
    return in.more;
}
