/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sharing TLB checks: what is known about guest pages at this point of the region.
 *
 * Translations cannot change inside of a region but through helpers, which forget everything, so
 * what one access found holds for the next ones off the same base. Where an access went slow
 * nothing was found: `place` is then a value that fails every later check.
 */
#include "regalloc.h"

RegSet pages_pair(const Alloc *a, unsigned pair)
{
    return reg_bit(a->be->page_pairs[pair].place) | reg_bit(a->be->page_pairs[pair].page);
}

RegSet pages_known_regs(const Alloc *a)
{
    RegSet set = 0;
    for (unsigned i = 0; i < PAGE_PAIRS; i++) {
        set |= a->known[i].base != IR_NONE ? pages_pair(a, i) : 0;
    }
    return set;
}

void pages_forget(Alloc *a, RegSet regs)
{
    for (unsigned i = 0; i < PAGE_PAIRS; i++) {
        if (pages_pair(a, i) & regs) {
            a->known[i].base = IR_NONE;
        }
    }
}

void pages_slot_changed(Alloc *a, IrRef slot, const IrOp *op)
{
    bool moved =
        op->opc == IR_add && op->type == IR_I64 && op->in[0] == slot && ir_is_const(op->in[1]);
    int64_t by = moved ? ir_const_value(a->r, op->in[1]) : 0;
    for (unsigned i = 0; i < PAGE_PAIRS; i++) {
        if (a->known[i].base != slot) {
            continue;
        }
        a->known[i].offset -= by;
        if (!moved || by < -TCG_PAGE_SIZE || by > TCG_PAGE_SIZE) {
            a->known[i].base = IR_NONE;
        }
    }
}

/* Would the one comparison that is left decide whether the access stays inside? */
static bool covers(const KnownPage *known, int64_t offset, unsigned size)
{
    int64_t delta = offset - known->offset;
    if (delta >= 0) {
        return delta <= TCG_PAGE_SIZE - (int64_t)size;
    }
    return !known->carried && delta > -TCG_PAGE_SIZE && (int64_t)size <= known->size - delta;
}

int pages_find(const Alloc *a, const IrOp *check)
{
    for (unsigned i = 0; i < PAGE_PAIRS; i++) {
        const KnownPage *known = &a->known[i];
        bool allowed = known->write || !(check->c & (IR_MEM_WRITE | IR_MEM_ATOMIC));
        if (known->base == check->in[0] && allowed &&
            covers(known, check->imm, 1u << (check->c & IR_MEM_SIZE_MASK))) {
            return (int)i;
        }
    }
    return -1;
}

unsigned pages_choose(const Alloc *a, RegSet taken)
{
    unsigned best = 0;
    int64_t best_cost = INT64_MAX;
    for (unsigned i = 0; i < PAGE_PAIRS; i++) {
        const KnownPage *known = &a->known[i];
        int64_t cost = known->base != IR_NONE ? known->used : 0;
        cost += pages_pair(a, i) & taken ? UINT32_MAX : 0;
        cost += known->base != IR_NONE && known->carried ? (int64_t)UINT32_MAX * 2 : 0;
        if (cost < best_cost) {
            best = i;
            best_cost = cost;
        }
    }
    return best;
}

void pages_learn(Alloc *a, unsigned pair, const IrOp *check)
{
    TcgGen *g = a->g;
    bool useful = a->ctx->reuse[check - a->r->ops];
    KnownPage *known = &a->known[pair];
    bool destroyed = g->out.kind == OPND_REG && (pages_pair(a, pair) & reg_bit(g->out.reg));
    if (!useful || destroyed) {
        known->base = IR_NONE;
    } else if (!g->page_known) {
        *known = (KnownPage) {
            .base = check->in[0],
            .offset = check->imm,
            .used = a->now,
            .size = (uint8_t)(1u << (check->c & IR_MEM_SIZE_MASK)),
            .write = g->page_writable,
        };
    }
}

/*
 * Loops. A region that jumps back to its start keeps knowing the pages of up to two bases that are
 * only stepped: before the head their pairs are made to know nothing, a jump back steps `place`
 * like the base, and the stub of a check that fails finds the new page.
 */
enum { MAX_BASES = 6, MAX_STEP = 256, MAX_SPAN = 2048 };

typedef struct LoopBase {
    IrRef base;
    int64_t moved;     /* since the head */
    int64_t low, high; /* of accesses, relative to the base at the head */
    unsigned accesses;
    bool write, unfit;
} LoopBase;

typedef struct LoopBases {
    LoopBase list[MAX_BASES];
    unsigned count;
    bool more; /* there are accesses off others */
} LoopBases;

static bool is_back_edge(const IrRegion *r, const IrOp *op)
{
    return (op->opc == IR_brcond || op->opc == IR_jump) && op->imm == r->start && !r->split;
}

static bool is_fused(const IrOp *op)
{
    return op->opc == IR_tlbchk && !(op->c & IR_MEM_ATOMIC);
}

static bool is_integer_temp(const Alloc *a, IrRef ref)
{
    return ir_is_temp(ref) && a->temps[ref - IR_TEMP0].type < IR_F32 &&
           a->temps[ref - IR_TEMP0].hint == REG_NONE;
}

static bool is_in_memory(const Alloc *a, IrRef ref)
{
    return ir_is_slot(ref) && a->ctx->slot_reg[ref - IR_SLOT0] == REG_NONE;
}

/* Integer registers that the op needs certain ones of. */
static RegSet particular_regs(const Alloc *a, const IrOp *op)
{
    const TcgRow *row = a->ctx->rows[op->opc][op->type];
    RegSet set = 0;
    if (row) {
        set = row->clobbers | (row->out_fixed ? reg_bit(row->out_fixed - 1u) : 0);
        for (unsigned k = 0; k < 4; k++) {
            set |= row->fixed[k] && !ir_is_const(op->in[k]) ? reg_bit(row->fixed[k] - 1u) : 0;
        }
    }
    return set & a->be->temps_int;
}

/* Does it take a register for a temporary, if only for a moment? */
static bool needs_reg(const Alloc *a, const IrOp *op)
{
    const TcgRow *row = a->ctx->rows[op->opc][op->type];
    bool memory_out = is_in_memory(a, op->out) && op->out != op->in[0];
    bool both = is_in_memory(a, op->in[0]) && is_in_memory(a, op->in[1]);
    return memory_out || both || is_integer_temp(a, op->out) || is_integer_temp(a, op->in[1]) ||
           (is_integer_temp(a, op->in[0]) && op->opc != IR_ld && op->opc != IR_st) ||
           (op->opc == IR_st && is_in_memory(a, op->in[1])) || (row && row->temps_int);
}

/* The last jump back, or -1; also if something in between needs the registers of pairs. `pairs` is
 * how many of those the others leave alone. */
static int64_t loop_end(const Alloc *a, unsigned *pairs)
{
    const IrRegion *r = a->r;
    int64_t end = (int64_t)r->op_count - 1;
    while (end >= 0 && !is_back_edge(r, &r->ops[end])) {
        end--;
    }
    *pairs = PAGE_PAIRS;
    for (int64_t i = 0; i < end; i++) {
        const IrOp *op = &r->ops[i];
        if (is_fused(op)) {
            continue;
        }
        if (op->opc == IR_call || op->opc == IR_tlbchk || particular_regs(a, op)) {
            return -1;
        }
        if (needs_reg(a, op)) {
            *pairs = 1;
        }
    }
    return end;
}

static LoopBase *base_entry(LoopBases *bases, IrRef ref)
{
    for (unsigned i = 0; i < bases->count; i++) {
        if (bases->list[i].base == ref) {
            return &bases->list[i];
        }
    }
    return NULL;
}

static void collect_bases(const Alloc *a, int64_t end, LoopBases *bases)
{
    for (int64_t i = 0; i < end; i++) {
        const IrOp *op = &a->r->ops[i];
        if (!is_fused(op) || base_entry(bases, op->in[0])) {
            continue;
        }
        if (ir_is_temp(op->in[0]) || bases->count == MAX_BASES) {
            bases->more = true;
            continue;
        }
        bool write = (op->c & IR_MEM_WRITE) || (a->ctx->reuse[i] & STORED_TO);
        bases->list[bases->count++] = (LoopBase) { .base = op->in[0], .write = write };
    }
}

static void note_loop_access(LoopBase *b, const IrOp *check)
{
    int64_t at = b->moved + check->imm;
    int64_t after = at + (1 << (check->c & IR_MEM_SIZE_MASK));
    b->low = !b->accesses || at < b->low ? at : b->low;
    b->high = !b->accesses || after > b->high ? after : b->high;
    b->accesses++;
    b->unfit |= (check->c & IR_MEM_WRITE) && !b->write;
}

static void follow_bases(const Alloc *a, int64_t end, LoopBases *bases)
{
    for (int64_t i = 0; i < end; i++) {
        const IrOp *op = &a->r->ops[i];
        LoopBase *b = is_fused(op) ? base_entry(bases, op->in[0]) : NULL;
        if (b) {
            note_loop_access(b, op);
        }
        b = op->out != IR_NONE ? base_entry(bases, op->out) : NULL;
        if (!b) {
            continue;
        }
        if (op->opc == IR_add && op->type == IR_I64 && op->in[0] == op->out &&
            ir_is_const(op->in[1])) {
            b->moved += ir_const_value(a->r, op->in[1]);
            b->unfit |= b->moved > MAX_STEP || b->moved < -MAX_STEP;
        } else {
            b->unfit = true;
        }
    }
}

static void carry(Alloc *a, unsigned pair, const LoopBase *b, int64_t end)
{
    a->known[pair] = a->carried[pair] =
        (KnownPage) { .base = b->base, .offset = b->low, .write = b->write, .carried = true };
    for (int64_t i = 0; i < end; i++) {
        const IrOp *op = &a->r->ops[i];
        if (is_fused(op) && op->in[0] == b->base) {
            a->ctx->reuse[i] |= REUSED;
        }
    }
    a->be->forget_page(a->g, pair);
}

static bool fits(const LoopBase *b)
{
    return b->accesses && !b->unfit && b->high - b->low <= MAX_SPAN && b->low > -MAX_SPAN;
}

/* The most used base that fits, taken off the list. */
static const LoopBase *best_base(LoopBases *bases)
{
    LoopBase *best = NULL;
    for (unsigned i = 0; i < bases->count; i++) {
        LoopBase *b = &bases->list[i];
        if (fits(b) && (!best || b->accesses > best->accesses)) {
            best = b;
        }
    }
    if (best) {
        best->unfit = true;
    }
    return best;
}

void pages_start_loop(Alloc *a)
{
    LoopBases bases = { .count = 0 };
    unsigned pairs, fit = 0;
    int64_t end = loop_end(a, &pairs);
    if (end >= 0) {
        collect_bases(a, end, &bases);
        follow_bases(a, end, &bases);
        for (unsigned i = 0; i < bases.count; i++) {
            fit += fits(&bases.list[i]);
        }
        if (bases.more || fit < bases.count || fit > PAGE_PAIRS) {
            pairs = 1; /* the other one serves the rest */
        }
        for (unsigned i = 0; i < pairs && i < fit; i++) {
            carry(a, i, best_base(&bases), end);
        }
    }
    a->g->loop = a->g->p;
}

void pages_close_loop(Alloc *a)
{
    TcgGen *g = a->g;
    for (unsigned i = 0; i < PAGE_PAIRS; i++) {
        const KnownPage *want = &a->carried[i], *have = &a->known[i];
        g->loop_fix[i].forget = false;
        g->loop_fix[i].add = 0;
        if (want->base == IR_NONE) {
            continue;
        }
        if (have->base == want->base && (have->write || !want->write)) {
            g->loop_fix[i].add = (int32_t)(want->offset - have->offset);
        } else {
            g->loop_fix[i].forget = true;
        }
    }
}
