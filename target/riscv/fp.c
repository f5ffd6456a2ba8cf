/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point that translated code leaves to C: rounding modes that are not in force, and those
 * that the host does not have; classification.
 */
#include "fpu/softfloat.h"
#include "tcg/tcg.h"
#include "isa.h"

uint64_t rv_helper_fp_round(TcgState *state, uint64_t what, uint64_t a, uint64_t b, uint64_t c)
{
    return tcg_soft_fp_round(state, what & 0xffffff, (IrRound)(what >> 24), a, b, c);
}

uint64_t rv_helper_fclass(TcgState *state, uint64_t value, uint64_t type, uint64_t c, uint64_t d)
{
    return fp_classify(type == IR_F32 ? &fp_f32 : &fp_f64, value);
}
