/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The human monitor's commands: one table for dispatch, help and completion.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "accel/target_ops.h"
#include "chardev/chardev.h"
#include "hmp.h"
#include "monitor/monitor.h"
#include "system/cpu.h"
#include "system/machine.h"
#include "util/field.h"
#include "util/log.h"

typedef struct HmpCall {
    Machine *machine;
    int argc;
    char **argv; /* words after the command */
    GString *out;
} HmpCall;

typedef struct HmpCommand {
    const char *name, *alias; /* alias NULL: none */
    const char *args;         /* for the help */
    const char *help;
    int min_args, max_args;
    void (*fn)(HmpCall *call);
} HmpCommand;

static void fail(HmpCall *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(HmpCall *call, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    g_string_append(call->out, "Error: ");
    g_string_append_vprintf(call->out, format, ap);
    g_string_append_c(call->out, '\n');
    va_end(ap);
}

/* --- info --- */

static void info_version(HmpCall *call)
{
    g_string_append_printf(call->out, "%s (Peregrine %s)\n", PG_QEMU_VERSION, PG_VERSION);
}

static void info_name(HmpCall *call)
{
    if (call->machine->guest_name) {
        g_string_append_printf(call->out, "%s\n", call->machine->guest_name);
    }
}

static void info_uuid(HmpCall *call)
{
    const char *uuid = call->machine->uuid;
    g_string_append_printf(call->out, "%s\n", uuid ? uuid : "00000000-0000-0000-0000-000000000000");
}

static void print_chardev(const char *id, const char *filename, void *opaque)
{
    HmpCall *call = opaque;
    g_string_append_printf(call->out, "%s: filename=%s\n", id, filename);
}

static void info_chardev(HmpCall *call)
{
    chr_foreach(call->machine, print_chardev, call);
}

static void info_status(HmpCall *call)
{
    RunState s = run_state(call->machine);

    if (s == RUN_RUNNING) {
        g_string_append(call->out, "VM status: running\n");
    } else if (s == RUN_PAUSED) {
        g_string_append(call->out, "VM status: paused\n");
    } else {
        g_string_append_printf(call->out, "VM status: paused (%s)\n", run_state_name(s));
    }
}

/* Registers and the like are exact only while every vCPU is parked. */
static bool pause_machine(Machine *m)
{
    bool running = run_is_running(m);
    if (running) {
        run_stop(m, RUN_PAUSED);
    }
    return running;
}

static void info_registers(HmpCall *call)
{
    bool was_running = pause_machine(call->machine);

    for (unsigned i = 0; i < call->machine->cpus->len; i++) {
        VCpu *cpu = g_ptr_array_index(call->machine->cpus, i);
        g_string_append_printf(call->out, "\nCPU#%u\n", i);
        cpu->ops->print_state(cpu, call->out);
    }
    if (was_running) {
        run_start(call->machine);
    }
}

static void info_cpus(HmpCall *call)
{
    for (unsigned i = 0; i < call->machine->cpus->len; i++) {
        VCpu *cpu = g_ptr_array_index(call->machine->cpus, i);
        g_string_append_printf(call->out, "%c CPU #%u:%s\n", i == 0 ? '*' : ' ', i,
                               cpu->halted ? " (halted)" : "");
    }
}

static void info_mtree(HmpCall *call)
{
    if (call->argc < 2) {
        mem_print_tree(call->machine, call->out);
    } else if (strcmp(call->argv[1], "-f") == 0) {
        mem_print_flat(call->machine, call->out);
    } else {
        fail(call, "'info mtree' takes -f, not '%s'", call->argv[1]);
    }
}

static void print_object(Object *obj, unsigned depth, GString *out)
{
    g_string_append_printf(out, "%*s/%s (%s)\n", (int)depth * 2, "", obj->name ? obj->name : "",
                           obj->type->name);
    for (unsigned i = 0; obj->children && i < obj->children->len; i++) {
        print_object(g_ptr_array_index(obj->children, i), depth + 1, out);
    }
}

static void info_qom_tree(HmpCall *call)
{
    print_object(obj_lookup(call->machine->root, "/machine"), 0, call->out);
}

static const HmpCommand info_commands[] = {
    { "version", NULL, "", "show the version", 0, 0, info_version },
    { "name", NULL, "", "show the guest's name (-name)", 0, 0, info_name },
    { "uuid", NULL, "", "show the machine's UUID (-uuid)", 0, 0, info_uuid },
    { "chardev", NULL, "", "list the character devices", 0, 0, info_chardev },
    { "status", NULL, "", "show whether the machine runs", 0, 0, info_status },
    { "registers", NULL, "", "show the registers of all CPUs", 0, 0, info_registers },
    { "cpus", NULL, "", "list the CPUs", 0, 0, info_cpus },
    { "mtree", NULL, "[-f]", "show the memory map (-f: flat)", 0, 1, info_mtree },
    { "qom-tree", NULL, "", "show the tree of objects", 0, 0, info_qom_tree },
};

/* --- commands --- */

static void print_rows(const HmpCommand *rows, size_t n, const char *prefix, GString *out)
{
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(out, "%s%s%s%s%s%s -- %s\n", prefix, rows[i].name,
                               rows[i].alias ? "|" : "", rows[i].alias ? rows[i].alias : "",
                               *rows[i].args ? " " : "", rows[i].args, rows[i].help);
    }
}

static const HmpCommand *find_row(const HmpCommand *rows, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].name, name) == 0 ||
            (rows[i].alias && strcmp(rows[i].alias, name) == 0)) {
            return &rows[i];
        }
    }
    return NULL;
}

static void cmd_info(HmpCall *call)
{
    size_t n = G_N_ELEMENTS(info_commands);
    const HmpCommand *row = call->argc ? find_row(info_commands, n, call->argv[0]) : NULL;

    if (!call->argc) {
        print_rows(info_commands, n, "info ", call->out);
    } else if (!row) {
        g_string_append_printf(call->out, "unknown command: 'info %s'\n", call->argv[0]);
    } else if (call->argc - 1 > row->max_args) {
        fail(call, "'info %s' takes %s", row->name, *row->args ? row->args : "no arguments");
    } else {
        row->fn(call);
    }
}

static void cmd_quit(HmpCall *call)
{
    run_request_shutdown(call->machine, CAUSE_HOST_QMP_QUIT, 0);
}

static void cmd_stop(HmpCall *call)
{
    run_stop(call->machine, RUN_PAUSED);
}

static void cmd_cont(HmpCall *call)
{
    if (run_state(call->machine) == RUN_SHUTDOWN) {
        fail(call, "Resetting the Virtual Machine is required");
        return;
    }
    run_start(call->machine);
}

static void cmd_reset(HmpCall *call)
{
    run_request_reset(call->machine, CAUSE_HOST_QMP_RESET);
}

static void cmd_powerdown(HmpCall *call)
{
    run_request_powerdown(call->machine);
}

static void cmd_log(HmpCall *call)
{
    Error err = { 0 };

    if (!log_set_items(call->argv[0], &err)) {
        fail(call, "%s", error_msg(&err));
        error_clear(&err);
    }
}

static void cmd_logfile(HmpCall *call)
{
    Error err = { 0 };

    if (!log_set_file(call->argv[0], &err)) {
        fail(call, "%s", error_msg(&err));
        error_clear(&err);
    }
}

/* "/8xw" -> count 8, size 4. */
static bool parse_format(const char *text, unsigned *count, unsigned *size)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    *count = end == text ? 1 : MIN(n, 65536);
    *size = 4;
    for (; *end; end++) {
        const char *sizes = "bhwg", *at = strchr(sizes, *end);
        if (at) {
            *size = 1u << (at - sizes);
        } else if (*end != 'x') {
            return false;
        }
    }
    return true;
}

/* Prints memory: virtual addresses of @cpu, or physical ones (NULL). */
static void dump_memory(HmpCall *call, VCpu *cpu)
{
    unsigned count = 1, size = 4, at = 0;
    uint64_t address;

    if (call->argc == 2) {
        if (call->argv[0][0] != '/' || !parse_format(call->argv[0] + 1, &count, &size)) {
            fail(call, "'%s' is not a format like /8xw", call->argv[0]);
            return;
        }
        at = 1;
    }
    if (!field_parse_u64(call->argv[at], &address)) {
        fail(call, "'%s' is not an address", call->argv[at]);
        return;
    }
    for (unsigned i = 0; i < count; i++, address += size) {
        uint64_t gpa = address, value = 0;
        unsigned per_line = 16 / size;
        bool ok = !cpu || cpu->ops->debug_translate(cpu, address, &gpa);
        ok = ok && mem_load(&call->machine->memory, gpa, size, &value,
                            (MemAttrs) { .debug = true }) == MEM_OK;
        if (!ok) {
            g_string_append_printf(call->out, "Cannot access memory at 0x%" PRIx64, address);
            break;
        }
        if (i % per_line == 0) {
            g_string_append_printf(call->out, "%s%016" PRIx64 ":", i ? "\n" : "", address);
        }
        g_string_append_printf(call->out, " 0x%0*" PRIx64, (int)size * 2, value);
    }
    g_string_append_c(call->out, '\n');
}

static void cmd_xp(HmpCall *call)
{
    dump_memory(call, NULL);
}

static void cmd_x(HmpCall *call)
{
    if (call->machine->cpus->len == 0) {
        fail(call, "this machine has no CPU");
        return;
    }
    bool was_running = pause_machine(call->machine);
    dump_memory(call, g_ptr_array_index(call->machine->cpus, 0));
    if (was_running) {
        run_start(call->machine);
    }
}

static void cmd_help(HmpCall *call);

static const HmpCommand commands[] = {
    { "help", "?", "[COMMAND]", "list the commands", 0, 1, cmd_help },
    { "info", NULL, "[SUBJECT]", "show things; without a subject list them", 0, 2, cmd_info },
    { "quit", "q", "", "end the emulator", 0, 0, cmd_quit },
    { "stop", "s", "", "stop the machine", 0, 0, cmd_stop },
    { "cont", "c", "", "let the machine run", 0, 0, cmd_cont },
    { "system_reset", NULL, "", "reset the machine", 0, 0, cmd_reset },
    { "system_powerdown", NULL, "", "press the power button", 0, 0, cmd_powerdown },
    { "x", NULL, "[/FMT] ADDRESS", "show virtual memory of CPU 0; FMT: count and b, h, w or g", 1,
      2, cmd_x },
    { "xp", NULL, "[/FMT] ADDRESS", "show physical memory", 1, 2, cmd_xp },
    { "log", NULL, "ITEM[,ITEM...]",
      "log items; 'none' ends it; exec and cpu miss code linked before", 1, 1, cmd_log },
    { "logfile", NULL, "FILE", "log into a file", 1, 1, cmd_logfile },
};

static void cmd_help(HmpCall *call)
{
    size_t n = G_N_ELEMENTS(commands);

    if (!call->argc) {
        print_rows(commands, n, "", call->out);
        return;
    }
    const HmpCommand *row = find_row(commands, n, call->argv[0]);
    if (row) {
        print_rows(row, 1, "", call->out);
    } else {
        g_string_append_printf(call->out, "unknown command: '%s'\n", call->argv[0]);
    }
}

/* "x/8xw addr" is "x /8xw addr". */
static char *separate_format(const char *line)
{
    const char *slash = strchr(line, '/');
    size_t head = strcspn(line, " /");

    if (slash && line[head] == '/') {
        return g_strdup_printf("%.*s %s", (int)head, line, slash);
    }
    return g_strdup(line);
}

void monitor_run_command(Machine *m, const char *line, GString *out)
{
    char *copy = g_strdup(line);
    char *text = separate_format(g_strstrip(copy));
    char **words = NULL;
    int n = 0;

    GError *error = NULL;
    if (*text && g_shell_parse_argv(text, &n, &words, &error)) {
        const HmpCommand *row = find_row(commands, G_N_ELEMENTS(commands), words[0]);
        HmpCall call = { .machine = m, .argc = n - 1, .argv = words + 1, .out = out };
        if (!row) {
            g_string_append_printf(out, "unknown command: '%s'\n", words[0]);
        } else if (call.argc < row->min_args || call.argc > row->max_args) {
            fail(&call, "%s is used as: %s %s", row->name, row->name, row->args);
        } else {
            row->fn(&call);
        }
    } else if (*text) {
        g_string_append_printf(out, "Error: %s\n", error->message);
    }
    g_clear_error(&error);
    g_strfreev(words);
    g_free(text);
    g_free(copy);
}

char *hmp_complete(const char *line)
{
    bool info = g_str_has_prefix(line, "info ");
    const HmpCommand *rows = info ? info_commands : commands;
    size_t n = info ? G_N_ELEMENTS(info_commands) : G_N_ELEMENTS(commands);
    const char *word = info ? line + 5 : line;
    const char *found = NULL;
    size_t common = 0;

    for (size_t i = 0; i < n; i++) {
        if (!g_str_has_prefix(rows[i].name, word)) {
            continue;
        }
        if (!found) {
            found = rows[i].name;
            common = strlen(found);
        }
        size_t same = 0;
        while (same < common && rows[i].name[same] == found[same]) {
            same++;
        }
        common = same;
    }
    return found ? g_strndup(found + strlen(word), common - strlen(word)) : g_strdup("");
}
