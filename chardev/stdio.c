/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal the program was started from. It is put into raw mode and always given back as it
 * was: at exit, on a stop by job control, and by fatal signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
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

/* One of our two standard descriptors. */
typedef struct Std {
    int fd;
    int own;     /* what is used instead: fd itself, or a description of our own */
    int flags;   /* as they were; only if `shared` */
    bool shared; /* O_NONBLOCK had to be set where others see it */
} Std;

static const int fatal_signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGQUIT };

/*
 * What must be given back. A process has one terminal, and signal handlers and atexit get no
 * argument: this is process-wide by nature.
 */
static struct {
    bool open; /* there is a stdio back-end */
    bool is_terminal;
    volatile bool ours_is_set; /* the terminal has our settings */
    struct termios saved, ours;
    Std in, out;
    struct sigaction old_fatal[G_N_ELEMENTS(fatal_signals)];
} tty;

/* Sets the terminal although this process may be in the background, where that would stop it. */
static void set_terminal(const struct termios *settings)
{
    sigset_t block, old;

    sigemptyset(&block);
    sigaddset(&block, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &block, &old);
    tcsetattr(STDIN_FILENO, TCSANOW, settings);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void restore_flags(const Std *s)
{
    if (s->shared) {
        fcntl(s->fd, F_SETFL, s->flags);
    }
}

void chr_stdio_restore(void)
{
    if (!tty.open) {
        return;
    }
    if (tty.ours_is_set) {
        tty.ours_is_set = false;
        set_terminal(&tty.saved);
    }
    restore_flags(&tty.out);
    restore_flags(&tty.in);
}

/* A job in the background leaves the terminal to the one in front. */
static bool in_front(void)
{
    pid_t front = tcgetpgrp(STDIN_FILENO);
    return front < 0 || front == getpgrp();
}

static void take_terminal(void)
{
    if (tty.in.shared) {
        fcntl(STDIN_FILENO, F_SETFL, tty.in.flags | O_NONBLOCK);
    }
    if (tty.out.shared) {
        fcntl(STDOUT_FILENO, F_SETFL, tty.out.flags | O_NONBLOCK);
    }
    if (tty.is_terminal && in_front()) {
        set_terminal(&tty.ours);
        tty.ours_is_set = true;
    }
}

/* --- signals --- */

static void on_continue(int sig)
{
    int saved_errno = errno;
    take_terminal();
    errno = saved_errno;
}

static void catch (int sig, void (*fn)(int sig), struct sigaction *old)
{
    struct sigaction sa = { .sa_handler = fn, .sa_flags = SA_RESTART };
    sigaction(sig, &sa, old);
}

/* Ctrl-Z: the terminal goes back first, then the process stops as if nobody had looked. */
static void on_stop(int sig)
{
    int saved_errno = errno;
    struct sigaction ours;
    sigset_t stop;

    chr_stdio_restore();
    catch (sig, SIG_DFL, &ours);
    raise(sig);
    sigemptyset(&stop);
    sigaddset(&stop, sig);
    pthread_sigmask(SIG_UNBLOCK, &stop, NULL); /* it stops here */
    sigaction(sig, &ours, NULL);
    errno = saved_errno;
}

/* Gives the terminal back and leaves the rest to who was there before. */
static void on_fatal(int sig, siginfo_t *info, void *context)
{
    chr_stdio_restore();
    for (size_t i = 0; i < G_N_ELEMENTS(fatal_signals); i++) {
        if (fatal_signals[i] == sig) {
            sigaction(sig, &tty.old_fatal[i], NULL);
        }
    }
    if (info->si_code <= 0) {
        raise(sig); /* sent by someone: it does not come again by itself */
    }
}

static void catch_signals(void)
{
    struct sigaction sa = { .sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO }, old;

    for (size_t i = 0; i < G_N_ELEMENTS(fatal_signals); i++) {
        sigaction(fatal_signals[i], &sa, &tty.old_fatal[i]);
    }
    catch (SIGCONT, on_continue, NULL);
    sigaction(SIGTSTP, NULL, &old);
    if (old.sa_handler != SIG_IGN) {
        catch (SIGTSTP, on_stop, NULL);
    }
}

/* --- opening --- */

/* Whether opening it anew gives the same thing: a terminal (but not the master of a
 * pseudo-terminal, which makes a new one) or a pipe. */
static bool can_reopen(int fd)
{
    struct stat st;
    unsigned number;

    if (fstat(fd, &st) < 0) {
        return false;
    }
    return S_ISFIFO(st.st_mode) || (isatty(fd) && ioctl(fd, TIOCGPTN, &number) < 0);
}

/* Makes reading or writing non-blocking, if possible so that no other process, and neither our
 * own stderr, is affected. */
static void open_std(Std *s, int fd, int access)
{
    char path[32];
    struct stat st;

    *s = (Std) { .fd = fd, .own = fd };
    if (can_reopen(fd)) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        int own = open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (own >= 0) {
            s->own = own;
            return;
        }
    }
    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        s->flags = fcntl(fd, F_GETFL);
        s->shared = s->flags >= 0 && !(s->flags & O_NONBLOCK);
    }
}

static void close_std(const Std *s)
{
    if (s->own != s->fd) {
        close(s->own);
    }
}

static void make_raw(bool keep_signals)
{
    tty.is_terminal = tcgetattr(STDIN_FILENO, &tty.saved) == 0;
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
}

static bool stdio_open(Chardev *chr, Error *err)
{
    StdioChr *s = (StdioChr *)chr;

    if (tty.open) {
        error_set(err, "cannot use stdio by multiple character devices");
        error_hint(err, "Use mon:stdio to share it, or give one of them another back-end.");
        return false;
    }
    open_std(&tty.in, STDIN_FILENO, O_RDONLY);
    open_std(&tty.out, STDOUT_FILENO, O_WRONLY);
    make_raw(s->signal);
    tty.open = true;
    catch_signals();
    atexit(chr_stdio_restore);
    take_terminal();
    chr->filename = g_strdup("stdio");
    chr_fd_start(&s->fd, chr, tty.in.own, tty.out.own);
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
        close_std(&tty.in);
        close_std(&tty.out);
        tty.open = false;
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
