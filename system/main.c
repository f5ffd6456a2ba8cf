/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program. argv[0] tells which guest ISA: peregrine-system-ISA or qemu-system-ISA. This is the
 * one place that prints errors and ends the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chardev/stdio.h"
#include "launch.h"
#include "options.h"

/* Signal handlers get no argument of ours. */
static struct {
    Machine *machine;
    volatile sig_atomic_t number;
    pid_t sender;
} ending;

static void on_end_signal(int number, siginfo_t *info, void *context)
{
    ending.number = number;
    ending.sender = info->si_pid;
    run_request_shutdown(ending.machine, CAUSE_HOST_SIGNAL, 0);
}

static void catch_end_signals(Machine *m)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction sa = { .sa_sigaction = on_end_signal, .sa_flags = SA_SIGINFO };

    ending.machine = m;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        sigaction(numbers[i], &sa, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
}

static void print_time(const Options *o)
{
    if (o->timestamps) {
        char text[40];
        time_t now = time(NULL);
        struct tm tm;
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
        fprintf(stderr, "%s ", text);
    }
}

static void print_error(const Options *o, const Error *err)
{
    print_time(o);
    fprintf(stderr, "%s: %s\n", o->program, error_msg(err));
    if (err->hint) {
        fprintf(stderr, "%s\n", err->hint);
    }
}

/* "terminating on signal 15 from pid 123 (kill)" */
static void print_signal(const Options *o)
{
    char path[64], name[64] = "";

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)ending.sender);
    FILE *f = fopen(path, "r");
    if (f) {
        if (!fgets(name, sizeof(name), f)) {
            name[0] = '\0';
        }
        fclose(f);
    }
    name[strcspn(name, "\n")] = '\0';
    print_time(o);
    if (ending.sender) {
        fprintf(stderr, "%s: terminating on signal %d from pid %d (%s)\n", o->program,
                (int)ending.number, (int)ending.sender, *name ? name : "<unknown process>");
    } else {
        fprintf(stderr, "%s: terminating on signal %d\n", o->program, (int)ending.number);
    }
}

static bool check_guest(const Options *o, Error *err)
{
    static const char *const later[] = { "riscv32", "aarch64", "arm", "x86_64", "i386" };

    for (size_t i = 0; i < G_N_ELEMENTS(later); i++) {
        const char *dash = strrchr(o->program, '-');
        if (dash && strcmp(dash + 1, later[i]) == 0) {
            error_set(err, "%s guests are not supported by Peregrine yet", later[i]);
            error_hint(err, "Run it as peregrine-system-riscv64.");
            return false;
        }
    }
    return true;
}

static bool write_pidfile(const char *path, Error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) {
        error_set_errno(err, errno, "cannot create PID file %s", path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return !error_is_set(err);
}

static int run(const Options *o, Error *err)
{
    int status = 1;
    Machine *m = launch_machine(o, err);

    if (!m) {
        return 1;
    }
    catch_end_signals(m);
    if (!o->pidfile || write_pidfile(o->pidfile, err)) {
        status = machine_run(m, &status, err) ? status : 1;
    }
    if (ending.number) {
        chr_stdio_restore();
        print_signal(o);
    }
    if (o->pidfile) {
        unlink(o->pidfile);
    }
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    machine_free(m);
    return status;
}

int main(int argc, char **argv)
{
    Options o;
    Error err = { 0 };
    int status = 0;

    options_init(&o, argc > 0 ? argv[0] : "peregrine-system-riscv64");
    bool ok = check_guest(&o, &err) && options_parse(&o, argc, argv, &err);
    if (ok && !launch_answer_help(&o)) {
        status = run(&o, &err);
    }
    if (error_is_set(&err)) {
        chr_stdio_restore();
        print_error(&o, &err);
        status = 1;
    }
    error_clear(&err);
    options_free(&o);
    return status;
}
