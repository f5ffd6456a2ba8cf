/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal the program was started from. It is put into raw mode and always given back as it
 * was: at exit, on a stop by job control, and by fatal signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/stdio.h"
#include "internal.h"
#include "util/field.h"

typedef struct StdioChr {
    Chardev chr;
    /* properties */
    bool signal; /* Ctrl-C and the like act on this program instead of reaching the guest */
    /* derived */
    ChrFd fd;
} StdioChr;

/*
 * What must be given back. A process has one terminal, and signal handlers and atexit get no
 * argument: this is process-wide by nature.
 */
static struct {
    bool taken, raw;
    struct termios saved, ours;
    int saved_flags[2];
} tty;

void chr_stdio_restore(void)
{
    if (!tty.taken) {
        return;
    }
    if (tty.raw) {
        tcsetattr(STDIN_FILENO, TCSANOW, &tty.saved);
    }
    fcntl(STDIN_FILENO, F_SETFL, tty.saved_flags[0]);
    fcntl(STDOUT_FILENO, F_SETFL, tty.saved_flags[1]);
}

static void take_terminal(void)
{
    tty.saved_flags[0] = fcntl(STDIN_FILENO, F_GETFL);
    tty.saved_flags[1] = fcntl(STDOUT_FILENO, F_GETFL);
    fcntl(STDIN_FILENO, F_SETFL, tty.saved_flags[0] | O_NONBLOCK);
    fcntl(STDOUT_FILENO, F_SETFL, tty.saved_flags[1] | O_NONBLOCK);
    if (tty.raw) {
        tcsetattr(STDIN_FILENO, TCSANOW, &tty.ours);
    }
}

static void on_continue(int sig)
{
    int saved_errno = errno;
    take_terminal();
    errno = saved_errno;
}

/* A fatal signal: restore, then die of it as if nobody had looked. */
static void on_fatal(int sig)
{
    chr_stdio_restore();
    signal(sig, SIG_DFL);
    raise(sig);
}

static void make_raw(bool keep_signals)
{
    if (tcgetattr(STDIN_FILENO, &tty.saved) < 0) {
        return; /* not a terminal */
    }
    tty.ours = tty.saved;
    tty.ours.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    tty.ours.c_oflag |= OPOST;
    tty.ours.c_lflag &= ~(ECHO | ECHONL | ICANON | IEXTEN);
    if (!keep_signals) {
        tty.ours.c_lflag &= ~ISIG;
    }
    tty.ours.c_cflag = (tty.ours.c_cflag & ~(CSIZE | PARENB)) | CS8;
    tty.ours.c_cc[VMIN] = 1;
    tty.ours.c_cc[VTIME] = 0;
    tty.raw = true;
}

static void catch_signals(void)
{
    static const int fatal[] = { SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE };
    struct sigaction sa = { .sa_handler = on_continue, .sa_flags = SA_RESTART };

    sigaction(SIGCONT, &sa, NULL);
    sa.sa_handler = on_fatal;
    for (size_t i = 0; i < G_N_ELEMENTS(fatal); i++) {
        sigaction(fatal[i], &sa, NULL);
    }
}

static bool stdio_open(Chardev *chr, Error *err)
{
    StdioChr *s = (StdioChr *)chr;

    if (tty.taken) {
        error_set(err, "cannot use stdio by multiple character devices");
        error_hint(err, "Use mon:stdio to share it, or give one of them another back-end.");
        return false;
    }
    tty.taken = true;
    make_raw(s->signal);
    take_terminal();
    atexit(chr_stdio_restore);
    catch_signals();
    chr->filename = g_strdup("stdio");
    chr_fd_start(&s->fd, chr, STDIN_FILENO, STDOUT_FILENO);
    chr->connected = true;
    return true;
}

static size_t stdio_write(Chardev *chr, ChrFrontend *fe, const uint8_t *buf, size_t len)
{
    return chr_fd_write(&((StdioChr *)chr)->fd, buf, len);
}

static void stdio_accept_input(Chardev *chr, ChrFrontend *fe)
{
    chr_fd_accept_input(&((StdioChr *)chr)->fd);
}

static void stdio_finalize(Object *obj)
{
    StdioChr *s = (StdioChr *)obj;

    if (s->fd.chr) {
        chr_fd_stop(&s->fd);
        chr_stdio_restore();
        tty.taken = false;
        tty.raw = false;
    }
}

static const Field stdio_props[] = {
    FIELD_PROP(StdioChr, signal, "signal", "on", "Ctrl-C and Ctrl-Z act on the emulator"),
    FIELD_END,
};

static const ChardevClass stdio_class = {
    .open = stdio_open,
    .write = stdio_write,
    .accept_input = stdio_accept_input,
};
static const TypeInfo stdio_type = {
    .name = "chardev-stdio",
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(StdioChr),
    .class = &stdio_class,
    .props = stdio_props,
    .instance_finalize = stdio_finalize,
};
QOM_TYPE(stdio_type);
