/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Field rows: parsing, formatting, bounds, arrays. */
#include <glib.h>
#include <string.h>

#include "util/field.h"
#include "util/units.h"

typedef struct Thing {
    bool flag;
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    uint64_t big;
    int32_t small;
    int64_t wide;
    uint64_t size;
    char *text;
    int colour;
    uint32_t used;
    uint16_t fixed[4];
    uint64_t *heap;
    uint32_t heap_len;
} Thing;

static const FieldEnum colours[] = { { "red", 1 }, { "green", -2 }, { NULL } };

static const Field fields[] = {
    FIELD_PROP(Thing, flag, "flag", "on", "a flag"),
    FIELD_PROP(Thing, byte, "byte", "7", "a byte"),
    FIELD_PROP(Thing, half, "half", NULL, "a half"),
    FIELD_PROP_BOUNDED(Thing, word, "word", "10", 10, 20, "a word"),
    FIELD_PROP_FLAGS(Thing, big, "big", FIELD_HEX, "0x10", "a double word"),
    FIELD_PROP_BOUNDED(Thing, small, "small", "-3", -5, 5, "a signed word"),
    FIELD_PROP(Thing, wide, "wide", NULL, "a signed double word"),
    FIELD_PROP_SIZE(Thing, size, "size", "1M", "a size"),
    FIELD_PROP(Thing, text, "text", "hello", "a text"),
    FIELD_PROP_ENUM(Thing, colour, "colour", colours, "green", "a colour"),
    FIELD_SAVED_USED(Thing, fixed, used),
    FIELD_SAVED_FIXED_PTR(Thing, heap, heap_len, 100),
    FIELD_END,
};

static const Field *row(const char *name)
{
    const Field *f = field_find(fields, name);
    g_assert_nonnull(f);
    return f;
}

static void test_defaults(void)
{
    Thing t = { 0 };
    field_init_defaults(fields, &t);
    g_assert_true(t.flag);
    g_assert_cmpuint(t.byte, ==, 7);
    g_assert_cmpuint(t.half, ==, 0);
    g_assert_cmpuint(t.word, ==, 10);
    g_assert_cmpuint(t.big, ==, 16);
    g_assert_cmpint(t.small, ==, -3);
    g_assert_cmpuint(t.size, ==, MiB);
    g_assert_cmpstr(t.text, ==, "hello");
    g_assert_cmpint(t.colour, ==, -2);
    field_free_members(fields, &t);
    g_assert_null(t.text);
}

typedef struct Case {
    const char *name, *text, *formatted; /* formatted NULL: must be refused */
} Case;

static const Case cases[] = {
    { "flag", "on", "on" },
    { "flag", "no", "off" },
    { "flag", "true", "on" },
    { "flag", "n", "off" },
    { "flag", "1", NULL },
    { "flag", "ON", NULL },
    { "flag", "", NULL },
    { "byte", "255", "255" },
    { "byte", "256", NULL },
    { "byte", "0x1f", "31" },
    { "byte", "-1", NULL },
    { "byte", " 1", NULL },
    { "byte", "1 ", NULL },
    { "byte", "", NULL },
    { "byte", "010", "8" },
    { "half", "65535", "65535" },
    { "half", "65536", NULL },
    { "word", "20", "20" },
    { "word", "21", NULL },
    { "word", "9", NULL },
    { "word", "4294967296", NULL },
    { "big", "0xffffffffffffffff", "0xffffffffffffffff" },
    { "big", "0x10000000000000000", NULL },
    { "big", "18446744073709551616", NULL },
    { "big", "twelve", NULL },
    { "small", "-5", "-5" },
    { "small", "5", "5" },
    { "small", "-6", NULL },
    { "small", "-2147483649", NULL },
    { "small", "--1", NULL },
    { "wide", "-9223372036854775808", "-9223372036854775808" },
    { "wide", "-9223372036854775809", NULL },
    { "wide", "9223372036854775807", "9223372036854775807" },
    { "wide", "9223372036854775808", NULL },
    { "size", "512", "512" },
    { "size", "1k", "1024" },
    { "size", "2M", "2097152" },
    { "size", "1.5G", "1610612736" },
    { "size", "0.1K", "102" },
    { "size", "1T", "1099511627776" },
    { "size", "15E", "17293822569102704640" },
    { "size", "16E", NULL },
    { "size", "1MB", NULL },
    { "size", "M", NULL },
    { "size", "-1", NULL },
    { "size", "1.5.5", NULL },
    { "size", "0x10", "16" },
    { "size", "0x", NULL },
    { "size", "xyz", NULL },
    { "text", "", "" },
    { "text", "any, thing", "any, thing" },
    { "colour", "red", "red" },
    { "colour", "blue", NULL },
    { "colour", "1", NULL },
};

static void test_parse_format(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        Error err = { 0 };
        Thing t = { 0 };
        field_init_defaults(fields, &t);
        g_autofree char *before = field_format(row(c->name), &t);
        bool ok = field_parse(row(c->name), &t, c->text, &err);
        g_autofree char *after = field_format(row(c->name), &t);
        g_test_message("%s=%s", c->name, c->text);
        g_assert_cmpint(ok, ==, c->formatted != NULL);
        g_assert_cmpstr(after, ==, ok ? c->formatted : before);
        g_assert_cmpint(error_is_set(&err), ==, !ok);
        if (!ok) {
            g_assert_nonnull(strstr(err.msg, c->name));
        }
        error_clear(&err);
        field_free_members(fields, &t);
    }
}

static void test_error_texts(void)
{
    Thing t = { 0 };
    Error err = { 0 };
    field_parse(row("byte"), &t, "300", &err);
    g_assert_cmpstr(err.msg, ==, "'byte' takes a number from 0 to 255, not '300'");
    error_clear(&err);
    field_parse(row("small"), &t, "-7", &err);
    g_assert_cmpstr(err.msg, ==, "'small' must be from -5 to 5, not -7");
    error_clear(&err);
    field_parse(row("colour"), &t, "gren", &err);
    g_assert_cmpstr(err.msg, ==, "'colour' has no value 'gren'");
    g_assert_cmpstr(err.hint, ==, "Did you mean 'green'?\nIts values are: red, green");
    error_clear(&err);
    g_assert_false(field_parse(row("byte"), &t, "300", NULL));
}

static void test_typed(void)
{
    Thing t = { 0 };
    g_assert_true(field_set_u64(row("small"), &t, 0, (uint64_t)-4, NULL));
    g_assert_cmpint(t.small, ==, -4);
    g_assert_cmpint((int64_t)field_get_u64(row("small"), &t, 0), ==, -4);
    g_assert_false(field_set_u64(row("flag"), &t, 0, 2, NULL));
    g_assert_false(field_set_u64(row("half"), &t, 0, 0x10000, NULL));
    g_assert_false(field_set_u64(row("colour"), &t, 0, 5, NULL));
    g_assert_true(field_set_u64(row("colour"), &t, 0, (uint64_t)-2, NULL));
    g_assert_cmpint(t.colour, ==, -2);
    t.colour = 77;
    g_autofree char *odd = field_format(row("colour"), &t);
    g_assert_cmpstr(odd, ==, "77");
}

static void test_arrays(void)
{
    uint64_t heap[3] = { 1, 2, 3 };
    Thing t = { .used = 2, .fixed = { 5, 6, 7, 8 }, .heap = heap, .heap_len = 3 };
    const Field *f = row("fixed");
    g_assert_cmpuint(f->count, ==, 4);
    g_assert_cmpuint(field_len(f, &t), ==, 2);
    g_assert_cmpuint(field_get_u64(f, &t, 1), ==, 6);
    g_assert_true(field_set_u64(f, &t, 1, 60, NULL));
    g_assert_cmpuint(t.fixed[1], ==, 60);
    f = row("heap");
    g_assert_cmpuint(field_len(f, &t), ==, 3);
    g_assert_cmpuint(field_get_u64(f, &t, 2), ==, 3);
    g_assert_true(field_set_u64(f, &t, 2, 30, NULL));
    g_assert_cmpuint(heap[2], ==, 30);
    g_assert_cmpuint(field_len(row("byte"), &t), ==, 1);
}

static void test_names(void)
{
    Suggest s;
    suggest_init(&s, "colr");
    field_suggest(fields, FIELD_IS_PROP, &s);
    g_assert_cmpstr(s.best, ==, "colour");
    suggest_init(&s, "fixed");
    field_suggest(fields, FIELD_IS_PROP, &s);
    g_assert_null(s.best); /* saved only */
    g_assert_null(field_find(fields, "nosuch"));
    g_assert_null(field_find(NULL, "flag"));
    g_assert_cmpstr(field_type_name(row("size")), ==, "size");
    g_assert_cmpstr(field_type_name(row("flag")), ==, "bool");
    uint64_t v;
    g_assert_true(field_parse_size("m", "256", MiB, &v, NULL));
    g_assert_cmpuint(v, ==, 256 * MiB);
    g_assert_true(field_parse_size("m", "256B", MiB, &v, NULL));
    g_assert_cmpuint(v, ==, 256);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/field/defaults", test_defaults);
    g_test_add_func("/field/parse-format", test_parse_format);
    g_test_add_func("/field/error-texts", test_error_texts);
    g_test_add_func("/field/typed", test_typed);
    g_test_add_func("/field/arrays", test_arrays);
    g_test_add_func("/field/names", test_names);
    return g_test_run();
}
