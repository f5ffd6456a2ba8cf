/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chr_fixture.h"

#include <string.h>

#define PATIENCE_US (20 * G_USEC_PER_SEC)

Machine *chr_test_machine(void)
{
    Machine *m = machine_new("none", NULL);
    g_assert_nonnull(m);
    return m;
}

Chardev *chr_test_open(Machine *m, const char *opts)
{
    Error err = { 0 };

    machine_lock(m);
    Chardev *chr = chr_new_from_opts(m, opts, &err);
    machine_unlock(m);
    g_assert_cmpstr(error_msg(&err), ==, "");
    g_assert_nonnull(chr);
    return chr;
}

void chr_test_refuses(Machine *m, const char *opts, const char *part)
{
    Error err = { 0 };

    machine_lock(m);
    Chardev *chr = chr_new_from_opts(m, opts, &err);
    machine_unlock(m);
    g_assert_null(chr);
    if (!strstr(error_msg(&err), part)) {
        g_test_message("'%s' gave '%s', not '%s'", opts, error_msg(&err), part);
        g_test_fail();
    }
    error_clear(&err);
}

static size_t can_read(void *opaque)
{
    return ((Reader *)opaque)->room;
}

static void take(void *opaque, const uint8_t *buf, size_t len)
{
    Reader *r = opaque;
    g_assert_cmpuint(len, <=, r->room);
    r->room -= len;
    g_string_append_len(r->got, (const char *)buf, len);
}

static void writable(void *opaque)
{
    ((Reader *)opaque)->writable++;
}

static void event(void *opaque, ChrEvent what)
{
    static const char letters[] = "OCBIT";
    g_string_append_c(((Reader *)opaque)->events, letters[what]);
}

Reader *reader_new(Chardev *chr)
{
    Reader *r = g_new0(Reader, 1);

    r->got = g_string_new(NULL);
    r->events = g_string_new(NULL);
    r->room = 1 << 20;
    r->fe = (ChrFrontend) {
        .opaque = r,
        .can_read = can_read,
        .read = take,
        .writable = writable,
        .event = event,
    };
    Error err = { 0 };
    g_assert_true(chr_fe_init(&r->fe, chr, &err));
    return r;
}

void reader_free(Reader *r)
{
    chr_fe_deinit(&r->fe);
    g_string_free(r->got, TRUE);
    g_string_free(r->events, TRUE);
    g_free(r);
}

void reader_give_room(Machine *m, Reader *r, size_t room)
{
    machine_lock(m);
    r->room = room;
    chr_fe_accept_input(&r->fe);
    machine_unlock(m);
}

size_t reader_write(Machine *m, Reader *r, const char *text, size_t len)
{
    machine_lock(m);
    size_t n = chr_fe_write(&r->fe, (const uint8_t *)text, len);
    machine_unlock(m);
    return n;
}

void turn_until(Machine *m, bool (*done)(void *opaque), void *opaque)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE_US;

    while (!done(opaque)) {
        g_assert_cmpint(g_get_monotonic_time(), <, limit);
        if (!main_loop_turn(&m->loop, false)) {
            g_usleep(1000);
        }
    }
}

typedef struct Wanted {
    const GString *text;
    size_t n;
} Wanted;

static bool is_long_enough(void *opaque)
{
    Wanted *w = opaque;
    return w->text->len >= w->n;
}

void turn_until_got(Machine *m, Reader *r, size_t n)
{
    turn_until(m, is_long_enough, &(Wanted) { r->got, n });
}

void turn_until_events(Machine *m, Reader *r, size_t n)
{
    turn_until(m, is_long_enough, &(Wanted) { r->events, n });
}
