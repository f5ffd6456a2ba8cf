/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets: TCP and Unix, as server or client. One connection at a time. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"
#include "util/field.h"

typedef struct SocketChr {
    Chardev chr;
    /* properties */
    char *path, *host, *port;
    bool server, wait, nodelay;
    /* derived */
    ChrFd fd;
    int listener, conn;
    FdWatch *accept_watch;
} SocketChr;

static void socket_init(Object *obj)
{
    SocketChr *s = (SocketChr *)obj;
    s->listener = s->conn = -1;
}

static void hung_up(Chardev *chr)
{
    SocketChr *s = (SocketChr *)chr;

    chr_fd_stop(&s->fd);
    if (s->conn >= 0) {
        close(s->conn);
        s->conn = -1;
    }
    if (s->accept_watch) {
        fd_watch_set_events(s->accept_watch, POLLIN);
    }
    chr_be_event(chr, CHR_EVENT_CLOSED);
}

static void connected(SocketChr *s, int fd)
{
    int one = 1;

    s->conn = fd;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (!s->path && s->nodelay) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    }
    s->fd.hung_up = hung_up;
    chr_fd_start(&s->fd, &s->chr, fd, fd);
    chr_be_event(&s->chr, CHR_EVENT_OPENED);
}

static bool accept_ready(int fd, short revents, void *opaque)
{
    SocketChr *s = opaque;
    int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

    if (conn >= 0) {
        fd_watch_set_events(s->accept_watch, 0);
        connected(s, conn);
    }
    return true;
}

/* The port that a listening socket has: port 0 means any. */
static unsigned listening_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } addr;
    socklen_t len = sizeof(addr);

    if (getsockname(fd, &addr.any, &len) < 0) {
        return 0;
    }
    return ntohs(addr.any.sa_family == AF_INET6 ? addr.v6.sin6_port : addr.v4.sin_port);
}

/* "unix:PATH,server=on", "tcp:HOST:PORT" */
static char *address_text(const SocketChr *s, int fd)
{
    const char *host = s->host ? s->host : "", *mode = s->server ? ",server=on" : "";

    if (s->path) {
        return g_strdup_printf("unix:%s%s", s->path, mode);
    }
    if (s->server) {
        return g_strdup_printf("tcp:%s:%u%s", host, listening_port(fd), mode);
    }
    return g_strdup_printf("tcp:%s:%s", host, s->port);
}

/* Connects without being deaf to the wish to end meanwhile. 0 or an errno value. */
static int connect_to(SocketChr *s, int fd, const struct sockaddr *addr, socklen_t len)
{
    int e = 0;
    socklen_t size = sizeof(e);

    if (connect(fd, addr, len) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    if (!chr_wait_fd(s->chr.machine, fd, POLLOUT, "a connection", NULL)) {
        return EINTR;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size) < 0 ? errno : e;
}

static int listen_at(int fd, const struct sockaddr *addr, socklen_t len)
{
    int one = 1;

    if (addr->sa_family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    }
    return bind(fd, addr, len) < 0 || listen(fd, 1) < 0 ? errno : 0;
}

/* A listening or connected socket; -1 with errno. */
static int bind_or_connect(SocketChr *s, const struct sockaddr *addr, socklen_t len)
{
    int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return -1;
    }
    int e = s->server ? listen_at(fd, addr, len) : connect_to(s, fd, addr, len);
    if (e) {
        close(fd);
        errno = e;
        return -1;
    }
    return fd;
}

/* What an earlier run left behind; never anything but a socket. */
static void remove_stale(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        unlink(path);
    }
}

static int open_unix(SocketChr *s, Error *err)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    if (strlen(s->path) >= sizeof(addr.sun_path)) {
        error_set(err, "UNIX socket path '%s' is too long", s->path);
        error_hint(err, "Path must be less than %zu bytes.", sizeof(addr.sun_path));
        return -1;
    }
    strcpy(addr.sun_path, s->path);
    if (s->server) {
        remove_stale(s->path);
    }
    int fd = bind_or_connect(s, (struct sockaddr *)&addr, sizeof(addr));
    if (fd < 0) {
        error_set_errno(err, errno,
                        s->server ? "Failed to bind socket to %s" : "Failed to connect to '%s'",
                        s->path);
    }
    return fd;
}

/* The resolver would take a number's low 16 bits. */
static bool check_port(const char *port, Error *err)
{
    uint64_t number;

    if (port[0] && strspn(port, "0123456789") == strlen(port) &&
        (!field_parse_u64(port, &number) || number > UINT16_MAX)) {
        error_set(err, "'%s' is not a port: it is greater than 65535", port);
        return false;
    }
    return true;
}

static int open_tcp(SocketChr *s, Error *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = s->server ? AI_PASSIVE : 0 };
    struct addrinfo *list;
    const char *host = s->host && *s->host ? s->host : NULL;
    int fd = -1;

    if (!s->port) {
        error_set(err, "a socket needs 'path', or 'host' and 'port'");
        return -1;
    }
    if (!check_port(s->port, err)) {
        return -1;
    }
    int e = getaddrinfo(host, s->port, &hints, &list);
    if (e) {
        error_set(err, "address resolution failed for %s:%s: %s", host ? host : "", s->port,
                  gai_strerror(e));
        return -1;
    }
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = bind_or_connect(s, a->ai_addr, a->ai_addrlen);
    }
    if (fd < 0) {
        error_set_errno(err, errno,
                        s->server ? "Failed to listen on '%s:%s'" : "Failed to connect to '%s:%s'",
                        host ? host : "", s->port);
    }
    freeaddrinfo(list);
    return fd;
}

static bool wait_for_client(SocketChr *s, Error *err)
{
    int conn = -1;

    g_printerr("waiting for a connection on: %s\n", s->chr.filename);
    while (conn < 0) {
        if (!chr_wait_fd(s->chr.machine, s->listener, POLLIN, "a connection", err)) {
            return false;
        }
        conn = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
        if (conn < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            error_set_errno(err, errno, "cannot accept a connection on %s", s->chr.filename);
            return false;
        }
    }
    connected(s, conn);
    return true;
}

static bool socket_open(Chardev *chr, Error *err)
{
    SocketChr *s = (SocketChr *)chr;
    int fd = s->path ? open_unix(s, err) : open_tcp(s, err);

    if (fd < 0) {
        return false;
    }
    chr->filename = address_text(s, fd);
    if (!s->server) {
        connected(s, fd);
        return true;
    }
    s->listener = fd;
    if (s->wait && !wait_for_client(s, err)) {
        return false;
    }
    s->accept_watch =
        fd_watch_new(&chr->machine->loop, fd, s->conn < 0 ? POLLIN : 0, accept_ready, s);
    return true;
}

static size_t socket_write(Chardev *chr, ChrFrontend *fe, const uint8_t *buf, size_t len)
{
    SocketChr *s = (SocketChr *)chr;
    return s->conn < 0 ? len : chr_fd_write(&s->fd, buf, len);
}

static void socket_accept_input(Chardev *chr, ChrFrontend *fe)
{
    chr_fd_accept_input(&((SocketChr *)chr)->fd);
}

static void socket_finalize(Object *obj)
{
    SocketChr *s = (SocketChr *)obj;

    if (s->fd.chr) {
        chr_fd_stop(&s->fd);
    }
    fd_watch_free(s->accept_watch);
    if (s->conn >= 0) {
        close(s->conn);
    }
    if (s->listener >= 0) {
        close(s->listener);
        if (s->path) {
            remove_stale(s->path);
        }
    }
}

static const Field socket_props[] = {
    FIELD_PROP(SocketChr, path, "path", NULL, "path of a Unix socket"),
    FIELD_PROP(SocketChr, host, "host", NULL, "host to listen on or connect to"),
    FIELD_PROP(SocketChr, port, "port", NULL, "TCP port or service name"),
    FIELD_PROP(SocketChr, server, "server", "off", "listen instead of connecting"),
    FIELD_PROP(SocketChr, wait, "wait", "on", "as server: wait for a client before starting"),
    FIELD_PROP(SocketChr, nodelay, "nodelay", "off", "send small pieces at once"),
    FIELD_END,
};
static const ChardevClass socket_class = {
    .open = socket_open,
    .write = socket_write,
    .accept_input = socket_accept_input,
};
static const TypeInfo socket_type = {
    .name = "chardev-socket",
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(SocketChr),
    .class = &socket_class,
    .props = socket_props,
    .instance_init = socket_init,
    .instance_finalize = socket_finalize,
};
QOM_TYPE(socket_type);
