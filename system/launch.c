/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch.h"

#include <string.h>

#include "launch_parts.h"
#include "monitor/monitor.h"
#include "util/field.h"
#include "util/keyval.h"
#include "util/log.h"
#include "util/units.h"

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

/* All -machine texts in one list; a later value of a property counts. */
static GArray *merge_machine_parts(const Options *o, Error *err)
{
    GArray *all = keyval_parse("", NULL, NULL);

    for (unsigned i = 0; i < o->machine->len; i++) {
        const char *text = g_ptr_array_index(o->machine, i);
        GArray *parts = keyval_parse(text, "type", err);
        if (!parts) {
            error_prepend(err, "-machine %s: ", text);
            keyval_free(all);
            return NULL;
        }
        /* The parts change hands: the array is freed without them. */
        g_array_set_clear_func(parts, NULL);
        g_array_append_vals(all, parts->data, parts->len);
        keyval_free(parts);
    }
    return all;
}

static bool set_smp_part(SmpTopology *smp, const KeyVal *kv, Error *err)
{
    static const struct {
        const char *key;
        size_t member;
    } keys[] = { { "cpus", offsetof(SmpTopology, cpus) },
                 { "maxcpus", offsetof(SmpTopology, max_cpus) },
                 { "sockets", offsetof(SmpTopology, sockets) },
                 { "clusters", offsetof(SmpTopology, clusters) },
                 { "cores", offsetof(SmpTopology, cores) },
                 { "threads", offsetof(SmpTopology, threads) } };
    uint64_t number;

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(keys[i].key, kv->key) != 0) {
            continue;
        }
        if (!field_parse_u64(kv->value, &number) || number > UINT32_MAX) {
            error_set(err, "'%s' takes a number, not '%s'", kv->key, kv->value);
            return false;
        }
        if (number == 0) {
            error_set(err, "Invalid CPU topology: '%s' cannot be 0", kv->key);
            return false;
        }
        *(uint32_t *)((char *)smp + keys[i].member) = (uint32_t)number;
        return true;
    }
    error_set(err, "Invalid parameter '%s'", kv->key);
    error_hint(err, "Known are cpus, maxcpus, sockets, clusters, cores and threads.");
    return false;
}

static bool set_smp(Machine *m, const char *text, Error *err)
{
    SmpTopology smp = { 0 };
    GArray *parts = keyval_parse(text, "cpus", err);
    bool ok = parts && parts->len;

    if (parts && !ok) {
        error_set(err, "it takes the number of CPUs");
    }
    for (unsigned i = 0; ok && i < parts->len; i++) {
        ok = set_smp_part(&smp, &g_array_index(parts, KeyVal, i), err);
    }
    keyval_free(parts);
    return ok && machine_set_smp(m, &smp, err);
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
        error_set(err, "a machine needs memory");
        ok = false;
    }
    keyval_free(parts);
    return ok;
}

static void set_run_options(const Options *o, Machine *m)
{
    m->run.no_reboot = o->no_reboot;
    m->run.no_shutdown = o->no_shutdown;
    m->start_paused = o->start_paused;
    m->guest_name = g_strdup(o->name);
    m->uuid = g_strdup(o->uuid);
    for (unsigned i = 0; i < o->firmware_dirs->len; i++) {
        g_ptr_array_add(m->firmware_dirs, g_strdup(g_ptr_array_index(o->firmware_dirs, i)));
    }
    g_ptr_array_add(m->firmware_dirs, g_strdup(PG_DATA_DIR));
}

/* Back-ends, then the board, which connects its serial ports, then monitors: of those who share a
 * multiplexer the first to come has the input. */
static bool build_machine(const Options *o, Machine *m, Error *err)
{
    GPtrArray *monitors = g_ptr_array_new();

    machine_lock(m);
    bool ok = launch_add_chardevs(o, m, monitors, err);
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

static bool configure_machine(const Options *o, Machine *m, GArray *parts, Error *err)
{
    if (!launch_set_accel(o, m, parts, err) || !set_machine_props(m, parts, err)) {
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
    return build_machine(o, m, err);
}

static bool set_log(const Options *o, Error *err)
{
    const struct {
        const char *option, *text;
        bool (*set)(const char *text, Error *err);
    } steps[] = { { "-D", o->log_file, log_set_file },
                  { "-dfilter", o->log_filter, log_set_filter },
                  { "-d", o->log_items, log_set_items } };

    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (steps[i].text && !steps[i].set(steps[i].text, err)) {
            error_prepend(err, "%s %s: ", steps[i].option, steps[i].text);
            return false;
        }
    }
    return true;
}

Machine *launch_create(const Options *o, Error *err)
{
    GArray *parts = set_log(o, err) ? merge_machine_parts(o, err) : NULL;
    const char *name = parts ? keyval_get(parts, "type") : NULL;
    Machine *m = name ? machine_new(name, err) : NULL;

    if (parts && !name) {
        error_set(err, "No machine specified, and there is no default");
        error_hint(err, "Use -machine help to list supported machines");
    }
    keyval_free(parts);
    return m;
}

bool launch_configure(const Options *o, Machine *m, Error *err)
{
    GArray *parts = merge_machine_parts(o, err);

    if (!parts) {
        return false;
    }
    g_free(keyval_take(parts, "type"));
    bool ok = configure_machine(o, m, parts, err);
    keyval_free(parts);
    return ok;
}
