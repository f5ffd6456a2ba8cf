/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output into a file, and a pair of named pipes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "util/field.h"

typedef struct FileChr {
    Chardev chr;
    /* properties */
    char *path;
    char *input_path;
    bool append;
    /* derived */
    ChrFd fd;
    int in, out;
} FileChr;

static void file_init(Object *obj)
{
    FileChr *s = (FileChr *)obj;
    s->in = s->out = -1;
}

static int open_path(const char *path, int flags, Error *err)
{
    /* Non-blocking: a pipe nobody reads must not hold up the machine, or its start. */
    int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0) {
        int e = errno;
        error_set_errno(err, e, "Could not open '%s'", path);
        if (e == ENXIO) {
            error_hint(err, "If it is a named pipe, its reader must be there first.");
        }
    }
    return fd;
}

static bool file_open(Chardev *chr, Error *err)
{
    FileChr *s = (FileChr *)chr;

    s->out = open_path(s->path, O_WRONLY | O_CREAT | (s->append ? O_APPEND : O_TRUNC), err);
    if (s->out < 0) {
        return false;
    }
    if (s->input_path) {
        s->in = open_path(s->input_path, O_RDONLY, err);
        if (s->in < 0) {
            return false;
        }
    }
    chr->filename = g_strdup("file");
    chr_fd_start(&s->fd, chr, s->in, s->out);
    chr->connected = true;
    return true;
}

/* PATH.in and PATH.out, or one PATH for both ways. */
static bool pipe_open(Chardev *chr, Error *err)
{
    FileChr *s = (FileChr *)chr;
    char *in = g_strdup_printf("%s.in", s->path), *out = g_strdup_printf("%s.out", s->path);
    bool pair = access(in, F_OK) == 0 && access(out, F_OK) == 0;

    s->in = open_path(pair ? in : s->path, O_RDWR, err);
    if (s->in >= 0) {
        s->out = pair ? open_path(out, O_RDWR, err) : fcntl(s->in, F_DUPFD_CLOEXEC, 0);
    }
    g_free(in);
    g_free(out);
    if (s->in < 0 || s->out < 0) {
        if (!error_is_set(err)) {
            error_set_errno(err, errno, "Could not open '%s'", s->path);
        }
        return false;
    }
    chr->filename = g_strdup("pipe");
    chr_fd_start(&s->fd, chr, s->in, s->out);
    chr->connected = true;
    return true;
}

static size_t file_write(Chardev *chr, ChrFrontend *fe, const uint8_t *buf, size_t len)
{
    return chr_fd_write(&((FileChr *)chr)->fd, buf, len);
}

static void file_accept_input(Chardev *chr, ChrFrontend *fe)
{
    chr_fd_accept_input(&((FileChr *)chr)->fd);
}

static void file_finalize(Object *obj)
{
    FileChr *s = (FileChr *)obj;

    if (s->fd.chr) {
        chr_fd_stop(&s->fd);
    }
    if (s->in >= 0) {
        close(s->in);
    }
    if (s->out >= 0) {
        close(s->out);
    }
}

static const Field file_props[] = {
    FIELD_PROP_FLAGS(FileChr, path, "path", FIELD_REQUIRED, NULL, "file to write"),
    FIELD_PROP(FileChr, input_path, "input-path", NULL, "file to read input from"),
    FIELD_PROP(FileChr, append, "append", "off", "keep what the file holds"),
    FIELD_END,
};

static const ChardevClass file_class = {
    .open = file_open,
    .write = file_write,
    .accept_input = file_accept_input,
};
static const TypeInfo file_type = {
    .name = "chardev-file",
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(FileChr),
    .class = &file_class,
    .props = file_props,
    .instance_init = file_init,
    .instance_finalize = file_finalize,
};
QOM_TYPE(file_type);

static const Field pipe_props[] = {
    FIELD_PROP_FLAGS(FileChr, path, "path", FIELD_REQUIRED, NULL,
                     "named pipe, or the common part of PATH.in and PATH.out"),
    FIELD_END,
};
static const ChardevClass pipe_class = {
    .open = pipe_open,
    .write = file_write,
    .accept_input = file_accept_input,
};
static const TypeInfo pipe_type = {
    .name = "chardev-pipe",
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(FileChr),
    .class = &pipe_class,
    .props = pipe_props,
    .instance_init = file_init,
    .instance_finalize = file_finalize,
};
QOM_TYPE(pipe_type);
