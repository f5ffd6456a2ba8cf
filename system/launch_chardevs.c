/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Back-ends for serial ports and monitors: -chardev, -serial, -monitor, and what -nographic adds.
 */
#include <stdio.h>

#include "chardev/chardev.h"
#include "launch_parts.h"

/* Makes or finds the back-end that @text of @option asks for; NULL without error for "none". */
static Chardev *backend(const Options *o, Machine *m, const char *option, const char *label,
                        const char *text, bool *monitor_too, Error *err)
{
    Chardev *chr = chr_new_from_text(m, label, text, monitor_too, err);

    if (chr) {
        chr_mux_set_escape(chr, o->escape);
    } else if (error_is_set(err)) {
        error_prepend(err, "%s %s: ", option, text);
    }
    return chr;
}

static bool add_serial(const Options *o, Machine *m, const char *text, GPtrArray *monitors,
                       Error *err)
{
    char label[24];
    bool monitor_too;
    Error one = { 0 };

    snprintf(label, sizeof(label), "serial%u", m->serials->len);
    Chardev *chr = backend(o, m, "-serial", label, text, &monitor_too, &one);
    if (error_is_set(&one)) {
        error_hint(&one,
                   "%s: -serial %s: could not connect serial device to character backend '%s'",
                   o->program, text, text);
        error_move(err, &one);
        return false;
    }
    g_ptr_array_add(m->serials, chr);
    if (chr && monitor_too) {
        g_ptr_array_add(monitors, chr);
    }
    return true;
}

static bool add_monitor(const Options *o, Machine *m, const char *text, GPtrArray *monitors,
                        Error *err)
{
    char label[24];
    bool mux;
    Error one = { 0 };

    snprintf(label, sizeof(label), "monitor%u", monitors->len);
    Chardev *chr = backend(o, m, "-monitor", label, text, &mux, &one);
    if (error_is_set(&one)) {
        error_move(err, &one);
        return false;
    }
    if (chr) {
        g_ptr_array_add(monitors, chr);
    }
    return true;
}

/* With -nographic (or no display asked for) the first serial port and the monitor are on the
 * terminal, unless options say where they go. */
static bool add_default_chardevs(const Options *o, Machine *m, GPtrArray *monitors, Error *err)
{
    bool want_serial = o->serials->len == 0 && !o->no_defaults;
    bool want_monitor = o->monitors->len == 0 && !o->no_defaults;

    if (o->no_display && !o->nographic) {
        return true;
    }
    if (want_serial) {
        return add_serial(o, m, want_monitor ? "mon:stdio" : "stdio", monitors, err);
    }
    for (unsigned i = 0; i < o->serials->len; i++) {
        if (g_str_has_prefix(g_ptr_array_index(o->serials, i), "mon:")) {
            return true;
        }
    }
    return !want_monitor || !o->nographic || add_monitor(o, m, "stdio", monitors, err);
}

bool launch_add_chardevs(const Options *o, Machine *m, GPtrArray *monitors, Error *err)
{
    for (unsigned i = 0; i < o->chardevs->len; i++) {
        const char *text = g_ptr_array_index(o->chardevs, i);
        Chardev *chr = chr_new_from_opts(m, text, err);
        if (!chr) {
            error_prepend(err, "-chardev %s: ", text);
            return false;
        }
        chr_mux_set_escape(chr, o->escape);
    }
    if (!add_default_chardevs(o, m, monitors, err)) {
        return false;
    }
    for (unsigned i = 0; i < o->serials->len; i++) {
        if (!add_serial(o, m, g_ptr_array_index(o->serials, i), monitors, err)) {
            return false;
        }
    }
    for (unsigned i = 0; i < o->monitors->len; i++) {
        if (!add_monitor(o, m, g_ptr_array_index(o->monitors, i), monitors, err)) {
            return false;
        }
    }
    return true;
}
