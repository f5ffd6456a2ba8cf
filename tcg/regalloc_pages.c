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
    return delta > -TCG_PAGE_SIZE && (int64_t)size <= known->size - delta;
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
