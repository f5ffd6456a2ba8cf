/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TcgState.fp_status: the guest's floating-point status in the layout of x86's MXCSR, so that a
 * back-end may load it as it is. Guests and soft-float number flags and rounding modes as RISC-V
 * does (FP_FLAG_*, IrRound); these functions convert.
 */
#ifndef TCG_FP_STATUS_H
#define TCG_FP_STATUS_H

#include <stdint.h>

enum {
    FP_STATUS_INVALID = 1 << 0,
    FP_STATUS_DENORMAL = 1 << 1, /* no counterpart in the guest; ignored */
    FP_STATUS_DIV_ZERO = 1 << 2,
    FP_STATUS_OVERFLOW = 1 << 3,
    FP_STATUS_UNDERFLOW = 1 << 4,
    FP_STATUS_INEXACT = 1 << 5,
    FP_STATUS_FLAGS = 0x3f,
    FP_STATUS_RC_SHIFT = 13,
    FP_STATUS_RC_MASK = 3 << FP_STATUS_RC_SHIFT,
    FP_STATUS_DEFAULT = 0x1f80, /* no flag, every exception masked, round to nearest */
};

/* Accrued flags as RISC-V's fflags: NX UF OF DZ NV from bit 0. */
static inline unsigned fp_status_flags(uint32_t status)
{
    return (status >> 5 & 1) | (status >> 3 & 2) | (status >> 1 & 4) | (status << 1 & 8) |
           (status << 4 & 16);
}

/* The status with exactly these fflags. */
static inline uint32_t fp_status_set_flags(uint32_t status, unsigned flags)
{
    return (status & ~(uint32_t)FP_STATUS_FLAGS) | (flags & 1) << 5 | (flags & 2) << 3 |
           (flags & 4) << 1 | (flags & 8) >> 1 | (flags & 16) >> 4;
}

/* Rounding mode 0..3 (IR_RNE..IR_RUP). To nearest with ties away has no code: it reads as RNE. */
static inline unsigned fp_status_rounding(uint32_t status)
{
    /* MXCSR.RC 0 nearest, 1 down, 2 up, 3 towards zero */
    return 0x1320u >> ((status >> FP_STATUS_RC_SHIFT & 3) * 4) & 3;
}

/* The status with a rounding mode of IrRound's numbering; modes that MXCSR lacks become nearest. */
static inline uint32_t fp_status_set_rounding(uint32_t status, unsigned rounding)
{
    uint32_t rc = rounding < 4 ? 0x2130u >> (rounding * 4) & 3 : 0;
    return (status & ~(uint32_t)FP_STATUS_RC_MASK) | rc << FP_STATUS_RC_SHIFT;
}

#endif
