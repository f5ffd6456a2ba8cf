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
#include <sys/stat.h>
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
    struct sigaction sa = { .sa_sigaction = on_end_signal, .sa_flags = SA_SIGINFO }, old;

    ending.machine = m;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        sigaction(numbers[i], NULL, &old);
        /* Under nohup it stays ignored. Not so SIGINT: shells without job control ignore it for
         * what runs in the background, and scripts send it all the same. */
        if (numbers[i] != SIGHUP || old.sa_handler != SIG_IGN) {
            sigaction(numbers[i], &sa, NULL);
        }
    }
    signal(SIGPIPE, SIG_IGN);
}

static void print_error(const Options *o, const Error *err)
{
    options_print_message(o, error_msg(err));
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
    GString *text = g_string_new(NULL);
    g_string_printf(text, "terminating on signal %d", (int)ending.number);
    if (ending.sender) {
        g_string_append_printf(text, " from pid %d (%s)", (int)ending.sender,
                               *name ? name : "<unknown process>");
    }
    options_print_message(o, text->str);
    g_string_free(text, TRUE);
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
        error_set_errno(err, errno, "-pidfile %s: cannot write it", path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return !error_is_set(err);
}

/* Only what is a file: it may have been /dev/stdout. */
static void remove_pidfile(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        unlink(path);
    }
}

static int run_machine(const Options *o, Machine *m, Error *err)
{
    int status = 1;

    if (!launch_configure(o, m, err)) {
        return 1;
    }
    if (!o->pidfile) {
        return machine_run(m, &status, err) ? status : 1;
    }
    if (write_pidfile(o->pidfile, err)) {
        status = machine_run(m, &status, err) ? status : 1;
        remove_pidfile(o->pidfile);
    }
    return status;
}

static int run(const Options *o, Error *err)
{
    Machine *m = launch_create(o, err);

    if (!m) {
        return 1;
    }
    catch_end_signals(m);
    int status = run_machine(o, m, err);
    if (ending.number) {
        chr_stdio_restore();
        print_signal(o);
        if (error_is_set(err)) { /* the signal broke the start off */
            error_clear(err);
            status = 0;
        }
    }
    /* From here on the machine is going away under the handlers' feet. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    machine_free(m);
    return status;
}

/* Started with a standard descriptor closed: no other file may get its number. */
static void fill_standard_descriptors(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
            _exit(1); /* there is nobody to tell */
        }
    }
}

int main(int argc, char **argv)
{
    Options o;
    Error err = { 0 };
    int status = 0;

    fill_standard_descriptors();
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
