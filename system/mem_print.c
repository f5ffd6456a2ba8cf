/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map as text, in the form that "info mtree" readers know. */
#include "mem_view.h"
#include "system/machine.h"

#define HEX16 "%016" G_GINT64_MODIFIER "x"

typedef struct Printer {
    GString *out;
    GPtrArray *roots; /* roots of alias targets, to be printed after the spaces */
} Printer;

static const char *kind_name(const MemRegion *mr)
{
    static const char *const names[] = {
        [MEM_CONTAINER] = "container", [MEM_RAM] = "ram", [MEM_ROM] = "rom",
        [MEM_ROMD] = "romd",           [MEM_IO] = "i/o",
    };
    while (mr->kind == MEM_ALIAS) {
        mr = mr->alias;
    }
    return names[mr->kind];
}

static gint by_address(gconstpointer a, gconstpointer b)
{
    const MemRegion *ma = *(MemRegion *const *)a, *mb = *(MemRegion *const *)b;
    if (ma->addr != mb->addr) {
        return ma->addr < mb->addr ? -1 : 1;
    }
    return mb->prio - ma->prio;
}

static void note_root(Printer *p, MemRegion *mr)
{
    while (mr->parent) {
        mr = mr->parent;
    }
    if (!g_ptr_array_find(p->roots, mr, NULL)) {
        g_ptr_array_add(p->roots, mr);
    }
}

static void print_region(Printer *p, const MemRegion *mr, uint64_t base, unsigned indent)
{
    g_string_append_printf(p->out, "%*s" HEX16 "-" HEX16 " (prio %d, %s): ", (int)indent, "", base,
                           base + mem_region_last(mr), mr->prio, kind_name(mr));
    if (mr->kind == MEM_ALIAS) {
        g_string_append_printf(p->out, "alias %s @%s " HEX16 "-" HEX16, mr->name, mr->alias->name,
                               mr->alias_off, mr->alias_off + mem_region_last(mr));
        note_root(p, mr->alias);
    } else {
        g_string_append(p->out, mr->name);
    }
    g_string_append(p->out, mr->enabled ? "\n" : " [disabled]\n");
    if (!mr->subs || !mr->subs->len) {
        return;
    }
    GPtrArray *subs = g_ptr_array_new();
    for (unsigned i = 0; i < mr->subs->len; i++) {
        g_ptr_array_add(subs, g_ptr_array_index(mr->subs, i));
    }
    g_ptr_array_sort(subs, by_address);
    for (unsigned i = 0; i < subs->len; i++) {
        const MemRegion *sub = g_ptr_array_index(subs, i);
        print_region(p, sub, base + sub->addr, indent + 2);
    }
    g_ptr_array_free(subs, TRUE);
}

static bool is_space_root(Machine *m, const MemRegion *mr)
{
    for (unsigned i = 0; i < m->mem.spaces->len; i++) {
        if (((AddressSpace *)g_ptr_array_index(m->mem.spaces, i))->root == mr) {
            return true;
        }
    }
    return false;
}

void mem_print_tree(Machine *m, GString *out)
{
    Printer p = { out, g_ptr_array_new() };
    for (unsigned i = 0; i < m->mem.spaces->len; i++) {
        const AddressSpace *as = g_ptr_array_index(m->mem.spaces, i);
        g_string_append_printf(out, "address-space: %s\n", as->name);
        print_region(&p, as->root, 0, 2);
        g_string_append_c(out, '\n');
    }
    /* Printing a root can find more of them. */
    for (unsigned i = 0; i < p.roots->len; i++) {
        const MemRegion *mr = g_ptr_array_index(p.roots, i);
        if (!is_space_root(m, mr)) {
            g_string_append_printf(out, "memory-region: %s\n", mr->name);
            print_region(&p, mr, 0, 2);
            g_string_append_c(out, '\n');
        }
    }
    g_ptr_array_free(p.roots, TRUE);
}

void mem_print_flat(Machine *m, GString *out)
{
    for (unsigned i = 0; i < m->mem.spaces->len; i++) {
        const AddressSpace *as = g_ptr_array_index(m->mem.spaces, i);
        g_string_append_printf(out, "FlatView #%u\n AS \"%s\", root: %s\n Root memory region: %s\n",
                               i, as->name, as->root->name, as->root->name);
        for (unsigned n = 0; n < as->view->n; n++) {
            const FlatRange *r = &as->view->ranges[n];
            g_string_append_printf(out, "  " HEX16 "-" HEX16 " (prio %d, %s): %s", r->first,
                                   r->last, r->mr->prio, r->readonly ? "rom" : kind_name(r->mr),
                                   r->mr->name);
            if (r->offset) {
                g_string_append_printf(out, " @" HEX16, r->offset);
            }
            g_string_append_c(out, '\n');
        }
        g_string_append_c(out, '\n');
    }
}
