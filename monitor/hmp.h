/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_HMP_H
#define MONITOR_HMP_H

/* What must be typed after @line to complete its last word as far as it is unambiguous; g_free. */
char *hmp_complete(const char *line);

#endif
