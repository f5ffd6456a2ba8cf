/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Register allocation and the walk over a region's ops. Host independent: driven by the back-end's
 * rows. One backward scan finds last uses and hints, one forward scan places operands and emits.
 */
#include <string.h>

#include "regalloc.h"

static TcgTempInfo *temp_info(Alloc *a, IrRef ref)
{
    return &a->temps[ref - IR_TEMP0];
}

static unsigned slot_reg(const TcgContext *ctx, IrRef ref)
{
    return ctx->slot_reg[ref - IR_SLOT0];
}

static int32_t slot_disp(const TcgContext *ctx, IrRef ref)
{
    return tcg_disp(ctx->isa->slots[ref - IR_SLOT0].offset);
}

static int32_t spill_disp(unsigned index)
{
    return tcg_disp(offsetof(TcgState, spill) + index * 8);
}

static RegSet pool_of(const Alloc *a, IrType type)
{
    return type >= IR_F32 ? a->be->temps_fp : a->be->temps_int;
}

static bool is_pool_reg(const Alloc *a, unsigned reg)
{
    return (a->be->temps_int | a->be->temps_fp) & reg_bit(reg);
}

/*
 * Backward scan. A temporary whose last use moves or computes it into a pinned slot may be computed
 * in that slot's register already, if until then nothing looks at the slot or may leave.
 */
typedef struct HintScan {
    uint16_t wanted[REG_COUNT]; /* temporary that would like the register */
    RegSet wants;
} HintScan;

static void hint_offer(Alloc *a, HintScan *h, const IrOp *op)
{
    if (!ir_is_slot(op->out) || slot_reg(a->ctx, op->out) == REG_NONE || !ir_is_temp(op->in[0])) {
        return;
    }
    TcgTempInfo *t = temp_info(a, op->in[0]);
    unsigned reg = slot_reg(a->ctx, op->out);
    bool same_bank = (t->type >= IR_F32) == (reg >= REG_FP0);
    bool read_too = op->in[1] == op->out || op->in[2] == op->out || op->in[3] == op->out;
    if (t->last_use || !same_bank || read_too || (ir_op_info[op->opc].flags & IR_FP)) {
        return;
    }
    h->wanted[reg] = op->in[0] - IR_TEMP0;
    h->wants |= reg_bit(reg);
}

static void hint_cancel(Alloc *a, HintScan *h, IrRef ref)
{
    if (h->wants && ir_is_slot(ref) && slot_reg(a->ctx, ref) != REG_NONE) {
        h->wants &= ~reg_bit(slot_reg(a->ctx, ref));
    }
}

static void hint_take(Alloc *a, HintScan *h, IrRef temp)
{
    for (RegSet left = h->wants; left; left &= left - 1) {
        unsigned reg = (unsigned)__builtin_ctz(left);
        if (h->wanted[reg] == temp - IR_TEMP0) {
            temp_info(a, temp)->hint = (uint8_t)reg;
            h->wants &= ~reg_bit(reg);
            return;
        }
    }
}

/* Bases of the next accesses, the nearest first, and whether a store off them will certainly run.
 */
typedef struct NextAccess {
    IrRef base;
    bool stores;
} NextAccess;

static void note_access(Alloc *a, uint32_t index, NextAccess next[2])
{
    const IrOp *op = &a->r->ops[index];
    NextAccess *same = next[0].base == op->in[0]   ? &next[0]
                       : next[1].base == op->in[0] ? &next[1]
                                                   : NULL;
    bool stores = same && same->stores;
    a->ctx->reuse[index] = (same ? REUSED : 0) | (stores ? STORED_TO : 0);
    if (same != &next[0]) {
        next[1] = next[0];
    }
    next[0] = (NextAccess) { op->in[0], stores || (op->c & (IR_MEM_WRITE | IR_MEM_ATOMIC)) };
}

/* Backwards: fills ctx->reuse. */
static void note_reuse(Alloc *a, uint32_t index, NextAccess next[2])
{
    const IrOp *op = &a->r->ops[index];
    a->ctx->reuse[index] = 0;
    if (op->opc == IR_call) {
        next[0].base = next[1].base = IR_NONE;
    } else if (op->opc == IR_brcond) {
        next[0].stores = next[1].stores = false;
    } else if (op->opc == IR_tlbchk) {
        note_access(a, index, next);
    } else if (op->out != IR_NONE && (op->opc != IR_add || op->in[0] != op->out)) {
        next[0].base = next[0].base == op->out ? IR_NONE : next[0].base;
        next[1].base = next[1].base == op->out ? IR_NONE : next[1].base;
    }
}

static void scan_uses(Alloc *a)
{
    HintScan h = { .wants = 0 };
    NextAccess next[2] = { { IR_NONE }, { IR_NONE } };
    for (uint32_t i = a->r->op_count; i-- > 0;) {
        const IrOp *op = &a->r->ops[i];
        note_reuse(a, i, next);
        if (ir_is_temp(op->out) && h.wants && op->opc != IR_tlbchk) {
            hint_take(a, &h, op->out); /* a check writes it before it knows that it stays */
        }
        if (ir_op_info[op->opc].flags & IR_LEAVE) {
            h.wants = 0;
        }
        hint_cancel(a, &h, op->out);
        for (unsigned k = 0; k < 4; k++) {
            hint_cancel(a, &h, op->in[k]);
        }
        if (!(ir_op_info[op->opc].flags & IR_LEAVE)) {
            hint_offer(a, &h, op);
        }
        for (unsigned k = 0; k < 4; k++) {
            if (ir_is_temp(op->in[k]) && !temp_info(a, op->in[k])->last_use) {
                temp_info(a, op->in[k])->last_use = i + 1;
            }
        }
    }
}

static void prepare(Alloc *a)
{
    TcgContext *ctx = a->ctx;
    uint32_t n = a->r->temp_count;
    if (n > ctx->temp_cap) {
        ctx->temp_cap = n * 2;
        ctx->temps = g_renew(TcgTempInfo, ctx->temps, ctx->temp_cap);
    }
    a->temps = ctx->temps;
    for (uint32_t i = 0; i < n; i++) {
        a->temps[i] = (TcgTempInfo) { 0, REG_NONE, REG_NONE, REG_NONE, a->r->temp_types[i] };
    }
    if (a->r->op_count > ctx->reuse_cap) {
        ctx->reuse_cap = a->r->op_count * 2;
        ctx->reuse = g_renew(uint8_t, ctx->reuse, ctx->reuse_cap);
    }
    memset(a->owner, 0xff, sizeof(a->owner));
    scan_uses(a);
}

static void set_reg(Alloc *a, unsigned temp, unsigned reg)
{
    a->temps[temp].reg = (uint8_t)reg;
    a->owner[reg] = (uint16_t)temp;
    if (is_pool_reg(a, reg)) {
        a->busy |= reg_bit(reg);
    }
}

static void clear_reg(Alloc *a, unsigned temp)
{
    unsigned reg = a->temps[temp].reg;
    if (reg == REG_NONE) {
        return;
    }
    a->temps[temp].reg = REG_NONE;
    if (a->owner[reg] == temp) {
        a->owner[reg] = NO_TEMP;
        a->busy &= ~reg_bit(reg);
    }
}

/* Puts a temporary's value into memory (it never changes, so once is enough). */
static void spill(Alloc *a, unsigned temp)
{
    TcgTempInfo *t = &a->temps[temp];
    if (t->spill == REG_NONE) {
        /* Front-ends keep few values alive at a time; passes must not lengthen lives beyond this.
         */
        assert(~a->spilled);
        t->spill = (uint8_t)__builtin_ctzll(~a->spilled);
        a->spilled |= 1ull << t->spill;
        a->be->store(a->g, t->type, t->reg, spill_disp(t->spill));
    }
    clear_reg(a, temp);
}

/* One of several free registers: best one that holds nothing of use. */
static unsigned pick(Alloc *a, RegSet unused)
{
    RegSet idle = unused & ~pages_known_regs(a);
    unused = idle ? idle : unused;
    RegSet first = unused & (a->be->first_int | a->be->temps_fp);
    unsigned reg = (unsigned)__builtin_ctz(first ? first : unused);
    pages_forget(a, reg_bit(reg));
    return reg;
}

/* A register of the type's pool outside `avoid`, emptied if need be. */
static unsigned take_reg(Alloc *a, IrType type, RegSet avoid)
{
    RegSet pool = pool_of(a, type) & ~avoid & ~a->locked;
    RegSet unused = pool & ~a->busy;
    if (unused) {
        return pick(a, unused);
    }
    unsigned victim = REG_NONE;
    for (RegSet left = pool; left; left &= left - 1) {
        unsigned reg = (unsigned)__builtin_ctz(left);
        if (victim == REG_NONE ||
            a->temps[a->owner[reg]].last_use > a->temps[a->owner[victim]].last_use) {
            victim = reg;
        }
    }
    assert(victim != REG_NONE);
    spill(a, a->owner[victim]);
    return victim;
}

/* Moves a temporary out of its register: to a free one outside `avoid`, else to memory. */
static void evict(Alloc *a, unsigned temp, RegSet avoid)
{
    TcgTempInfo *t = &a->temps[temp];
    unsigned from = t->reg;
    RegSet unused = pool_of(a, t->type) & ~avoid & ~a->locked & ~a->busy;
    if (!unused || t->spill != REG_NONE) {
        spill(a, temp);
        return;
    }
    unsigned to = pick(a, unused);
    a->be->move(a->g, to, from);
    clear_reg(a, temp);
    set_reg(a, temp, to);
}

static TcgOpnd locate(Alloc *a, IrRef ref)
{
    if (ref == IR_NONE) {
        return (TcgOpnd) { .kind = OPND_NONE };
    }
    if (ir_is_const(ref)) {
        return (TcgOpnd) { .kind = OPND_IMM, .imm = ir_const_value(a->r, ref) };
    }
    unsigned reg = ir_is_slot(ref) ? slot_reg(a->ctx, ref) : temp_info(a, ref)->reg;
    if (reg != REG_NONE) {
        return (TcgOpnd) { .kind = OPND_REG, .reg = (uint8_t)reg };
    }
    if (ir_is_slot(ref)) {
        return (TcgOpnd) { .kind = OPND_MEM, .disp = slot_disp(a->ctx, ref) };
    }
    assert(temp_info(a, ref)->spill != REG_NONE);
    return (TcgOpnd) { .kind = OPND_MEM, .disp = spill_disp(temp_info(a, ref)->spill) };
}

static bool accepts(unsigned allowed, const TcgOpnd *o)
{
    switch (o->kind) {
    case OPND_REG:
        return allowed & OP_REG;
    case OPND_MEM:
        return allowed & OP_MEM;
    case OPND_IMM:
        return (allowed & OP_IMM64) || ((allowed & OP_IMM) && o->imm == (int32_t)o->imm);
    default:
        return true;
    }
}

static void fill_reg(Alloc *a, unsigned reg, const TcgOpnd *o, IrType type)
{
    if (o->kind == OPND_IMM) {
        a->be->constant(a->g, reg, o->imm);
    } else if (o->kind == OPND_MEM) {
        a->be->load(a->g, type, reg, o->disp);
    } else if (o->reg != reg) {
        a->be->move(a->g, reg, o->reg);
    }
}

/* Loads input k into a register of its bank. */
static void input_to_reg(Alloc *a, unsigned k, IrRef ref, unsigned fixed, RegSet avoid)
{
    TcgOpnd *o = &a->g->in[k];
    IrType type = ir_ref_type(a->r, ref);
    if (!fixed && ir_is_temp(ref) && temp_info(a, ref)->reg != REG_NONE) {
        *o = locate(a, ref); /* loaded for another input of this op */
        return;
    }
    unsigned reg = fixed ? fixed - 1u : take_reg(a, type, avoid);
    fill_reg(a, reg, o, type);
    bool stays = !fixed && ir_is_temp(ref) && o->kind == OPND_MEM;
    if (stays) {
        set_reg(a, ref - IR_TEMP0, reg);
    }
    a->locked |= reg_bit(reg);
    *o = (TcgOpnd) { .kind = OPND_REG, .reg = (uint8_t)reg };
}

static bool dies(Alloc *a, unsigned temp)
{
    return a->temps[temp].last_use <= a->now;
}

/* Empties the registers an op overwrites or wants for certain inputs. */
static void make_room(Alloc *a, const TcgRow *row, const IrRef *in, RegSet wanted)
{
    for (RegSet left = wanted & a->busy; left; left &= left - 1) {
        unsigned reg = (unsigned)__builtin_ctz(left);
        unsigned temp = a->owner[reg];
        bool stay = false, other_use = false;
        for (unsigned k = 0; k < 4; k++) {
            if (in[k] != temp + IR_TEMP0) {
                continue;
            }
            bool early = k == 0 && (row->flags & ROW_FIRST);
            if (early || row->fixed[k] == reg + 1) {
                stay = true;
            } else {
                other_use = true;
            }
        }
        if (!stay || other_use || !dies(a, temp)) {
            evict(a, temp, wanted);
        }
    }
}

/* A copy in a fixed register frees the value's own for others. */
static void lock_inputs(Alloc *a, const TcgRow *row)
{
    a->locked = row->reads;
    for (unsigned k = 0; k < 4; k++) {
        a->locked |= a->g->in[k].kind == OPND_REG ? reg_bit(a->g->in[k].reg) : 0;
    }
}

static void place_inputs(Alloc *a, const TcgRow *row, const IrRef *in, RegSet wanted)
{
    TcgGen *g = a->g;
    for (unsigned k = 0; k < 4; k++) {
        g->in[k] = locate(a, in[k]);
    }
    lock_inputs(a, row);
    for (unsigned k = 0; k < 4; k++) {
        bool constant = g->in[k].kind == OPND_IMM && accepts(row->in[k], &g->in[k]);
        if (in[k] != IR_NONE && row->fixed[k] && !constant) {
            input_to_reg(a, k, in[k], row->fixed[k], wanted);
        }
    }
    lock_inputs(a, row);
    for (unsigned k = 0; k < 4; k++) {
        if (!accepts(row->in[k], &g->in[k])) {
            RegSet avoid = k == 0 && (row->flags & ROW_FIRST) ? 0 : wanted;
            input_to_reg(a, k, in[k], 0, avoid);
        }
    }
    if (row->flags & ROW_ONE_REG) {
        bool fine = g->in[0].kind == OPND_REG || g->in[1].kind == OPND_REG ||
                    (g->in[0].kind == OPND_MEM && g->in[1].kind == OPND_IMM);
        if (!fine) {
            input_to_reg(a, 0, in[0], 0, wanted);
        }
    }
}

/* A temporary that shares a pinned register about to change gets its own, if still needed. */
static void unshare_pin(Alloc *a, unsigned pin)
{
    unsigned temp = a->owner[pin];
    if (temp == NO_TEMP) {
        return;
    }
    if (a->temps[temp].last_use <= a->now) {
        return; /* read by this op at the latest */
    }
    unsigned reg = take_reg(a, a->temps[temp].type, 0);
    a->be->move(a->g, reg, pin);
    clear_reg(a, temp);
    set_reg(a, temp, reg);
}

/* Frees registers of inputs that end here. */
static void release_inputs(Alloc *a, const IrRef *in)
{
    for (unsigned k = 0; k < 4; k++) {
        if (ir_is_temp(in[k]) && dies(a, in[k] - IR_TEMP0)) {
            clear_reg(a, in[k] - IR_TEMP0);
        }
    }
}

/* Frees their memory: only after the op, which may have read it there. */
static void release_spills(Alloc *a, const IrRef *in)
{
    for (unsigned k = 0; a->spilled && k < 4; k++) {
        if (!ir_is_temp(in[k]) || !dies(a, in[k] - IR_TEMP0)) {
            continue;
        }
        TcgTempInfo *t = temp_info(a, in[k]);
        if (t->spill != REG_NONE) {
            a->spilled &= ~(1ull << t->spill);
            t->spill = REG_NONE;
        }
    }
}

/* ROW_KEEP and the result's pinned register is an input: the inputs move away. */
static void keep_inputs(Alloc *a, const IrRef *in, unsigned out)
{
    TcgGen *g = a->g;
    unsigned copy = REG_NONE;
    for (unsigned k = 0; k < 4; k++) {
        if (g->in[k].kind != OPND_REG || g->in[k].reg != out) {
            continue;
        }
        if (copy == REG_NONE) {
            copy = take_reg(a, ir_ref_type(a->r, in[k]), 0);
            a->be->move(g, copy, out);
            a->locked |= reg_bit(copy);
        }
        g->in[k].reg = (uint8_t)copy;
        g->out_holds = (int8_t)k;
    }
}

/* The register the result goes to; g->out may instead be the slot's memory. */
static void place_output(Alloc *a, const TcgRow *row, const IrRef *in, IrRef out, IrType type)
{
    TcgGen *g = a->g;
    g->out_holds = -1;
    if (!row->out || (out == IR_NONE && row->out_fixed)) {
        g->out = (TcgOpnd) { .kind = OPND_NONE };
        return;
    }
    unsigned home = REG_NONE;
    if (ir_is_slot(out)) {
        home = slot_reg(a->ctx, out);
    } else if (ir_is_temp(out)) {
        home = temp_info(a, out)->hint;
    }
    if (row->out_fixed) {
        home = row->out_fixed - 1u;
    } else if (home == REG_NONE && ir_is_slot(out)) {
        bool memory = (row->out & OP_MEM) || ((row->out & OP_RMW) && in[0] == out);
        bool second = (row->flags & ROW_NO_MEM2) && g->in[1].kind == OPND_MEM;
        if (memory && !second) {
            g->out = (TcgOpnd) { .kind = OPND_MEM, .disp = slot_disp(a->ctx, out) };
            return;
        }
    }
    if (home == REG_NONE) {
        bool reuse = !(row->flags & ROW_KEEP) && g->in[0].kind == OPND_REG &&
                     (pool_of(a, type) & ~a->busy & ~a->locked & reg_bit(g->in[0].reg));
        home = reuse ? g->in[0].reg : take_reg(a, type, 0);
    } else if (row->flags & ROW_KEEP) {
        keep_inputs(a, in, home);
    }
    g->out = (TcgOpnd) { .kind = OPND_REG, .reg = (uint8_t)home };
}

static void finish_output(Alloc *a, const IrOp *op, IrRef out, IrType type)
{
    TcgGen *g = a->g;
    if (ir_is_slot(out)) {
        pages_slot_changed(a, out, op);
    }
    if (g->out.kind != OPND_REG || out == IR_NONE) {
        return;
    }
    unsigned reg = g->out.reg;
    if (ir_is_slot(out)) {
        unsigned home = slot_reg(a->ctx, out);
        if (home == REG_NONE) {
            a->be->store(g, type, reg, slot_disp(a->ctx, out));
        } else if (home != reg) {
            a->be->move(g, home, reg);
        }
    } else if (temp_info(a, out)->last_use) {
        set_reg(a, out - IR_TEMP0, reg);
    }
}

/* A helper is about to change slots under the temporaries that share their registers. */
static void unshare_all(Alloc *a)
{
    for (unsigned reg = 0; reg < REG_COUNT; reg++) {
        unsigned temp = a->owner[reg];
        if (temp != NO_TEMP && !is_pool_reg(a, reg) && a->temps[temp].last_use > a->now) {
            spill(a, temp);
        }
    }
}

static IrType out_type(Alloc *a, IrRef out, const IrOp *op)
{
    if (out != IR_NONE) {
        return ir_ref_type(a->r, out);
    }
    return op->opc == IR_ld ? (IrType)op->type : IR_I64;
}

/* Registers that an op overwrites or wants for certain operands. */
static RegSet wanted_regs(Alloc *a, const TcgRow *row, const IrRef *in)
{
    RegSet wanted = row->clobbers | (row->out_fixed ? reg_bit(row->out_fixed - 1u) : 0);
    for (unsigned k = 0; k < 4; k++) {
        TcgOpnd constant = ir_is_const(in[k]) ? locate(a, in[k]) : (TcgOpnd) { OPND_REG };
        bool as_is = constant.kind == OPND_IMM && accepts(row->in[k], &constant);
        wanted |= row->fixed[k] && in[k] && !as_is ? reg_bit(row->fixed[k] - 1u) : 0;
    }
    return wanted;
}

/* Values that the op would destroy without reading them move away. */
static void save_values(Alloc *a, const TcgRow *row, const IrOp *op, const IrRef *in, IrRef out,
                        RegSet wanted)
{
    a->locked = row->reads;
    if (op->opc == IR_call) {
        unshare_all(a);
        pages_forget(a, ~(RegSet)0);
    }
    if (ir_is_slot(out) && slot_reg(a->ctx, out) != REG_NONE) {
        unshare_pin(a, slot_reg(a->ctx, out));
    } else if (ir_is_temp(out) && temp_info(a, out)->hint != REG_NONE) {
        unshare_pin(a, temp_info(a, out)->hint);
    }
    pages_forget(a, wanted);
    if (wanted & a->busy) {
        make_room(a, row, in, wanted);
    }
}

static RegSet take_scratch(Alloc *a, const TcgRow *row)
{
    RegSet scratch = 0;
    for (unsigned i = 0; i < row->temps_int + row->temps_fp; i++) {
        unsigned reg = take_reg(a, i < row->temps_int ? IR_I64 : IR_F64, 0);
        a->g->temp[i] = (uint8_t)reg;
        a->locked |= reg_bit(reg);
        scratch |= reg_bit(reg);
    }
    return scratch;
}

static void emit_row(Alloc *a, const TcgRow *row, const IrOp *op, const IrRef *in, IrRef out)
{
    TcgGen *g = a->g;
    IrType type = out_type(a, out, op);
    RegSet wanted = wanted_regs(a, row, in);

    save_values(a, row, op, in, out, wanted);
    place_inputs(a, row, in, wanted);
    a->locked |= row->clobbers;
    RegSet scratch = take_scratch(a, row);
    if (!(row->flags & ROW_KEEP)) {
        release_inputs(a, in);
        RegSet overwritten = row->reads | (row->flags & ROW_LAST ? 0 : wanted);
        a->locked = (a->locked & a->busy) | scratch | overwritten;
    }
    place_output(a, row, in, out, type);
    g->live_fp = (a->busy & a->be->temps_fp) != 0 || row->temps_fp;
    if (op->opc == IR_brcond || op->opc == IR_jump) {
        pages_close_loop(a);
    }
    row->emit(g, op);
    if (row->flags & ROW_KEEP) {
        release_inputs(a, in);
    }
    release_spills(a, in);
    if (op->opc == IR_tlbchk) {
        pages_learn(a, g->page_pair, op);
    }
    finish_output(a, op, out, type);
}

/* Moves need no row: places are all they are about. */
static void emit_move(Alloc *a, const IrOp *op)
{
    TcgGen *g = a->g;
    IrRef out = op->out;
    IrType type = ir_ref_type(a->r, out);
    unsigned home = ir_is_slot(out) ? slot_reg(a->ctx, out) : temp_info(a, out)->hint;
    a->locked = 0;
    if (home != REG_NONE) {
        unshare_pin(a, home);
    }
    TcgOpnd in = locate(a, op->in[0]);
    release_inputs(a, op->in);
    if (ir_is_slot(out) && home == REG_NONE) {
        int32_t disp = slot_disp(a->ctx, out);
        pages_slot_changed(a, out, op);
        if (in.kind == OPND_IMM && a->be->store_constant(g, in.imm, disp)) {
            return;
        }
        if (in.kind != OPND_REG) {
            unsigned reg = take_reg(a, type, 0);
            fill_reg(a, reg, &in, type);
            in.reg = (uint8_t)reg;
        }
        a->be->store(g, type, in.reg, disp);
        return;
    }
    if (home == REG_NONE) {
        home = take_reg(a, type, 0);
    }
    fill_reg(a, home, &in, type);
    g->out = (TcgOpnd) { .kind = OPND_REG, .reg = (uint8_t)home };
    finish_output(a, op, out, type);
}

/* A copy of a pinned slot needs no code until the slot changes. */
static bool share_pin(Alloc *a, const IrOp *op)
{
    bool copy = op->opc == IR_mov || (op->opc == IR_unbox && op->c);
    if (!copy || !ir_is_temp(op->out) || !ir_is_slot(op->in[0])) {
        return false;
    }
    unsigned pin = slot_reg(a->ctx, op->in[0]);
    TcgTempInfo *t = temp_info(a, op->out);
    if (pin == REG_NONE || t->hint != REG_NONE || a->owner[pin] != NO_TEMP) {
        return false;
    }
    set_reg(a, op->out - IR_TEMP0, pin);
    return true;
}

/* Is the access after a check its only use, so that both become one sequence? */
static bool fuses(Alloc *a, const IrOp *check, uint32_t index)
{
    const IrOp *next = check + 1;
    bool access = next->opc == IR_ld || next->opc == IR_st;
    return access && !(check->c & IR_MEM_ATOMIC) && ir_is_temp(check->out) &&
           next->in[0] == check->out && next->in[1] != check->out && next->imm == 0 &&
           temp_info(a, check->out)->last_use == index + 2;
}

/* Registers of temporaries that outlive the op, or that it reads other than as an address. */
static RegSet kept_regs(Alloc *a, IrRef base, IrRef value)
{
    RegSet kept = a->busy;
    if (ir_is_temp(base) && dies(a, base - IR_TEMP0) && base != value) {
        kept &= ~reg_bit(temp_info(a, base)->reg & 31);
    }
    return kept;
}

/* A check and the access fused with it, or the check of an atomic. */
static void emit_access(Alloc *a, const IrOp *check, const TcgRow *kind, IrRef value, IrRef out)
{
    TcgGen *g = a->g;
    const IrRef in[4] = { check->in[0], value };
    TcgRow row = *kind;
    if (ir_is_temp(check->in[0])) { /* may need a register itself */
        row.reads = 0;
    }
    int pair = pages_find(a, check);
    g->page_known = pair >= 0;
    if (g->page_known) {
        KnownPage *known = &a->known[pair];
        g->page_delta = (int32_t)(check->imm - known->offset);
        g->page_carried = known->carried;
        g->page_writable = known->carried ? known->write : check->c & IR_MEM_WRITE;
        known->used = a->now;
        row.flags &= ~ROW_LAST;
        row.flags |= check->c & IR_MEM_ATOMIC ? ROW_KEEP : 0; /* the stub starts from the base */
        row.reads |= pages_pair(a, (unsigned)pair);
    } else {
        pair = (int)pages_choose(a, kept_regs(a, check->in[0], value));
        row.clobbers = pages_pair(a, (unsigned)pair);
        unsigned reuse = a->ctx->reuse[check - a->r->ops];
        g->page_writable = (check->c & (IR_MEM_WRITE | IR_MEM_ATOMIC)) || (reuse & STORED_TO);
        if (reuse) {
            row.flags &= ~ROW_LAST; /* the result must not destroy what is learnt */
        }
    }
    g->page_pair = (uint8_t)pair;
    emit_row(a, &row, check, in, out);
}

bool tcg_allocate_region(TcgGen *g)
{
    Alloc a = { .g = g, .ctx = g->ctx, .be = g->ctx->backend, .r = g->r };
    prepare(&a);
    pages_start_loop(&a);
    for (uint32_t i = 0; i < a.r->op_count; i++) {
        const IrOp *op = &a.r->ops[i];
        const TcgRow *row = a.ctx->rows[op->opc][op->type];
        a.now = i + 1;
        if (op->opc == IR_insn) {
            g->pc_offset = op->imm;
        } else if (op->opc == IR_tlbchk && fuses(&a, op, i)) {
            const TcgRow *kind = op[1].opc == IR_ld ? a.be->fused_load : a.be->fused_store;
            a.now = ++i + 1;
            emit_access(&a, op, kind, op[1].in[1], op[1].out);
        } else if (op->opc == IR_tlbchk) {
            assert((op->c & IR_MEM_ATOMIC) && ir_is_temp(op->out)); /* others are fused */
            emit_access(&a, op, row, IR_NONE, op->out);
        } else if ((ir_op_info[op->opc].flags & IR_PURE) && ir_is_temp(op->out) &&
                   !temp_info(&a, op->out)->last_use) {
            release_inputs(&a, op->in);
            release_spills(&a, op->in);
        } else if (share_pin(&a, op)) {
            continue;
        } else if (op->opc == IR_mov) {
            emit_move(&a, op);
            release_spills(&a, op->in);
        } else {
            assert(row);
            emit_row(&a, row, op, op->in, op->out);
        }
    }
    return true;
}
