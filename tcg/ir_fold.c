/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding, one forward pass. No rule is in it yet: regions stay as they are.
 */
#include "ir_private.h"

void ir_fold(IrRegion *r)
{
}
