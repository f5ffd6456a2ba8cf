/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RISC-V CPUs, as a board uses them: create, wire, describe in a device tree.
 */
#ifndef TARGET_RISCV_CPU_H
#define TARGET_RISCV_CPU_H

#include <glib.h>
#include "hw/core/irq.h"
#include "system/cpu.h"
#include "system/time_source.h"
#include "util/error.h"

/* Interrupt inputs of a hart, numbered as in mip (privileged spec 3.1.9). */
typedef enum RvLine {
    RV_LINE_SSIP = 1,
    RV_LINE_MSIP = 3,
    RV_LINE_MTIP = 7,
    RV_LINE_SEIP = 9,
    RV_LINE_MEIP = 11
} RvLine;

/*
 * Creates an unrealized hart of @machine from a `-cpu` string (`rv64,zba=off,...`). NULL with *err
 * set: unknown model, unknown property (nearest suggested), conflicting or missing extensions
 * (explained). The caller sets index and time source, then calls dev_realize(&cpu->dev, ...).
 */
VCpu *rv_cpu_new(Machine *machine, const char *model, uint64_t hartid, Error *err);
/* Names for `-cpu help`, NULL-terminated, static. */
const char *const *rv_cpu_models(void);
/* Input line of a hart; set with the device lock held. */
IrqLine *rv_cpu_line(VCpu *cpu, RvLine line);
/* Where rdtime and stimecmp take their time from; before realize. */
void rv_cpu_set_time_source(VCpu *cpu, TimeSource *source);
/* First instruction after reset (the board's reset vector). */
void rv_cpu_set_reset_pc(VCpu *cpu, uint64_t pc);
uint64_t rv_cpu_hartid(const VCpu *cpu);
/* 32 or 64. */
unsigned rv_cpu_xlen(const VCpu *cpu);
/* Properties of the cpu node; caller frees. Extensions: NULL-terminated, in canonical order. */
char *rv_cpu_isa_string(const VCpu *cpu);
char **rv_cpu_isa_extensions(const VCpu *cpu);
const char *rv_cpu_isa_base(const VCpu *cpu);
const char *rv_cpu_mmu_type(const VCpu *cpu); /* "riscv,sv57"..., or NULL without an MMU */

#endif
