/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the accelerator gets of a RISC-V hart. */

#include "decode.h"
#include "state.h"

const TargetOps rv_target_ops = {
    .isa = &rv_isa,
    .max_insns = 64,
    .insn_length = rv_insn_length,
    .translate = rv_translate,
    .tlb_fill = rv_tlb_fill,
    .debug_translate = rv_debug_translate,
    .fault = rv_fault,
    .interrupt = rv_interrupt,
    .has_work = rv_has_work,
    .print_state = rv_print_state,
    .disassemble = rv_disassemble,
};
