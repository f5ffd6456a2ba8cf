/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor's prompt: a line editor with history over a character device.
 */
#include <stdio.h>
#include <string.h>

#include "hmp.h"
#include "monitor/monitor.h"
#include "system/machine.h"

enum { HISTORY_MAX = 64, LINE_MAX_LEN = 4096 };

static const char PROMPT[] = "(qemu) ";

struct Monitor {
    Object obj;
    Machine *machine;
    ChrFrontend fe;
    GString *out;  /* not written yet */
    GString *line; /* being typed */
    size_t cursor;
    GPtrArray *history;   /* char *, oldest first */
    unsigned recalled;    /* index into history; its length: the line being typed */
    int escape;           /* state of an escape sequence: 0 none, 1 after ESC, 2 after ESC [ */
    uint8_t escape_param; /* the last parameter character of the sequence */
    bool greeted;
    bool active; /* has the multiplexer's input */
};

static void flush(Monitor *mon)
{
    size_t n = chr_fe_write(&mon->fe, (const uint8_t *)mon->out->str, mon->out->len);
    g_string_erase(mon->out, 0, n);
}

/* Text to the user; line ends become CR LF. */
static void put(Monitor *mon, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\n') {
            g_string_append_c(mon->out, '\r');
        }
        g_string_append_c(mon->out, *p);
    }
    flush(mon);
}

static void prompt(Monitor *mon)
{
    put(mon, PROMPT);
}

static void greet(Monitor *mon)
{
    if (!mon->greeted) {
        put(mon, "QEMU " PG_QEMU_VERSION " monitor - type 'help' for more information\n");
        mon->greeted = true;
    }
    prompt(mon);
    put(mon, mon->line->str);
    mon->cursor = mon->line->len;
}

static void set_line(Monitor *mon, const char *text)
{
    for (size_t i = 0; i < mon->cursor; i++) {
        put(mon, "\b");
    }
    put(mon, "\033[K");
    g_string_assign(mon->line, text);
    mon->cursor = mon->line->len;
    put(mon, text);
}

static void recall(Monitor *mon, int step)
{
    int wanted = (int)mon->recalled + step;

    if (wanted < 0 || wanted > (int)mon->history->len) {
        return;
    }
    mon->recalled = wanted;
    set_line(mon, wanted < (int)mon->history->len ? g_ptr_array_index(mon->history, wanted) : "");
}

static void run_line(Monitor *mon)
{
    GString *out = g_string_new(NULL);

    put(mon, "\n");
    if (mon->line->len) {
        if (mon->history->len == HISTORY_MAX) {
            g_ptr_array_remove_index(mon->history, 0);
        }
        g_ptr_array_add(mon->history, g_strdup(mon->line->str));
    }
    mon->recalled = mon->history->len;
    monitor_run_command(mon->machine, mon->line->str, out);
    g_string_truncate(mon->line, 0);
    mon->cursor = 0;
    put(mon, out->str);
    g_string_free(out, TRUE);
    if (!run_shutdown_requested(mon->machine)) {
        prompt(mon);
    }
}

static void redraw_tail(Monitor *mon)
{
    put(mon, "\033[K");
    put(mon, mon->line->str + mon->cursor);
    for (size_t i = mon->cursor; i < mon->line->len; i++) {
        put(mon, "\b");
    }
}

static void insert(Monitor *mon, char c)
{
    char text[2] = { c, 0 };

    if (mon->line->len >= LINE_MAX_LEN) {
        return;
    }
    g_string_insert_c(mon->line, mon->cursor++, c);
    put(mon, text);
    if (mon->cursor < mon->line->len) {
        redraw_tail(mon);
    }
}

static void erase_before(Monitor *mon)
{
    if (mon->cursor == 0) {
        return;
    }
    g_string_erase(mon->line, --mon->cursor, 1);
    put(mon, "\b");
    redraw_tail(mon);
}

static void move(Monitor *mon, bool left)
{
    if (left && mon->cursor > 0) {
        mon->cursor--;
        put(mon, "\b");
    } else if (!left && mon->cursor < mon->line->len) {
        char text[2] = { mon->line->str[mon->cursor++], 0 };
        put(mon, text);
    }
}

static void complete(Monitor *mon)
{
    char *rest = hmp_complete(mon->line->str);

    for (const char *p = rest; mon->cursor == mon->line->len && *p; p++) {
        insert(mon, *p);
    }
    g_free(rest);
}

static void move_to_end(Monitor *mon, bool left)
{
    while (left ? mon->cursor > 0 : mon->cursor < mon->line->len) {
        move(mon, left);
    }
}

static void erase_here(Monitor *mon)
{
    if (mon->cursor < mon->line->len) {
        g_string_erase(mon->line, mon->cursor, 1);
        redraw_tail(mon);
    }
}

/* Home, Delete and End as the VT220's editing keys: ESC [ number ~. */
static void edit_key(Monitor *mon)
{
    switch (mon->escape_param) {
    case '1':
    case '7':
        move_to_end(mon, true);
        break;
    case '3':
        erase_here(mon);
        break;
    case '4':
    case '8':
        move_to_end(mon, false);
        break;
    }
}

static void control(Monitor *mon, uint8_t c)
{
    switch (c) {
    case '\r':
    case '\n':
        run_line(mon);
        break;
    case 0x7f:
    case '\b':
        erase_before(mon);
        break;
    case '\t':
        complete(mon);
        break;
    case 3:  /* Ctrl-C */
    case 21: /* Ctrl-U */
        set_line(mon, "");
        break;
    case 1: /* Ctrl-A */
        move_to_end(mon, true);
        break;
    case 5: /* Ctrl-E */
        move_to_end(mon, false);
        break;
    case 4: /* Ctrl-D */
        erase_here(mon);
        break;
    case 11: /* Ctrl-K */
        g_string_truncate(mon->line, mon->cursor);
        redraw_tail(mon);
        break;
    case 14: /* Ctrl-N */
    case 16: /* Ctrl-P */
        recall(mon, c == 14 ? 1 : -1);
        break;
    case 27:
        mon->escape = 1;
        break;
    }
}

/* What follows ESC [ or ESC O: parameter characters up to a final one (ECMA-48, 5.4). */
static void escape_sequence(Monitor *mon, uint8_t c)
{
    if (mon->escape == 1) {
        mon->escape = c == '[' || c == 'O' ? 2 : 0;
        mon->escape_param = 0;
        return;
    }
    if (c >= 0x20 && c < 0x40) {
        mon->escape_param = c;
        return;
    }
    mon->escape = 0;
    switch (c) {
    case 'A':
    case 'B':
        recall(mon, c == 'A' ? -1 : 1);
        break;
    case 'C':
    case 'D':
        move(mon, c == 'D');
        break;
    case 'H':
    case 'F':
        move_to_end(mon, c == 'H');
        break;
    case '~':
        edit_key(mon);
        break;
    }
}

static size_t mon_can_read(void *opaque)
{
    Monitor *mon = opaque;
    return mon->out->len < 64 * 1024 ? 1024 : 0;
}

static void mon_read(void *opaque, const uint8_t *buf, size_t len)
{
    Monitor *mon = opaque;

    for (size_t i = 0; i < len; i++) {
        if (mon->escape) {
            escape_sequence(mon, buf[i]);
        } else if (buf[i] < 32 || buf[i] == 0x7f) {
            control(mon, buf[i]);
        } else {
            insert(mon, (char)buf[i]);
        }
    }
}

static void mon_writable(void *opaque)
{
    Monitor *mon = opaque;
    flush(mon);
    chr_fe_accept_input(&mon->fe);
}

static void mon_event(void *opaque, ChrEvent event)
{
    Monitor *mon = opaque;

    switch (event) {
    case CHR_EVENT_OPENED: /* someone else: what the last one left is none of theirs */
        g_string_truncate(mon->out, 0);
        g_string_truncate(mon->line, 0);
        mon->escape = 0;
        mon->greeted = false;
        mon->active = true;
        greet(mon);
        break;
    case CHR_EVENT_MUX_IN:
        mon->active = true;
        greet(mon);
        break;
    case CHR_EVENT_MUX_OUT:
        mon->active = false;
        put(mon, "\n");
        break;
    default:
        break;
    }
}

static void monitor_finalize(Object *obj)
{
    Monitor *mon = (Monitor *)obj;

    chr_fe_deinit(&mon->fe);
    if (mon->history) {
        g_ptr_array_unref(mon->history);
        g_string_free(mon->line, TRUE);
        g_string_free(mon->out, TRUE);
    }
}

static const TypeInfo monitor_type = {
    .name = "hmp-monitor",
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(Monitor),
    .internal = true,
    .instance_finalize = monitor_finalize,
};
QOM_TYPE(monitor_type);

bool monitor_new(Machine *m, Chardev *chr, Error *err)
{
    Monitor *mon = (Monitor *)obj_new_known("hmp-monitor");
    Object *parent = obj_child(m->root, "monitors");

    if (!parent) {
        parent = obj_new_known(TYPE_CONTAINER);
        obj_own_child(m->root, "monitors", parent);
    }
    mon->machine = m;
    mon->out = g_string_new(NULL);
    mon->line = g_string_new(NULL);
    mon->history = g_ptr_array_new_with_free_func(g_free);
    mon->fe = (ChrFrontend) {
        .opaque = mon,
        .can_read = mon_can_read,
        .read = mon_read,
        .writable = mon_writable,
        .event = mon_event,
    };
    if (!chr_fe_init(&mon->fe, chr, err)) {
        obj_unref(&mon->obj);
        return false;
    }
    bool ok = obj_add_child(parent, "hmp[*]", &mon->obj, err);
    obj_unref(&mon->obj);
    return ok;
}
