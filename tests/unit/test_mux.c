/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The multiplexer: who has the input, the escape's commands, nothing lost between. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "chr_fixture.h"

/* A terminal (the other end of a Unix socket) shared by two front-ends. */
typedef struct Bench {
    Machine *m;
    Chardev *mux;
    int listener, terminal;
    Reader *first, *second;
} Bench;

static Bench new_bench(void)
{
    Bench b = { .m = chr_test_machine(), .listener = socket(AF_UNIX, SOCK_STREAM, 0) };
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    socklen_t len = sizeof(sa_family_t); /* the kernel chooses an abstract name */
    g_autofree char *folder = g_dir_make_tmp("mux-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "s", NULL);

    strcpy(addr.sun_path, path);
    len = sizeof(addr);
    g_assert_cmpint(bind(b.listener, (struct sockaddr *)&addr, len), ==, 0);
    g_assert_cmpint(listen(b.listener, 1), ==, 0);
    g_autofree char *opts = g_strdup_printf("socket,id=t,mux=on,path=%s", path);
    b.mux = chr_test_open(b.m, opts);
    b.terminal = accept(b.listener, NULL, NULL);
    unlink(path);
    rmdir(folder);
    b.first = reader_new(b.mux);
    b.second = reader_new(b.mux);
    return b;
}

static void free_bench(Bench *b)
{
    reader_free(b->first);
    reader_free(b->second);
    close(b->terminal);
    close(b->listener);
    machine_free(b->m);
}

static void type(Bench *b, const char *text)
{
    g_assert_cmpint(write(b->terminal, text, strlen(text)), ==, strlen(text));
    for (int i = 0; i < 5; i++) {
        main_loop_turn(&b->m->loop, false);
    }
}

/* What the terminal shows now. */
static char *shown(Bench *b)
{
    char buf[4096];
    ssize_t n = recv(b->terminal, buf, sizeof(buf) - 1, MSG_DONTWAIT);

    buf[MAX(n, 0)] = '\0';
    return g_strdup(buf);
}

static void test_focus(void)
{
    Bench b = new_bench();

    g_assert_cmpstr(b.first->events->str, ==, "I");
    g_assert_cmpstr(b.second->events->str, ==, "");
    type(&b, "one\001ctwo\001cthree");
    g_assert_cmpstr(b.first->got->str, ==, "onethree");
    g_assert_cmpstr(b.second->got->str, ==, "two");
    g_assert_cmpstr(b.first->events->str, ==, "ITI");
    g_assert_cmpstr(b.second->events->str, ==, "IT");
    free_bench(&b);
}

static void test_escape(void)
{
    Bench b = new_bench();

    type(&b, "a\001\001b");
    g_assert_cmpstr(b.first->got->str, ==, "a\001b");
    type(&b, "\001"); /* the command comes later */
    type(&b, "b");
    g_assert_cmpstr(b.first->events->str, ==, "IB");
    type(&b, "\001z"); /* no command: swallowed */
    g_assert_cmpstr(b.first->got->str, ==, "a\001b");
    g_assert_true(chr_mux_set_escape(b.mux, 0x1d));
    type(&b, "\001\035cx");
    g_assert_cmpstr(b.first->got->str, ==, "a\001b\001");
    g_assert_cmpstr(b.second->got->str, ==, "x");
    g_assert_false(chr_mux_set_escape(chr_find(b.m, "t-base"), 1));
    free_bench(&b);
}

static void test_commands(void)
{
    Bench b = new_bench();

    type(&b, "\001h");
    g_autofree char *help = shown(&b);
    g_assert_nonnull(strstr(help, "C-a x"));
    g_assert_nonnull(strstr(help, "C-a C-a"));
    g_assert_null(strstr(help, "C-a s")); /* there are no disks yet */
    type(&b, "\001s");
    g_autofree char *refusal = shown(&b);
    g_assert_nonnull(strstr(refusal, "not supported by Peregrine yet"));
    g_assert_false(run_shutdown_requested(b.m));
    type(&b, "\001x");
    g_autofree char *last = shown(&b);
    g_assert_nonnull(strstr(last, "QEMU: Terminated"));
    g_assert_true(run_shutdown_requested(b.m));
    g_assert_cmpstr(b.first->got->str, ==, "");
    free_bench(&b);
}

static void test_output(void)
{
    Bench b = new_bench();

    reader_write(b.m, b.first, "first ", 6);
    reader_write(b.m, b.second, "second\n", 7); /* also those without the input may write */
    g_autofree char *plain = shown(&b);
    g_assert_cmpstr(plain, ==, "first second\n");
    type(&b, "\001t");
    reader_write(b.m, b.first, "rest\nline\n", 10);
    g_autofree char *stamped = shown(&b);
    g_assert_true(g_regex_match_simple("^rest\n\\[00:00:00\\.000\\] line\n$", stamped, 0, 0));
    type(&b, "\001t");
    reader_write(b.m, b.first, "a\nb\n", 4);
    g_autofree char *again = shown(&b);
    g_assert_cmpstr(again, ==, "a\nb\n");
    free_bench(&b);
}

/* Input for one that has no room waits for it, whoever has the input meanwhile. */
static void test_queue(void)
{
    Bench b = new_bench();

    b.first->room = 0;
    type(&b, "0123456789\001c");
    type(&b, "other");
    g_assert_cmpstr(b.first->got->str, ==, "");
    g_assert_cmpstr(b.second->got->str, ==, "other");
    reader_give_room(b.m, b.first, 3);
    g_assert_cmpstr(b.first->got->str, ==, "012");
    reader_give_room(b.m, b.first, 100);
    g_assert_cmpstr(b.first->got->str, ==, "0123456789");
    free_bench(&b);
}

/* A front-end that asks for more while it reads gets everything once and in order. */
static void read_and_ask(void *opaque, const uint8_t *buf, size_t len)
{
    Reader *r = opaque;
    g_string_append_len(r->got, (const char *)buf, len);
    chr_fe_accept_input(&r->fe);
}

static void test_asks_while_reading(void)
{
    Bench b = new_bench();

    b.first->room = 0;
    type(&b, "0123456789");
    b.first->fe.read = read_and_ask;
    reader_give_room(b.m, b.first, 1);
    g_assert_cmpstr(b.first->got->str, ==, "0123456789");
    free_bench(&b);
}

static void test_too_many(void)
{
    Bench b = new_bench();
    Reader *more[6];
    ChrFrontend last = { 0 };
    Error err = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(more); i++) {
        more[i] = reader_new(b.mux);
    }
    g_assert_false(chr_fe_init(&last, b.mux, &err));
    g_assert_null(last.chr);
    error_clear(&err);
    for (size_t i = 0; i < G_N_ELEMENTS(more); i++) {
        reader_free(more[i]);
    }
    free_bench(&b);
}

/* The input of one that left goes nowhere; the others stay reachable. */
static void test_leaving(void)
{
    Bench b = new_bench();
    Reader *gone = reader_new(b.mux);

    reader_free(gone);
    type(&b, "\001c2\001clost\001c1");
    g_assert_cmpstr(b.second->got->str, ==, "2");
    g_assert_cmpstr(b.first->got->str, ==, "1");
    free_bench(&b);
}

/* What should reach which front-end, by the rules in a few lines. */
typedef struct Model {
    GString *wanted[2];
    unsigned focus;
    bool escaped;
} Model;

static void model_type(Model *model, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (!model->escaped && *p == 1) {
            model->escaped = true;
            continue;
        }
        if (!model->escaped || *p == 1) {
            g_string_append_c(model->wanted[model->focus], *p);
        } else if (*p == 'c') {
            model->focus ^= 1;
        }
        model->escaped = false;
    }
}

static void test_random(void)
{
    static const char keys[] = "abc\001\001\001cchtb?s\n";
    Bench b = new_bench();
    Model model = { { g_string_new(NULL), g_string_new(NULL) } };
    Reader *readers[] = { b.first, b.second };
    GRand *source = g_rand_new_with_seed(3);

    for (int i = 0; i < 3000; i++) {
        char text[9] = "";
        for (int k = 0; k < 8; k++) {
            text[k] = keys[g_rand_int_range(source, 0, sizeof(keys) - 1)];
        }
        model_type(&model, text);
        type(&b, text);
        for (int k = 0; k < 2; k++) {
            reader_give_room(b.m, readers[k], g_rand_int_range(source, 0, 8));
        }
        g_free(shown(&b));
    }
    for (int k = 0; k < 2; k++) {
        reader_give_room(b.m, readers[k], 1 << 20);
        turn_until_got(b.m, readers[k], model.wanted[k]->len);
        g_assert_cmpstr(readers[k]->got->str, ==, model.wanted[k]->str);
        g_string_free(model.wanted[k], TRUE);
    }
    g_assert_false(run_shutdown_requested(b.m)); /* there was no x */
    g_rand_free(source);
    free_bench(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mux/focus", test_focus);
    g_test_add_func("/mux/escape", test_escape);
    g_test_add_func("/mux/commands", test_commands);
    g_test_add_func("/mux/output", test_output);
    g_test_add_func("/mux/queue", test_queue);
    g_test_add_func("/mux/asks-while-reading", test_asks_while_reading);
    g_test_add_func("/mux/too-many", test_too_many);
    g_test_add_func("/mux/leaving", test_leaving);
    g_test_add_func("/mux/random", test_random);
    return g_test_run();
}
