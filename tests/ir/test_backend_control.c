/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How generated code goes from region to region and into C: linking, polls, the jump cache, misses
 * that fault, the code buffer's protection and its end.
 */
#include <string.h>

#include "random_region.h"
#include "tcg/tcg.h"

typedef struct Rig {
    TcgContext *ctx;
    RandomMachine *m;
    TcgState *state;
    IrRegion *r;
    unsigned lookups, links;
    uint64_t asked_pc;          /* state->pc at the last of them */
    const void *answer;         /* what they return; NULL: the exit */
    const TcgJumpSite *site;    /* of the last link */
    const void *second, *third; /* other regions */
} Rig;

static const void *answer(Rig *rig)
{
    rig->asked_pc = rig->state->pc;
    rig->state->raised = 0;
    return rig->answer ? rig->answer : tcg_exit_code(rig->ctx);
}

static const void *look_up(TcgState *state)
{
    Rig *rig = state->opaque;
    rig->lookups++;
    return answer(rig);
}

static const void *link_jump(TcgState *state, TcgJumpSite *site)
{
    Rig *rig = state->opaque;
    rig->links++;
    rig->site = site;
    return answer(rig);
}

static Rig *rig_new(bool split_wx)
{
    char *error = NULL;
    const TcgConfig config = { .buffer_size = 1 << 20, .split_wx = split_wx };
    Rig *rig = g_new0(Rig, 1);
    rig->ctx = tcg_context_new(&random_isa, &config, &error);
    g_assert_nonnull(rig->ctx);
    rig->m = random_machine_new();
    rig->state = &rig->m->state;
    rig->r = ir_region_new(&random_isa);
    random_machine_reset(rig->m, 1);
    tcg_state_init(rig->ctx, rig->state);
    rig->state->rt[TCG_RT_LOOKUP] = look_up;
    rig->state->rt[TCG_RT_LINK] = link_jump;
    rig->state->opaque = rig;
    rig->state->exit_request = 0;
    return rig;
}

static void rig_free(Rig *rig)
{
    ir_region_free(rig->r);
    random_machine_free(rig->m);
    tcg_context_free(rig->ctx);
    g_free(rig);
}

static const void *generate(Rig *rig, uint32_t start, const char *text)
{
    char *error = NULL;
    size_t size;
    ir_region_reset(rig->r);
    rig->r->pc_page = RANDOM_PC;
    rig->r->start = start;
    rig->r->jc_idx = 1;
    rig->r->mmu_idx = 1;
    g_assert_true(ir_parse(rig->r, text, &error));
    error = ir_verify(rig->r);
    g_assert_cmpstr(error, ==, NULL);
    const void *code = tcg_generate(rig->ctx, rig->r, &size);
    g_assert_nonnull(code);
    return code;
}

static void enter(Rig *rig, const void *code)
{
    rig->lookups = rig->links = 0;
    tcg_enter(rig->ctx, rig->state, code);
}

/* A jump and a branch are linked, run without asking, and are unlinked again. */
static void test_link(gconstpointer split_wx)
{
    static const char *const jumps[] = {
        "insn.4 +0x10\nadd.i64 x1, x1, #1\njump +0x80\n",
        "insn.4 +0x10\nadd.i64 x1, x1, #1\nbrcond.i64.ne x1, #0, +0x80\nleave\n",
        "insn.4 +0x10\nadd.i64 x1, x1, #1\njump +0x80 poll\n",
        "insn.4 +0x10\nadd.i64 x1, x1, #1\nbrcond.i64.gt x1, #0, +0x80 poll\nleave\n",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(jumps); i++) {
        Rig *rig = rig_new(split_wx != NULL);
        const void *target = generate(rig, 0x80, "insn.4 +0x80\nadd.i64 x11, x11, #100\nleave\n");
        const void *code = generate(rig, 0x10, jumps[i]);
        rig->state->ireg[1] = 5;
        rig->state->ireg[11] = 0;
        rig->answer = target;
        enter(rig, code);
        g_assert_cmpuint(rig->links, ==, 1);
        g_assert_cmphex(rig->asked_pc, ==, RANDOM_PC + 0x80);
        g_assert_cmpuint(rig->state->ireg[1], ==, 6);
        g_assert_cmpuint(rig->state->ireg[11], ==, 100);

        tcg_link(rig->ctx, rig->site, target);
        enter(rig, code);
        g_assert_cmpuint(rig->links, ==, 0);
        g_assert_cmpuint(rig->state->ireg[1], ==, 7);
        g_assert_cmpuint(rig->state->ireg[11], ==, 200);

        tcg_unlink(rig->ctx, rig->site);
        enter(rig, code);
        g_assert_cmpuint(rig->links, ==, 1);
        rig_free(rig);
    }
}

/* The exit flag stops a loop at its back-edge, with the pc of its head. */
static void test_poll(void)
{
    static const char *const back_edges[] = {
        "jump +0x40 poll\n",
        "brcond.i64.ne x1, #0, +0x40 poll\nleave\n",
        "pcrel %0, +0x40\njumpind %0\n",
        "jump +0x1040 poll\n",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(back_edges); i++) {
        Rig *rig = rig_new(true);
        char *loop = g_strdup_printf("insn.4 +0x40\nadd.i64 x1, x1, #1\nsetc.i64.geu %%9, x1, #50\n"
                                     "slotaddr %%8, +0x%zx\nst.i64.32 %%8, %%9\n%s",
                                     offsetof(TcgState, exit_request), back_edges[i]);
        const void *code = generate(rig, 0x40, loop);
        rig->state->ireg[1] = 0;
        rig->answer = code;
        enter(rig, code);
        g_assert_cmpuint(rig->state->ireg[1], ==, 50);
        g_assert_cmphex(rig->state->pc & 0xfff, ==, 0x40);
        g_free(loop);
        rig_free(rig);
    }
}

/* Jumps to other pages and indirect ones: C is asked until the cache knows the pc. */
static void test_jump_cache(void)
{
    static const struct {
        const char *text;
        uint64_t pc;
    } jumps[] = {
        { "insn.4 +0x10\njump +0x3420\n", RANDOM_PC + 0x3420 },
        { "insn.4 +0x10\njump -0x1f00\n", RANDOM_PC - 0x1f00 },
        { "insn.4 +0x10\nbrcond.i64.eq x1, x1, +0x1004\nleave\n", RANDOM_PC + 0x1004 },
        { "insn.4 +0x10\nmov.i64 x12, #0x123456789abc\njumpind x12\n", 0x123456789abc },
        { "insn.4 +0x10\npcrel %0, +0x77e\njumpind %0\n", RANDOM_PC + 0x77e },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(jumps); i++) {
        Rig *rig = rig_new(true);
        const void *target = generate(rig, 0x80, "insn.4 +0x80\npcrel x5, +0x0\nleave\n");
        const void *code = generate(rig, 0x10, jumps[i].text);
        enter(rig, code);
        g_assert_cmpuint(rig->lookups, ==, 1);
        g_assert_cmphex(rig->asked_pc, ==, jumps[i].pc);

        rig->state->jc[1][(jumps[i].pc >> 1) % TCG_JC_SIZE] =
            (TcgJump) { jumps[i].pc, (uintptr_t)target };
        rig->state->pc_page = RANDOM_PC;
        enter(rig, code);
        g_assert_cmpuint(rig->lookups, ==, 0);
        g_assert_cmphex(rig->state->ireg[5], ==, jumps[i].pc & ~0xfffull);
        g_assert_cmphex(rig->state->pc_page, ==, jumps[i].pc & ~0xfffull);

        rig->state->jc[1][(jumps[i].pc >> 1) % TCG_JC_SIZE].pc ^= 1ull << 40;
        rig->state->pc_page = RANDOM_PC;
        enter(rig, code);
        g_assert_cmpuint(rig->lookups, ==, 1);
        rig_free(rig);
    }
}

/* An instruction that crosses its page keeps the region from being linked. */
static void test_split(void)
{
    Rig *rig = rig_new(true);
    size_t size;
    generate(rig, 0xff0, "insn.4 +0xff0\njump +0x80\n");
    rig->r->split = true;
    enter(rig, tcg_generate(rig->ctx, rig->r, &size));
    g_assert_cmpuint(rig->links, ==, 0);
    g_assert_cmpuint(rig->lookups, ==, 1);
    g_assert_cmphex(rig->asked_pc, ==, RANDOM_PC + 0x80);
    rig_free(rig);
}

static uint64_t faulting_load(TcgState *state, uint64_t gva, uint64_t mem)
{
    Rig *rig = state->opaque;
    g_assert_cmphex(gva, ==, 0x777000123 + 0x10);
    g_assert_cmphex(state->pc, ==, RANDOM_PC + 0x14);
    g_assert_cmpuint(state->ireg[1], ==, 42); /* written before the access */
    g_assert_cmpuint(state->ireg[2], ==, 7);  /* not yet */
    state->ireg[3] = 1000;
    state->pc = 0x5000;
    state->raised = 1;
    rig->links += 100;
    return 0xdead;
}

/* A load that faults: the state is exact, what the handler changes is seen by the code after it. */
static void test_fault(void)
{
    Rig *rig = rig_new(true);
    rig->state->rt[TCG_RT_LOAD] = faulting_load;
    const void *code = generate(rig, 0x10,
                                "insn.4 +0x10\nmov.i64 x1, #42\ninsn.4 +0x14\n"
                                "tlbchk.64 %0, x9, +0x10\nld.i64.64 x2, %0\n"
                                "mov.i64 x1, #99\nleave\n");
    rig->answer = generate(rig, 0x80, "insn.4 +0x80\nadd.i64 x3, x3, #1\nleave\n");
    rig->state->ireg[2] = 7;
    rig->state->ireg[9] = 0x777000123;
    enter(rig, code);
    g_assert_cmpuint(rig->links, ==, 100);
    g_assert_cmpuint(rig->lookups, ==, 1);
    g_assert_cmphex(rig->asked_pc, ==, 0x5000);
    g_assert_cmpuint(rig->state->ireg[1], ==, 42);
    g_assert_cmpuint(rig->state->ireg[2], ==, 7);
    g_assert_cmpuint(rig->state->ireg[3], ==, 1001);
    rig_free(rig);
}

/* No address is writable and executable unless that was asked for. */
static void test_protection(void)
{
    Rig *rig = rig_new(true);
    char *maps = NULL;
    const void *code = generate(rig, 0x10, "insn.4 +0x10\nleave\n");
    g_assert_true(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
    g_assert_null(strstr(maps, "rwx"));
    g_assert_nonnull(strstr(maps, "r-xs"));
    g_free(maps);
    enter(rig, code);
    rig_free(rig);
}

static void test_full(void)
{
    Rig *rig = rig_new(true);
    size_t size, used = 0;
    generate(rig, 0x10, "insn.4 +0x10\nadd.i64 x1, x1, #1\nleave\n");
    unsigned made = 0;
    while (tcg_generate(rig->ctx, rig->r, &size)) {
        g_assert_cmpuint(tcg_code_used(rig->ctx), >, used);
        used = tcg_code_used(rig->ctx);
        g_assert_cmpuint(used, <=, tcg_code_capacity(rig->ctx));
        made++;
    }
    g_assert_cmpuint(tcg_code_used(rig->ctx), ==, used);
    g_assert_cmpuint(made, >, 1000);
    tcg_code_reset(rig->ctx);
    g_assert_cmpuint(tcg_code_used(rig->ctx), ==, 0);
    rig->state->ireg[1] = 1;
    enter(rig, tcg_generate(rig->ctx, rig->r, &size));
    g_assert_cmpuint(rig->state->ireg[1], ==, 2);
    rig_free(rig);
}

static void test_refused(void)
{
    char *error = NULL;
    const TcgConfig config = { .buffer_size = (size_t)8 << 30, .split_wx = true };
    g_assert_null(tcg_context_new(&random_isa, &config, &error));
    g_assert_nonnull(strstr(error, "larger than"));
    g_free(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/backend/link/split-wx", "yes", test_link);
    g_test_add_data_func("/backend/link/one-mapping", NULL, test_link);
    g_test_add_func("/backend/poll", test_poll);
    g_test_add_func("/backend/jump-cache", test_jump_cache);
    g_test_add_func("/backend/split", test_split);
    g_test_add_func("/backend/fault", test_fault);
    g_test_add_func("/backend/protection", test_protection);
    g_test_add_func("/backend/full", test_full);
    g_test_add_func("/backend/refused", test_refused);
    return g_test_run();
}
