/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree of "virt" against trees that QEMU wrote: the same nodes in the same order, with
 * the same properties, but for what describes our harts (ISA strings, cache blocks, counters),
 * phandle numbers and random seeds.
 */
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "device_fixture.h"

static const char *data_dir; /* where the reference trees are */

static void *read_tree(const char *path)
{
    char *data;
    gsize len;
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    g_assert_cmpint(fdt_check_full(data, len), ==, 0);
    return data;
}

static void *dump_tree(const char *options)
{
    g_autofree char *path = fixture_file("dump.dtb", "", 0);
    g_autofree char *all =
        g_strdup_printf("firmware=none,dumpdtb=%s%s%s", path, *options ? "," : "", options);
    Machine *m = fixture_machine("virt", all);
    g_assert_true(m->start_paused);
    fixture_free(m);
    void *fdt = read_tree(path);
    remove(path);
    return fdt;
}

/* --- comparison --- */

static bool is_ours(const char *path, const char *prop)
{
    return !strcmp(prop, "riscv,isa") || !strcmp(prop, "riscv,isa-extensions") ||
           g_str_has_suffix(prop, "-block-size") || !strcmp(prop, "rng-seed") ||
           (!strcmp(path, "/pmu") && !strcmp(prop, "riscv,event-to-mhpmcounters"));
}

/* Positions of phandles in the cells of a property: every @stride-th cell from @first. */
static unsigned phandle_stride(const char *path, const char *prop, unsigned *first)
{
    *first = 0;
    if (!strcmp(prop, "phandle") || !strcmp(prop, "interrupt-parent") || !strcmp(prop, "regmap") ||
        !strcmp(prop, "cpu")) {
        return 1;
    }
    if (!strcmp(prop, "interrupts-extended")) {
        return 2;
    }
    if (!strcmp(prop, "interrupt-map")) {
        *first = 4;
        return 6;
    }
    return 0;
}

static char *phandle_path(const void *fdt, fdt32_t cell)
{
    char path[256];
    int node = fdt_node_offset_by_phandle(fdt, fdt32_to_cpu(cell));
    g_assert_cmpint(node, >=, 0);
    g_assert_cmpint(fdt_get_path(fdt, node, path, sizeof(path)), ==, 0);
    return g_strdup(path);
}

static void compare_cell(const char *path, const char *prop, const void *a, const void *b,
                         fdt32_t va, fdt32_t vb, bool is_phandle)
{
    if (is_phandle) {
        g_autofree char *pa = phandle_path(a, va), *pb = phandle_path(b, vb);
        g_assert_cmpstr(pa, ==, pb);
    } else if (va != vb) {
        g_error("%s: %s: 0x%x, not 0x%x", path, prop, fdt32_to_cpu(vb), fdt32_to_cpu(va));
    }
}

static void compare_prop(const char *path, const char *prop, const void *a, int na, const void *b,
                         int nb)
{
    int la, lb;
    const void *va = fdt_getprop(a, na, prop, &la), *vb = fdt_getprop(b, nb, prop, &lb);
    if (!va || !vb) {
        g_error("%s: property %s is only in %s", path, prop, va ? "the reference" : "ours");
    }
    if (is_ours(path, prop)) {
        return;
    }
    if (la != lb) {
        g_error("%s: %s has %d bytes, not %d", path, prop, lb, la);
    }
    unsigned first, stride = phandle_stride(path, prop, &first);
    if (!stride) {
        g_assert_cmpmem(va, (size_t)la, vb, (size_t)lb);
        return;
    }
    const fdt32_t *ca = va, *cb = vb;
    for (unsigned i = 0; i < (unsigned)la / 4; i++) {
        compare_cell(path, prop, a, b, ca[i], cb[i], i >= first && (i - first) % stride == 0);
    }
}

/* Each property of node @na is in @nb. */
static void compare_props(const char *path, const void *a, int na, const void *b, int nb, bool back)
{
    int at;
    fdt_for_each_property_offset(at, a, na)
    {
        const char *prop;
        fdt_getprop_by_offset(a, at, &prop, NULL);
        if (g_str_has_suffix(prop, "-block-size")) {
            continue; /* of extensions that one side may lack */
        }
        if (back) {
            compare_prop(path, prop, b, nb, a, na);
        } else {
            compare_prop(path, prop, a, na, b, nb);
        }
    }
}

static void compare_nodes(const char *path, const void *a, int na, const void *b, int nb)
{
    compare_props(path, a, na, b, nb, false);
    compare_props(path, b, nb, a, na, true);
    int ca = fdt_first_subnode(a, na), cb = fdt_first_subnode(b, nb);
    while (ca >= 0 && cb >= 0) {
        const char *name = fdt_get_name(a, ca, NULL), *ours = fdt_get_name(b, cb, NULL);
        if (strcmp(name, ours)) {
            g_error("%s: child %s where the reference has %s", path, ours, name);
        }
        g_autofree char *child =
            g_strdup_printf("%s/%s", *path == '/' && !path[1] ? "" : path, name);
        compare_nodes(child, a, ca, b, cb);
        ca = fdt_next_subnode(a, ca);
        cb = fdt_next_subnode(b, cb);
    }
    if (ca >= 0 || cb >= 0) {
        g_error("%s: child %s is only in %s", path,
                fdt_get_name(ca >= 0 ? a : b, MAX(ca, cb), NULL),
                ca >= 0 ? "the reference" : "ours");
    }
}

typedef struct Case {
    const char *reference; /* .dtb in data_dir */
    const char *options;
} Case;

static void test_same(gconstpointer data)
{
    const Case *c = data;
    g_autofree char *path = g_build_filename(data_dir, c->reference, NULL);
    g_autofree void *reference = read_tree(path), *ours = dump_tree(c->options);
    compare_nodes("/", reference, 0, ours, 0);
}

/* A kernel, RAM disk and command line end up in /chosen, where the reference has them. */
static void test_chosen(void)
{
    static const uint8_t kernel[16] = { 0x6f };
    g_autofree char *k = fixture_file("kernel.bin", kernel, sizeof(kernel));
    g_autofree char *i = fixture_file("initrd.bin", "abcdef", 6);
    g_autofree char *fw = fixture_file("firmware.bin", kernel, sizeof(kernel));
    g_autofree char *dump = fixture_file("chosen.dtb", "", 0);
    g_autofree char *options = g_strdup_printf("firmware=%s,dumpdtb=%s,kernel=%s,initrd=%s,"
                                               "append=console=ttyS0 root=/dev/vda",
                                               fw, dump, k, i);
    Machine *m = fixture_machine("virt", options);
    fixture_free(m);
    g_autofree void *ours = read_tree(dump);
    g_autofree char *path = g_build_filename(data_dir, "qemu-virt-append.dtb", NULL);
    g_autofree void *reference = read_tree(path);
    compare_nodes("/", reference, 0, ours, 0);
}

int main(int argc, char **argv)
{
    static const Case cases[] = {
        { "qemu-virt-smp1.dtb", "" },
        { "qemu-virt-smp4-aclint.dtb", "smp=4,aclint=on" },
        { "qemu-virt-smp4-m512.dtb", "smp=4,m=512M" },
    };
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    data_dir = argv[1];
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/virt-fdt/%s", cases[i].reference);
        g_test_add_data_func(name, &cases[i], test_same);
    }
    g_test_add_func("/virt-fdt/chosen", test_chosen);
    return g_test_run();
}
