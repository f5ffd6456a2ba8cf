/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formats there are. */
#include "parts.h"

const FpFormat fp_f16 = f16_fmt;
const FpFormat fp_f32 = f32_fmt;
const FpFormat fp_f64 = f64_fmt;
