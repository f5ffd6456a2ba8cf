/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions, their tree, and address spaces that publish its flat form. */
#include "system/memory.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "mem_view.h"
#include "system/machine.h"
#include "util/bitops.h"
#include "util/log.h"
#include "util/units.h"

#define PAGE     (4 * KiB)
#define HUGEPAGE (2 * MiB)

typedef struct Listener {
    MemListener fn;
    void *opaque;
} Listener;

void mem_state_init(MemState *s)
{
    *s = (MemState) { .spaces = g_ptr_array_new(), .rams = g_ptr_array_new() };
}

void mem_state_destroy(MemState *s)
{
    g_ptr_array_free(s->spaces, TRUE);
    g_ptr_array_free(s->rams, TRUE);
}

/* --- publishing --- */

static void publish(AddressSpace *as)
{
    FlatView *old = as->view;
    FlatView *fresh = flat_view_new(as->root);
    if (old && flat_view_equal(old, fresh)) {
        g_free(fresh);
        return;
    }
    __atomic_store_n(&as->view, fresh, __ATOMIC_RELEASE);
    log_printf(LOG_PAGE, "memory map of '%s' changed: %u ranges\n", as->name, fresh->n);
    for (unsigned i = 0; i < as->listeners->len; i++) {
        Listener *l = &g_array_index(as->listeners, Listener, i);
        l->fn(l->opaque, as);
    }
    if (old) {
        epoch_retire(&as->machine->epoch, g_free, old);
    }
}

void mem_begin(Machine *m)
{
    m->mem.depth++;
}

void mem_commit(Machine *m)
{
    assert(m->mem.depth > 0);
    if (--m->mem.depth || !m->mem.changed) {
        return;
    }
    m->mem.changed = false;
    for (unsigned i = 0; i < m->mem.spaces->len; i++) {
        publish(g_ptr_array_index(m->mem.spaces, i));
    }
}

/* After a change of one region. */
static void changed(MemRegion *mr)
{
    mem_begin(mr->machine);
    mr->machine->mem.changed = true;
    mem_commit(mr->machine);
}

/* --- regions --- */

static void init(MemRegion *mr, Machine *m, const char *name, uint64_t size, MemKind kind)
{
    *mr = (MemRegion) {
        .name = g_intern_string(name),
        .kind = kind,
        .machine = m,
        .size = size,
        .enabled = true,
    };
}

void mem_region_init_container(MemRegion *mr, Machine *m, const char *name, uint64_t size)
{
    init(mr, m, name, size, MEM_CONTAINER);
}

void mem_region_init_io(MemRegion *mr, Machine *m, const char *name, uint64_t size,
                        const MemOps *ops, void *opaque)
{
    init(mr, m, name, size, MEM_IO);
    mr->ops = ops;
    mr->opaque = opaque;
}

void mem_region_init_alias(MemRegion *mr, Machine *m, const char *name, MemRegion *target,
                           uint64_t offset, uint64_t size)
{
    init(mr, m, name, size, MEM_ALIAS);
    mr->alias = target;
    mr->alias_off = offset;
}

/* Maps lazily backed zero pages, aligned for the host's huge pages; NULL when the host refuses. */
static uint8_t *map_ram(uint64_t size)
{
    uint64_t padded;
    if (__builtin_add_overflow(size, HUGEPAGE, &padded)) {
        errno = ENOMEM;
        return NULL;
    }
    uint8_t *p = mmap(NULL, padded, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        return NULL;
    }
    uint8_t *start = (uint8_t *)align_up((uintptr_t)p, HUGEPAGE);
    if (start > p) {
        munmap(p, (size_t)(start - p));
    }
    munmap(start + size, (size_t)(p + padded - (start + size)));
    madvise(start, size, MADV_HUGEPAGE);
    return start;
}

static void add_ram(MemRegion *mr, uint8_t *ram)
{
    MemState *s = &mr->machine->mem;
    mr->ram = ram;
    mr->ram_addr = s->ram_next;
    s->ram_next += align_up(mr->size, HUGEPAGE);
    g_ptr_array_add(s->rams, mr);
    log_printf(LOG_PAGE, "RAM block '%s': %" G_GUINT64_FORMAT " bytes at %p\n", mr->name, mr->size,
               (void *)ram);
}

static bool init_memory(MemRegion *mr, Machine *m, const char *name, uint64_t size, MemKind kind,
                        Error *err)
{
    uint64_t rounded = align_up(size, PAGE);
    init(mr, m, name, rounded, kind);
    if (!rounded) {
        error_set(err, "memory '%s' cannot have %" G_GUINT64_FORMAT " bytes", name, size);
        return false;
    }
    uint8_t *ram = map_ram(rounded);
    if (!ram) {
        error_set_errno(err, errno, "cannot set up %" G_GUINT64_FORMAT " MiB of memory for '%s'",
                        rounded / MiB, name);
        error_hint(err, "The host limits how much address space a process may map; give the guest "
                        "less memory, or see 'ulimit -v' and the kernel's vm.overcommit_memory.");
        *mr = (MemRegion) { 0 };
        return false;
    }
    add_ram(mr, ram);
    return true;
}

bool mem_region_init_ram(MemRegion *mr, Machine *m, const char *name, uint64_t size, Error *err)
{
    return init_memory(mr, m, name, size, MEM_RAM, err);
}

bool mem_region_init_rom(MemRegion *mr, Machine *m, const char *name, uint64_t size, Error *err)
{
    return init_memory(mr, m, name, size, MEM_ROM, err);
}

bool mem_region_init_romd(MemRegion *mr, Machine *m, const char *name, uint64_t size,
                          const MemOps *ops, void *opaque, Error *err)
{
    if (!init_memory(mr, m, name, size, MEM_ROMD, err)) {
        return false;
    }
    mr->ops = ops;
    mr->opaque = opaque;
    mr->romd_mode = true;
    return true;
}

typedef struct Mapping {
    void *addr;
    size_t size;
} Mapping;

static void unmap(void *opaque)
{
    Mapping *map = opaque;
    munmap(map->addr, map->size);
    g_free(map);
}

void mem_region_destroy(MemRegion *mr)
{
    if (!mr->machine) {
        return;
    }
    if (mr->parent) {
        mem_region_del_sub(mr->parent, mr);
    }
    for (unsigned i = 0; mr->subs && i < mr->subs->len; i++) {
        ((MemRegion *)g_ptr_array_index(mr->subs, i))->parent = NULL;
    }
    if (mr->ram) {
        g_ptr_array_remove(mr->machine->mem.rams, mr);
        Mapping *map = g_new(Mapping, 1);
        *map = (Mapping) { mr->ram, mr->size };
        epoch_retire(&mr->machine->epoch, unmap, map);
    }
    if (mr->subs) {
        g_ptr_array_free(mr->subs, TRUE);
    }
    *mr = (MemRegion) { 0 };
}

void mem_region_add_sub(MemRegion *parent, uint64_t offset, MemRegion *child, int prio)
{
    assert(!child->parent && child->machine == parent->machine);
    if (!parent->subs) {
        parent->subs = g_ptr_array_new();
    }
    child->parent = parent;
    child->addr = offset;
    child->prio = prio;
    unsigned at = 0;
    while (at < parent->subs->len &&
           ((MemRegion *)g_ptr_array_index(parent->subs, at))->prio > prio) {
        at++;
    }
    g_ptr_array_insert(parent->subs, (int)at, child);
    changed(parent);
}

void mem_region_del_sub(MemRegion *parent, MemRegion *child)
{
    assert(child->parent == parent);
    g_ptr_array_remove(parent->subs, child);
    child->parent = NULL;
    changed(parent);
}

void mem_region_set_enabled(MemRegion *mr, bool enabled)
{
    if (mr->enabled != enabled) {
        mr->enabled = enabled;
        changed(mr);
    }
}

void mem_region_set_addr(MemRegion *mr, uint64_t offset)
{
    if (mr->addr != offset) {
        mr->addr = offset;
        changed(mr);
    }
}

void mem_region_set_size(MemRegion *mr, uint64_t size)
{
    assert(!mr->ram);
    if (mr->size != size) {
        mr->size = size;
        changed(mr);
    }
}

void mem_region_set_alias_offset(MemRegion *mr, uint64_t offset)
{
    assert(mr->kind == MEM_ALIAS);
    if (mr->alias_off != offset) {
        mr->alias_off = offset;
        changed(mr);
    }
}

void mem_region_set_readonly(MemRegion *mr, bool readonly)
{
    if (mr->readonly != readonly) {
        mr->readonly = readonly;
        changed(mr);
    }
}

void mem_region_set_romd(MemRegion *mr, bool romd_mode)
{
    assert(mr->kind == MEM_ROMD);
    if (mr->romd_mode != romd_mode) {
        mr->romd_mode = romd_mode;
        changed(mr);
    }
}

/* --- address spaces --- */

void mem_as_init(AddressSpace *as, Machine *m, const char *name, MemRegion *root)
{
    *as = (AddressSpace) {
        .name = g_intern_string(name),
        .machine = m,
        .root = root,
        .listeners = g_array_new(FALSE, FALSE, sizeof(Listener)),
    };
    g_ptr_array_add(m->mem.spaces, as);
    publish(as);
}

void mem_as_destroy(AddressSpace *as)
{
    g_ptr_array_remove(as->machine->mem.spaces, as);
    epoch_retire(&as->machine->epoch, g_free, as->view);
    g_array_free(as->listeners, TRUE);
    *as = (AddressSpace) { 0 };
}

void mem_as_add_listener(AddressSpace *as, MemListener fn, void *opaque)
{
    Listener l = { fn, opaque };
    g_array_append_val(as->listeners, l);
}

void mem_as_remove_listener(AddressSpace *as, MemListener fn, void *opaque)
{
    for (unsigned i = 0; i < as->listeners->len; i++) {
        Listener *l = &g_array_index(as->listeners, Listener, i);
        if (l->fn == fn && l->opaque == opaque) {
            g_array_remove_index(as->listeners, i);
            return;
        }
    }
}

/* --- RAM --- */

void mem_set_write_hook(Machine *m, MemWriteHook fn, void *opaque)
{
    m->mem.hook = fn;
    m->mem.hook_opaque = opaque;
}

uint64_t mem_ram_limit(Machine *m)
{
    return m->mem.ram_next;
}

MemRegion *mem_ram_by_addr(Machine *m, uint64_t ram_addr, uint64_t *offset)
{
    for (unsigned i = 0; i < m->mem.rams->len; i++) {
        MemRegion *mr = g_ptr_array_index(m->mem.rams, i);
        if (ram_addr >= mr->ram_addr && ram_addr - mr->ram_addr < mr->size) {
            *offset = ram_addr - mr->ram_addr;
            return mr;
        }
    }
    return NULL;
}

MemRegion *mem_ram_by_hva(Machine *m, const void *hva, uint64_t *offset)
{
    const uint8_t *p = hva;
    for (unsigned i = 0; i < m->mem.rams->len; i++) {
        MemRegion *mr = g_ptr_array_index(m->mem.rams, i);
        if (p >= mr->ram && (uint64_t)(p - mr->ram) < mr->size) {
            *offset = (uint64_t)(p - mr->ram);
            return mr;
        }
    }
    return NULL;
}
