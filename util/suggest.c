/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/suggest.h"

#include <glib.h>
#include <string.h>

/* Longer names are compared by their first bytes only: nobody mistypes that much. */
#define MAX_LEN 64

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    return MIN(a, MIN(b, c));
}

unsigned suggest_distance(const char *a, const char *b)
{
    unsigned rows[3][MAX_LEN + 1];
    unsigned la = (unsigned)strnlen(a, MAX_LEN), lb = (unsigned)strnlen(b, MAX_LEN);
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];

    for (unsigned j = 0; j <= lb; j++) {
        last[j] = j;
    }
    for (unsigned i = 1; i <= la; i++) {
        char ca = g_ascii_tolower(a[i - 1]);
        row[0] = i;
        for (unsigned j = 1; j <= lb; j++) {
            char cb = g_ascii_tolower(b[j - 1]);
            row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == g_ascii_tolower(b[j - 2]) &&
                cb == g_ascii_tolower(a[i - 2])) {
                row[j] = MIN(row[j], before[j - 2] + 1);
            }
        }
        unsigned *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[lb];
}

void suggest_init(Suggest *s, const char *wanted)
{
    *s = (Suggest) { .wanted = wanted, .best_score = UINT_MAX };
}

void suggest_offer(Suggest *s, const char *candidate)
{
    if (!candidate) {
        return;
    }
    unsigned score = suggest_distance(s->wanted, candidate);
    /* A word that differs in more than a third of its letters is another word; of a long name the
     * user may have left off the end, though. */
    unsigned len = (unsigned)strnlen(s->wanted, MAX_LEN), limit = (len + 2) / 3;
    if (score > limit && len >= 3 && g_str_has_prefix(candidate, s->wanted)) {
        score = limit;
    }
    if (score <= limit && score < s->best_score) {
        s->best = candidate;
        s->best_score = score;
    }
}

void suggest_hint(const Suggest *s, Error *err)
{
    if (s->best) {
        error_hint(err, "Did you mean '%s'?", s->best);
    }
}

const char *suggest_nearest(const char *wanted, const char *const *names, unsigned n)
{
    Suggest s;
    suggest_init(&s, wanted);
    for (unsigned i = 0; i < n; i++) {
        suggest_offer(&s, names[i]);
    }
    return s.best;
}
