/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character devices: byte streams between a guest's serial port, a monitor or the like (the
 * front-end) and the host (the back-end: terminal, file, socket...). A multiplexer lets several
 * front-ends share one back-end.
 *
 * All functions and callbacks run under the machine's device lock.
 */
#ifndef CHARDEV_CHARDEV_H
#define CHARDEV_CHARDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "qom/object.h"
#include "util/error.h"

#define TYPE_CHARDEV "chardev"

typedef struct Machine Machine;
typedef struct Chardev Chardev; /* starts with Object; defined by chardev/ */
typedef struct ChrFrontend ChrFrontend;

typedef enum ChrEvent {
    CHR_EVENT_OPENED,  /* the other side is there: a client connected */
    CHR_EVENT_CLOSED,  /* it went away; writes are dropped until it is back */
    CHR_EVENT_BREAK,   /* a serial break */
    CHR_EVENT_MUX_IN,  /* this front-end has the multiplexer's input now */
    CHR_EVENT_MUX_OUT, /* it lost it */
} ChrEvent;

struct ChrFrontend {
    Chardev *chr; /* NULL: connected to nothing: writes vanish, nothing is read */
    void *opaque;
    /* Bytes the front-end takes now; 0 stops the back-end until chr_fe_accept_input. */
    size_t (*can_read)(void *opaque);
    void (*read)(void *opaque, const uint8_t *buf, size_t len);
    /* After a short chr_fe_write: there is room again. May be NULL. */
    void (*writable)(void *opaque);
    /* May be NULL. */
    void (*event)(void *opaque, ChrEvent event);
    int tag; /* the back-end's number for it */
};

/* Connects @fe, whose callbacks are set, to @chr (may be NULL). Fails when the back-end is taken
 * and is no multiplexer. */
bool chr_fe_init(ChrFrontend *fe, Chardev *chr, Error *err);
void chr_fe_deinit(ChrFrontend *fe);

/* Writes what fits without blocking; returns how much. When that is less than @len, `writable` is
 * called once there is room. Without a back-end, or without a client, everything is taken. */
size_t chr_fe_write(ChrFrontend *fe, const uint8_t *buf, size_t len);

/* The front-end can take input again. */
void chr_fe_accept_input(ChrFrontend *fe);

/* Makes a chardev from -serial/-monitor style text ("stdio", "mon:stdio", "file:x", "null", "pty",
 * "unix:path,server=on", "tcp:host:port", "chardev:id") below /chardevs with the id @label; *@mux
 * is set when a multiplexer with a monitor was asked for ("mon:"). "none" gives NULL without error.
 */
Chardev *chr_new_from_text(Machine *m, const char *label, const char *text, bool *mux, Error *err);
/* From `-chardev kind,id=...,...`. */
Chardev *chr_new_from_opts(Machine *m, const char *opts, Error *err);
Chardev *chr_find(Machine *m, const char *id);
/* The kinds that -chardev takes; g_strfreev. */
char **chr_kinds(void);
/* Calls @fn for each back-end in order of making, with where its bytes go ("stdio", "pty:..."). */
void chr_foreach(Machine *m, void (*fn)(const char *id, const char *filename, void *opaque),
                 void *opaque);
/* The character that starts a multiplexer's commands (-echr). False: @chr is none. */
bool chr_mux_set_escape(Chardev *chr, uint8_t escape);

#endif
