/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal that the stdio back-end changed. */
#ifndef CHARDEV_STDIO_H
#define CHARDEV_STDIO_H

/* Gives the terminal back as it was before stdio was opened. Harmless if it was not. Any thread,
 * and signal handlers. */
void chr_stdio_restore(void);

#endif
