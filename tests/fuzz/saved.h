/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments as text files. Seeds mean something else as soon as a row or the generator changes; what
 * has once found a bug is kept as instructions and start state.
 */
#ifndef FUZZ_SAVED_H
#define FUZZ_SAVED_H

#include "segment.h"

/* False: the file cannot be written; a message was printed. */
bool saved_write(const Segment *s, const char *path);
/* A segment as segment_make() leaves it, to be freed with segment_free(). False: the file cannot be
 * read or is not such a file; a message was printed. */
bool saved_read(Segment *s, const char *path, FuzzSegment *state);

#endif
