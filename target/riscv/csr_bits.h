/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of the control and status registers (RISC-V privileged architecture, chapters 3 and 10).
 */
#ifndef TARGET_RISCV_CSR_BITS_H
#define TARGET_RISCV_CSR_BITS_H

#include "util/bitops.h"

/* mstatus, sstatus */
#define MSTATUS_SIE       BIT(1)
#define MSTATUS_MIE       BIT(3)
#define MSTATUS_SPIE      BIT(5)
#define MSTATUS_MPIE      BIT(7)
#define MSTATUS_SPP       BIT(8)
#define MSTATUS_MPP_SHIFT 11
#define MSTATUS_MPP       BITS(12, 11)
#define MSTATUS_FS_SHIFT  13
#define MSTATUS_FS        BITS(14, 13)
#define MSTATUS_MPRV      BIT(17)
#define MSTATUS_SUM       BIT(18)
#define MSTATUS_MXR       BIT(19)
#define MSTATUS_TVM       BIT(20)
#define MSTATUS_TW        BIT(21)
#define MSTATUS_TSR       BIT(22)
#define MSTATUS_UXL       BITS(33, 32)
#define MSTATUS_SXL       BITS(35, 34)
#define MSTATUS_UXL_64    (UINT64_C(2) << 32)
#define MSTATUS_SXL_64    (UINT64_C(2) << 34)
#define MSTATUS_SD        BIT(63)

/* Values of mstatus.FS. */
enum { FS_OFF, FS_INITIAL, FS_CLEAN, FS_DIRTY };

/* mip, mie, mideleg: bits by interrupt number */
enum { IRQ_SSI = 1, IRQ_MSI = 3, IRQ_STI = 5, IRQ_MTI = 7, IRQ_SEI = 9, IRQ_MEI = 11 };
#define MIP_SSIP BIT(IRQ_SSI)
#define MIP_MSIP BIT(IRQ_MSI)
#define MIP_STIP BIT(IRQ_STI)
#define MIP_MTIP BIT(IRQ_MTI)
#define MIP_SEIP BIT(IRQ_SEI)
#define MIP_MEIP BIT(IRQ_MEI)
#define MIP_S    (MIP_SSIP | MIP_STIP | MIP_SEIP)
#define MIP_M    (MIP_MSIP | MIP_MTIP | MIP_MEIP)

#define MCAUSE_INTERRUPT BIT(63)

/* mcounteren, scounteren, mcountinhibit */
enum { COUNTER_CY, COUNTER_TM, COUNTER_IR };

/* menvcfg, senvcfg */
#define ENVCFG_FIOM  BIT(0)
#define MENVCFG_ADUE BIT(61)
#define MENVCFG_STCE BIT(63)

/* satp */
enum { SATP_BARE = 0, SATP_SV39 = 8, SATP_SV48 = 9, SATP_SV57 = 10 };

static inline unsigned satp_mode(uint64_t satp)
{
    return (unsigned)(satp >> 60);
}
static inline uint32_t satp_asid(uint64_t satp)
{
    return (uint32_t)(satp >> 44 & 0xffff);
}
static inline uint64_t satp_ppn(uint64_t satp)
{
    return satp & BITS(43, 0);
}

/* Page-table entries (chapter 10.3) */
#define PTE_V         BIT(0)
#define PTE_R         BIT(1)
#define PTE_W         BIT(2)
#define PTE_X         BIT(3)
#define PTE_U         BIT(4)
#define PTE_G         BIT(5)
#define PTE_A         BIT(6)
#define PTE_D         BIT(7)
#define PTE_PPN_SHIFT 10
#define PTE_PPN       BITS(53, 10)
#define PTE_RESERVED  BITS(63, 54) /* N and PBMT among them: Svnapot and Svpbmt are not there */

/* pmpcfg bytes (chapter 3.7) */
enum {
    PMP_R = 1,
    PMP_W = 2,
    PMP_X = 4,
    PMP_RWX = 7,
    PMP_A_SHIFT = 3,
    PMP_A_MASK = 3 << PMP_A_SHIFT,
    PMP_L = 0x80,
};
enum { PMP_OFF, PMP_TOR, PMP_NA4, PMP_NAPOT };

enum { RV_PHYS_BITS = 56 };

#endif
