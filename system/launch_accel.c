/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing the accelerator: -accel and -machine accel=. */
#include <string.h>

#include "accel/accel.h"
#include "launch_parts.h"
#include "util/field.h"
#include "util/keyval.h"
#include "util/units.h"

/* An accelerator QEMU has and this program does not: the next in the list is tried. */
static bool is_foreign_accel(const char *name)
{
    static const char *const names[] = { "hvf", "kvm", "mshv", "nvmm", "whpx", "xen" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool set_thread(AccelConfig *c, const char *value, Error *err)
{
    c->single_thread = strcmp(value, "single") == 0;
    if (!c->single_thread && strcmp(value, "multi") != 0) {
        error_set(err, "thread is 'single' or 'multi', not '%s'", value);
        return false;
    }
    return true;
}

static bool set_tb_size(AccelConfig *c, const char *value, Error *err)
{
    uint64_t number;

    if (!field_parse_u64(value, &number) || number > 2047) {
        error_set(err, "tb-size is a number of MiB up to 2047, not '%s'", value);
        return false;
    }
    c->tb_size = number * MiB;
    return true;
}

/* A setting has a function, or is on|off and a member that one of them makes true. */
static const struct {
    const char *name;
    bool (*fn)(AccelConfig *c, const char *value, Error *err);
    size_t member;
    bool true_when;
    bool host_code; /* it is about host code, which interp does not make */
} settings[] = {
    { "thread", .fn = set_thread },
    { "tb-size", .fn = set_tb_size, .host_code = true },
    { "split-wx", .member = offsetof(AccelConfig, no_split_wx), .true_when = false,
      .host_code = true },
    { "fold", .member = offsetof(AccelConfig, no_fold), .true_when = false },
    { "interpret-first", .member = offsetof(AccelConfig, translate_at_once), .true_when = false },
    { "one-insn-per-tb", .member = offsetof(AccelConfig, one_insn), .true_when = true },
};

static bool set_accel_prop(AccelConfig *c, const KeyVal *kv, Error *err)
{
    Suggest near;
    bool on;

    suggest_init(&near, kv->key);
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        suggest_offer(&near, settings[i].name);
        if (strcmp(settings[i].name, kv->key) != 0) {
            continue;
        }
        if (settings[i].host_code && c->interp) {
            error_set(err, "%s is about host code, and interp makes none", kv->key);
            return false;
        }
        if (settings[i].fn) {
            return settings[i].fn(c, kv->value, err);
        }
        if (!field_parse_bool(kv->value, &on)) {
            error_set(err, "%s is 'on' or 'off', not '%s'", kv->key, kv->value);
            return false;
        }
        *(bool *)((char *)c + settings[i].member) = on == settings[i].true_when;
        return true;
    }
    error_set(err, "Property '%s-accel.%s' not found", c->interp ? "interp" : "tcg", kv->key);
    suggest_hint(&near, err);
    error_hint(err, "Known are thread, tb-size, split-wx, fold, interpret-first and "
                    "one-insn-per-tb.");
    return false;
}

/* One -accel text. *@skipped: the accelerator is one of QEMU's that this program does not have. */
static bool use_accel(Machine *m, const char *text, bool *skipped, Error *err)
{
    AccelConfig config = { 0 };
    GArray *parts = keyval_parse(text, "accel", err);

    *skipped = false;
    if (!parts) {
        return false;
    }
    g_autofree char *name = keyval_take(parts, "accel");
    config.interp = g_strcmp0(name, "interp") == 0;
    bool ok = config.interp || g_strcmp0(name, "tcg") == 0;
    if (!ok) {
        *skipped = name && is_foreign_accel(name);
        if (name && *name) {
            error_set(err, "invalid accelerator %s", name);
        } else {
            error_set(err, "no accelerator is named");
        }
        error_hint(err, "Peregrine has tcg and interp.");
    }
    for (unsigned i = 0; ok && i < parts->len; i++) {
        ok = set_accel_prop(&config, &g_array_index(parts, KeyVal, i), err);
    }
    keyval_free(parts);
    return ok && accel_tcg_setup(m, &config, err);
}

/* Tries the texts in order. What is passed over is told when another is taken; the first error
 * counts when none is. @prefix: what goes before each text in messages. */
static bool choose_accel(const Options *o, Machine *m, GPtrArray *texts, const char *prefix,
                         Error *err)
{
    GString *passed_over = g_string_new(NULL);
    bool found = false, skipped = true;

    for (unsigned i = 0; i < texts->len && !found && skipped; i++) {
        const char *text = g_ptr_array_index(texts, i);
        Error one = { 0 };
        found = use_accel(m, text, &skipped, &one);
        if (found) {
            break;
        }
        if (*prefix) {
            error_prepend(&one, "%s%s: ", prefix, text);
        }
        g_string_append_printf(passed_over, "%s%s", passed_over->len ? "\n" : "", error_msg(&one));
        if (!skipped) {
            error_clear(err); /* a mistake in a later text is what the user must know */
        }
        error_move(err, &one);
    }
    if (found && passed_over->len) {
        error_clear(err);
        g_auto(GStrv) lines = g_strsplit(passed_over->str, "\n", -1);
        for (char **line = lines; *line; line++) {
            options_print_message(o, *line);
        }
        g_autofree char *last = g_strdup_printf("falling back to %s", m->accel->name);
        options_print_message(o, last);
    }
    g_string_free(passed_over, TRUE);
    return found;
}

bool launch_set_accel(const Options *o, Machine *m, GArray *machine_parts, Error *err)
{
    g_autofree char *from_machine = keyval_take(machine_parts, "accel");
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

    if (from_machine) {
        g_auto(GStrv) names = g_strsplit(from_machine, ":", -1);
        for (char **name = names; *name; name++) {
            g_ptr_array_add(texts, g_strdup(*name));
        }
    }
    for (unsigned i = 0; i < o->accels->len; i++) {
        g_ptr_array_add(texts, g_strdup(g_ptr_array_index(o->accels, i)));
    }
    if (texts->len == 0) {
        g_ptr_array_add(texts, g_strdup("tcg"));
    }
    bool ok = false;
    if (from_machine && o->accels->len) {
        error_set(err, "-accel and -machine accel= cannot be used together");
    } else {
        ok = choose_accel(o, m, texts, from_machine ? "" : "-accel ", err);
    }
    g_ptr_array_unref(texts);
    return ok;
}
