/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RISC-V configurations and an ISA table of names only, for tests of the front-end.
 */
#ifndef RV_FIXTURE_H
#define RV_FIXTURE_H

#include "../../target/riscv/isa.h"

/* Everything that has instructions, on; then what is named in `off` (NULL-terminated, may be NULL),
 * off. */
RvConfig rv_test_config(unsigned xlen, const RvExt *off, unsigned off_count);

/* Slots and helpers by their names; the functions are NULL. */
const TcgIsa *rv_test_isa(void);

#endif
