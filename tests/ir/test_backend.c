/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random regions as generated code and in the interpreter: the same outcome, whatever the host
 * lacks. BACKEND_SEED=n BACKEND_KIND=name runs one region and prints its code,
 * BACKEND_CUT=n only its first n ops.
 */
#include <stdlib.h>
#include <string.h>

#include "random_region.h"
#include "tcg/tcg.h"

typedef struct Kind {
    const char *name;
    RandomOptions options;
    bool shared, loop; /* from the functions of these names below */
} Kind;

static const Kind kinds[] = {
    { "one", { .ops = 1 } },
    { "one-fp", { .ops = 1, .fp = true } },
    { "integer", { .ops = 30 } },
    { "fp", { .ops = 30, .fp = true } },
    { "memory", { .ops = 40, .memory = true } },
    { "fp-memory", { .ops = 40, .fp = true, .memory = true } },
    { "shared", { 0 }, .shared = true },
    { "loop", { 0 }, .loop = true },
    { "control", { .ops = 40, .helpers = true, .branches = true } },
    { "everything", { .ops = 120, .fp = true, .memory = true, .helpers = true, .branches = true } },
};

typedef struct Host {
    const char *name;
    TcgConfig config;
} Host;

static const Host hosts[] = {
    { "full", { .buffer_size = 1 << 20, .split_wx = true } },
    { "no-bmi2", { .buffer_size = 1 << 20, .split_wx = true, .no_bmi2 = true } },
    { "no-fma", { .buffer_size = 1 << 20, .split_wx = false, .no_fma = true } },
    { "no-avx", { .buffer_size = 1 << 20, .split_wx = true, .no_avx = true, .no_bmi2 = true } },
};

typedef struct Rig {
    TcgContext *ctx;
    RandomMachine *m;
    bool went_on; /* generated code asked for where to go on */
} Rig;

static const void *look_up(TcgState *state)
{
    Rig *rig = state->opaque;
    rig->went_on = true;
    return tcg_exit_code(rig->ctx);
}

static const void *link_jump(TcgState *state, TcgJumpSite *site)
{
    return look_up(state);
}

static bool run_generated(Rig *rig, const IrRegion *r, bool print)
{
    size_t size;
    TcgState *state = &rig->m->state;
    tcg_code_reset(rig->ctx);
    const void *code = tcg_generate(rig->ctx, r, &size);
    g_assert_nonnull(code);
    if (print) {
        GString *out = g_string_new(NULL);
        tcg_print_code(code, size, out);
        g_print("%s", out->str);
        g_string_free(out, TRUE);
    }
    rig->went_on = false;
    state->opaque = rig;
    tcg_enter(rig->ctx, state, code);
    return rig->went_on;
}

/* The host notes denormal operands, which guests do not see. */
static void forget_host_flags(RandomOutcome *o)
{
    o->fp_status &= ~2u;
}

/* Generated code would loop, the interpreter runs a region once. */
static void break_loops(IrRegion *r)
{
    for (uint32_t i = 0; i < r->op_count; i++) {
        IrOp *op = &r->ops[i];
        if ((op->opc == IR_brcond || op->opc == IR_jump) && op->imm == r->start) {
            op->imm ^= 2;
        }
    }
}

/* Many accesses off a few bases, so that they share checks, with what disturbs that in between. */
static void shared_accesses(IrRegion *r, uint64_t seed)
{
    static const unsigned bases[] = { 1, 12, 5 };
    enum { BASES = G_N_ELEMENTS(bases) };
    ir_region_reset(r);
    r->pc_page = RANDOM_PC;
    for (unsigned i = 0; i < BASES; i++) {
        uint64_t page = random_next(&seed) % (RANDOM_PAGES - 1) * TCG_PAGE_SIZE;
        uint64_t place = random_next(&seed) % 3 ? 2048 : 4000;
        ir_mov(r, ir_slot(bases[i]), ir_const(r, (int64_t)(RANDOM_BASE + page + place)));
    }
    for (unsigned i = 0; i < 24; i++) {
        uint64_t what = random_next(&seed), more = random_next(&seed);
        IrRef base = ir_slot(bases[what % BASES]), value = ir_slot(more % RANDOM_INT_SLOTS);
        int64_t offset = (int64_t)(more / 64 % (more & 32 ? 4096 : 64)) - (more & 32 ? 2048 : 32);
        unsigned mem = more / 16 % 4;
        ir_insn(r, i * 4, 4);
        switch (what / 16 % 8) {
        case 0:
            ir_op2(r, IR_add, IR_I64, base, base, ir_const(r, more & 4096 ? offset : offset & -8));
            break;
        case 1:
            ir_op2(r, IR_divu, IR_I64, ir_slot(14), value, ir_slot(2));
            break;
        case 2:
            ir_load(r, ir_slot(more / 64 % 8 ? 3 : 13), base, offset, mem | IR_MEM_SIGN);
            break;
        case 3: { /* a temporary that lives over other accesses */
            IrRef t = ir_temp(r, IR_I64);
            ir_load(r, t, base, offset, mem);
            ir_store(r, value, ir_slot(bases[0]), offset, mem);
            ir_load(r, ir_slot(7), ir_slot(bases[1]), offset + 8, mem);
            ir_store(r, t, base, offset + 16, mem);
            break;
        }
        case 4: { /* mostly aligned, else the region ends here */
            IrRef host = ir_temp(r, IR_I64);
            IrOp *op = ir_append(r, IR_tlbchk, IR_I64, host, base, IR_NONE);
            op->imm = offset & -8;
            op->c = IR_MEM_ATOMIC | IR_MEM_64 | (more & 1024 ? IR_MEM_WRITE : 0);
            if (more & 1024) {
                ir_amo(r, IR_I64, (IrAmo)(more >> 11 & 7), ir_slot(8), host, value);
            } else {
                ir_append(r, IR_ld, IR_I64, ir_slot(4), host, IR_NONE)->c = IR_MEM_64;
            }
            break;
        }
        default:
            ir_store(r, value, base, offset, mem);
        }
    }
    ir_jump(r, 0x800, false); /* which sets the pc: what slow accesses leave there may differ */
}

enum { LOOP_ROUNDS = 40, LOOP_START = 0x40 };

/* A loop that steps its bases; x0 counts its rounds down. */
static void loop_region(IrRegion *r, uint64_t seed)
{
    static const unsigned bases[] = { 1, 12, 5 };
    unsigned used = 1 + random_next(&seed) % 3;
    ir_region_reset(r);
    r->pc_page = RANDOM_PC;
    r->start = LOOP_START;
    for (unsigned i = 0; i < 6; i++) {
        uint64_t what = random_next(&seed), more = random_next(&seed);
        IrRef base = ir_slot(bases[what % used]), value = ir_slot(2 + more % 3);
        int64_t offset = (int64_t)(more / 64 % 96) - 32;
        unsigned mem = more / 16 % 4;
        ir_insn(r, LOOP_START + i * 4, 4);
        switch (what / 16 % 8) {
        case 0:
        case 1:
            ir_op2(r, IR_add, IR_I64, base, base, ir_const(r, offset));
            break;
        case 2:
            ir_store(r, value, base, offset, mem);
            break;
        case 3:
            ir_op2(r, IR_add, IR_I64, ir_slot(more & 1 ? 3 : 13), value, ir_slot(4));
            break;
        case 4:
            if (more % 8 == 0) {
                ir_op2(r, IR_divu, IR_I64, ir_slot(2), ir_slot(3), ir_slot(4));
            }
            ir_brcond(r, IR_I64, IR_EQ, value, ir_const(r, 12345), 0x300, false);
            break;
        default:
            ir_load(r, value, base, offset, mem | (more & 1 ? IR_MEM_SIGN : 0));
        }
    }
    ir_op2(r, IR_add, IR_I64, ir_slot(0), ir_slot(0), ir_const(r, -1));
    ir_brcond(r, IR_I64, IR_NE, ir_slot(0), ir_const(r, 0), LOOP_START, random_next(&seed) & 1);
    ir_jump(r, 0x800, false);
}

static void enter_loop(TcgState *state, uint64_t seed)
{
    state->exit_request = 0;
    state->ireg[0] = LOOP_ROUNDS;
    state->ireg[1] = RANDOM_BASE + 4096 - 64 - seed % 256;
    state->ireg[12] = RANDOM_BASE + 8192 - 200 + seed / 2 % 256;
    state->ireg[5] = RANDOM_BASE + 4096 - 8 + seed / 8 % 16;
}

static bool interpret_loop(const IrRegion *r, TcgState *state)
{
    bool more;
    do {
        more = tcg_interp_run(r, state);
    } while (more && !state->raised && state->pc == RANDOM_PC + LOOP_START);
    return more;
}

static char *compare(Rig *rig, const IrRegion *r, const Kind *kind, uint64_t seed, bool print)
{
    RandomOutcome expected, got;
    random_machine_reset(rig->m, seed);
    if (kind->loop) {
        enter_loop(&rig->m->state, seed);
    }
    bool more = kind->loop ? interpret_loop(r, &rig->m->state) : tcg_interp_run(r, &rig->m->state);
    random_machine_capture(rig->m, more, &expected);
    random_machine_reset(rig->m, seed);
    if (kind->loop) {
        enter_loop(&rig->m->state, seed);
    }
    more = run_generated(rig, r, print);
    random_machine_capture(rig->m, more, &got);
    forget_host_flags(&expected);
    forget_host_flags(&got);
    return random_outcome_diff(&expected, &got);
}

static void check(Rig *rig, IrRegion *r, const Kind *kind, uint64_t seed, bool fold, bool print)
{
    if (kind->shared) {
        shared_accesses(r, seed);
    } else if (kind->loop) {
        loop_region(r, seed);
    } else {
        random_region(r, seed, &kind->options);
        break_loops(r);
    }
    if (fold) {
        ir_fold(r);
        ir_eliminate(r);
    }
    const char *cut = g_getenv("BACKEND_CUT");
    if (cut) { /* only the first so many ops */
        r->ops[atoi(cut)] = (IrOp) { .opc = IR_leave };
        r->op_count = (uint32_t)atoi(cut) + 1;
    }
    GString *text = g_string_new(NULL);
    if (print) {
        ir_print(r, text);
        g_print("%s", text->str);
    }
    char *difference = compare(rig, r, kind, seed, print);
    if (difference) {
        g_string_truncate(text, 0);
        ir_print(r, text);
        g_printerr("# %s seed %" G_GUINT64_FORMAT " fold %d: (interpreter, generated) %s\n%s\n",
                   kind->name, seed, fold, difference, text->str);
        exit(1);
    }
    g_string_free(text, TRUE);
}

static Rig *rig_new(const TcgConfig *config)
{
    char *error = NULL;
    Rig *rig = g_new0(Rig, 1);
    rig->ctx = tcg_context_new(&random_isa, config, &error);
    g_assert_null(error);
    rig->m = random_machine_new();
    tcg_state_init(rig->ctx, &rig->m->state);
    rig->m->state.rt[TCG_RT_LOOKUP] = look_up;
    rig->m->state.rt[TCG_RT_LINK] = link_jump;
    return rig;
}

static void rig_free(Rig *rig)
{
    random_machine_free(rig->m);
    tcg_context_free(rig->ctx);
    g_free(rig);
}

static void test_random(gconstpointer data)
{
    const Host *host = data;
    const char *count = g_getenv("IR_RANDOM_REGIONS"), *only = g_getenv("BACKEND_KIND"),
               *one = g_getenv("BACKEND_SEED");
    uint64_t last = count ? (uint64_t)atoi(count) : 3000;
    Rig *rig = rig_new(&host->config);
    IrRegion *r = ir_region_new(&random_isa);
    for (unsigned k = 0; k < G_N_ELEMENTS(kinds); k++) {
        if (only && strcmp(only, kinds[k].name)) {
            continue;
        }
        if (one) {
            check(rig, r, &kinds[k], (uint64_t)atoll(one), atoll(one) & 1, true);
            continue;
        }
        for (uint64_t seed = 1; seed <= last; seed++) {
            check(rig, r, &kinds[k], seed, seed & 1, false);
        }
    }
    ir_region_free(r);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(hosts); i++) {
        char *name = g_strdup_printf("/backend/random/%s", hosts[i].name);
        g_test_add_data_func(name, &hosts[i], test_random);
        g_free(name);
    }
    return g_test_run();
}
