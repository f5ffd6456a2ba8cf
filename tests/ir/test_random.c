/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random regions: they verify, they survive printing and parsing, and the passes do not change
 * what they do.
 */
#include <stdlib.h>
#include <string.h>

#include "random_region.h"
#include "tcg/tcg.h"

typedef struct Kind {
    const char *name;
    RandomOptions options;
} Kind;

static const Kind kinds[] = {
    { "integer", { .ops = 30 } },
    { "fp", { .ops = 30, .fp = true } },
    { "memory", { .ops = 40, .memory = true } },
    { "control", { .ops = 40, .helpers = true, .branches = true } },
    { "everything", { .ops = 120, .fp = true, .memory = true, .helpers = true, .branches = true } },
};

static char *text_of(const IrRegion *r)
{
    GString *text = g_string_new(NULL);

    ir_print(r, text);
    return g_string_free(text, FALSE);
}

static bool verifies(const IrRegion *r, uint64_t seed)
{
    char *error = ir_verify(r), *text;

    if (!error) {
        return true;
    }
    text = text_of(r);
    g_test_message("seed %" G_GUINT64_FORMAT ": %s\n%s", seed, error, text);
    g_free(text);
    g_free(error);
    return false;
}

static unsigned region_count(void)
{
    const char *count = g_getenv("IR_RANDOM_REGIONS");

    return count ? (unsigned)atoi(count) : 4000;
}

static void test_round_trip(gconstpointer data)
{
    const Kind *kind = data;
    IrRegion *r = ir_region_new(&random_isa), *again = ir_region_new(&random_isa);

    for (uint64_t seed = 1; seed <= region_count() / 20; seed++) {
        char *error = NULL;

        random_region(r, seed, &kind->options);
        g_assert_true(verifies(r, seed));
        char *text = text_of(r);
        ir_region_reset(again);
        g_assert_true(ir_parse(again, text, &error));
        g_assert_true(verifies(again, seed));
        char *second = text_of(again);
        g_assert_cmpstr(text, ==, second);
        g_free(text);
        g_free(second);
    }
    ir_region_free(again);
    ir_region_free(r);
}

static void run(RandomMachine *m, const IrRegion *r, uint64_t seed, RandomOutcome *outcome)
{
    random_machine_reset(m, seed);
    bool more = tcg_interp_run(r, &m->state);
    random_machine_capture(m, more, outcome);
}

static void check_passes(IrRegion *r, RandomMachine *m, uint64_t seed, const RandomOptions *options)
{
    static const struct {
        const char *name;
        bool fold, eliminate;
    } ways[] = { { "fold", true, false }, { "eliminate", false, true }, { "both", true, true } };
    RandomOutcome plain, changed;

    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        random_region(r, seed, options);
        run(m, r, seed, &plain);
        char *before = text_of(r);
        if (ways[i].fold) {
            ir_fold(r);
            g_assert_true(verifies(r, seed));
        }
        if (ways[i].eliminate) {
            ir_eliminate(r);
            g_assert_true(verifies(r, seed));
        }
        run(m, r, seed, &changed);
        char *difference = random_outcome_diff(&plain, &changed);
        if (difference) {
            char *after = text_of(r);
            g_test_message("seed %" G_GUINT64_FORMAT " %s: %s\nbefore:\n%s\nafter:\n%s", seed,
                           ways[i].name, difference, before, after);
            g_test_fail();
            exit(1);
        }
        g_free(before);
    }
}

static void test_passes(gconstpointer data)
{
    const Kind *kind = data;
    IrRegion *r = ir_region_new(&random_isa);
    RandomMachine *m = random_machine_new();

    for (uint64_t seed = 1; seed <= region_count(); seed++) {
        check_passes(r, m, seed, &kind->options);
    }
    random_machine_free(m);
    ir_region_free(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        char *name = g_strdup_printf("/ir/round-trip/%s", kinds[i].name);
        g_test_add_data_func(name, &kinds[i], test_round_trip);
        g_free(name);
        name = g_strdup_printf("/ir/passes/%s", kinds[i].name);
        g_test_add_data_func(name, &kinds[i], test_passes);
        g_free(name);
    }
    return g_test_run();
}
