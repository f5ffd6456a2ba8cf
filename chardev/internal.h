/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What back-ends of character devices share. */
#ifndef CHARDEV_INTERNAL_H
#define CHARDEV_INTERNAL_H

#include "chardev/chardev.h"
#include "system/machine.h"
#include "system/main_loop.h"

struct Chardev {
    Object obj;
    Machine *machine;
    char *label;     /* its id */
    char *filename;  /* how `info chardev` shows it; owned */
    ChrFrontend *fe; /* the front-end, for all but multiplexers */
    bool connected;  /* the other side is there */
};

typedef struct ChardevClass {
    /* Opens the back-end once its properties are set. */
    bool (*open)(Chardev *chr, Error *err);
    /* Takes what it can without blocking. */
    size_t (*write)(Chardev *chr, ChrFrontend *fe, const uint8_t *buf, size_t len);
    /* The front-end has room again. NULL: the back-end never yields input. */
    void (*accept_input)(Chardev *chr, ChrFrontend *fe);
    /* Several front-ends, which it tells itself when they are connected; NULL: one only. */
    bool (*attach)(Chardev *chr, ChrFrontend *fe, Error *err);
    void (*detach)(Chardev *chr, ChrFrontend *fe);
} ChardevClass;

static inline const ChardevClass *chr_class(const Chardev *chr)
{
    return obj_class(&chr->obj);
}

/* To the front-end, if there is one. */
size_t chr_be_can_read(Chardev *chr);
void chr_be_read(Chardev *chr, const uint8_t *buf, size_t len);
void chr_be_writable(Chardev *chr);
void chr_be_event(Chardev *chr, ChrEvent event);

/* A pair of file descriptors with watches: what terminals, files and sockets are made of. */
typedef struct ChrFd {
    Chardev *chr;
    int in, out; /* -1: none; may be the same */
    FdWatch *in_watch, *out_watch;
    /* The other side is gone (end of file, error); NULL: input just ends. Watches are stopped. */
    void (*hung_up)(Chardev *chr);
} ChrFd;

void chr_fd_start(ChrFd *f, Chardev *chr, int in, int out);
/* Stops watching; closes nothing. */
void chr_fd_stop(ChrFd *f);
size_t chr_fd_write(ChrFd *f, const uint8_t *buf, size_t len);
void chr_fd_accept_input(ChrFd *f);

/* Waits until @fd has one of @events. False: the machine was asked to end meanwhile, or the host
 * fails; the error says what for: "while waiting for @what". */
bool chr_wait_fd(Machine *m, int fd, short events, const char *what, Error *err);

/* mux.c: wraps @chr, which is handed over, for several front-ends. */
Chardev *chr_mux_new(Machine *m, const char *label, Chardev *chr, Error *err);

/* A back-end of type "chardev-@kind" called @label, in the tree, not opened. */
Chardev *chr_new(Machine *m, const char *kind, const char *label, Error *err);
/* Opens it; on failure it is out of the tree and gone. */
bool chr_open(Chardev *chr, Error *err);

#endif
