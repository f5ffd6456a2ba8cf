/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log that -d and -D control, and the count of guest mistakes.
 *
 * The item mask and the log file are process-wide switches. Any thread may print; a call's text
 * reaches the file in one piece.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

enum {
    LOG_IN_ASM = 1u << 0,
    LOG_OP = 1u << 1,
    LOG_OP_OPT = 1u << 2,
    LOG_OUT_ASM = 1u << 3,
    LOG_INT = 1u << 4,
    LOG_EXEC = 1u << 5,
    LOG_CPU = 1u << 6,
    LOG_PAGE = 1u << 7,
    LOG_GUEST_ERROR = 1u << 8,
    LOG_UNIMP = 1u << 9,
    LOG_NOCHAIN = 1u << 10, /* jumps between blocks are not linked; "all" leaves it out */
    LOG_TRACE = 1u << 11,   /* set by "trace:GLOB" */
};

typedef struct LogItem {
    uint32_t mask;
    const char *name;
    const char *help;
} LogItem;

/* The table behind "-d help", ended by a row whose name is NULL. */
extern const LogItem log_items[];

/* Read with log_enabled(); written by log_set_mask() alone. */
extern uint32_t log_mask_now;

/* True when any item of @mask is switched on. */
static inline bool log_enabled(uint32_t mask)
{
    return __builtin_expect((__atomic_load_n(&log_mask_now, __ATOMIC_RELAXED) & mask) != 0, 0);
}

/* Turns "in_asm,int,trace:uart_*" into a mask and trace globs ("all" and "none" are known, "-name"
 * takes an item away) and switches to it. An unknown item is an error that hints at the nearest. */
bool log_set_items(const char *spec, Error *err);

/* Switches to @mask; trace globs stay. */
void log_set_mask(uint32_t mask);

/* Sends the log to @path ("%d" becomes the process id), or to stderr when @path is NULL. */
bool log_set_file(const char *path, Error *err);

/* -dfilter: only PCs in the ranges "START+SIZE", "END-SIZE", "START..END" (comma separated). */
bool log_set_filter(const char *spec, Error *err);

/* True when there is no filter or @gva lies in one of its ranges. */
bool log_filter_has(uint64_t gva);

/* Prints when an item of @mask is on. */
void log_printf(uint32_t mask, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_vprintf(uint32_t mask, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* For output of several lines that must stay together: between begin and end no other thread
 * prints. log_begin returns false (and nothing is held) when no item of @mask is on. */
bool log_begin(uint32_t mask);
void log_end(void);

/* A mistake of the guest: always counted; printed (a line, "guest error: " in front) when
 * guest_errors is on, at most LOG_GUEST_BURST lines a second with a note how many were left out. */
#define LOG_GUEST_BURST 1000
void log_guest_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Something the guest asked for that is not modelled; printed when unimp is on. */
void log_unimp(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Guest mistakes counted since the process started. */
uint64_t log_guest_error_count(void);

/* True when trace events are on and @event matches a glob given with "trace:GLOB". */
bool log_trace_enabled(const char *event);

/* Prints "event text\n" when log_trace_enabled(event); cheap when tracing is off. */
#define log_trace(event, ...)                                                                      \
    do {                                                                                           \
        if (log_enabled(LOG_TRACE)) {                                                              \
            log_trace_emit(event, __VA_ARGS__);                                                    \
        }                                                                                          \
    } while (0)
void log_trace_emit(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes out what is buffered. */
void log_flush(void);

#endif
