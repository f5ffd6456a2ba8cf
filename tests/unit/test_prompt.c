/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The human monitor on a machine without anything: silly input, and the line editor. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chr_fixture.h"
#include "monitor/monitor.h"

static char *run(Machine *m, const char *line)
{
    GString *out = g_string_new(NULL);

    machine_lock(m);
    monitor_run_command(m, line, out);
    machine_unlock(m);
    return g_string_free(out, FALSE);
}

/* What a machine without CPUs and memory answers. */
static void test_commands(void)
{
    static const struct {
        const char *line, *answer; /* a regular expression for all of it */
    } cases[] = {
        { "", "" },
        { "   ", "" },
        { "info status", "VM status: paused \\(prelaunch\\)\n" },
        { "  info   status ", "VM status: paused \\(prelaunch\\)\n" },
        { "info version", "\\d+\\.\\d+\\.\\d+ \\(Peregrine .*\\)\n" },
        { "info name", "a name\n" },
        { "info uuid", "00000000-0000-0000-0000-000000000000\n" },
        { "info chardev", "c: filename=null\n" },
        { "info registers", "" },
        { "info cpus", "" },
        { "info", "(info .* -- .*\n)+" },
        { "info nosuch", "unknown command: 'info nosuch'\n" },
        { "info status x", "Error: 'info status' takes no arguments\n" },
        { "info mtree -f -g", "Error: .*\n" },
        { "nosuch", "unknown command: 'nosuch'\n" },
        { "nosuch %s%n", "unknown command: 'nosuch'\n" },
        { "help", "(\\S+.* -- .*\n)+" },
        { "?", "(\\S+.* -- .*\n)+" },
        { "help quit", "quit\\|q -- .*\n" },
        { "help q", "quit\\|q -- .*\n" },
        { "help nosuch", "unknown command: 'nosuch'\n" },
        { "quit now", "Error: quit is used as: quit .*\n" },
        { "log", "Error: log is used as: log .*\n" },
        { "log nosuch", "Error: .*'nosuch'.*\n" },
        { "log none", "" },
        { "logfile /nonexist/x", "Error: .*/nonexist/x.*\n" },
        { "xp", "Error: xp is used as: .*\n" },
        { "xp 0", "Cannot access memory at 0x0\n" },
        { "xp/4xw 0x1000", "Cannot access memory at 0x1000\n" },
        { "xp /4xw nosuch", "Error: 'nosuch' is not an address\n" },
        { "xp /4q 0", "Error: '/4q' is not a format like /8xw\n" },
        { "xp 4 0", "Error: '4' is not a format like /8xw\n" },
        { "xp /99999999999999999999xg 0xffffffffffffffff", "Cannot access memory at .*\n" },
        { "x 0", "Error: this machine has no CPU\n" },
        { "info \"status", "Error: .*\n" },
        { "'info' \"status\"", "VM status: paused \\(prelaunch\\)\n" },
        { "system_reset", "" },
        { "system_powerdown", "" },
    };
    Machine *m = chr_test_machine();

    m->guest_name = g_strdup("a name");
    chr_test_open(m, "null,id=c");
    g_assert_true(machine_init(m, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *out = run(m, cases[i].line);
        g_autofree char *whole = g_strdup_printf("\\A(?:%s)\\z", cases[i].answer);
        if (!g_regex_match_simple(whole, out, 0, 0)) {
            g_test_message("'%s' gave '%s'", cases[i].line, out);
            g_test_fail();
        }
    }
    g_assert_false(run_shutdown_requested(m));
    g_free(run(m, "quit"));
    g_assert_true(run_shutdown_requested(m));
    machine_free(m);
}

static void test_stop_and_cont(void)
{
    Machine *m = chr_test_machine();

    g_assert_true(machine_init(m, NULL));
    g_free(run(m, "cont"));
    g_assert_true(run_is_running(m));
    g_autofree char *running = run(m, "info status");
    g_assert_cmpstr(running, ==, "VM status: running\n");
    g_free(run(m, "stop"));
    g_autofree char *paused = run(m, "info status");
    g_assert_cmpstr(paused, ==, "VM status: paused\n");
    machine_lock(m);
    run_stop(m, RUN_SHUTDOWN);
    machine_unlock(m);
    g_autofree char *off = run(m, "c");
    g_assert_true(g_str_has_prefix(off, "Error: "));
    machine_free(m);
}

/* Every command that help lists answers something to silly arguments and does not crash. */
static void test_silly_arguments(void)
{
    static const char *const words[] = { "",   "-1",   "\"\"", "/", "/x", "99999999999999999999",
                                         "%s", "a b c" };
    Machine *m = chr_test_machine();
    g_autofree char *help = run(m, "help"), *info = run(m, "info");
    g_autofree char *both = g_strconcat(help, info, NULL);
    g_auto(GStrv) lines = g_strsplit(both, "\n", -1);

    g_assert_true(machine_init(m, NULL));
    for (char **line = lines; *line; line++) {
        bool is_info = g_str_has_prefix(*line, "info ");
        size_t len = strcspn(*line + (is_info ? 5 : 0), "| ") + (is_info ? 5 : 0);
        for (size_t i = 0; len && i < G_N_ELEMENTS(words); i++) {
            g_autofree char *text = g_strdup_printf("%.*s %s", (int)len, *line, words[i]);
            if (!g_str_has_prefix(text, "logfile")) {
                g_free(run(m, text));
            }
        }
    }
    machine_free(m);
}

/* --- at the prompt --- */

typedef struct Prompt {
    Machine *m;
    int to, from; /* the user's ends of two named pipes */
    char *folder;
} Prompt;

static char *shown(Prompt *p)
{
    static char buf[1 << 18];

    for (int i = 0; i < 5; i++) {
        main_loop_turn(&p->m->loop, false);
    }
    ssize_t n = read(p->from, buf, sizeof(buf) - 1);
    return g_strndup(buf, MAX(n, 0));
}

static char *path_in(const Prompt *p, const char *name)
{
    return g_build_filename(p->folder, name, NULL);
}

static Prompt new_prompt(void)
{
    Prompt p = { .m = chr_test_machine(), .folder = g_dir_make_tmp("monitor-XXXXXX", NULL) };
    g_autofree char *base = path_in(&p, "c"), *in = path_in(&p, "c.in"),
                    *out = path_in(&p, "c.out");
    g_autofree char *opts = g_strdup_printf("pipe,id=c,path=%s", base);

    g_assert_cmpint(mkfifo(in, 0600) | mkfifo(out, 0600), ==, 0);
    Chardev *chr = chr_test_open(p.m, opts);
    p.to = open(in, O_WRONLY);
    p.from = open(out, O_RDONLY | O_NONBLOCK);
    g_assert_true(machine_init(p.m, NULL));
    machine_lock(p.m);
    g_assert_true(monitor_new(p.m, chr, NULL));
    machine_unlock(p.m);
    unlink(in);
    unlink(out);
    rmdir(p.folder);
    return p;
}

static void free_prompt(Prompt *p)
{
    machine_free(p->m);
    close(p->to);
    close(p->from);
    g_free(p->folder);
}

static void type(Prompt *p, const char *text)
{
    g_assert_cmpint(write(p->to, text, strlen(text)), ==, strlen(text));
}

static void test_prompt(void)
{
    Prompt p = new_prompt();

    g_autofree char *banner = shown(&p);
    g_assert_true(g_regex_match_simple(
        "\\AQEMU \\d+\\.\\d+\\.\\d+ monitor - type 'help' for more information\r\n\\(qemu\\) \\z",
        banner, 0, 0));
    type(&p, "info status\r");
    g_autofree char *answer = shown(&p);
    g_assert_cmpstr(answer, ==, "info status\r\nVM status: paused (prelaunch)\r\n(qemu) ");
    free_prompt(&p);
}

/* Keys that edit, and the command that runs then. */
static void test_editing(void)
{
    static const struct {
        const char *keys, *command;
    } cases[] = {
        { "abc", "abc" },
        { "abd\177c", "abc" },
        { "abd\bc", "abc" },
        { "bc\001a", "abc" },
        { "ac\033[Db", "abc" },
        { "bc\033[Ha\033[Fd", "abcd" },
        { "bc\033[1~a\033[4~d", "abcd" },
        { "xabc\001\033[3~", "abc" },
        { "xabc\001\004", "abc" },
        { "abcx\033[D\013", "abc" },
        { "zzz\025abc", "abc" },
        { "zzz\003abc", "abc" },
        { "abc\033[C\033[C\005d", "abcd" },
        { "abc\033[11;5~d", "abcd" },
        { "\033[A\033[B\033[Babc", "abc" },
        { "\177\177abc", "abc" },
        { "abc\033xd", "abcd" },
        { "abc\002\006\037", "abc" },
        { "abc\303\251", "abc\303\251" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Prompt p = new_prompt();
        type(&p, cases[i].keys);
        type(&p, "\r");
        g_autofree char *out = shown(&p);
        g_autofree char *want = g_strdup_printf("unknown command: '%s'\r\n", cases[i].command);
        if (!strstr(out, want)) {
            g_test_message("case %zu shows '%s'", i, out);
            g_test_fail();
        }
        free_prompt(&p);
    }
}

static void test_history(void)
{
    Prompt p = new_prompt();

    type(&p, "one\rtwo\r");
    g_free(shown(&p));
    type(&p, "\033[A\033[A\r");
    g_autofree char *first = shown(&p);
    g_assert_nonnull(strstr(first, "unknown command: 'one'"));
    type(&p, "\020\020\016\r"); /* Ctrl-P P N */
    g_autofree char *second = shown(&p);
    g_assert_nonnull(strstr(second, "unknown command: 'one'"));
    free_prompt(&p);
}

static void test_completion(void)
{
    Prompt p = new_prompt();

    type(&p, "inf\t stat\t\r");
    g_autofree char *out = shown(&p);
    g_assert_nonnull(strstr(out, "VM status: paused (prelaunch)"));
    type(&p, "zzz\t\r");
    g_autofree char *none = shown(&p);
    g_assert_nonnull(strstr(none, "unknown command: 'zzz'"));
    free_prompt(&p);
}

/* A new client gets a banner and an empty line, whatever the last one left. */
static void test_clients(void)
{
    Machine *m = chr_test_machine();
    g_autofree char *folder = g_dir_make_tmp("monitor-XXXXXX", NULL);
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    Prompt p = { .m = m };

    g_snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", folder);
    g_autofree char *opts =
        g_strdup_printf("socket,id=c,path=%s,server=on,wait=off", addr.sun_path);
    Chardev *chr = chr_test_open(m, opts);
    g_assert_true(machine_init(m, NULL));
    machine_lock(m);
    g_assert_true(monitor_new(m, chr, NULL));
    machine_unlock(m);
    for (int i = 0; i < 2; i++) {
        p.from = p.to = socket(AF_UNIX, SOCK_STREAM, 0);
        g_assert_cmpint(connect(p.to, (struct sockaddr *)&addr, sizeof(addr)), ==, 0);
        g_autofree char *banner = shown(&p);
        g_assert_true(g_str_has_prefix(banner, "QEMU "));
        g_assert_true(g_str_has_suffix(banner, "information\r\n(qemu) "));
        type(&p, "left over \033");
        g_free(shown(&p));
        close(p.to);
        for (int turn = 0; turn < 5; turn++) {
            main_loop_turn(&m->loop, false);
        }
    }
    machine_free(m);
    rmdir(folder);
}

/* The last answer is not followed by a prompt. */
static void test_quit(void)
{
    Prompt p = new_prompt();

    g_free(shown(&p));
    type(&p, "quit\r");
    g_autofree char *out = shown(&p);
    g_assert_cmpstr(out, ==, "quit\r\n");
    free_prompt(&p);
}

/* Any bytes: the prompt comes back, and the line stays bounded. */
static void test_random(void)
{
    static const char keys[] = "ab \t\177\b\001\005\004\013\025\033[A3~D;OHinfo";
    Prompt p = new_prompt();
    GRand *source = g_rand_new_with_seed(5);

    for (int i = 0; i < 2000; i++) {
        char text[33] = "";
        for (int k = 0; k < 32; k++) {
            text[k] = keys[g_rand_int_range(source, 0, sizeof(keys) - 1)];
        }
        type(&p, text);
        g_free(shown(&p));
    }
    for (int i = 0; i < 100; i++) {
        g_autofree char *much = g_strnfill(1000, 'y');
        type(&p, much);
        g_free(shown(&p));
    }
    type(&p, "x~\r");
    g_free(shown(&p));
    type(&p, "info status\r");
    g_autofree char *out = shown(&p);
    g_assert_nonnull(strstr(out, "VM status: paused (prelaunch)\r\n(qemu) "));
    g_rand_free(source);
    free_prompt(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompt/commands", test_commands);
    g_test_add_func("/prompt/stop-and-cont", test_stop_and_cont);
    g_test_add_func("/prompt/silly-arguments", test_silly_arguments);
    g_test_add_func("/prompt/prompt", test_prompt);
    g_test_add_func("/prompt/editing", test_editing);
    g_test_add_func("/prompt/history", test_history);
    g_test_add_func("/prompt/completion", test_completion);
    g_test_add_func("/prompt/clients", test_clients);
    g_test_add_func("/prompt/quit", test_quit);
    g_test_add_func("/prompt/random", test_random);
    return g_test_run();
}
