/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the texts of -serial, -monitor and -chardev to back-ends. */
#include <string.h>

#include "internal.h"
#include "util/field.h"
#include "util/keyval.h"

/* Whether @names, things QEMU has and this program has not yet, has @name: slips of the pen are
 * told something else. */
static bool is_for_later(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

static bool set_prop(Chardev *chr, const KeyVal *kv, Error *err)
{
    static const char *const later[] = { "abstract",  "fd",      "ipv4",      "ipv6",
                                         "logappend", "logfile", "reconnect", "reconnect-ms",
                                         "telnet",    "tight",   "tls-authz", "tls-creds",
                                         "tn3270",    "to",      "websocket", NULL };
    bool delay;

    if (is_for_later(later, kv->key)) {
        error_set(err, "'%s' is not supported by Peregrine yet", kv->key);
        return false;
    }
    /* "nodelay" without a value reads as delay=off. */
    if (strcmp(kv->key, "delay") == 0 && field_parse_bool(kv->value, &delay)) {
        return obj_set(&chr->obj, "nodelay", delay ? "off" : "on", err);
    }
    return obj_set(&chr->obj, kv->key, kv->value, err);
}

static bool set_props(Chardev *chr, const GArray *parts, Error *err)
{
    for (unsigned i = 0; i < parts->len; i++) {
        if (!set_prop(chr, &g_array_index(parts, KeyVal, i), err)) {
            return false;
        }
    }
    return true;
}

/* Makes, sets and opens a back-end; with @mux, wraps it. */
static Chardev *build(Machine *m, const char *kind, const char *label, const GArray *parts,
                      bool mux, Error *err)
{
    char *inner = mux ? g_strdup_printf("%s-base", label) : g_strdup(label);
    Chardev *chr = chr_new(m, kind, inner, err);

    g_free(inner);
    if (!chr) {
        return NULL;
    }
    if (parts && !set_props(chr, parts, err)) {
        obj_unparent(&chr->obj);
        return NULL;
    }
    if (!chr_open(chr, err)) {
        return NULL;
    }
    return mux ? chr_mux_new(m, label, chr, err) : chr;
}

/* "host:port" in front of the other parts; the host may be an IPv6 address in brackets. */
static bool split_host_port(GArray *parts, Error *err)
{
    char *where = keyval_take(parts, "where");
    char *colon = strrchr(where, ':');

    if (!colon) {
        error_set(err, "'%s' is not of the form host:port", where);
        g_free(where);
        return false;
    }
    *colon = '\0';
    size_t len = strlen(where);
    bool bracketed = len >= 2 && where[0] == '[' && where[len - 1] == ']';
    KeyVal host = { g_strdup("host"), bracketed ? g_strndup(where + 1, len - 2) : g_strdup(where) };
    KeyVal port = { g_strdup("port"), g_strdup(colon + 1) };
    g_array_append_val(parts, host);
    g_array_append_val(parts, port);
    g_free(where);
    return true;
}

/* Prefixed texts: what follows the prefix, and the option it stands for. */
static const struct {
    const char *prefix, *kind, *implied;
} prefixes[] = {
    { "file:", "file", "path" },
    { "pipe:", "pipe", "path" },
    { "unix:", "socket", "path" },
    { "tcp:", "socket", "where" },
};

static void refuse_text(const char *text, Error *err)
{
    static const char *const later[] = {
        "braille",  "con",    "dbus",   "fdset", "msmouse", "qemu-vdagent", "spiceport",
        "spicevmc", "telnet", "tn3270", "udp",   "vc",      "websocket",    NULL
    };
    g_autofree char *kind = g_strndup(text, strcspn(text, ":,"));

    if (is_for_later(later, kind) || text[0] == '/') {
        error_set(err, "back-end '%s' is not supported by Peregrine yet", text);
    } else {
        error_set(err, "'%s' is not a valid char driver", text);
    }
    error_hint(err, "Valid are: stdio, mon:stdio, null, none, pty, file:PATH, pipe:PATH, "
                    "unix:PATH[,server=on,wait=off], tcp:HOST:PORT[,server=on,wait=off], "
                    "chardev:ID.");
}

static Chardev *from_prefix(Machine *m, const char *label, const char *text, bool mux, Error *err)
{
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (!g_str_has_prefix(text, prefixes[i].prefix)) {
            continue;
        }
        GArray *parts = keyval_parse(text + strlen(prefixes[i].prefix), prefixes[i].implied, err);
        Chardev *chr = NULL;
        if (parts && (keyval_get(parts, "where") == NULL || split_host_port(parts, err))) {
            chr = build(m, prefixes[i].kind, label, parts, mux, err);
        }
        keyval_free(parts);
        return chr;
    }
    refuse_text(text, err);
    return NULL;
}

Chardev *chr_new_from_text(Machine *m, const char *label, const char *text, bool *mux, Error *err)
{
    *mux = g_str_has_prefix(text, "mon:");
    text += *mux ? 4 : 0;
    if (strcmp(text, "none") == 0) {
        return NULL;
    }
    if (g_str_has_prefix(text, "chardev:")) {
        Chardev *chr = chr_find(m, text + 8);
        if (!chr) {
            error_set(err, "chardev '%s' not found", text + 8);
        }
        return chr;
    }
    if (strcmp(text, "stdio") == 0 && *mux) {
        GArray *parts = keyval_parse("signal=off", NULL, err);
        Chardev *chr = build(m, "stdio", label, parts, true, err);
        keyval_free(parts);
        return chr;
    }
    if (strcmp(text, "stdio") == 0 || strcmp(text, "null") == 0 || strcmp(text, "pty") == 0) {
        return build(m, text, label, NULL, *mux, err);
    }
    return from_prefix(m, label, text, *mux, err);
}

Chardev *chr_new_from_opts(Machine *m, const char *opts, Error *err)
{
    GArray *parts = keyval_parse(opts, "backend", err);

    if (!parts) {
        return NULL;
    }
    char *kind = keyval_take(parts, "backend"), *id = keyval_take(parts, "id");
    char *mux = keyval_take(parts, "mux");
    bool with_mux = false;
    Chardev *chr = NULL;
    if (!id || !*id) {
        error_set(err, "a character device needs an id");
        error_hint(err, "Give it one: -chardev %s,id=NAME.", kind ? kind : "null");
    } else if (mux && !field_parse_bool(mux, &with_mux)) {
        error_set(err, "Parameter 'mux' expects 'on' or 'off'");
    } else if (kind && strcmp(kind, "mux") == 0) {
        error_set(err, "a multiplexer is not made by itself");
        error_hint(err, "Add mux=on to the device that is to be shared.");
    } else {
        chr = build(m, kind ? kind : "", id, parts, with_mux, err);
    }
    g_free(kind);
    g_free(id);
    g_free(mux);
    keyval_free(parts);
    return chr;
}
