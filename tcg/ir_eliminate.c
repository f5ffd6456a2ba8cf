/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dead code: one backward pass that removes temporaries nobody reads and stores to slots that are
 * overwritten before anybody can see them.
 *
 * A slot can be seen by an op that reads it and at every op that may leave the region. An op that
 * leaves makes all slots live at once: instead of clearing marks, it starts a new epoch.
 */
#include <string.h>

#include "ir_private.h"

typedef struct Liveness {
    IrRegion *r;
    bool *temp_live;
    uint32_t *slot_dead; /* the epoch in which the slot was found to be overwritten later */
    uint32_t epoch;
} Liveness;

static Liveness liveness_start(IrRegion *r)
{
    unsigned slots = r->isa->slot_count;
    char *memory = ir_scratch(r, slots * sizeof(uint32_t) + r->temp_count);
    Liveness l = { .r = r, .slot_dead = (uint32_t *)(void *)memory, .epoch = 1 };

    l.temp_live = (bool *)(memory + slots * sizeof(uint32_t));
    memset(memory, 0, slots * sizeof(uint32_t) + r->temp_count);
    return l;
}

static bool is_dead(const Liveness *l, const IrOp *op)
{
    if (!(ir_op_info[op->opc].flags & IR_PURE)) {
        return false;
    }
    if (op->opc == IR_mov && op->out == op->in[0]) {
        return true;
    }
    return ir_is_temp(op->out) ? !l->temp_live[op->out - IR_TEMP0]
                               : l->slot_dead[op->out - IR_SLOT0] == l->epoch;
}

static void mark_inputs(Liveness *l, const IrOp *op)
{
    for (unsigned i = 0; i < 4; i++) {
        IrRef ref = op->in[i];

        if (ir_is_temp(ref)) {
            l->temp_live[ref - IR_TEMP0] = true;
        } else if (ir_is_slot(ref)) {
            l->slot_dead[ref - IR_SLOT0] = 0;
        }
    }
}

void ir_eliminate(IrRegion *r)
{
    Liveness l = liveness_start(r);
    uint32_t kept = r->op_count; /* ops from here on stay */

    for (uint32_t i = r->op_count; i-- > 0;) {
        const IrOp *op = &r->ops[i];

        if (is_dead(&l, op)) {
            continue;
        }
        if (ir_is_slot(op->out)) {
            l.slot_dead[op->out - IR_SLOT0] = l.epoch;
        }
        if (ir_exposes_slots(r, op)) {
            l.epoch++;
        }
        mark_inputs(&l, op);
        r->ops[--kept] = *op;
    }
    r->op_count -= kept;
    memmove(r->ops, r->ops + kept, r->op_count * sizeof(*r->ops));
}
