/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/error.h"

#include <assert.h>
#include <glib.h>
#include <stdarg.h>

void error_set(Error *err, const char *fmt, ...)
{
    if (!err) {
        return;
    }
    assert(!err->msg);
    va_list ap;
    va_start(ap, fmt);
    err->msg = g_strdup_vprintf(fmt, ap);
    va_end(ap);
}

void error_set_errno(Error *err, int err_no, const char *fmt, ...)
{
    if (!err) {
        return;
    }
    assert(!err->msg);
    va_list ap;
    va_start(ap, fmt);
    char *text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    err->msg = g_strdup_printf("%s: %s", text, g_strerror(err_no));
    g_free(text);
}

void error_hint(Error *err, const char *fmt, ...)
{
    if (!err) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    char *line = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    if (!err->hint) {
        err->hint = line;
        return;
    }
    char *both = g_strdup_printf("%s\n%s", err->hint, line);
    g_free(err->hint);
    g_free(line);
    err->hint = both;
}

void error_prepend(Error *err, const char *fmt, ...)
{
    if (!err || !err->msg) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    char *front = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    char *both = g_strconcat(front, err->msg, NULL);
    g_free(front);
    g_free(err->msg);
    err->msg = both;
}

void error_move(Error *to, Error *from)
{
    if (to && !to->msg) {
        g_free(to->hint);
        *to = *from;
        *from = (Error) { 0 };
    } else {
        error_clear(from);
    }
}

bool error_is_set(const Error *err)
{
    return err && err->msg;
}

const char *error_msg(const Error *err)
{
    return err && err->msg ? err->msg : "";
}

void error_clear(Error *err)
{
    if (err) {
        g_clear_pointer(&err->msg, g_free);
        g_clear_pointer(&err->hint, g_free);
    }
}
