/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A multiplexer: several front-ends (a serial port, a monitor) share one back-end. All of them
 * write to it; one of them has its input. An escape character (Ctrl-A) starts commands.
 */
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "util/field.h"

enum {
    MUX_MAX = 8,
    MUX_QUEUE = 64 * 1024, /* input kept for a front-end that does not take it */
};

typedef struct MuxInput {
    ChrFrontend *fe;
    GByteArray *queue;
} MuxInput;

typedef struct MuxChr {
    Chardev chr;
    /* properties */
    uint8_t escape;
    /* derived */
    ChrFrontend below; /* our end of the shared back-end */
    MuxInput inputs[MUX_MAX];
    unsigned n, focus;
    bool escaped;    /* the escape character was typed */
    bool timestamps; /* put the time in front of each line of output */
    bool line_start;
    int64_t epoch_ns; /* when the first line was stamped */
} MuxChr;

static void put_text(MuxChr *m, const char *text)
{
    chr_fe_write(&m->below, (const uint8_t *)text, strlen(text));
}

static void tell(ChrFrontend *fe, ChrEvent event)
{
    if (fe && fe->event) {
        fe->event(fe->opaque, event);
    }
}

/* Hands over what was queued, as far as the front-end takes it. */
static void drain(MuxInput *in)
{
    while (in->fe && in->queue->len) {
        size_t n = MIN(in->fe->can_read(in->fe->opaque), in->queue->len);
        if (n == 0) {
            return;
        }
        /* Taken out first: what reads may ask for more before it returns. */
        uint8_t chunk[256];
        n = MIN(n, sizeof(chunk));
        memcpy(chunk, in->queue->data, n);
        g_byte_array_remove_range(in->queue, 0, n);
        in->fe->read(in->fe->opaque, chunk, n);
    }
}

static void next_focus(MuxChr *m)
{
    if (m->n < 2) {
        return;
    }
    tell(m->inputs[m->focus].fe, CHR_EVENT_MUX_OUT);
    m->focus = (m->focus + 1) % m->n;
    tell(m->inputs[m->focus].fe, CHR_EVENT_MUX_IN);
}

/* "C-a", "C-]", "~", or the code of what no key has. */
static void escape_name(uint8_t c, char *name, size_t size)
{
    if (c < 32) {
        snprintf(name, size, "C-%c", c >= 1 && c <= 26 ? c + 'a' - 1 : c + '@');
    } else {
        snprintf(name, size, c < 127 ? "%c" : "0x%02x", c);
    }
}

static void print_help(MuxChr *m)
{
    static const struct {
        const char *key, *what;
    } rows[] = {
        { "h", "this list" },
        { "x", "end the emulator" },
        { "t", "timestamps on or off" },
        { "b", "send a break (magic SysRq)" },
        { "c", "switch between console and monitor" },
    };
    char name[8];

    escape_name(m->escape, name, sizeof(name));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *line = g_strdup_printf("\r\n%s %s    %s", name, rows[i].key, rows[i].what);
        put_text(m, line);
        g_free(line);
    }
    char *last = g_strdup_printf("\r\n%s %s  the escape character itself\r\n", name, name);
    put_text(m, last);
    g_free(last);
}

/* The character after the escape. True: it goes to the front-end. */
static bool command(MuxChr *m, uint8_t c)
{
    if (c == m->escape) {
        return true;
    }
    switch (c) {
    case 'h':
    case '?':
        print_help(m);
        break;
    case 'x':
        put_text(m, "QEMU: Terminated\r\n");
        run_request_shutdown(m->chr.machine, CAUSE_HOST_UI, 0);
        break;
    case 'b':
        tell(m->inputs[m->focus].fe, CHR_EVENT_BREAK);
        break;
    case 'c':
        next_focus(m);
        break;
    case 't':
        m->timestamps = !m->timestamps;
        m->line_start = false;
        m->epoch_ns = -1;
        break;
    case 's':
        put_text(m, "\r\nWriting disks back is not supported by Peregrine yet\r\n");
        break;
    default:
        break;
    }
    return false;
}

static size_t below_can_read(void *opaque)
{
    MuxChr *m = opaque;
    return m->n ? MUX_QUEUE - MIN(m->inputs[m->focus].queue->len, MUX_QUEUE) : 0;
}

static void below_read(void *opaque, const uint8_t *buf, size_t len)
{
    MuxChr *m = opaque;

    for (size_t i = 0; i < len; i++) {
        if (m->escaped) {
            m->escaped = false;
            drain(&m->inputs[m->focus]); /* the command may turn to another front-end */
            if (!command(m, buf[i])) {
                continue;
            }
        } else if (buf[i] == m->escape) {
            m->escaped = true;
            continue;
        }
        g_byte_array_append(m->inputs[m->focus].queue, &buf[i], 1);
    }
    drain(&m->inputs[m->focus]);
}

static void below_writable(void *opaque)
{
    MuxChr *m = opaque;

    for (unsigned i = 0; i < m->n; i++) {
        ChrFrontend *fe = m->inputs[i].fe;
        if (fe && fe->writable) {
            fe->writable(fe->opaque);
        }
    }
}

static void below_event(void *opaque, ChrEvent event)
{
    MuxChr *m = opaque;

    if (event == CHR_EVENT_OPENED || event == CHR_EVENT_CLOSED) {
        m->chr.connected = event == CHR_EVENT_OPENED;
    }
    if (m->n) {
        tell(m->inputs[m->focus].fe, event);
    }
}

/* Output with the time in front of each line: all or nothing per line start. */
static size_t write_stamped(MuxChr *m, const uint8_t *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        if (m->line_start) {
            int64_t now = clk_ns(&m->chr.machine->clk_real);
            m->epoch_ns = m->epoch_ns < 0 ? now : m->epoch_ns;
            int64_t ms = (now - m->epoch_ns) / 1000000;
            char stamp[40];
            snprintf(stamp, sizeof(stamp), "[%02d:%02d:%02d.%03d] ", (int)(ms / 3600000),
                     (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
            put_text(m, stamp);
            m->line_start = false;
        }
        const uint8_t *eol = memchr(buf + done, '\n', len - done);
        size_t part = eol ? (size_t)(eol - buf) + 1 - done : len - done;
        size_t n = chr_fe_write(&m->below, buf + done, part);
        done += n;
        if (n < part) {
            break;
        }
        m->line_start = eol != NULL;
    }
    return done;
}

static size_t mux_write(Chardev *chr, ChrFrontend *fe, const uint8_t *buf, size_t len)
{
    MuxChr *m = (MuxChr *)chr;
    return m->timestamps ? write_stamped(m, buf, len) : chr_fe_write(&m->below, buf, len);
}

static void mux_accept_input(Chardev *chr, ChrFrontend *fe)
{
    MuxChr *m = (MuxChr *)chr;

    drain(&m->inputs[fe->tag]);
    chr_fe_accept_input(&m->below);
}

static bool mux_attach(Chardev *chr, ChrFrontend *fe, Error *err)
{
    MuxChr *m = (MuxChr *)chr;

    if (m->n == MUX_MAX) {
        error_set(err, "multiplexed character device '%s' has %d users already", chr->label,
                  MUX_MAX);
        return false;
    }
    fe->tag = m->n;
    m->inputs[m->n++] = (MuxInput) { .fe = fe, .queue = g_byte_array_new() };
    if (m->n == 1) {
        tell(fe, CHR_EVENT_MUX_IN);
    }
    return true;
}

static void mux_detach(Chardev *chr, ChrFrontend *fe)
{
    MuxChr *m = (MuxChr *)chr;

    m->inputs[fe->tag].fe = NULL;
    g_byte_array_set_size(m->inputs[fe->tag].queue, 0);
}

static bool mux_open(Chardev *chr, Error *err)
{
    chr->filename = g_strdup("mux");
    return true;
}

static void mux_finalize(Object *obj)
{
    MuxChr *m = (MuxChr *)obj;

    chr_fe_deinit(&m->below);
    for (unsigned i = 0; i < m->n; i++) {
        if (m->inputs[i].fe) {
            m->inputs[i].fe->chr = NULL;
        }
        g_byte_array_unref(m->inputs[i].queue);
    }
}

Chardev *chr_mux_new(Machine *machine, const char *label, Chardev *chr, Error *err)
{
    MuxChr *m = (MuxChr *)chr_new(machine, "mux", label, err);

    if (!m) {
        return NULL;
    }
    m->below = (ChrFrontend) {
        .opaque = m,
        .can_read = below_can_read,
        .read = below_read,
        .writable = below_writable,
        .event = below_event,
    };
    m->epoch_ns = -1;
    if (!chr_open(&m->chr, err)) {
        return NULL;
    }
    if (!chr_fe_init(&m->below, chr, err)) {
        obj_unparent(&m->chr.obj);
        return NULL;
    }
    return &m->chr;
}

bool chr_mux_set_escape(Chardev *chr, uint8_t escape)
{
    if (!obj_is_a(&chr->obj, "chardev-mux")) {
        return false;
    }
    ((MuxChr *)chr)->escape = escape;
    return true;
}

static const Field mux_props[] = {
    FIELD_PROP(MuxChr, escape, "escape", "1", "code of the escape character"),
    FIELD_END,
};
static const ChardevClass mux_class = {
    .open = mux_open,
    .write = mux_write,
    .accept_input = mux_accept_input,
    .attach = mux_attach,
    .detach = mux_detach,
};
static const TypeInfo mux_type = {
    .name = "chardev-mux",
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(MuxChr),
    .class = &mux_class,
    .props = mux_props,
    .instance_finalize = mux_finalize,
    .internal = true,
};
QOM_TYPE(mux_type);
