/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the translating accelerator offers to ISAs: soft-TLB maintenance and code coherence. All
 * functions act on the calling hart's own state and run on its thread, or with the hart parked.
 *
 * Address spaces: a data mode (TcgState.tlb index) is bound to a space id (RISC-V: the ASID). The
 * small first-level table holds only what the bound space may use; a large second level holds
 * translations of many spaces, tagged.
 */
#ifndef ACCEL_TCG_H
#define ACCEL_TCG_H

#include "accel/target_ops.h"

/* All entries of all modes and spaces: after PMP changes, reset, load of a snapshot. */
void tcg_tlb_flush(VCpu *cpu);
/* All non-global entries of one space (sfence.vma x0, asid). */
void tcg_tlb_flush_space(VCpu *cpu, uint32_t space);
/* One page in every space (sfence.vma addr, x0), or its non-global entries in one space. */
void tcg_tlb_flush_page(VCpu *cpu, uint64_t gva);
void tcg_tlb_flush_page_space(VCpu *cpu, uint64_t gva, uint32_t space);
/* Modes in the bit mask now translate in `space` (a satp write that keeps other spaces' entries).
 */
void tcg_tlb_bind(VCpu *cpu, unsigned mode_mask, uint32_t space);
/* Entries of these modes go, in all spaces (MXR or the translation scheme changed). */
void tcg_tlb_flush_modes(VCpu *cpu, unsigned mode_mask);

/* Makes stores done before it visible to instruction fetch of this hart (RISC-V fence.i). */
void tcg_fence_i(VCpu *cpu);

#endif
