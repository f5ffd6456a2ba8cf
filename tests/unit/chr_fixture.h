/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine without anything and front-ends that record, for tests of character devices. */
#ifndef TESTS_UNIT_CHR_FIXTURE_H
#define TESTS_UNIT_CHR_FIXTURE_H

#include "chardev/chardev.h"
#include "system/machine.h"

/* A front-end that keeps what it reads. */
typedef struct Reader {
    ChrFrontend fe;
    GString *got;
    GString *events; /* a letter each: O opened, C closed, B break, I mux in, T mux out */
    size_t room;     /* bytes it takes from now on */
    unsigned writable;
} Reader;

Machine *chr_test_machine(void);

/* Back-ends, without or with an error expected (part of it). */
Chardev *chr_test_open(Machine *m, const char *opts);
void chr_test_refuses(Machine *m, const char *opts, const char *part);

Reader *reader_new(Chardev *chr);
void reader_free(Reader *r);
/* Takes what comes, up to @room bytes. */
void reader_give_room(Machine *m, Reader *r, size_t room);
size_t reader_write(Machine *m, Reader *r, const char *text, size_t len);

/* Turns the main loop until @done is true of @opaque; fails after some seconds. */
void turn_until(Machine *m, bool (*done)(void *opaque), void *opaque);
/* Until the reader has got @n bytes, or @n events. */
void turn_until_got(Machine *m, Reader *r, size_t n);
void turn_until_events(Machine *m, Reader *r, size_t n);

#endif
