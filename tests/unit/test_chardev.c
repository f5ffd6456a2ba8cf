/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character devices over files, pipes, sockets and pseudo-terminals. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chr_fixture.h"

static char *folder; /* for files and sockets; made by main */

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* printf into a string that lives until the next call's is freed by the caller. */
static Chardev *open_fmt(Machine *m, const char *fmt, const char *path)
{
    GString *opts = g_string_new(fmt);

    g_string_replace(opts, "PATH", path, 0);
    Chardev *chr = chr_test_open(m, opts->str);
    g_string_free(opts, TRUE);
    return chr;
}

static int unix_client(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(addr.sun_path, path);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), ==, 0);
    return fd;
}

static void read_exactly(int fd, char *buf, size_t len)
{
    for (size_t n = 0; n < len;) {
        ssize_t part = read(fd, buf + n, len - n);
        g_assert_cmpint(part, >, 0);
        n += part;
    }
}

/* --- files and pipes --- */

static void test_file(void)
{
    Machine *m = chr_test_machine();
    g_autofree char *path = in_folder("file"), *text = NULL, *more = NULL, *all = NULL;

    Reader *r = reader_new(open_fmt(m, "file,id=a,path=PATH", path));
    g_assert_cmpuint(reader_write(m, r, "hello\n", 6), ==, 6);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "hello\n");
    reader_free(r);

    r = reader_new(open_fmt(m, "file,id=b,path=PATH,append=on", path));
    reader_write(m, r, "more", 4);
    g_assert_true(g_file_get_contents(path, &more, NULL, NULL));
    g_assert_cmpstr(more, ==, "hello\nmore");
    reader_free(r);

    r = reader_new(open_fmt(m, "file,id=c,path=/dev/null,input-path=PATH", path));
    turn_until_got(m, r, 10);
    g_assert_cmpstr(r->got->str, ==, "hello\nmore");
    reader_free(r);

    r = reader_new(open_fmt(m, "file,id=d,path=PATH", path));
    g_assert_true(g_file_get_contents(path, &all, NULL, NULL));
    g_assert_cmpstr(all, ==, "");
    reader_free(r);
    machine_free(m);
}

/* A named pipe that nobody reads is refused; one that is full holds up nobody. */
static void test_full_pipe(void)
{
    Machine *m = chr_test_machine();
    g_autofree char *path = in_folder("fifo");
    g_autofree char *opts = g_strdup_printf("file,id=a,path=%s", path);
    g_autofree char *data = g_malloc(1 << 20), *got = g_malloc(1 << 20);
    size_t sent = 0, read_back = 0;

    for (size_t i = 0; i < 1 << 20; i++) {
        data[i] = (char)(i * 7 + (i >> 8));
    }
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    chr_test_refuses(m, opts, "No such device");
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    Reader *r = reader_new(open_fmt(m, "file,id=b,path=PATH", path));
    while (read_back < 1 << 20) {
        sent += reader_write(m, r, data + sent, (1 << 20) - sent);
        unsigned before = r->writable;
        g_assert_true(sent == 1 << 20 || sent - read_back >= 4096); /* full when short */
        ssize_t n = read(fd, got + read_back, 1 << 16);
        g_assert_cmpint(n, >, 0);
        read_back += n;
        while (sent < 1 << 20 && r->writable == before && read_back < sent) {
            n = read(fd, got + read_back, 1 << 16);
            read_back += n > 0 ? n : 0;
            main_loop_turn(&m->loop, false);
        }
    }
    g_assert_cmpmem(data, 1 << 20, got, 1 << 20);
    close(fd);
    g_assert_cmpuint(reader_write(m, r, "x", 1), ==, 1); /* nobody there: dropped */
    reader_free(r);
    machine_free(m);
}

static void test_pipe_pair(void)
{
    Machine *m = chr_test_machine();
    g_autofree char *base = in_folder("pair");
    g_autofree char *in = g_strconcat(base, ".in", NULL), *out = g_strconcat(base, ".out", NULL);
    char buf[4] = "";

    g_assert_cmpint(mkfifo(in, 0600) | mkfifo(out, 0600), ==, 0);
    Reader *r = reader_new(open_fmt(m, "pipe,id=a,path=PATH", base));
    int to = open(in, O_WRONLY), from = open(out, O_RDONLY);
    g_assert_cmpint(write(to, "abc", 3), ==, 3);
    turn_until_got(m, r, 3);
    g_assert_cmpstr(r->got->str, ==, "abc");
    reader_write(m, r, "xyz", 3);
    read_exactly(from, buf, 3);
    g_assert_cmpstr(buf, ==, "xyz");
    close(to);
    close(from);
    reader_free(r);
    machine_free(m);
}

/* --- sockets --- */

static void test_unix_server(void)
{
    Machine *m = chr_test_machine();
    g_autofree char *path = in_folder("server");
    char buf[3] = "";

    Reader *r = reader_new(open_fmt(m, "socket,id=a,path=PATH,server=on,wait=off", path));
    g_assert_cmpuint(reader_write(m, r, "lost", 4), ==, 4); /* nobody there */
    for (int i = 0; i < 2; i++) {
        int fd = unix_client(path);
        turn_until_events(m, r, 2 * i + 1);
        reader_write(m, r, "hi", 2);
        read_exactly(fd, buf, 2);
        g_assert_cmpstr(buf, ==, "hi");
        g_assert_cmpint(write(fd, "yo", 2), ==, 2);
        turn_until_got(m, r, 2 * i + 2);
        close(fd);
        turn_until_events(m, r, 2 * i + 2);
    }
    g_assert_cmpstr(r->got->str, ==, "yoyo");
    g_assert_cmpstr(r->events->str, ==, "OCOC");
    reader_free(r);
    machine_free(m);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* A second client waits until the first is gone. */
static void test_second_client(void)
{
    Machine *m = chr_test_machine();
    g_autofree char *path = in_folder("second");

    Reader *r = reader_new(open_fmt(m, "socket,id=a,path=PATH,server=on,wait=off", path));
    int first = unix_client(path);
    turn_until_events(m, r, 1);
    int second = unix_client(path);
    g_assert_cmpint(write(second, "2", 1), ==, 1);
    g_assert_cmpint(write(first, "1", 1), ==, 1);
    turn_until_got(m, r, 1);
    g_assert_cmpstr(r->got->str, ==, "1");
    close(first);
    turn_until_got(m, r, 2);
    g_assert_cmpstr(r->got->str, ==, "12");
    g_assert_cmpstr(r->events->str, ==, "OCO");
    close(second);
    reader_free(r);
    machine_free(m);
}

/* A reader without room stops input; nothing is lost. */
static void test_input_pressure(void)
{
    Machine *m = chr_test_machine();
    g_autofree char *path = in_folder("pressure");

    Reader *r = reader_new(open_fmt(m, "socket,id=a,path=PATH,server=on,wait=off", path));
    r->room = 1;
    int fd = unix_client(path);
    g_assert_cmpint(write(fd, "0123456789", 10), ==, 10);
    for (size_t i = 1; i <= 10; i++) {
        turn_until_got(m, r, i);
        for (int turn = 0; turn < 5; turn++) {
            main_loop_turn(&m->loop, false);
        }
        g_assert_cmpuint(r->got->len, ==, i);
        reader_give_room(m, r, 1);
    }
    g_assert_cmpstr(r->got->str, ==, "0123456789");
    close(fd);
    reader_free(r);
    machine_free(m);
}

static char *found_where;

static void note_where(const char *id, const char *filename, void *opaque)
{
    if (strcmp(id, opaque) == 0) {
        g_free(found_where);
        found_where = g_strdup(filename);
    }
}

static char *where_of(Machine *m, const char *id)
{
    chr_foreach(m, note_where, (void *)id);
    return g_steal_pointer(&found_where);
}

static void test_tcp(void)
{
    Machine *m = chr_test_machine();
    Reader *server = reader_new(
        chr_test_open(m, "socket,id=a,host=127.0.0.1,port=0,server=on,wait=off,nodelay"));
    g_autofree char *where = where_of(m, "a");
    unsigned port;

    g_assert_cmpint(sscanf(where, "tcp:127.0.0.1:%u,server=on", &port), ==, 1);
    g_assert_cmpuint(port, !=, 0);
    g_autofree char *opts = g_strdup_printf("socket,id=b,host=127.0.0.1,port=%u", port);
    Reader *client = reader_new(chr_test_open(m, opts));
    reader_write(m, client, "ping", 4);
    turn_until_got(m, server, 4);
    reader_write(m, server, "pong", 4);
    turn_until_got(m, client, 4);
    g_assert_cmpstr(server->got->str, ==, "ping");
    g_assert_cmpstr(client->got->str, ==, "pong");
    g_assert_cmpstr(client->events->str, ==, "O");
    g_autofree char *again = g_strdup_printf("socket,id=c,host=127.0.0.1,port=%u,server=on", port);
    chr_test_refuses(m, again, "Address already in use");
    reader_free(client);
    reader_free(server);
    machine_free(m);
}

static gpointer ask_to_end(gpointer opaque)
{
    g_usleep(50 * 1000);
    run_request_shutdown(opaque, CAUSE_HOST_SIGNAL, 0);
    return NULL;
}

/* What waits for a client hears the wish to end. */
static void test_wait_is_ended(void)
{
    Machine *m = chr_test_machine();
    g_autofree char *path = in_folder("waits");
    g_autofree char *opts = g_strdup_printf("socket,id=a,path=%s,server=on", path);
    GThread *t = g_thread_new("end", ask_to_end, m);

    chr_test_refuses(m, opts, "told to end while waiting");
    g_thread_join(t);
    chr_test_refuses(m, opts, "told to end while waiting"); /* asked before it waits */
    machine_free(m);
}

static gpointer connect_soon(gpointer path)
{
    for (int i = 0; i < 2000 && !g_file_test(path, G_FILE_TEST_EXISTS); i++) {
        g_usleep(10 * 1000);
    }
    g_usleep(20 * 1000);
    return GINT_TO_POINTER(unix_client(path));
}

static void test_wait_for_client(void)
{
    Machine *m = chr_test_machine();
    g_autofree char *path = in_folder("client");
    GThread *t = g_thread_new("client", connect_soon, path);
    Reader *r = reader_new(open_fmt(m, "socket,id=a,path=PATH,server=on,wait=on", path));

    int fd = GPOINTER_TO_INT(g_thread_join(t));
    g_assert_cmpstr(r->events->str, ==, "O");
    g_assert_cmpint(write(fd, "x", 1), ==, 1);
    turn_until_got(m, r, 1);
    close(fd);
    reader_free(r);
    machine_free(m);
}

/* What is in the way of a socket is only removed when it is one. */
static void test_not_a_socket(void)
{
    Machine *m = chr_test_machine();
    g_autofree char *path = in_folder("precious");
    g_autofree char *opts = g_strdup_printf("socket,id=a,path=%s,server=on,wait=off", path);

    g_assert_true(g_file_set_contents(path, "data", 4, NULL));
    chr_test_refuses(m, opts, "Address already in use");
    g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
    machine_free(m);
}

/* --- pseudo-terminal --- */

/* Opens a pseudo-terminal, whose name is told on stdout; that belongs to the test's own output. */
static Chardev *open_pty(Machine *m)
{
    int out = dup(STDOUT_FILENO);

    fflush(stdout);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    Chardev *chr = chr_test_open(m, "pty,id=a");
    dup2(out, STDOUT_FILENO);
    close(out);
    return chr;
}

static void test_pty(void)
{
    Machine *m = chr_test_machine();
    Reader *r = reader_new(open_pty(m));
    g_autofree char *where = where_of(m, "a");
    char buf[8] = "";

    g_assert_true(g_str_has_prefix(where, "pty:/dev/pts/"));
    g_assert_cmpuint(reader_write(m, r, "lost", 4), ==, 4);
    for (int i = 0; i < 2; i++) {
        int fd = open(where + 4, O_RDWR | O_NOCTTY);
        g_assert_cmpint(fd, >=, 0);
        reader_write(m, r, "a\nb", 3); /* notices the newcomer; raw: LF stays LF */
        read_exactly(fd, buf, 3);
        g_assert_cmpstr(buf, ==, "a\nb");
        g_assert_cmpint(write(fd, "x\r", 2), ==, 2);
        turn_until_got(m, r, 2 * i + 2);
        close(fd);
        turn_until_events(m, r, 2 * i + 2);
    }
    g_assert_cmpstr(r->got->str, ==, "x\rx\r");
    g_assert_cmpstr(r->events->str, ==, "OCOC");
    reader_free(r);
    machine_free(m);
}

/* --- in general --- */

static void test_taken(void)
{
    Machine *m = chr_test_machine();
    Chardev *chr = chr_test_open(m, "null,id=a");
    Reader *r = reader_new(chr);
    ChrFrontend second = { 0 };
    Error err = { 0 };

    g_assert_false(chr_fe_init(&second, chr, &err));
    g_assert_null(second.chr);
    g_assert_nonnull(strstr(error_msg(&err), "in use"));
    g_assert_cmpuint(chr_fe_write(&second, (const uint8_t *)"x", 1), ==, 1);
    error_clear(&err);
    reader_free(r);
    r = reader_new(chr); /* it is free again */
    reader_free(r);
    g_assert_true(chr_find(m, "a") == chr);
    g_assert_null(chr_find(m, "b"));
    machine_free(m);
}

static void test_refused(void)
{
    static const struct {
        const char *opts, *part;
    } cases[] = {
        { "", "needs an id" },
        { "null", "needs an id" },
        { "null,id=", "needs an id" },
        { "null,id=a/b", "cannot be" },
        { ",id=a", "'' is not a kind" },
        { "nosuch,id=a", "'nosuch' is not a kind" },
        { "mux,id=a", "not made by itself" },
        { "null,id=a,nosuch=1", "'chardev-null.nosuch' not found" },
        { "null,id=a,mux=perhaps", "'mux' expects" },
        { "file,id=a", "path property not set" },
        { "file,id=a,path=/nonexist/x", "Could not open '/nonexist/x'" },
        { "pipe,id=a,path=/nonexist/x", "Could not open '/nonexist/x'" },
        { "socket,id=a", "needs 'path'" },
        { "socket,id=a,path=/nonexist/x", "Failed to connect to '/nonexist/x'" },
        { "socket,id=a,path=/nonexist/x,server=on,wait=off", "Failed to bind socket" },
        { "socket,id=a,host=127.0.0.1,port=70000", "greater than 65535" },
        { "socket,id=a,host=127.0.0.1,port=99999999999999999999", "greater than 65535" },
        { "socket,id=a,host=127.0.0.1,port=", "" },
        { "socket,id=a,path=x,server=maybe", "server" },
        { "socket,id=a,path=x,reconnect=1", "not supported by Peregrine yet" },
        { "socket,id=a,path=x,telnet=on", "not supported by Peregrine yet" },
        { "null,id=a,logfile=x", "not supported by Peregrine yet" },
        { "stdio,id=a,signal=x", "signal" },
    };
    Machine *m = chr_test_machine();
    g_autofree char *name = g_strnfill(200, 'x');
    g_autofree char *too_long = g_strdup_printf("socket,id=a,path=/%s", name);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        chr_test_refuses(m, cases[i].opts, cases[i].part);
    }
    chr_test_refuses(m, too_long, "is too long");
    chr_test_open(m, "null,id=a");
    chr_test_refuses(m, "null,id=a", "already");
    machine_free(m);
}

/* The short forms of -serial and -monitor. */
static void test_texts(void)
{
    static const struct {
        const char *text, *part; /* part NULL: accepted */
        bool monitor;
    } cases[] = {
        { "null", NULL, false },
        { "mon:null", NULL, true },
        { "chardev:have", NULL, false },
        { "none", "", false },
        { "", "not a valid", false },
        { "mon:", "not a valid", true },
        { "nosuch", "not a valid", false },
        { "nosuch:x", "not a valid", false },
        { "chardev:", "not found", false },
        { "chardev:x", "not found", false },
        { "file:", "path property", false },
        { "unix:", "needs 'path'", false },
        { "tcp:", "needs 'path'", false },
        { "tcp:x", "host:port", false },
        { "tcp:[::1", "", false },
        { "udp:1234", "not supported by Peregrine yet", false },
        { "telnet:localhost:1", "not supported by Peregrine yet", false },
        { "vc", "not supported by Peregrine yet", false },
        { "/dev/ttyS0", "not supported by Peregrine yet", false },
    };
    Machine *m = chr_test_machine();

    chr_test_open(m, "null,id=have");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *label = g_strdup_printf("l%zu", i);
        Error err = { 0 };
        bool monitor;
        machine_lock(m);
        Chardev *chr = chr_new_from_text(m, label, cases[i].text, &monitor, &err);
        machine_unlock(m);
        g_assert_cmpint(chr != NULL, ==, cases[i].part == NULL);
        g_assert_cmpint(monitor, ==, cases[i].monitor);
        if (cases[i].part) {
            g_assert_nonnull(strstr(error_msg(&err), cases[i].part));
        }
        error_clear(&err);
    }
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("chardev-XXXXXX", NULL);
    g_assert_nonnull(folder);
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/chardev/file", test_file);
    g_test_add_func("/chardev/full-pipe", test_full_pipe);
    g_test_add_func("/chardev/pipe-pair", test_pipe_pair);
    g_test_add_func("/chardev/unix-server", test_unix_server);
    g_test_add_func("/chardev/second-client", test_second_client);
    g_test_add_func("/chardev/input-pressure", test_input_pressure);
    g_test_add_func("/chardev/tcp", test_tcp);
    g_test_add_func("/chardev/wait-is-ended", test_wait_is_ended);
    g_test_add_func("/chardev/wait-for-client", test_wait_for_client);
    g_test_add_func("/chardev/not-a-socket", test_not_a_socket);
    g_test_add_func("/chardev/pty", test_pty);
    g_test_add_func("/chardev/taken", test_taken);
    g_test_add_func("/chardev/refused", test_refused);
    g_test_add_func("/chardev/texts", test_texts);
    int status = g_test_run();
    g_autofree char *command = g_strdup_printf("rm -r '%s'", folder);
    status |= system(command);
    g_free(folder);
    return status;
}
