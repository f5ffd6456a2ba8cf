/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACLINT's timer as a source of guest time. */
#ifndef HW_INTC_RISCV_ACLINT_H
#define HW_INTC_RISCV_ACLINT_H

#include "hw/core/dev.h"
#include "system/time_source.h"

#define TYPE_ACLINT_MTIMER "riscv.aclint.mtimer"
#define TYPE_ACLINT_SWI    "riscv.aclint.swi"

/* mtime of a realized TYPE_ACLINT_MTIMER, for rdtime and stimecmp; lives as long as the device. */
TimeSource *aclint_time_source(Device *mtimer);

#endif
