/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generated code has the guest's rounding mode and FP flags loaded, and does not change them for
 * the calls that are most frequent. C code that may use floating point (device models; GLib when a
 * hash table grows) is put between these.
 */
#ifndef ACCEL_TCG_HOST_FP_H
#define ACCEL_TCG_HOST_FP_H

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif
#include "tcg/state.h"

static inline unsigned enter_host_fp(TcgState *state)
{
#if defined(__x86_64__)
    unsigned guest = _mm_getcsr();
    if (state->host_fp) {
        _mm_setcsr(state->host_fp);
    }
    return guest;
#else
    return 0;
#endif
}

static inline void leave_host_fp(unsigned guest)
{
#if defined(__x86_64__)
    _mm_setcsr(guest);
#endif
}

#endif
