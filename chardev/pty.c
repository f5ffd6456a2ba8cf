/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pseudo-terminal, for `screen /dev/pts/N` and the like. */
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "internal.h"

typedef struct PtyChr {
    Chardev chr;
    ChrFd fd;
    int master;
    int keep; /* our own hold on the slave, so that the master survives its users */
} PtyChr;

static void pty_init(Object *obj)
{
    PtyChr *s = (PtyChr *)obj;
    s->master = s->keep = -1;
}

static bool pty_open(Chardev *chr, Error *err)
{
    PtyChr *s = (PtyChr *)chr;
    char name[64];
    struct termios raw;

    if (openpty(&s->master, &s->keep, name, NULL, NULL) < 0) {
        error_set(err, "cannot make a pseudo-terminal");
        return false;
    }
    tcgetattr(s->keep, &raw);
    cfmakeraw(&raw);
    tcsetattr(s->keep, TCSANOW, &raw);
    fcntl(s->master, F_SETFL, O_NONBLOCK);
    fcntl(s->master, F_SETFD, FD_CLOEXEC);
    fcntl(s->keep, F_SETFD, FD_CLOEXEC);
    chr->filename = g_strdup_printf("pty:%s", name);
    /* Scripts wait for this line on stdout to learn the name. */
    printf("char device redirected to %s (label %s)\n", name, chr->label);
    fflush(stdout);
    chr_fd_start(&s->fd, chr, s->master, s->master);
    chr->connected = true;
    return true;
}

static size_t pty_write(Chardev *chr, ChrFrontend *fe, const uint8_t *buf, size_t len)
{
    PtyChr *s = (PtyChr *)chr;
    size_t n = 0;

    /* Nobody may be reading: what does not fit into the terminal's buffer then is lost, as on a
     * line with nothing at its end, rather than stopping the guest. */
    while (n < len) {
        ssize_t part = write(s->master, buf + n, len - n);
        if (part <= 0) {
            break;
        }
        n += part;
    }
    return len;
}

static void pty_accept_input(Chardev *chr, ChrFrontend *fe)
{
    chr_fd_accept_input(&((PtyChr *)chr)->fd);
}

static void pty_finalize(Object *obj)
{
    PtyChr *s = (PtyChr *)obj;

    if (s->fd.chr) {
        chr_fd_stop(&s->fd);
    }
    if (s->master >= 0) {
        close(s->master);
        close(s->keep);
    }
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
