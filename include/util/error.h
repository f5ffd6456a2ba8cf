/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors whose cause is the user, the host, a file or the wire.
 *
 * A function that can fail so returns bool (or a pointer) and takes an `Error *err` last. The
 * caller owns the Error, starts it zeroed and clears it after use:
 *
 *     Error err = { 0 };
 *     if (!blk_open(path, &err)) {
 *         error_prepend(&err, "while opening the boot disk: ");
 *         ...
 *         error_clear(&err);
 *     }
 *
 * err may be NULL everywhere when the caller does not care for the text. Only system/main.c prints
 * an error and exits. One Error belongs to one thread at a time.
 */
#ifndef UTIL_ERROR_H
#define UTIL_ERROR_H

#include <stdbool.h>

typedef struct Error {
    char *msg;  /* what went wrong, one line without a full stop; NULL: no error */
    char *hint; /* what to do about it, one or more lines; NULL: none */
} Error;

/* Sets the message. Setting an Error that is already set is a bug of ours (assert). */
void error_set(Error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Like error_set, and appends ": " and the text of the errno value @err_no. */
void error_set_errno(Error *err, int err_no, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends to the hint; each call is a line of its own. */
void error_hint(Error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts text in front of the message, e.g. "while loading section 'plic': ". */
void error_prepend(Error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Moves @from into @to; when @to is NULL or set already, @from is dropped (the first error counts).
 */
void error_move(Error *to, Error *from);

/* True when a message was set; false for NULL. */
bool error_is_set(const Error *err);

/* The message, or "" when there is none; valid until the Error changes. */
const char *error_msg(const Error *err);

/* Frees both texts and leaves the Error ready for another use. */
void error_clear(Error *err);

#endif
