/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text cases. A file is a list of cases:
 *
 *     == name
 *     steps
 *     IR before
 *     --
 *     what must come out
 *
 * `steps` are words: fold, eliminate (what comes out is IR), or one of verify, parse (what comes
 * out is the error). Slots and helpers are those of random_isa. A region that passes change must
 * also still do what it did: it is run before and after on random states.
 *
 * With IR_CASES_PRINT set, the cases are printed with what came out, to be read and copied.
 */
#include <stdlib.h>
#include <string.h>

#include "random_region.h"
#include "tcg/tcg.h"

enum { STATES = 40 };

typedef struct Case {
    char *name, *steps, *before, *wanted;
} Case;

static void normalise(GString *out, const char *text)
{
    char **lines = g_strsplit(text, "\n", -1);

    for (unsigned i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]);
        if (*line && *line != ';') {
            g_string_append_printf(out, "%s\n", line);
        }
    }
    g_strfreev(lines);
}

static char *normal_text(const char *text)
{
    GString *out = g_string_new(NULL);

    normalise(out, text);
    return g_string_free(out, FALSE);
}

static char *text_of(const IrRegion *r)
{
    GString *text = g_string_new(NULL);

    ir_print(r, text);
    return g_string_free(text, FALSE);
}

static void run(RandomMachine *m, const IrRegion *r, uint64_t seed, RandomOutcome *outcome)
{
    random_machine_reset(m, seed);
    bool more = tcg_interp_run(r, &m->state);
    random_machine_capture(m, more, outcome);
}

static void compare_runs(const IrRegion *before, const IrRegion *after)
{
    RandomMachine *m = random_machine_new();
    RandomOutcome first, second;

    for (uint64_t seed = 1; seed <= STATES; seed++) {
        run(m, before, seed, &first);
        run(m, after, seed, &second);
        char *difference = random_outcome_diff(&first, &second);
        g_assert_cmpstr(difference, ==, NULL);
    }
    random_machine_free(m);
}

/* Runs the passes named in `steps`; returns what came out. */
static char *run_passes(const Case *c, IrRegion *r)
{
    IrRegion *before = ir_region_copy(r);
    char **steps = g_strsplit(c->steps, " ", -1);
    char *error = ir_verify(r);

    g_assert_cmpstr(error, ==, NULL);
    for (unsigned i = 0; steps[i]; i++) {
        if (strcmp(steps[i], "fold") == 0) {
            ir_fold(r);
        } else if (strcmp(steps[i], "eliminate") == 0) {
            ir_eliminate(r);
        } else {
            g_error("case '%s': no step is named '%s'", c->name, steps[i]);
        }
        error = ir_verify(r);
        g_assert_cmpstr(error, ==, NULL);
    }
    g_strfreev(steps);
    compare_runs(before, r);
    ir_region_free(before);
    return text_of(r);
}

static char *outcome_of(const Case *c)
{
    IrRegion *r = ir_region_new(&random_isa);
    char *error = NULL, *result;
    bool parsed = ir_parse(r, c->before, &error);

    if (strcmp(c->steps, "parse") == 0) {
        result = error ? error : g_strdup("no error");
    } else {
        g_assert_cmpstr(error, ==, NULL);
        g_assert_true(parsed);
        if (strcmp(c->steps, "verify") == 0) {
            error = ir_verify(r);
            result = error ? error : g_strdup("no error");
        } else {
            result = run_passes(c, r);
        }
    }
    ir_region_free(r);
    return result;
}

static void test_case(gconstpointer data)
{
    const Case *c = data;
    char *outcome = outcome_of(c), *got = normal_text(outcome), *wanted = normal_text(c->wanted);

    if (g_getenv("IR_CASES_PRINT")) {
        g_print("\n== %s\n%s\n%s--\n%s", c->name, c->steps, c->before, got);
    } else {
        g_assert_cmpstr(got, ==, wanted);
    }
    g_free(outcome);
    g_free(got);
    g_free(wanted);
}

/* Cuts `text` at the first line that is `mark`; returns what follows it, or NULL. */
static char *cut_at_line(char *text, const char *mark)
{
    size_t length = strlen(mark);

    for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, mark, length) == 0 && (line[length] == '\n' || !line[length])) {
            *line = '\0';
            return line + length + (line[length] == '\n');
        }
    }
    return NULL;
}

static void add_case(const char *area, char *text)
{
    Case *c = g_new0(Case, 1);
    char *path;

    c->name = text;
    c->steps = strchr(text, '\n');
    g_assert_nonnull(c->steps);
    *c->steps++ = '\0';
    c->before = strchr(c->steps, '\n');
    g_assert_nonnull(c->before);
    *c->before++ = '\0';
    c->wanted = cut_at_line(c->before, "--");
    if (!c->wanted) {
        g_error("case '%s' has no line --", c->name);
    }
    path = g_strdup_printf("/ir/%s/%s", area, c->name);
    g_test_add_data_func(path, c, test_case);
    g_free(path);
}

static void add_file(const char *path)
{
    char *text = NULL, *area = g_path_get_basename(path), **cases;
    GError *error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        g_error("%s", error->message);
    }
    *strchrnul(area, '.') = '\0';
    cases = g_strsplit(text, "\n== ", -1);
    for (unsigned i = 1; cases[i]; i++) {
        add_case(area, cases[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (int i = 1; i < argc; i++) {
        add_file(argv[i]);
    }
    return g_test_run();
}
