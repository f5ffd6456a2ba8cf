/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "util/field.h"
#include "util/keyval.h"
#include "util/suggest.h"

typedef bool (*OptionFn)(Options *o, const char *arg, Error *err);

/* What an option does with its argument, without a function of its own. */
typedef enum OptionKind {
    OPT_TEXT,   /* the last one counts: char * member */
    OPT_LIST,   /* each counts: GPtrArray * member */
    OPT_FLAG,   /* bool member becomes true */
    OPT_CALL,   /* fn */
    OPT_NOTHING /* accepted: it asks for what is always so */
} OptionKind;

typedef struct Option {
    const char *name;
    OptionKind kind;
    const char *arg; /* its argument for the help; NULL: takes none */
    size_t member;
    OptionFn fn;
    const char *help;
} Option;

static bool set_echr(Options *o, const char *arg, Error *err)
{
    uint64_t code;

    if (!field_parse_u64(arg, &code) || code > 255) {
        error_set(err, "'%s' is not the code of a character", arg);
        error_hint(err, "A code is a number from 0 to 255; Ctrl-A is 1.");
        return false;
    }
    o->escape = (unsigned)code;
    return true;
}

static bool set_display(Options *o, const char *arg, Error *err)
{
    if (strcmp(arg, "none") != 0) {
        error_set(err, "display '%s' is not supported by Peregrine yet", arg);
        error_hint(err, "Use -display none or -nographic.");
        return false;
    }
    o->no_display = true;
    return true;
}

/* Options whose only supported value is "none": nothing of the kind is ever made. */
static bool only_none(Options *o, const char *arg, Error *err)
{
    if (strcmp(arg, "none") != 0) {
        error_set(err, "'%s' is not supported by Peregrine yet; only 'none' is", arg);
        return false;
    }
    return true;
}

static bool set_msg(Options *o, const char *arg, Error *err)
{
    GArray *parts = keyval_parse(arg, NULL, err);
    const char *value = parts ? keyval_get(parts, "timestamp") : NULL;
    bool ok = value && parts->len == 1 && field_parse_bool(value, &o->timestamps);

    if (parts && !ok) {
        error_set(err, "only timestamp=on|off is known");
    }
    keyval_free(parts);
    return ok;
}

static bool set_name_part(Options *o, const KeyVal *kv, Error *err)
{
    bool on = false;

    if (strcmp(kv->key, "guest") == 0) {
        g_free(o->name);
        o->name = g_strdup(kv->value);
        return true;
    }
    /* Threads always have names. */
    if (strcmp(kv->key, "debug-threads") == 0 && field_parse_bool(kv->value, &on) && on) {
        return true;
    }
    error_set(err, "%s=%s is not supported by Peregrine yet", kv->key, kv->value);
    error_hint(err, "Known are guest=TEXT and debug-threads=on.");
    return false;
}

static bool set_name(Options *o, const char *arg, Error *err)
{
    GArray *parts = keyval_parse(arg, "guest", err);
    bool ok = parts != NULL;

    for (unsigned i = 0; ok && i < parts->len; i++) {
        ok = set_name_part(o, &g_array_index(parts, KeyVal, i), err);
    }
    keyval_free(parts);
    return ok;
}

/* 12345678-1234-1234-1234-123456789abc */
static bool set_uuid(Options *o, const char *arg, Error *err)
{
    if (!g_uuid_string_is_valid(arg)) {
        error_set(err, "not a UUID");
        error_hint(err, "A UUID is 32 hexadecimal digits in groups of 8-4-4-4-12.");
        return false;
    }
    g_free(o->uuid);
    o->uuid = g_ascii_strdown(arg, -1);
    return true;
}

static bool set_rtc(Options *o, const char *arg, Error *err)
{
    if (strcmp(arg, "base=utc") != 0 && strcmp(arg, "base=utc,clock=host") != 0) {
        error_set(err, "only base=utc,clock=host is supported by Peregrine yet");
        return false;
    }
    return true;
}

#define MEMBER(m) .member = offsetof(Options, m)

static const Option options[] = {
    { "machine", OPT_LIST, "NAME[,PROP=VALUE...]", MEMBER(machine),
      .help = "board to emulate; 'help' lists them" },
    { "M", OPT_LIST, "NAME[,PROP=VALUE...]", MEMBER(machine), .help = "same as -machine" },
    { "cpu", OPT_TEXT, "MODEL[,EXT=on|off...]", MEMBER(cpu),
      .help = "CPU model; 'help' lists them" },
    { "accel", OPT_LIST, "tcg|interp[,PROP=VALUE...]", MEMBER(accels),
      .help = "how guest code is run; tcg takes thread=single|multi, tb-size=MIB, "
              "split-wx=on|off, fold=on|off, interpret-first=on|off, one-insn-per-tb=on|off" },
    { "smp", OPT_TEXT, "[cpus=]N[,maxcpus=N][,sockets=N][,cores=N][,threads=N]", MEMBER(smp),
      .help = "number of CPUs and their topology" },
    { "m", OPT_TEXT, "[size=]N[K|M|G|T]", MEMBER(memory), .help = "RAM; without a suffix in MiB" },
    { "bios", OPT_TEXT, "FILE|default|none", MEMBER(bios), .help = "firmware" },
    { "kernel", OPT_TEXT, "FILE", MEMBER(kernel),
      .help = "kernel image: Image, EFI, gzip, zstd, ELF" },
    { "initrd", OPT_TEXT, "FILE", MEMBER(initrd), .help = "initial RAM disk" },
    { "append", OPT_TEXT, "TEXT", MEMBER(append), .help = "kernel command line" },
    { "dtb", OPT_TEXT, "FILE", MEMBER(dtb), .help = "device tree instead of the generated one" },
    { "L", OPT_LIST, "FOLDER", MEMBER(firmware_dirs), .help = "look for firmware there first" },
    { "nographic", OPT_FLAG, NULL, MEMBER(nographic),
      .help = "serial port and monitor on the terminal" },
    { "display", OPT_CALL, "none", .fn = set_display, .help = "no display" },
    { "serial", OPT_LIST, "BACKEND", MEMBER(serials),
      .help = "where the serial port goes: stdio, mon:stdio, null, none, pty, file:PATH, "
              "pipe:PATH, unix:PATH, tcp:HOST:PORT, chardev:ID" },
    { "chardev", OPT_LIST, "KIND,id=ID[,PROP=VALUE...]", MEMBER(chardevs),
      .help = "makes a character device" },
    { "monitor", OPT_LIST, "BACKEND", MEMBER(monitors), .help = "where the monitor goes" },
    { "echr", OPT_CALL, "CODE", .fn = set_echr, .help = "escape character instead of Ctrl-A" },
    { "no-reboot", OPT_FLAG, NULL, MEMBER(no_reboot), .help = "end when the guest reboots" },
    { "no-shutdown", OPT_FLAG, NULL, MEMBER(no_shutdown),
      .help = "stay when the guest powers off" },
    { "S", OPT_FLAG, NULL, MEMBER(start_paused), .help = "do not start the CPUs" },
    { "d", OPT_TEXT, "ITEM[,ITEM...]", MEMBER(log_items), .help = "log; 'help' lists the items" },
    { "D", OPT_TEXT, "FILE", MEMBER(log_file), .help = "log into a file" },
    { "dfilter", OPT_TEXT, "RANGE[,RANGE...]", MEMBER(log_filter),
      .help = "log only code at START+SIZE, START-SIZE, START..END" },
    { "pidfile", OPT_TEXT, "FILE", MEMBER(pidfile), .help = "write the process number there" },
    { "name", OPT_CALL, "TEXT", .fn = set_name, .help = "name of the guest, for `info name`" },
    { "uuid", OPT_CALL, "UUID", .fn = set_uuid, .help = "the machine's UUID, for `info uuid`" },
    { "msg", OPT_CALL, "timestamp=on|off", .fn = set_msg, .help = "time in front of messages" },
    { "rtc", OPT_CALL, "base=utc", .fn = set_rtc, .help = "what the real-time clock shows" },
    { "nodefaults", OPT_FLAG, NULL, MEMBER(no_defaults), .help = "make no default devices" },
    { "no-user-config", OPT_NOTHING, NULL, .help = "there is no user configuration" },
    { "parallel", OPT_CALL, "none", .fn = only_none, .help = "no parallel port" },
    { "net", OPT_CALL, "none", .fn = only_none, .help = "no network" },
    { "nic", OPT_CALL, "none", .fn = only_none, .help = "no network" },
    { "vga", OPT_CALL, "none", .fn = only_none, .help = "no graphics card" },
    { "version", OPT_FLAG, NULL, MEMBER(version), .help = "print the version" },
    { "help", OPT_FLAG, NULL, MEMBER(help), .help = "print this list" },
    { "h", OPT_FLAG, NULL, MEMBER(help), .help = "same as -help" },
};

/* QEMU's options that Peregrine refuses by name. */
static const char *const refused[] = {
    "acpitable",
    "action",
    "add-fd",
    "async-teardown",
    "audio",
    "audio-help",
    "audiodev",
    "blockdev",
    "boot",
    "cdrom",
    "chroot",
    "compat",
    "daemonize",
    "debugcon",
    "device",
    "drive",
    "dump-vmstate",
    "enable-kvm",
    "fda",
    "fdb",
    "fsdev",
    "full-screen",
    "fw_cfg",
    "gdb",
    "global",
    "hda",
    "hdb",
    "hdc",
    "hdd",
    "icount",
    "incoming",
    "iscsi",
    "k",
    "loadvm",
    "mem-path",
    "mem-prealloc",
    "mon",
    "mtdblock",
    "netdev",
    "numa",
    "object",
    "only-migratable",
    "option-rom",
    "overcommit",
    "perfmap",
    "jitdump",
    "pflash",
    "plugin",
    "preconfig",
    "qmp",
    "qmp-pretty",
    "qtest",
    "qtest-log",
    "readconfig",
    "rotate",
    "run-with",
    "runas",
    "s",
    "sandbox",
    "sd",
    "seed",
    "semihosting",
    "semihosting-config",
    "set",
    "shim",
    "singlestep",
    "smbios",
    "snapshot",
    "spice",
    "tb-size",
    "tpmdev",
    "trace",
    "usb",
    "usbdevice",
    "virtfs",
    "vnc",
    "watchdog-action",
    "writeconfig",
    "xen-domid",
};

void options_init(Options *o, const char *argv0)
{
    const char *slash = strrchr(argv0, '/');

    *o = (Options) { .program = slash ? slash + 1 : argv0, .escape = 1 };
    o->as_qemu = g_str_has_prefix(o->program, "qemu-");
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        GPtrArray **list = (GPtrArray **)((char *)o + options[i].member);
        if (options[i].kind == OPT_LIST && !*list) {
            *list = g_ptr_array_new_with_free_func(g_free);
        }
    }
}

void options_free(Options *o)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        void **member = (void **)((char *)o + options[i].member);
        if (options[i].kind == OPT_LIST && *member) {
            g_ptr_array_unref(*member);
            *member = NULL;
        } else if (options[i].kind == OPT_TEXT) {
            g_free(*member);
            *member = NULL;
        }
    }
    g_clear_pointer(&o->name, g_free);
    g_clear_pointer(&o->uuid, g_free);
}

static const Option *find_option(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (strcmp(options[i].name, name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

/* @next: what comes after it on the command line, perhaps its argument; may be NULL. */
static void unknown_option(const char *given, const char *name, const char *next, Error *err)
{
    Suggest near;

    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        if (strcmp(refused[i], name) == 0) {
            bool has_arg = next && next[0] != '-';
            error_set(err, "%s%s%s: not supported by Peregrine yet", given, has_arg ? " " : "",
                      has_arg ? next : "");
            return;
        }
    }
    error_set(err, "%s: invalid option", given);
    suggest_init(&near, name);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        suggest_offer(&near, options[i].name);
    }
    if (near.best) {
        error_hint(err, "Did you mean '-%s'?", near.best);
    }
}

static bool apply(Options *o, const Option *opt, const char *arg, Error *err)
{
    void *member = (char *)o + opt->member;

    switch (opt->kind) {
    case OPT_TEXT:
        g_free(*(char **)member);
        *(char **)member = g_strdup(arg);
        return true;
    case OPT_LIST:
        g_ptr_array_add(*(GPtrArray **)member, g_strdup(arg));
        return true;
    case OPT_FLAG:
        *(bool *)member = true;
        return true;
    case OPT_CALL:
        return opt->fn(o, arg, err);
    case OPT_NOTHING:
        return true;
    }
    return false;
}

bool options_parse(Options *o, int argc, char **argv, Error *err)
{
    for (int i = 1; i < argc; i++) {
        const char *given = argv[i];
        if (given[0] != '-' || !given[1]) {
            error_set(err, "%s: disk images are not supported by Peregrine yet", given);
            return false;
        }
        const char *name = given + (given[1] == '-' ? 2 : 1);
        const Option *opt = find_option(name);
        if (!opt) {
            unknown_option(given, name, argv[i + 1], err);
            return false;
        }
        const char *arg = opt->arg ? argv[++i] : NULL;
        if (opt->arg && !arg) {
            error_set(err, "%s: requires an argument", given);
            error_hint(err, "It is used as %s %s.", given, opt->arg);
            return false;
        }
        if (!apply(o, opt, arg, err)) {
            error_prepend(err, "%s%s%s: ", given, arg ? " " : "", arg ? arg : "");
            return false;
        }
    }
    return true;
}

void options_print_message(const Options *o, const char *text)
{
    if (o->timestamps) {
        GDateTime *now = g_date_time_new_now_utc();
        g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
        g_date_time_unref(now);
        fprintf(stderr, "%s ", stamp);
    }
    fprintf(stderr, "%s: %s\n", o->program, text);
}

void options_print_help(const Options *o, FILE *out)
{
    fprintf(out, "usage: %s -machine NAME [options]\n\n", o->program);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        const Option *opt = &options[i];
        if (opt->help) {
            fprintf(out, "-%s%s%s\n                %s\n", opt->name, opt->arg ? " " : "",
                    opt->arg ? opt->arg : "", opt->help);
        }
    }
    fprintf(out, "\nDuring emulation with -nographic, Ctrl-A h lists the keys.\n");
}
