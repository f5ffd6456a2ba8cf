/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory: a tree of regions, flattened per address space.
 *
 * Regions are embedded in their owners. A container's children may overlap: the higher priority
 * wins, and of equal ones the later addition. An alias shows a window of another region. Changes of
 * the tree are made under the device lock; each publishes new flat views (mem_begin/mem_commit
 * gather several changes into one).
 *
 * Lookups are lock-free. A caller either holds the device lock or is an online EpochReader of
 * machine->epoch, and uses what it found only until it lets go of the lock or passes its next
 * quiescent point.
 */
#ifndef SYSTEM_MEMORY_H
#define SYSTEM_MEMORY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

typedef struct Machine Machine;
typedef struct MemRegion MemRegion;
typedef struct AddressSpace AddressSpace;
typedef struct FlatView FlatView;

/* A region of this size covers all 2^64 bytes. */
#define MEM_SIZE_ALL UINT64_MAX

typedef enum MemResult {
    MEM_OK,
    MEM_DECODE_ERROR, /* nothing there */
    MEM_ERROR,        /* the device refused: size, alignment or its own rules */
} MemResult;

typedef struct MemAttrs {
    uint32_t requester; /* PCI requester id or a device's number; 0: unspecified */
    bool debug;         /* by a debugger: no side effects where the device can avoid them */
} MemAttrs;

#define MEM_ATTRS_NONE ((MemAttrs) { 0 })

typedef enum MemEndian { MEM_LITTLE_ENDIAN, MEM_BIG_ENDIAN } MemEndian;

/*
 * What an I/O region does. Values travel in host integers, the low `size` bytes. Handlers run under
 * the machine's device lock unless `lockless`.
 *
 * An access outside valid_min..valid_max, or a misaligned one without `unaligned`, answers
 * MEM_ERROR and counts as a guest error. An access outside impl_min..impl_max is split into, or
 * widened to, accesses the handlers do know; widened writes put zeros into the other bytes. Zero
 * means: 1 for a min, 8 for valid_max, and impl_max = 8.
 */
typedef struct MemOps {
    MemResult (*read)(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                      MemAttrs attrs);
    MemResult (*write)(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                       MemAttrs attrs);
    uint8_t valid_min, valid_max;
    uint8_t impl_min, impl_max;
    MemEndian endian;
    bool unaligned;
    bool lockless;
} MemOps;

typedef enum MemKind {
    MEM_CONTAINER,
    MEM_RAM,
    MEM_ROM,  /* writes are dropped and count as guest errors */
    MEM_ROMD, /* reads like ROM (or like I/O while romd mode is off), writes go to ops */
    MEM_IO,
    MEM_ALIAS,
} MemKind;

struct MemRegion {
    const char *name; /* interned */
    MemKind kind;
    Machine *machine;
    uint64_t size; /* MEM_SIZE_ALL: 2^64 */
    const MemOps *ops;
    void *opaque;
    bool enabled;
    bool romd_mode;    /* MEM_ROMD: reads are direct */
    bool readonly;     /* an alias that shows its target as ROM */
    uint8_t *ram;      /* host address of the first byte; NULL without RAM */
    uint64_t ram_addr; /* number of the first byte, unique in the machine, page aligned */
    MemRegion *parent; /* container it sits in */
    uint64_t addr;     /* offset in the parent */
    int prio;
    GPtrArray *subs;    /* MemRegion *, highest priority first; borrowed */
    MemRegion *alias;   /* target */
    uint64_t alias_off; /* offset in the target */
};

/* --- regions; device lock held, or before the machine runs --- */

void mem_region_init_container(MemRegion *mr, Machine *m, const char *name, uint64_t size);

/* RAM, zero-filled and backed by the host only where touched. Fails when the host refuses the
 * mapping, or for size 0. The size is rounded up to 4 KiB pages. */
bool mem_region_init_ram(MemRegion *mr, Machine *m, const char *name, uint64_t size, Error *err);
bool mem_region_init_rom(MemRegion *mr, Machine *m, const char *name, uint64_t size, Error *err);
bool mem_region_init_romd(MemRegion *mr, Machine *m, const char *name, uint64_t size,
                          const MemOps *ops, void *opaque, Error *err);

/* @ops is borrowed. */
void mem_region_init_io(MemRegion *mr, Machine *m, const char *name, uint64_t size,
                        const MemOps *ops, void *opaque);

/* @size bytes of @target from @offset; what lies past the target's end is a hole. */
void mem_region_init_alias(MemRegion *mr, Machine *m, const char *name, MemRegion *target,
                           uint64_t offset, uint64_t size);

/* Ends a region: takes it out of its container and lets its children go; RAM is unmapped once no
 * reader can see it. The struct itself must stay until then: end regions only with their machine
 * stopped, or retire the owner through machine->epoch. A zeroed or ended region is left alone. A
 * device's regions given to dev_add_region are ended with the device. */
void mem_region_destroy(MemRegion *mr);

/* @offset is within the parent; prio may be negative. */
void mem_region_add_sub(MemRegion *parent, uint64_t offset, MemRegion *child, int prio);
void mem_region_del_sub(MemRegion *parent, MemRegion *child);

/* Each change is published at once, unless it is made between mem_begin and mem_commit. @offset is
 * within the parent, or within the alias's target. */
void mem_region_set_enabled(MemRegion *mr, bool enabled);
void mem_region_set_addr(MemRegion *mr, uint64_t offset);
void mem_region_set_size(MemRegion *mr, uint64_t size);
void mem_region_set_alias_offset(MemRegion *mr, uint64_t offset);
void mem_region_set_readonly(MemRegion *mr, bool readonly);
void mem_region_set_romd(MemRegion *mr, bool romd_mode);

/* Changes between them (they nest) are published at once by the outermost commit. */
void mem_begin(Machine *m);
void mem_commit(Machine *m);

/* --- address spaces --- */

typedef void (*MemListener)(void *opaque, AddressSpace *as);

struct AddressSpace {
    const char *name; /* interned */
    Machine *machine;
    MemRegion *root;
    FlatView *view; /* atomic; published */
    GArray *listeners;
};

void mem_as_init(AddressSpace *as, Machine *m, const char *name, MemRegion *root);
void mem_as_destroy(AddressSpace *as);

/* @fn runs under the device lock after each new flat view that differs from the one before, in the
 * thread that changed the tree: TLBs must be flushed then. */
void mem_as_add_listener(AddressSpace *as, MemListener fn, void *opaque);
void mem_as_remove_listener(AddressSpace *as, MemListener fn, void *opaque);

/* What lies at an address. */
typedef struct MemSection {
    MemRegion *mr;   /* RAM, ROM, ROMD or I/O region; NULL: a hole */
    uint64_t offset; /* of the address in mr */
    uint64_t left;   /* bytes from the address to the end of the section, at least 1 */
    uint8_t *hva;    /* host address when reads are direct (RAM, ROM, ROMD in romd mode), or NULL */
    bool writable;   /* writes to hva are allowed as well: RAM */
    uint64_t ram_addr; /* the address's number in the machine's RAM; only with hva */
} MemSection;

/* In a hole, `left` reaches to the next section (UINT64_MAX: to the end of the space). */
MemSection mem_lookup(AddressSpace *as, uint64_t gpa);

/* --- access --- */

/* Copies between the guest's memory and @buf; crosses regions, splits I/O as the devices allow. On
 * failure the part before the failing address is done. Writes to RAM reach the write hook. */
MemResult mem_read(AddressSpace *as, uint64_t gpa, void *buf, uint64_t len, MemAttrs attrs);
MemResult mem_write(AddressSpace *as, uint64_t gpa, const void *buf, uint64_t len, MemAttrs attrs);

/* Fills @len bytes of RAM with @byte. */
MemResult mem_fill(AddressSpace *as, uint64_t gpa, uint8_t byte, uint64_t len);

/* For loaders and debuggers: writes RAM and ROM (also ROMD's memory), never I/O. */
MemResult mem_write_rom(AddressSpace *as, uint64_t gpa, const void *buf, uint64_t len);

/* One little-endian value of 1, 2, 4 or 8 bytes; aligned RAM accesses are single copies. */
MemResult mem_load(AddressSpace *as, uint64_t gpa, unsigned size, uint64_t *value, MemAttrs attrs);
MemResult mem_store(AddressSpace *as, uint64_t gpa, unsigned size, uint64_t value, MemAttrs attrs);

/* One access (1, 2, 4 or 8 bytes) to an I/O or ROMD region at @offset in it, with all the rules of
 * MemOps; takes the device lock if the region needs it. */
MemResult mem_io_read(MemRegion *mr, uint64_t offset, unsigned size, uint64_t *value,
                      MemAttrs attrs);
MemResult mem_io_write(MemRegion *mr, uint64_t offset, unsigned size, uint64_t value,
                       MemAttrs attrs);

/* Direct RAM for DMA: a host pointer for up to *@len bytes at @gpa (*@len is cut to what is
 * contiguous), or NULL when that is not RAM (for writing) or memory (for reading). The caller holds
 * the device lock or keeps its epoch until mem_unmap, which must be told how much was written. */
void *mem_map(AddressSpace *as, uint64_t gpa, uint64_t *len, bool for_write);
void mem_unmap(AddressSpace *as, void *hva, uint64_t len, bool written);

/* --- RAM --- */

/* Called before mem_write, mem_fill, mem_write_rom and mem_unmap return, for each piece of RAM they
 * changed, so that translations of it are dropped. Any thread. One per machine; set it before the
 * machine runs. */
typedef void (*MemWriteHook)(void *opaque, uint64_t ram_addr, uint8_t *hva, uint64_t len);
void mem_set_write_hook(Machine *m, MemWriteHook fn, void *opaque);

/* The region and offset that hold a host address or RAM number, or NULL. Device lock held. */
MemRegion *mem_ram_by_addr(Machine *m, uint64_t ram_addr, uint64_t *offset);
MemRegion *mem_ram_by_hva(Machine *m, const void *hva, uint64_t *offset);

/* One past the highest RAM number given out. */
uint64_t mem_ram_limit(Machine *m);

/* --- printing ("info mtree", "info mtree -f") --- */

/* Appended to @out; device lock held. */
void mem_print_tree(Machine *m, GString *out);
void mem_print_flat(Machine *m, GString *out);

/* --- used by the machine --- */

typedef struct MemState {
    GPtrArray *spaces; /* AddressSpace *, borrowed */
    GPtrArray *rams;   /* MemRegion * with RAM, borrowed, by ram_addr */
    uint64_t ram_next; /* first number not given out */
    unsigned depth;    /* of mem_begin */
    bool changed;      /* since the outermost mem_begin */
    MemWriteHook hook;
    void *hook_opaque;
} MemState;

void mem_state_init(MemState *s);
void mem_state_destroy(MemState *s);

#endif
