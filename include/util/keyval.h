/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Option arguments of the form "value,key=value,flag,noflag"; a doubled comma is a literal one.
 */
#ifndef UTIL_KEYVAL_H
#define UTIL_KEYVAL_H

#include <glib.h>
#include <stdbool.h>

#include "util/error.h"

typedef struct KeyVal {
    char *key, *value;
} KeyVal;

/*
 * The parts of @text in order, as an array of KeyVal; keyval_free it. A first part without '=' gets
 * the key @implied (NULL: it is a flag as any other). A flag without '=' gets "on", or with a
 * leading "no", without it, "off". Fails on an empty key.
 */
GArray *keyval_parse(const char *text, const char *implied, Error *err);
void keyval_free(GArray *parts);

/* The last value given for @key, or NULL. Borrowed. */
const char *keyval_get(const GArray *parts, const char *key);
/* Takes every part called @key out; returns the last one's value for g_free, or NULL. */
char *keyval_take(GArray *parts, const char *key);

#endif
