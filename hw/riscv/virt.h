/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board "virt", as its parts see it. */
#ifndef HW_RISCV_VIRT_H
#define HW_RISCV_VIRT_H

#include "hw/core/dev.h"
#include "hw/core/loader.h"
#include "system/machine.h"
#include "target/riscv/cpu.h"

typedef enum VirtPlace {
    VIRT_MROM,
    VIRT_TEST,
    VIRT_RTC,
    VIRT_CLINT,
    VIRT_SSWI,
    VIRT_PCIE_PIO,
    VIRT_PLATFORM_BUS,
    VIRT_PLIC,
    VIRT_UART0,
    VIRT_VIRTIO,
    VIRT_FW_CFG,
    VIRT_FLASH,
    VIRT_PCIE_ECAM,
    VIRT_PCIE_MMIO,
    VIRT_DRAM,
    VIRT_PLACES
} VirtPlace;

typedef struct VirtMapEntry {
    uint64_t base, size;
} VirtMapEntry;

/* The memory map; DRAM is as large as -m says. */
extern const VirtMapEntry virt_map[VIRT_PLACES];

enum {
    VIRT_IRQ_VIRTIO = 1, /* of the first slot */
    VIRT_IRQ_UART0 = 10,
    VIRT_IRQ_RTC = 11,
    VIRT_IRQ_PCIE = 32, /* INTA..INTD */
    VIRT_PLIC_SOURCES = 96,
    VIRT_VIRTIO_SLOTS = 8,
    VIRT_TIMEBASE_HZ = 10000000,
    VIRT_UART_HZ = 3686400,
    VIRT_MAX_CPUS = 512,
};

/* Where what was loaded lies. */
typedef struct VirtBoot {
    bool has_firmware;
    uint64_t start;        /* where the reset vector jumps */
    uint64_t firmware_end; /* first free byte behind the firmware */
    uint64_t kernel_entry; /* 0: none */
    uint64_t kernel_end;
    uint64_t initrd, initrd_size; /* size 0: none */
    uint64_t fdt;
} VirtBoot;

typedef struct VirtMachine {
    Machine parent;

    /* properties */
    bool aclint;
    char *dt_compatible;
    int acpi, aia, iommu_sys; /* only values that change nothing are supported */
    bool usb;
    uint32_t aia_guests;
    char *pflash0, *pflash1, *memory_backend;

    Loader *loader;
    Device *mtimer, *plic;
    MemRegion mrom;
    uint64_t pcie_high_base, pcie_high_size;
    VirtBoot boot;
    void *fdt; /* g_malloc'ed, as the guest gets it */
} VirtMachine;

#define VIRT_MACHINE(m) ((VirtMachine *)(m))

/* Hart @n. */
VCpu *virt_cpu(const VirtMachine *v, unsigned n);

/* Loads firmware, kernel, RAM disk and device tree as the options say, and makes the reset vector.
 */
bool virt_boot_init(VirtMachine *v, Error *err);

/* Writes the device tree, with a new random seed, into RAM. */
void virt_boot_reset(VirtMachine *v);

/* A new device tree of the board, without what depends on images; g_free it. */
void *virt_fdt_new(const VirtMachine *v);

/* The same tree with /chosen completed: command line, RAM disk (of @boot), a fresh random seed.
 * Frees @fdt, also on failure (a given tree that cannot take it). */
void *virt_fdt_finish(void *fdt, const VirtBoot *boot, const char *append, Error *err);

/* Puts a fresh random seed into the tree; nothing when it has no room for one. */
void virt_fdt_reseed(void *fdt);

/* Bytes of a tree. */
size_t virt_fdt_size(const void *fdt);

/* Reads a tree given with -dtb; g_free it. */
void *virt_fdt_read(const char *path, Error *err);

#endif
