/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual CPU as the system core, boards and accelerators see it; ISAs embed it first in their
 * own CPU object.
 */
#ifndef SYSTEM_CPU_H
#define SYSTEM_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include "hw/core/dev.h"

typedef struct TargetOps TargetOps;
typedef struct TcgState TcgState;

typedef struct VCpu VCpu;

struct VCpu {
    Device dev;
    unsigned index;       /* position in Machine.cpus */
    const TargetOps *ops; /* set by the ISA's instance_init */
    TcgState *state;      /* allocated by the ISA at instance_init (64-byte aligned), freed by it */
    void *accel;          /* the accelerator's per-vCPU data; NULL before it is attached */
    void (*kick)(VCpu *); /* the accelerator's; NULL before it is attached */
    void (*reset)(VCpu *); /* the ISA's: to the state after power-on; the vCPU is parked */
    bool halted;           /* waits for an interrupt; written by its thread, or while parked */
};

/* Makes the vCPU look at its interrupts, requests and run state soon: any thread, no lock. */
static inline void vcpu_kick(VCpu *cpu)
{
    if (cpu->kick) {
        cpu->kick(cpu);
    }
}

#endif
