/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pseudo-terminal, for `screen /dev/pts/N` and the like. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "internal.h"
#include "util/units.h"

/* The host does not tell when someone opens the other end: look this often. */
#define LOOK_NS NS_PER_SEC

typedef struct PtyChr {
    Chardev chr;
    ChrFd fd;
    int master;
    ClkTimer look;
} PtyChr;

static bool other_end_is_open(const PtyChr *s)
{
    struct pollfd p = { .fd = s->master, .events = POLLOUT };
    return poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP);
}

static void look_again(PtyChr *s)
{
    clk_timer_mod(&s->look, clk_ns(&s->chr.machine->clk_real) + LOOK_NS);
}

static void hung_up(Chardev *chr)
{
    PtyChr *s = (PtyChr *)chr;

    chr_fd_stop(&s->fd);
    chr_be_event(chr, CHR_EVENT_CLOSED);
    look_again(s);
}

/* Whether someone has the other end open now; takes notice of a newcomer. */
static bool look_for_user(PtyChr *s)
{
    if (s->chr.connected) {
        return true;
    }
    if (!other_end_is_open(s)) {
        return false;
    }
    clk_timer_del(&s->look);
    s->fd.hung_up = hung_up;
    chr_fd_start(&s->fd, &s->chr, s->master, s->master);
    chr_be_event(&s->chr, CHR_EVENT_OPENED);
    return true;
}

static void look_timer(void *opaque)
{
    PtyChr *s = opaque;

    if (look_for_user(s)) {
        chr_be_writable(&s->chr);
    } else {
        look_again(s);
    }
}

static void pty_init(Object *obj)
{
    PtyChr *s = (PtyChr *)obj;
    s->master = -1;
}

static bool pty_open(Chardev *chr, Error *err)
{
    PtyChr *s = (PtyChr *)chr;
    char name[64];
    struct termios raw;
    int slave;

    if (openpty(&s->master, &slave, name, NULL, NULL) < 0) {
        error_set_errno(err, errno, "cannot make a pseudo-terminal");
        return false;
    }
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    /* Ours must be closed, else nobody's hanging up would be seen; the settings stay. */
    close(slave);
    fcntl(s->master, F_SETFL, O_NONBLOCK);
    fcntl(s->master, F_SETFD, FD_CLOEXEC);
    chr->filename = g_strdup_printf("pty:%s", name);
    /* Scripts wait for this line on stdout to learn the name. */
    printf("char device redirected to %s (label %s)\n", name, chr->label);
    fflush(stdout);
    clk_timer_init(&s->look, &chr->machine->clk_real, look_timer, s);
    look_again(s);
    return true;
}

static size_t pty_write(Chardev *chr, ChrFrontend *fe, const uint8_t *buf, size_t len)
{
    PtyChr *s = (PtyChr *)chr;
    return look_for_user(s) ? chr_fd_write(&s->fd, buf, len) : len;
}

static void pty_accept_input(Chardev *chr, ChrFrontend *fe)
{
    chr_fd_accept_input(&((PtyChr *)chr)->fd);
}

static void pty_finalize(Object *obj)
{
    PtyChr *s = (PtyChr *)obj;

    if (s->master < 0) {
        return;
    }
    if (s->look.clock) {
        clk_timer_del(&s->look);
    }
    if (s->fd.chr) {
        chr_fd_stop(&s->fd);
    }
    close(s->master);
}

static const ChardevClass pty_class = {
    .open = pty_open,
    .write = pty_write,
    .accept_input = pty_accept_input,
};
static const TypeInfo pty_type = {
    .name = "chardev-pty",
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(PtyChr),
    .class = &pty_class,
    .instance_init = pty_init,
    .instance_finalize = pty_finalize,
};
QOM_TYPE(pty_type);
