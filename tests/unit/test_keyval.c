/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option arguments: "value,key=value,flag,noflag". */
#include <glib.h>
#include <string.h>

#include "util/keyval.h"

/* The parts as "key=value|key=value|". */
static char *parts_text(const GArray *parts)
{
    GString *s = g_string_new(NULL);

    for (unsigned i = 0; i < parts->len; i++) {
        const KeyVal *kv = &g_array_index(parts, KeyVal, i);
        g_string_append_printf(s, "%s=%s|", kv->key, kv->value);
    }
    return g_string_free(s, FALSE);
}

static void test_parse(void)
{
    static const struct {
        const char *text, *implied, *parts; /* parts NULL: refused */
    } cases[] = {
        { "", "x", "" },
        { "", NULL, "" },
        { "a", "x", "x=a|" },
        { "a", NULL, "a=on|" },
        { "noa", NULL, "a=off|" },
        { "no", NULL, "no=on|" },
        { "noa", "x", "x=noa|" },
        { "a,noserver,wait", "x", "x=a|server=off|wait=on|" },
        { "a=b", "x", "a=b|" },
        { "a=b=c", "x", "a=b=c|" },
        { "a=", "x", "a=|" },
        { "a,,b", "x", "x=a,b|" },
        { "a,,b=c,,d,e=f", "x", "a,b=c,d|e=f|" },
        { "p=,,", "x", "p=,|" },
        { ",,", "x", "x=,|" },
        { ",,,", "x", "x=,|" },
        { "a,", "x", "x=a|" },
        { ",a=b", "x", "x=|a=b|" },
        { "a=b, c=d", "x", "a=b| c=d|" },
        { "k=1,k=2", "x", "k=1|k=2|" },
        { "=", "x", NULL },
        { "=a", "x", NULL },
        { "a,=b", "x", NULL },
        { ",a", NULL, NULL },
        { "a=b,,,=c", "x", NULL },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Error err = { 0 };
        GArray *parts = keyval_parse(cases[i].text, cases[i].implied, &err);
        g_assert_cmpint(parts != NULL, ==, cases[i].parts != NULL);
        g_assert_cmpint(error_is_set(&err), ==, cases[i].parts == NULL);
        if (parts) {
            g_autofree char *text = parts_text(parts);
            g_assert_cmpstr(text, ==, cases[i].parts);
        }
        keyval_free(parts);
        error_clear(&err);
    }
}

static void test_get_and_take(void)
{
    GArray *parts = keyval_parse("a=1,b=2,a=3,c=4", NULL, NULL);

    g_assert_cmpstr(keyval_get(parts, "a"), ==, "3");
    g_assert_null(keyval_get(parts, "d"));
    g_autofree char *a = keyval_take(parts, "a");
    g_assert_cmpstr(a, ==, "3");
    g_assert_null(keyval_take(parts, "a"));
    g_autofree char *left = parts_text(parts);
    g_assert_cmpstr(left, ==, "b=2|c=4|");
    keyval_free(parts);
}

/* Whatever the text: a list that holds no more than the text did, or an error. */
static void test_random(void)
{
    static const char alphabet[] = "ab,,==no \x7f\xff";
    GRand *source = g_rand_new_with_seed(1);

    for (int i = 0; i < 20000; i++) {
        char text[24] = "";
        size_t len = g_rand_int_range(source, 0, sizeof(text));
        for (size_t k = 0; k < len; k++) {
            text[k] = alphabet[g_rand_int_range(source, 0, sizeof(alphabet) - 1)];
        }
        text[len] = '\0';
        Error err = { 0 };
        GArray *parts = keyval_parse(text, i & 1 ? "x" : NULL, &err);
        g_assert_cmpint(parts != NULL, !=, error_is_set(&err));
        for (unsigned k = 0; parts && k < parts->len; k++) {
            g_assert_cmpuint(strlen(g_array_index(parts, KeyVal, k).key), >, 0);
        }
        g_assert_true(!parts || parts->len <= strlen(text));
        keyval_free(parts);
        error_clear(&err);
    }
    g_rand_free(source);
}

static void test_long(void)
{
    GString *text = g_string_new("first");

    for (int i = 0; i < 100000; i++) {
        g_string_append_printf(text, ",k%d=v", i);
    }
    GArray *parts = keyval_parse(text->str, "x", NULL);
    g_assert_cmpuint(parts->len, ==, 100001);
    g_assert_cmpstr(keyval_get(parts, "k99999"), ==, "v");
    keyval_free(parts);
    g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keyval/parse", test_parse);
    g_test_add_func("/keyval/get-and-take", test_get_and_take);
    g_test_add_func("/keyval/random", test_random);
    g_test_add_func("/keyval/long", test_long);
    return g_test_run();
}
