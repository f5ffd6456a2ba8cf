/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_fixture.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/field.h"

static bool set_option(Machine *m, const char *name, const char *value, Error *err)
{
    uint64_t n;
    if (!strcmp(name, "m")) {
        return field_parse_size("m", value, 1, &m->ram_size, err);
    }
    if (!strcmp(name, "smp")) {
        g_assert_true(field_parse_u64(value, &n));
        return machine_set_smp(m, &(SmpTopology) { .cpus = (uint32_t)n }, err);
    }
    return obj_set(OBJECT(m), name, value, err);
}

static bool set_options(Machine *m, const char *options, Error *err)
{
    g_auto(GStrv) list = g_strsplit(options, ",", -1);
    for (char **o = list; *o; o++) {
        char *value = strchr(*o, '=');
        g_assert_nonnull(value);
        *value++ = 0;
        if (!set_option(m, *o, value, err)) {
            return false;
        }
    }
    return true;
}

Machine *fixture_try_machine(const char *type, const char *options, Error *err)
{
    Machine *m = machine_new(type, err);
    if (m && set_options(m, options, err) && machine_init(m, err)) {
        machine_lock(m);
        return m;
    }
    machine_free(m);
    return NULL;
}

Machine *fixture_machine(const char *type, const char *options)
{
    Error err = { 0 };
    Machine *m = fixture_try_machine(type, options, &err);
    g_assert_cmpstr(error_msg(&err), ==, "");
    g_assert_nonnull(m);
    machine_reset(m, CAUSE_NONE);
    return m;
}

void fixture_free(Machine *m)
{
    machine_unlock(m);
    machine_free(m);
}

void fixture_run_timers(Machine *m)
{
    clk_virtual_start(&m->clk_virtual);
    machine_unlock(m);
    while (main_loop_turn(&m->loop, false)) {
    }
    machine_lock(m);
    clk_virtual_stop(&m->clk_virtual);
}

static void pin_changed(void *opaque, int n, int level)
{
    PinLog *log = opaque;
    log->level = level;
    log->rises += level != 0;
}

void pin_log_connect(PinLog *log, Device *dev, const char *group, unsigned n)
{
    *log = (PinLog) { 0 };
    irq_init(&log->line, pin_changed, log, 0);
    dev_connect(dev, group, n, &log->line);
}

Device *fixture_device(Machine *m, const char *type, uint64_t gpa, const char *props)
{
    Error err = { 0 };
    Device *dev = dev_new(m, type);
    g_auto(GStrv) list = g_strsplit(props, ",", -1);
    for (char **o = list; *o; o++) {
        char *value = strchr(*o, '=');
        g_assert_nonnull(value);
        *value++ = 0;
        obj_set_known(OBJECT(dev), *o, value);
    }
    bool ok = dev_realize(dev, NULL, "dut[*]", &err);
    g_assert_cmpstr(error_msg(&err), ==, "");
    g_assert_true(ok);
    for (unsigned i = 0; i < dev->regions->len; i++) {
        dev_map(dev, i, gpa);
        gpa += MAX(dev_region(dev, i)->size, 0x1000);
    }
    return dev;
}

uint64_t fixture_load(Machine *m, uint64_t gpa, unsigned size)
{
    uint64_t value = 0;
    MemResult rc = mem_load(&m->memory, gpa, size, &value, MEM_ATTRS_NONE);
    g_assert_cmpint(rc, ==, MEM_OK);
    return value;
}

void fixture_store(Machine *m, uint64_t gpa, unsigned size, uint64_t value)
{
    MemResult rc = mem_store(&m->memory, gpa, size, value, MEM_ATTRS_NONE);
    g_assert_cmpint(rc, ==, MEM_OK);
}

static char *file_dir; /* of this run's files, removed at its end */

static void remove_files(void)
{
    GDir *dir = g_dir_open(file_dir, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(file_dir, name, NULL);
        g_unlink(path);
    }
    if (dir) {
        g_dir_close(dir);
    }
    g_rmdir(file_dir);
    g_free(file_dir);
}

char *fixture_file(const char *name, const void *data, size_t len)
{
    if (!file_dir) {
        file_dir = g_dir_make_tmp("peregrine-test-XXXXXX", NULL);
        g_assert_nonnull(file_dir);
        atexit(remove_files);
    }
    char *path = g_build_filename(file_dir, name, NULL);
    g_assert_true(g_file_set_contents(path, data, (gssize)len, NULL));
    return path;
}
