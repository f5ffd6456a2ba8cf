/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "accel/accel.h"
#include "chardev/chardev.h"
#include "launch.h"
#include "monitor/monitor.h"
#include "target/riscv/cpu.h"
#include "util/keyval.h"
#include "util/log.h"
#include "util/units.h"

/* --- questions --- */

static void print_version(const Options *o)
{
    if (o->as_qemu) {
        /* Clients read the fourth word of this line and choose options by it. */
        printf("QEMU emulator version %s (Peregrine %s)\n", PG_QEMU_VERSION, PG_VERSION);
    } else {
        printf("Peregrine emulator version %s (like QEMU %s)\n", PG_VERSION, PG_QEMU_VERSION);
    }
}

static void print_machine(const char *name, const MachineClass *mc, void *opaque)
{
    printf("%-20s %s\n", name, mc->desc);
}

static void print_prop(const PropInfo *prop, void *opaque)
{
    if (prop->writable) {
        printf("  %s=<%s>%s%s\n", prop->name, prop->type, prop->help ? " - " : "",
               prop->help ? prop->help : "");
    }
}

static bool is_help(const char *text)
{
    return strcmp(text, "help") == 0 || strcmp(text, "?") == 0;
}

static bool answer_machine(const Options *o)
{
    for (unsigned i = 0; i < o->machine->len; i++) {
        const char *text = g_ptr_array_index(o->machine, i);
        const char *comma = strchr(text, ',');
        if (is_help(text)) {
            printf("Supported machines are:\n");
            machine_foreach_type(print_machine, NULL);
            return true;
        }
        if (comma && is_help(comma + 1)) {
            char *type = g_strdup_printf("%.*s" MACHINE_TYPE_SUFFIX, (int)(comma - text), text);
            const TypeInfo *info = type_find(type);
            if (info) {
                printf("%s options:\n", type);
                type_foreach_prop(info, print_prop, NULL);
            }
            g_free(type);
            return info != NULL;
        }
    }
    return false;
}

static bool answer_lists(const Options *o)
{
    if (o->cpu && is_help(o->cpu)) {
        printf("Available CPUs:\n");
        for (const char *const *name = rv_cpu_models(); *name; name++) {
            printf("  %s\n", *name);
        }
        return true;
    }
    if (o->accels->len && is_help(g_ptr_array_index(o->accels, 0))) {
        printf("Accelerators supported in this binary:\ntcg\ninterp\n");
        return true;
    }
    if (o->log_items && is_help(o->log_items)) {
        printf("Log items (comma separated):\n");
        for (const LogItem *item = log_items; item->name; item++) {
            printf("%-15s %s\n", item->name, item->help);
        }
        return true;
    }
    return false;
}

bool launch_answer_help(const Options *o)
{
    if (o->version) {
        print_version(o);
        return true;
    }
    if (o->help) {
        print_version(o);
        options_print_help(o, stdout);
        return true;
    }
    return answer_machine(o) || answer_lists(o);
}

/* --- machine --- */

/* Properties that are options of their own underneath. */
static const struct {
    const char *prop;
    size_t member;
} machine_texts[] = {
    { "firmware", offsetof(Options, bios) }, { "kernel", offsetof(Options, kernel) },
    { "initrd", offsetof(Options, initrd) }, { "append", offsetof(Options, append) },
    { "dtb", offsetof(Options, dtb) },       { "cpu-type", offsetof(Options, cpu) },
};

static bool set_machine_props(Machine *m, const GArray *parts, Error *err)
{
    for (unsigned i = 0; i < parts->len; i++) {
        const KeyVal *kv = &g_array_index(parts, KeyVal, i);
        if (!obj_set(&m->obj, kv->key, kv->value, err)) {
            return false;
        }
    }
    return true;
}

/* All -machine texts in one list. */
static GArray *merge_machine_parts(const Options *o, Error *err)
{
    GString *all = g_string_new(NULL);

    for (unsigned i = 0; i < o->machine->len; i++) {
        const char *text = g_ptr_array_index(o->machine, i);
        const char *equals = strchr(text, '='), *comma = strchr(text, ',');
        bool named = equals && (!comma || equals < comma);
        g_string_append_printf(all, "%s%s%s", all->len ? "," : "", named ? "" : "type=", text);
    }
    GArray *parts = keyval_parse(all->str, NULL, err);
    g_string_free(all, TRUE);
    return parts;
}

static bool set_smp(Machine *m, const char *text, Error *err)
{
    SmpTopology smp = { 0 };
    const struct {
        const char *key;
        uint32_t *value;
    } keys[] = { { "cpus", &smp.cpus },       { "maxcpus", &smp.max_cpus },
                 { "sockets", &smp.sockets }, { "clusters", &smp.clusters },
                 { "cores", &smp.cores },     { "threads", &smp.threads } };
    GArray *parts = keyval_parse(text, "cpus", err);
    bool ok = parts != NULL;

    for (unsigned i = 0; ok && i < parts->len; i++) {
        const KeyVal *kv = &g_array_index(parts, KeyVal, i);
        uint64_t number;
        size_t k = 0;
        while (k < G_N_ELEMENTS(keys) && strcmp(keys[k].key, kv->key) != 0) {
            k++;
        }
        if (k == G_N_ELEMENTS(keys)) {
            error_set(err, "Invalid parameter '%s'", kv->key);
            error_hint(err, "Known are cpus, maxcpus, sockets, clusters, cores and threads.");
            ok = false;
        } else if (!field_parse_u64(kv->value, &number) || number > UINT32_MAX) {
            error_set(err, "Parameter '%s' expects a number", kv->key);
            ok = false;
        } else if (number == 0) {
            error_set(err,
                      "Invalid CPU topology: CPU topology parameters must be greater than zero");
            ok = false;
        } else {
            *keys[k].value = (uint32_t)number;
        }
    }
    ok = ok && machine_set_smp(m, &smp, err);
    keyval_free(parts);
    return ok;
}

static bool set_memory(Machine *m, const char *text, Error *err)
{
    GArray *parts = keyval_parse(text, "size", err);
    bool ok = parts != NULL;

    for (unsigned i = 0; ok && i < parts->len; i++) {
        const KeyVal *kv = &g_array_index(parts, KeyVal, i);
        if (strcmp(kv->key, "size") == 0) {
            ok = field_parse_size("size", kv->value, MiB, &m->ram_size, err);
        } else {
            bool known = strcmp(kv->key, "slots") == 0 || strcmp(kv->key, "maxmem") == 0;
            error_set(err,
                      known ? "'%s' is not supported by Peregrine yet" : "Invalid parameter '%s'",
                      kv->key);
            ok = false;
        }
    }
    if (ok && m->ram_size == 0) {
        m->ram_size = machine_class(m)->default_ram_size;
    }
    keyval_free(parts);
    return ok;
}

/* --- accelerator --- */

/* An accelerator QEMU has and this program does not: the next in the list is tried. */
static bool is_foreign_accel(const char *name)
{
    static const char *const names[] = { "kvm", "hvf", "whpx", "nvmm", "xen", "mshv" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool set_accel_prop(AccelConfig *c, const KeyVal *kv, Error *err)
{
    bool on = false;
    bool is_bool = field_parse_bool(kv->value, &on);
    uint64_t number;

    if (strcmp(kv->key, "thread") == 0) {
        c->single_thread = strcmp(kv->value, "single") == 0;
        if (!c->single_thread && strcmp(kv->value, "multi") != 0) {
            error_set(err, "thread is 'single' or 'multi', not '%s'", kv->value);
            return false;
        }
        return true;
    }
    if (strcmp(kv->key, "tb-size") == 0) {
        if (!field_parse_u64(kv->value, &number) || number > 2047) {
            error_set(err, "tb-size is a number of MiB up to 2047, not '%s'", kv->value);
            return false;
        }
        c->tb_size = number * MiB;
        return true;
    }
    const struct {
        const char *key;
        bool *member;
        bool inverted;
    } flags[] = { { "split-wx", &c->no_split_wx, true },
                  { "fold", &c->no_fold, true },
                  { "one-insn-per-tb", &c->one_insn, false } };
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (strcmp(flags[i].key, kv->key) != 0) {
            continue;
        }
        if (!is_bool) {
            error_set(err, "Parameter '%s' expects 'on' or 'off'", kv->key);
            return false;
        }
        *flags[i].member = on != flags[i].inverted;
        return true;
    }
    error_set(err, "Property 'tcg-accel.%s' not found", kv->key);
    error_hint(err, "Known are thread, tb-size, split-wx, fold and one-insn-per-tb.");
    return false;
}

/* One -accel text. *@skipped: the accelerator is none of ours. */
static bool use_accel(Machine *m, const char *text, bool *skipped, Error *err)
{
    AccelConfig config = { 0 };
    GArray *parts = keyval_parse(text, "accel", err);

    *skipped = false;
    if (!parts) {
        return false;
    }
    char *name = keyval_take(parts, "accel");
    config.interp = g_strcmp0(name, "interp") == 0;
    bool ok = config.interp || g_strcmp0(name, "tcg") == 0;
    if (!ok) {
        *skipped = name && is_foreign_accel(name);
        error_set(err, "invalid accelerator %s", name ? name : "");
    }
    for (unsigned i = 0; ok && i < parts->len; i++) {
        ok = set_accel_prop(&config, &g_array_index(parts, KeyVal, i), err);
    }
    ok = ok && accel_tcg_setup(m, &config, err);
    g_free(name);
    keyval_free(parts);
    return ok;
}

/* Tries the list in order; what is not there is warned about when something else is found. */
static bool choose_accel(const Options *o, Machine *m, GPtrArray *texts, Error *err)
{
    Error first = { 0 };
    bool skipped = false, found = false;

    for (unsigned i = 0; i < texts->len && !found; i++) {
        const char *text = g_ptr_array_index(texts, i);
        Error one = { 0 };
        found = use_accel(m, text, &skipped, &one);
        if (!found && !skipped) {
            error_prepend(&one, "-accel %s: ", text);
            error_clear(&first);
            error_move(err, &one);
            return false;
        }
        if (!found) {
            error_prepend(&one, "-accel %s: ", text);
            fprintf(i + 1 < texts->len ? stderr : stdout, "%s", "");
            if (i + 1 < texts->len) {
                fprintf(stderr, "%s: %s\n", o->program, error_msg(&one));
            }
            error_move(&first, &one);
        } else if (i > 0) {
            fprintf(stderr, "%s: falling back to %s\n", o->program, m->accel->name);
        }
    }
    if (!found) {
        error_move(err, &first);
    }
    error_clear(&first);
    return found;
}

static bool set_accel(const Options *o, Machine *m, GArray *machine_parts, Error *err)
{
    char *from_machine = keyval_take(machine_parts, "accel");
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

    if (from_machine && o->accels->len) {
        error_set(err, "The -accel and \"-machine accel=\" options are incompatible");
    } else if (from_machine) {
        char **names = g_strsplit(from_machine, ":", -1);
        for (char **name = names; *name; name++) {
            g_ptr_array_add(texts, g_strdup(*name));
        }
        g_strfreev(names);
    } else {
        for (unsigned i = 0; i < o->accels->len; i++) {
            g_ptr_array_add(texts, g_strdup(g_ptr_array_index(o->accels, i)));
        }
    }
    if (texts->len == 0) {
        g_ptr_array_add(texts, g_strdup("tcg"));
    }
    bool ok = !error_is_set(err) && choose_accel(o, m, texts, err);
    g_ptr_array_unref(texts);
    g_free(from_machine);
    return ok;
}

/* --- character devices --- */

static bool add_serial(const Options *o, Machine *m, const char *text, GPtrArray *monitors,
                       Error *err)
{
    char label[24];
    bool mux = false;
    Error one = { 0 };

    snprintf(label, sizeof(label), "serial%u", m->serials->len);
    Chardev *chr = chr_new_from_text(m, label, text, &mux, &one);
    if (error_is_set(&one)) {
        error_prepend(&one, "-serial %s: ", text);
        error_move(err, &one);
        return false;
    }
    g_ptr_array_add(m->serials, chr);
    if (chr) {
        chr_mux_set_escape(chr, o->escape);
    }
    if (mux) {
        g_ptr_array_add(monitors, chr);
    }
    return true;
}

static bool add_monitor(const Options *o, Machine *m, const char *text, GPtrArray *monitors,
                        Error *err)
{
    bool mux = false;
    Error one = { 0 };
    Chardev *chr = chr_new_from_text(m, "monitor0", text, &mux, &one);

    if (error_is_set(&one)) {
        error_prepend(&one, "-monitor %s: ", text);
        error_move(err, &one);
        return false;
    }
    if (chr) {
        chr_mux_set_escape(chr, o->escape);
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
    bool muxed = false;
    for (unsigned i = 0; i < o->serials->len; i++) {
        muxed |= g_str_has_prefix(g_ptr_array_index(o->serials, i), "mon:");
    }
    return !want_monitor || muxed || !o->nographic || add_monitor(o, m, "stdio", monitors, err);
}

static bool add_chardevs(const Options *o, Machine *m, GPtrArray *monitors, Error *err)
{
    for (unsigned i = 0; i < o->chardevs->len; i++) {
        const char *text = g_ptr_array_index(o->chardevs, i);
        if (!chr_new_from_opts(m, text, err)) {
            error_prepend(err, "-chardev %s: ", text);
            return false;
        }
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

/* --- all together --- */

static void set_run_options(const Options *o, Machine *m)
{
    m->run.no_reboot = o->no_reboot;
    m->run.no_shutdown = o->no_shutdown;
    m->start_paused = o->start_paused;
    for (unsigned i = 0; i < o->firmware_dirs->len; i++) {
        g_ptr_array_add(m->firmware_dirs, g_strdup(g_ptr_array_index(o->firmware_dirs, i)));
    }
    g_ptr_array_add(m->firmware_dirs, g_strdup(PG_DATA_DIR));
}

static bool configure_machine(const Options *o, Machine *m, GArray *parts, Error *err)
{
    if (!set_accel(o, m, parts, err)) {
        return false;
    }
    if (!set_machine_props(m, parts, err)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(machine_texts); i++) {
        const char *text = *(char **)((char *)o + machine_texts[i].member);
        if (text && !obj_set(&m->obj, machine_texts[i].prop, text, err)) {
            return false;
        }
    }
    if (o->smp && !set_smp(m, o->smp, err)) {
        error_prepend(err, "-smp %s: ", o->smp);
        return false;
    }
    if (o->memory && !set_memory(m, o->memory, err)) {
        error_prepend(err, "-m %s: ", o->memory);
        return false;
    }
    set_run_options(o, m);
    /* Monitors join multiplexers after the board did: the first to come has the input. */
    GPtrArray *monitors = g_ptr_array_new();
    machine_lock(m);
    bool ok = add_chardevs(o, m, monitors, err);
    machine_unlock(m);
    ok = ok && machine_init(m, err);
    machine_lock(m);
    for (unsigned i = 0; ok && i < monitors->len; i++) {
        ok = monitor_new(m, g_ptr_array_index(monitors, i), err);
    }
    machine_unlock(m);
    g_ptr_array_unref(monitors);
    return ok;
}

static bool set_log(const Options *o, Error *err)
{
    if (o->log_file && !log_set_file(o->log_file, err)) {
        return false;
    }
    if (o->log_filter && !log_set_filter(o->log_filter, err)) {
        return false;
    }
    return !o->log_items || log_set_items(o->log_items, err);
}

Machine *launch_machine(const Options *o, Error *err)
{
    if (o->machine->len == 0) {
        error_set(err, "No machine specified, and there is no default");
        error_hint(err, "Use -machine help to list supported machines");
        return NULL;
    }
    GArray *parts = set_log(o, err) ? merge_machine_parts(o, err) : NULL;
    if (!parts) {
        return NULL;
    }
    char *name = keyval_take(parts, "type");
    Machine *m = name ? machine_new(name, err) : NULL;
    if (!name) {
        error_set(err, "No machine specified, and there is no default");
        error_hint(err, "Use -machine help to list supported machines");
    }
    if (m && !configure_machine(o, m, parts, err)) {
        machine_free(m);
        m = NULL;
    }
    g_free(name);
    keyval_free(parts);
    return m;
}
