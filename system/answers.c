/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions that options ask instead of running a machine: -version, "-machine help" and so on. */
#include <stdio.h>
#include <string.h>

#include "chardev/chardev.h"
#include "launch.h"
#include "system/machine.h"
#include "target/riscv/cpu.h"
#include "util/log.h"

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

static bool answer_chardev(const Options *o)
{
    for (unsigned i = 0; i < o->chardevs->len; i++) {
        if (is_help(g_ptr_array_index(o->chardevs, i))) {
            g_auto(GStrv) kinds = chr_kinds();
            g_autofree char *list = g_strjoinv("\n", kinds);
            printf("Available chardev backend types:\n%s\n", list);
            return true;
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
    if (o->firmware_dirs->len && is_help(g_ptr_array_index(o->firmware_dirs, 0))) {
        printf("%s\n", PG_DATA_DIR);
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
    return answer_machine(o) || answer_chardev(o) || answer_lists(o);
}
