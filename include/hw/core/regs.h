/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers as tables.
 *
 *     static const Reg uart_regs[] = {
 *         { "LCR", 3, .size = 1, REG_STORE(Uart, lcr), .write = lcr_write },
 *         { "LSR", 5, .size = 1, .access = REG_RO, .read = lsr_read },
 *         { "PRIORITY", 0, .size = 4, .count = 1024, REG_STORE(Plic, priority), .mask = 7 },
 *         REG_END
 *     };
 *
 * The engine does width, alignment, arrays with a stride, merging of narrow writes and joining of
 * wide accesses, access kinds, tracing and the counting of guest errors; hooks see (index, value).
 * A value is at most 64 bits. Runs under the device lock.
 */
#ifndef HW_CORE_REGS_H
#define HW_CORE_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "system/memory.h"

typedef enum RegAccess {
    REG_RW,
    REG_RO,  /* writes are guest errors, unless REG_QUIET */
    REG_WO,  /* reads are guest errors and yield 0 */
    REG_W1C, /* a written 1 clears the stored bit */
    REG_RC,  /* reading clears the stored value; writes are guest errors */
    REG_W1S, /* a written 1 sets the stored bit */
} RegAccess;

enum {
    REG_QUIET = 1 << 0, /* wrong-direction accesses are ignored without being counted */
    REG_WHOLE = 1 << 1, /* only whole accesses: narrower ones are guest errors (reads yield 0) */
    REG_WRITE_ALL = 1 << 2,   /* hook gets the written value as it is: `mask` and merging do not
                                 apply;   narrow writes are zero-extended */
    REG_BYTES_APART = 1 << 3, /* a narrow write merges with 0 instead of the current value */
};

typedef struct Reg {
    const char *name;
    uint32_t offset; /* of element 0 */
    uint8_t size;    /* bytes: 1, 2, 4 or 8 */
    uint8_t access;  /* RegAccess */
    uint8_t flags;
    uint32_t count;     /* elements; 0 means 1 */
    uint32_t stride;    /* bytes from element to element; 0 means size */
    uint64_t mask;      /* writable (or clearable) bits; 0 means all */
    uint64_t reset;     /* value that regs_reset stores */
    uint32_t store;     /* offset + 1 of the member in the device; 0: not stored */
    uint8_t store_size; /* bytes of a stored element */
    uint32_t store_count;
    bool store_ptr; /* the member points to the elements */
    /* Side-effect free for narrow accesses' sake, but with REG_RC or REG_WHOLE. NULL: the stored
     * value. */
    uint64_t (*read)(void *dev, unsigned index);
    /* After access kind and mask were applied; @value is the register's new value. When the row
     * has a store, the value is stored already. NULL: nothing more to do. */
    void (*write)(void *dev, unsigned index, uint64_t value);
    /* With a store: changes the value on its way into the store (limits, WARL fields). NULL: as is.
     */
    uint64_t (*legal)(void *dev, unsigned index, uint64_t old, uint64_t value);
    /* Elements that exist are 0..limit-1, decided by properties; others read 0 and ignore writes,
     * counted. NULL: count. */
    unsigned (*limit)(void *dev);
} Reg;

/* Stored in member @m: a scalar, or an array inside the struct. */
#define REG_STORE(T, m)                                                                            \
    .store = offsetof(T, m) + 1,                                                                   \
    .store_size = _Generic(((T *)0)->m, uint8_t : 1, uint16_t : 2, uint32_t : 4, uint64_t : 8,     \
                           uint8_t * : 1, uint16_t * : 2, uint32_t * : 4, uint64_t * : 8),         \
    .store_count = sizeof(((T *)0)->m) / _Generic(((T *)0)->m, uint8_t : 1, uint16_t : 2,          \
                                                  uint32_t : 4, uint64_t : 8, uint8_t * : 1,       \
                                                  uint16_t * : 2, uint32_t * : 4, uint64_t * : 8)
/* Stored in the elements that pointer member @m points to; at least `limit` of them exist. */
#define REG_STORE_PTR(T, m)                                                                        \
    .store = offsetof(T, m) + 1, .store_ptr = true, .store_size = sizeof(*((T *)0)->m)

#define REG_END                                                                                    \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* A device's register bank. */
typedef struct RegBlock {
    const char *name; /* for traces and errors: "uart" */
    const Reg *regs;
    uint8_t min_access, max_access; /* bytes; 0: 1 and 8; others answer MEM_ERROR */
    bool unaligned;                 /* misaligned accesses are taken apart into bytes */
    bool big_endian;
    bool strict;     /* an access where no register is answers MEM_ERROR; else reads 0, dropped */
    uint64_t filler; /* what reads yield where no register is */
} RegBlock;

typedef struct RegSpace {
    const RegBlock *block;
    void *dev;
    MemOps ops;
    MemRegion mr;
} RegSpace;

/* Makes rs->mr an I/O region of @size bytes called @name over the table; checks the table (our bug
 * if rows overlap or do not fit). */
void regs_init(RegSpace *rs, Machine *m, const RegBlock *block, void *dev, const char *name,
               uint64_t size);
void regs_destroy(RegSpace *rs);

/* Gives each stored register its reset value; no hooks run. For reset functions. */
void regs_reset(RegSpace *rs);

/* One access as the region's handlers see it. */
MemResult regs_read(RegSpace *rs, uint64_t offset, unsigned size, uint64_t *value);
MemResult regs_write(RegSpace *rs, uint64_t offset, unsigned size, uint64_t value);

/* Finds the element at @offset (the row that covers it), or NULL; for tests over all devices. */
const Reg *regs_find(const RegBlock *block, uint64_t offset, unsigned *index, unsigned *byte);

#endif
