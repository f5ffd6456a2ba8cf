/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nearest known name, for "did you mean" hints. */
#ifndef UTIL_SUGGEST_H
#define UTIL_SUGGEST_H

#include "util/error.h"

typedef struct Suggest {
    const char *wanted;  /* what the user wrote */
    const char *best;    /* the nearest candidate so far; NULL when none is near enough */
    unsigned best_score; /* its edit distance */
} Suggest;

/* Starts a search; @wanted must outlive it. */
void suggest_init(Suggest *s, const char *wanted);

/* Offers a candidate; it must outlive the search. NULL is ignored. */
void suggest_offer(Suggest *s, const char *candidate);

/* Adds "Did you mean '...'?" to @err's hint when something near was found. */
void suggest_hint(const Suggest *s, Error *err);

/* Nearest of the @n strings in @names to @wanted, or NULL when none is near enough. */
const char *suggest_nearest(const char *wanted, const char *const *names, unsigned n);

/* Edit distance (insert, delete, replace, swap neighbours), letters compared without case. */
unsigned suggest_distance(const char *a, const char *b);

#endif
