/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what each option stores, and what is refused how. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

enum { WORDS_MAX = 8 };

/* Parses "-a b|-c": words between '|' and spaces; '_' is an empty word. */
static bool parse(Options *o, const char *line, Error *err)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    GPtrArray *argv = g_ptr_array_new();

    g_ptr_array_add(argv, "peregrine-system-riscv64");
    for (char **w = words; *w; w++) {
        if (**w) {
            g_ptr_array_add(argv, strcmp(*w, "_") == 0 ? "" : *w);
        }
    }
    g_ptr_array_add(argv, NULL);
    options_init(o, argv->pdata[0]);
    bool ok = options_parse(o, argv->len - 1, (char **)argv->pdata, err);
    g_ptr_array_free(argv, TRUE);
    return ok;
}

static void test_program_name(void)
{
    static const struct {
        const char *argv0, *program;
        bool as_qemu;
    } cases[] = {
        { "peregrine-system-riscv64", "peregrine-system-riscv64", false },
        { "./build/peregrine-system-riscv64", "peregrine-system-riscv64", false },
        { "/usr/bin/qemu-system-riscv64", "qemu-system-riscv64", true },
        { "qemu-system-riscv64", "qemu-system-riscv64", true },
        { "", "", false },
        { "/", "", false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Options o;
        options_init(&o, cases[i].argv0);
        g_assert_cmpstr(o.program, ==, cases[i].program);
        g_assert_cmpint(o.as_qemu, ==, cases[i].as_qemu);
        options_free(&o);
    }
}

static void test_stores(void)
{
    Options o;

    g_assert_true(parse(&o,
                        "-M virt -machine acpi=off -cpu rv64 -smp 2 -m 1G -m 2G -bios none "
                        "-kernel k -initrd i -append a -dtb d -L x -L y -serial null -serial pty "
                        "-chardev null,id=n -monitor none -echr 0x1d -nographic -no-reboot "
                        "-no-shutdown -S -d int -D log -dfilter 0..1 -pidfile p -name guest=n "
                        "-uuid 00112233-4455-6677-8899-AABBCCDDEEFF -msg timestamp=on "
                        "-rtc base=utc -nodefaults -no-user-config -display none -vga none "
                        "-net none -nic none -parallel none -accel kvm -accel tcg",
                        NULL));
    g_assert_cmpuint(o.machine->len, ==, 2);
    g_assert_cmpstr(o.machine->pdata[0], ==, "virt");
    g_assert_cmpstr(o.machine->pdata[1], ==, "acpi=off");
    g_assert_cmpstr(o.cpu, ==, "rv64");
    g_assert_cmpstr(o.smp, ==, "2");
    g_assert_cmpstr(o.memory, ==, "2G"); /* the last one counts */
    g_assert_cmpstr(o.bios, ==, "none");
    g_assert_cmpstr(o.kernel, ==, "k");
    g_assert_cmpstr(o.initrd, ==, "i");
    g_assert_cmpstr(o.append, ==, "a");
    g_assert_cmpstr(o.dtb, ==, "d");
    g_assert_cmpuint(o.firmware_dirs->len, ==, 2);
    g_assert_cmpuint(o.serials->len, ==, 2);
    g_assert_cmpuint(o.chardevs->len, ==, 1);
    g_assert_cmpuint(o.monitors->len, ==, 1);
    g_assert_cmpuint(o.accels->len, ==, 2);
    g_assert_cmpuint(o.escape, ==, 29);
    g_assert_true(o.nographic && o.no_reboot && o.no_shutdown && o.start_paused);
    g_assert_true(o.timestamps && o.no_defaults && o.no_display);
    g_assert_cmpstr(o.log_items, ==, "int");
    g_assert_cmpstr(o.log_file, ==, "log");
    g_assert_cmpstr(o.log_filter, ==, "0..1");
    g_assert_cmpstr(o.pidfile, ==, "p");
    g_assert_cmpstr(o.name, ==, "n");
    g_assert_cmpstr(o.uuid, ==, "00112233-4455-6677-8899-aabbccddeeff");
    options_free(&o);

    g_assert_true(parse(&o, "--nographic --m 3 --name x,debug-threads=on --version -h", NULL));
    g_assert_true(o.nographic && o.version && o.help);
    g_assert_cmpstr(o.memory, ==, "3");
    g_assert_cmpstr(o.name, ==, "x");
    g_assert_cmpuint(o.escape, ==, 1);
    options_free(&o);
}

static void test_refused(void)
{
    static const struct {
        const char *line, *msg, *hint; /* hint: part of it; NULL: there is none */
    } cases[] = {
        { "-nosuch", "-nosuch: invalid option", NULL },
        { "--nosuch", "--nosuch: invalid option", NULL },
        { "---m", "---m: invalid option", NULL },
        { "--", "--: invalid option", NULL },
        { "-kernal x", "-kernal: invalid option", "'-kernel'" },
        { "-seral x", "-seral: invalid option", "'-serial'" },
        { "-kernel=x", "-kernel=x: invalid option", NULL },
        { "-kernel", "-kernel: requires an argument", "-kernel FILE" },
        { "--smp", "--smp: requires an argument", NULL },
        { "-device x", "-device x: not supported by Peregrine yet", NULL },
        { "--device x", "--device x: not supported by Peregrine yet", NULL },
        { "-s -S", "-s: not supported by Peregrine yet", NULL },
        { "-daemonize", "-daemonize: not supported by Peregrine yet", NULL },
        { "disk.img", "disk.img: disk images are not supported by Peregrine yet", NULL },
        { "_", ": disk images are not supported by Peregrine yet", NULL },
        { "-", "-: disk images are not supported by Peregrine yet", NULL },
        { "-echr x", "-echr x: 'x' is not the code of a character", "0 to 255" },
        { "-echr 256", "-echr 256: '256' is not the code of a character", "0 to 255" },
        { "-echr -1", "-echr -1: '-1' is not the code of a character", "0 to 255" },
        { "-display gtk", "-display gtk: display 'gtk' is not supported by Peregrine yet",
          "-nographic" },
        { "-vga std", "-vga std: 'std' is not supported by Peregrine yet; only 'none' is", NULL },
        { "-net user", "-net user: 'user' is not supported by Peregrine yet; only 'none' is",
          NULL },
        { "-msg on", "-msg on: only timestamp=on|off is known", NULL },
        { "-msg timestamp=x", "-msg timestamp=x: only timestamp=on|off is known", NULL },
        { "-msg _", "-msg : only timestamp=on|off is known", NULL },
        { "-rtc base=localtime",
          "-rtc base=localtime: only base=utc,clock=host is supported by Peregrine yet", NULL },
        { "-name a,process=b", "-name a,process=b: process=b is not supported by Peregrine yet",
          "guest=" },
        { "-name a,debug-threads=off",
          "-name a,debug-threads=off: debug-threads=off is not supported by Peregrine yet", NULL },
        { "-name =", "-name =: '=' has a part without a name", NULL },
        { "-uuid 1234", "-uuid 1234: not a UUID", "8-4-4-4-12" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Options o;
        Error err = { 0 };
        bool ok = parse(&o, cases[i].line, &err);
        if (ok) {
            g_test_message("'%s' was taken", cases[i].line);
        }
        g_assert_false(ok);
        g_assert_cmpstr(error_msg(&err), ==, cases[i].msg);
        if (cases[i].hint) {
            g_assert_nonnull(err.hint);
            g_assert_nonnull(strstr(err.hint, cases[i].hint));
        }
        error_clear(&err);
        options_free(&o);
    }
}

/* The options that -help lists, as "-name" words. */
static GPtrArray *listed_options(void)
{
    char *text;
    size_t size;
    Options o;
    FILE *out = open_memstream(&text, &size);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    options_init(&o, "x");
    options_print_help(&o, out);
    options_free(&o);
    fclose(out);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (**line == '-') {
            g_ptr_array_add(names, g_strndup(*line, strcspn(*line, " ")));
        }
    }
    free(text);
    return names;
}

/* Every option that -help lists is known, with its argument or without. */
static void test_help(void)
{
    GPtrArray *names = listed_options();

    g_assert_cmpuint(names->len, >, 30);
    for (unsigned i = 0; i < names->len; i++) {
        Options o;
        Error err = { 0 };
        bool ok = parse(&o, names->pdata[i], &err);
        g_assert_true(ok || g_str_has_suffix(err.msg, ": requires an argument"));
        error_clear(&err);
        options_free(&o);
    }
    g_ptr_array_unref(names);
}

/* docs/command-line.rst describes the options there are: no fewer, no others. */
static void test_docs(void)
{
    GPtrArray *names = listed_options();
    GHashTable *described = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *text = NULL;
    GMatchInfo *match;

    g_assert_true(g_file_get_contents(DOCS_DIR "/command-line.rst", &text, NULL, NULL));
    /* A definition starts its line: ``-name ARGUMENT`` */
    GRegex *term = g_regex_new("^``(-[A-Za-z-]+)[ `]", G_REGEX_MULTILINE, 0, NULL);
    for (g_regex_match(term, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_hash_table_add(described, g_match_info_fetch(match, 1));
    }
    for (unsigned i = 0; i < names->len; i++) {
        if (!g_hash_table_remove(described, names->pdata[i])) {
            g_test_message("docs/command-line.rst lacks %s", (char *)names->pdata[i]);
            g_test_fail();
        }
    }
    GHashTableIter rest;
    gpointer name;
    g_hash_table_iter_init(&rest, described);
    while (g_hash_table_iter_next(&rest, &name, NULL)) {
        g_test_message("docs/command-line.rst describes %s, which is not there", (char *)name);
        g_test_fail();
    }
    g_match_info_free(match);
    g_regex_unref(term);
    g_hash_table_unref(described);
    g_ptr_array_unref(names);
}

/* Random command lines: stored or refused with a message. */
static void test_random(void)
{
    static const char *const bits[] = { "",
                                        "-",
                                        "--",
                                        ",",
                                        ",,",
                                        "=",
                                        "virt",
                                        "none",
                                        "help",
                                        "a=b",
                                        "0",
                                        "-1",
                                        "99999999999999999999",
                                        "%s%n",
                                        "\xff",
                                        "on",
                                        "id",
                                        "mon:",
                                        "chardev:" };
    GPtrArray *names = listed_options();
    GRand *source = g_rand_new_with_seed(7);

    for (int i = 0; i < 20000; i++) {
        char *argv[WORDS_MAX + 2] = { "x" };
        int argc = 1 + g_rand_int_range(source, 0, WORDS_MAX + 1);
        for (int k = 1; k < argc; k++) {
            const char *a = bits[g_rand_int_range(source, 0, G_N_ELEMENTS(bits))];
            const char *b = bits[g_rand_int_range(source, 0, G_N_ELEMENTS(bits))];
            bool is_name = g_rand_boolean(source);
            argv[k] = is_name ? g_strdup(names->pdata[g_rand_int_range(source, 0, names->len)])
                              : g_strconcat(a, b, NULL);
        }
        Options o;
        Error err = { 0 };
        options_init(&o, argv[0]);
        bool ok = options_parse(&o, argc, argv, &err);
        g_assert_cmpint(ok, !=, error_is_set(&err));
        options_free(&o);
        error_clear(&err);
        for (int k = 1; k < argc; k++) {
            g_free(argv[k]);
        }
    }
    g_rand_free(source);
    g_ptr_array_unref(names);
}

static void test_long(void)
{
    Options o;
    Error err = { 0 };
    g_autofree char *word = g_strnfill(1 << 20, 'x');
    g_autofree char *option = g_strconcat("-", word, NULL);
    char *good[] = { "x", "-append", word, NULL }, *bad[] = { "x", option, NULL };

    options_init(&o, "x");
    g_assert_true(options_parse(&o, 3, good, NULL));
    g_assert_cmpuint(strlen(o.append), ==, 1 << 20);
    g_assert_false(options_parse(&o, 2, bad, &err));
    g_assert_true(g_str_has_suffix(err.msg, ": invalid option"));
    error_clear(&err);
    options_free(&o);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/program-name", test_program_name);
    g_test_add_func("/options/stores", test_stores);
    g_test_add_func("/options/refused", test_refused);
    g_test_add_func("/options/help", test_help);
    g_test_add_func("/options/docs", test_docs);
    g_test_add_func("/options/random", test_random);
    g_test_add_func("/options/long", test_long);
    return g_test_run();
}
