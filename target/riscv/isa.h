/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the RISC-V front-end (rows, decoder, translation) and the rest of target/riscv share:
 * extensions, the configuration of a CPU, the state word, slots and helpers. Needs only the IR.
 */
#ifndef TARGET_RISCV_ISA_H
#define TARGET_RISCV_ISA_H

#include <stdbool.h>
#include <stdint.h>
#include "tcg/ir.h"

typedef enum RvExt {
#define EXT(name, ...) RV_EXT_##name,
#include "ext.def"
#undef EXT
    RV_EXT_COUNT
} RvExt;

/* Fixed once the CPU is realized. */
typedef struct RvConfig {
    bool ext[RV_EXT_COUNT];
    uint8_t xlen;     /* 32 or 64 */
    uint8_t satp_max; /* highest translation scheme: 0 bare, 8 Sv39, 9 Sv48, 10 Sv57 */
    bool mmu, pmp;    /* pmp: 16 entries */
    uint64_t mvendorid, marchid, mimpid;
} RvConfig;

static inline bool rv_has(const RvConfig *cfg, RvExt ext)
{
    return cfg->ext[ext];
}

typedef enum RvPriv { RV_U = 0, RV_S = 1, RV_M = 3 } RvPriv;

/* Data modes and jump caches (TcgState.tlb[], jc[]). */
typedef enum RvMode { RV_MODE_U, RV_MODE_S, RV_MODE_S_SUM, RV_MODE_M } RvMode;

/* State word bits beyond the shared ones. */
enum {
    RV_FLAG_FS_OFF = 1 << 4, /* FP instructions are illegal */
    RV_FLAG_FS_CLEAN =
        1 << 5,            /* on but not dirty: an FP register or flag write must set it dirty */
    RV_FLAG_FRM_SHIFT = 6, /* frm, 3 bits; 5..7 make dynamic rounding illegal */
    RV_FLAG_FRM_MASK = 7 << RV_FLAG_FRM_SHIFT,
    RV_FLAG_XL32 = 1 << 9, /* XLEN is 32 in this mode */
};

enum { RV_PMP_ENTRIES = 16 };

/* Instruction rows of one configuration (decode.h). */
typedef struct RvDecoder RvDecoder;

/* Third argument of the csr helper: an operation, or-ed with the flags below. The operations are
 * the low two bits of funct3. */
typedef enum RvCsrOp { RV_CSR_RW = 1, RV_CSR_RS = 2, RV_CSR_RC = 3, RV_CSR_OP_MASK = 3 } RvCsrOp;
enum {
    RV_CSR_NO_WRITE = 4, /* csrrs or csrrc with x0 or a zero immediate */
    RV_CSR_NO_READ = 8,  /* csrrw with rd = x0 */
};

/* Slot numbers (IrRef = ir_slot(n)): x0..x31 are 0..31 (x0 is never used), f0..f31 are 32..63. */
enum {
    RV_SLOT_X0 = 0,
    RV_SLOT_F0 = 32,
    RV_SLOT_PC = 64,
    RV_SLOT_MSTATUS,
    RV_SLOT_RES_ADDR,
    RV_SLOT_RES_VALUE,
    RV_SLOT_SSCRATCH,
    RV_SLOT_SEPC,
    RV_SLOT_SCAUSE,
    RV_SLOT_STVAL,
    RV_SLOT_MSCRATCH,
    RV_SLOT_MEPC,
    RV_SLOT_MCAUSE,
    RV_SLOT_MTVAL,
    RV_SLOT_COUNT
};

/* Helper numbers and prototypes. */
enum {
#define HELPER(name, args, flags) RV_HELPER_##name,
#include "helper.def"
#undef HELPER
    RV_HELPER_COUNT
};
#define HELPER(name, args, flags) TcgHelperFn rv_helper_##name;
#include "helper.def"
#undef HELPER

extern const TcgIsa rv_isa;

#endif
