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
} Interp;

typedef enum Outcome {
    NEXT,     /* go on with the next op */
    SKIP_ONE, /* this op did the next one's work too */
    CONTINUE, /* the region is left: state->pc says where to go on */
    STOP,     /* likewise, and back to whoever asked to run */
} Outcome;

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

static Outcome go_to(Interp *in, uint64_t pc, bool poll)
{
    in->state->pc = pc;
    return poll && __atomic_load_n(&in->state->exit_request, __ATOMIC_RELAXED) ? STOP : CONTINUE;
}

static Outcome go_to_offset(Interp *in, const IrOp *op)
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
    uint64_t tag = mem & IR_MEM_WRITE ? tlb->tag_w[index] : tlb->tag_r[index];
    uint64_t size = 1ull << (mem & IR_MEM_SIZE_MASK), offset = gva ^ tag;

    if (offset > TCG_PAGE_SIZE - size || ((mem & IR_MEM_ATOMIC) && (gva & (size - 1)))) {
        return NULL;
    }
    return (void *)(uintptr_t)(tlb->host[index] + offset);
}

static Outcome run_atomic_check(Interp *in, const IrOp *op)
{
    uint64_t gva = get(in, op->in[0]) + (uint64_t)op->imm;
    void *host = tlb_find(in, gva, op->c);

    if (!host) {
        set_pc(in);
        host = ((AtomicFn *)in->state->rt[TCG_RT_ATOMIC])(in->state, gva, op->c);
        if (in->state->raised) {
            return CONTINUE;
        }
    }
    put(in, op->out, (uint64_t)(uintptr_t)host);
    return NEXT;
}

static Outcome run_pair(Interp *in, const IrOp *check)
{
    const IrOp *access = check + 1;
    uint64_t gva = get(in, check->in[0]) + (uint64_t)check->imm, value;
    void *host = tlb_find(in, gva, check->c);

    if (access->opc == IR_st) {
        value = get(in, access->in[1]);
        if (host) {
            store_host(host, access->c, value);
            return SKIP_ONE;
        }
        set_pc(in);
        ((StoreFn *)in->state->rt[TCG_RT_STORE])(in->state, gva, check->c, value);
        return in->state->raised ? CONTINUE : SKIP_ONE;
    }
    if (host) {
        value = load_host(host, access->c);
    } else {
        set_pc(in);
        value = ((LoadFn *)in->state->rt[TCG_RT_LOAD])(in->state, gva, check->c);
        if (in->state->raised) {
            return CONTINUE;
        }
    }
    put(in, access->out, value);
    return SKIP_ONE;
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

static void run_amo(Interp *in, const IrOp *op)
{
    void *host = (void *)(uintptr_t)get(in, op->in[0]);
    uint64_t value = get(in, op->in[1]), old = atomic_read(host, op->type);

    while (!atomic_swap(host, op->type, &old,
                        amo_combine((IrAmo)op->c, (IrType)op->type, old, value))) {
    }
    put(in, op->out, old);
}

static void run_cas(Interp *in, const IrOp *op)
{
    void *host = (void *)(uintptr_t)get(in, op->in[0]);
    uint64_t old = get(in, op->in[1]);

    atomic_swap(host, op->type, &old, get(in, op->in[2]));
    put(in, op->out, old);
}

/* --- everything else --- */

static Outcome run_call(Interp *in, const IrOp *op)
{
    const TcgHelper *helper = &in->r->isa->helpers[op->imm];

    if (helper->flags & TCG_H_RAISES) {
        set_pc(in);
    }
    uint64_t value = helper->fn(in->state, get(in, op->in[0]), get(in, op->in[1]),
                                get(in, op->in[2]), get(in, op->in[3]));
    if ((helper->flags & TCG_H_RAISES) && in->state->raised) {
        return CONTINUE;
    }
    put(in, op->out, value);
    return NEXT;
}

static void run_fp(Interp *in, const IrOp *op)
{
    uint64_t what = op->opc | (uint64_t)op->type << 8 | (uint64_t)op->c << 16;

    put(in, op->out,
        tcg_soft_fp(in->state, what, get(in, op->in[0]), get(in, op->in[1]), get(in, op->in[2])));
}

static void run_pure(Interp *in, const IrOp *op)
{
    uint64_t inputs[4];

    for (unsigned i = 0; i < ir_op_info[op->opc].ins; i++) {
        inputs[i] = get(in, op->in[i]);
    }

    put(in, op->out, ir_eval((IrOpcode)op->opc, (IrType)op->type, op->c, inputs));
}

/* The commonest 64-bit ops, without the way through ir_eval. */
static inline bool run_frequent(Interp *in, const IrOp *op)
{
    uint64_t a = get(in, op->in[0]), result;

    switch (op->opc) {
    case IR_mov:
        result = a;
        break;
    case IR_add:
        result = a + get(in, op->in[1]);
        break;
    case IR_sub:
        result = a - get(in, op->in[1]);
        break;
    case IR_and:
        result = a & get(in, op->in[1]);
        break;
    case IR_or:
        result = a | get(in, op->in[1]);
        break;
    case IR_xor:
        result = a ^ get(in, op->in[1]);
        break;
    case IR_shl:
        result = a << (get(in, op->in[1]) & 63);
        break;
    case IR_shr:
        result = a >> (get(in, op->in[1]) & 63);
        break;
    case IR_sext32:
        result = (uint64_t)(int32_t)a;
        break;
    default:
        return false;
    }
    put(in, op->out, result);
    return true;
}

static Outcome run_op(Interp *in, const IrOp *op)
{
    TcgState *state = in->state;

    switch (op->opc) {
    case IR_insn:
        in->insn = op->imm;
        return NEXT;
    case IR_pcrel:
        put(in, op->out, state->pc_page + (uint64_t)op->imm);
        return NEXT;
    case IR_slotaddr:
        put(in, op->out, (uint64_t)(uintptr_t)state + (uint64_t)op->imm);
        return NEXT;
    case IR_tlbchk:
        return ir_is_paired_check(op) ? run_pair(in, op) : run_atomic_check(in, op);
    case IR_ld:
        put(in, op->out,
            load_host((void *)(uintptr_t)(get(in, op->in[0]) + (uint64_t)op->imm), op->c));
        return NEXT;
    case IR_st:
        store_host((void *)(uintptr_t)(get(in, op->in[0]) + (uint64_t)op->imm), op->c,
                   get(in, op->in[1]));
        return NEXT;
    case IR_amo:
        run_amo(in, op);
        return NEXT;
    case IR_cas:
        run_cas(in, op);
        return NEXT;
    case IR_fence:
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        return NEXT;
    case IR_call:
        return run_call(in, op);
    case IR_brcond:
        return ir_compare((IrType)op->type, (IrCond)op->c, get(in, op->in[0]), get(in, op->in[1]))
                   ? go_to_offset(in, op)
                   : NEXT;
    case IR_jump:
        return go_to_offset(in, op);
    case IR_jumpind:
        return go_to(in, get(in, op->in[0]), true);
    case IR_dispatch:
        return CONTINUE;
    case IR_leave:
        return STOP;
    }
    if (op->type == IR_I64 && run_frequent(in, op)) {
        return NEXT;
    }
    if (ir_op_info[op->opc].flags & IR_FP) {
        run_fp(in, op);
    } else {
        run_pure(in, op);
    }
    return NEXT;
}

bool tcg_interp_run(const IrRegion *r, TcgState *state)
{
    uint64_t on_stack[TEMPS_ON_STACK];
    bool small = r->temp_count <= TEMPS_ON_STACK;
    Interp in = { .r = r, .state = state, .insn = r->start };
    const IrOp *op = r->ops;
    Outcome outcome;

    in.temps = small ? on_stack : g_new(uint64_t, r->temp_count);
    do {
        outcome = run_op(&in, op);
        op += outcome == SKIP_ONE ? 2 : 1;
    } while (outcome <= SKIP_ONE);
    if (!small) {
        g_free(in.temps);
    }
    return outcome == CONTINUE;
}
