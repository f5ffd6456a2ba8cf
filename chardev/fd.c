/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing file descriptors as a character back-end does. */
#include <errno.h>
#include <unistd.h>

#include "internal.h"

static void stop_input(ChrFd *f)
{
    fd_watch_free(f->in_watch);
    f->in_watch = NULL;
}

static bool input_ready(int fd, short revents, void *opaque)
{
    ChrFd *f = opaque;
    uint8_t buf[4096];
    size_t room = MIN(chr_be_can_read(f->chr), sizeof(buf));

    if (room == 0) {
        fd_watch_set_events(f->in_watch, 0);
        return true;
    }
    ssize_t n = read(fd, buf, room);
    if (n > 0) {
        chr_be_read(f->chr, buf, n);
        return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    f->in_watch = NULL; /* freed by returning false */
    if (f->hung_up) {
        f->hung_up(f->chr);
    }
    return false;
}

static bool output_ready(int fd, short revents, void *opaque)
{
    ChrFd *f = opaque;

    fd_watch_set_events(f->out_watch, 0);
    chr_be_writable(f->chr);
    return true;
}

void chr_fd_start(ChrFd *f, Chardev *chr, int in, int out)
{
    f->chr = chr;
    f->in = in;
    f->out = out;
    if (in >= 0) {
        f->in_watch = fd_watch_new(&chr->machine->loop, in, POLLIN, input_ready, f);
    }
}

void chr_fd_stop(ChrFd *f)
{
    stop_input(f);
    fd_watch_free(f->out_watch);
    f->out_watch = NULL;
    f->in = f->out = -1;
}

size_t chr_fd_write(ChrFd *f, const uint8_t *buf, size_t len)
{
    size_t done = 0;

    while (done < len && f->out >= 0) {
        ssize_t n = write(f->out, buf + done, len - done);
        if (n > 0) {
            done += n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && errno == EAGAIN) {
            break;
        } else {
            return len; /* the other side is gone: what is written is dropped */
        }
    }
    if (f->out < 0) {
        return len;
    }
    if (done < len && !f->out_watch) {
        f->out_watch = fd_watch_new(&f->chr->machine->loop, f->out, POLLOUT, output_ready, f);
    } else if (done < len) {
        fd_watch_set_events(f->out_watch, POLLOUT);
    }
    return done;
}

void chr_fd_accept_input(ChrFd *f)
{
    if (f->in_watch) {
        fd_watch_set_events(f->in_watch, POLLIN);
    }
}

bool chr_wait_fd(Machine *m, int fd, short events, const char *what, Error *err)
{
    for (;;) {
        struct pollfd p[] = { { .fd = fd, .events = events },
                              { .fd = m->loop.wake_fd, .events = POLLIN } };
        int n = poll(p, G_N_ELEMENTS(p), -1);
        if (run_shutdown_requested(m)) {
            error_set(err, "told to end while waiting for %s", what);
            return false;
        }
        if (n < 0 && errno != EINTR) {
            error_set_errno(err, errno, "cannot wait for %s", what);
            return false;
        }
        if (n > 0 && p[0].revents) {
            return true;
        }
        uint64_t count;
        if (n > 0 && read(m->loop.wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN) {
            error_set_errno(err, errno, "cannot wait for %s", what);
            return false;
        }
    }
}
