/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions as text, with the assembler's usual aliases.
 */
#ifndef TARGET_RISCV_DISAS_H
#define TARGET_RISCV_DISAS_H

#include "decode.h"

/* Appends a CSR's name. */
typedef void RvCsrNameFn(unsigned csr, void *opaque, GString *out);

/* Appends the instruction with these bits (16-bit ones zero extended) at pc, without a line end.
 * csr_name may be NULL: CSRs are printed as numbers. */
void rv_print_insn(const RvDecoder *d, uint32_t bits, uint64_t pc, RvCsrNameFn *csr_name,
                   void *opaque, GString *out);

#endif
