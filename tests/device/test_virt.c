/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board virt as a whole: what it boots and where, its options, its map and its saved state. */
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device_fixture.h"
#include "util/bitops.h"
#include "util/units.h"

enum { ROM = 0x1000, DRAM = 0x80000000, UART = 0x10000000 };
enum { START = ROM + 24, FDT = ROM + 32, INFO = ROM + 40 };

static uint64_t load(Machine *m, uint64_t gpa)
{
    return fixture_load(m, gpa, 8);
}

static void assert_refused(const char *options, const char *text)
{
    Error err = { 0 };
    g_assert_null(fixture_try_machine("virt", options, &err));
    if (!strstr(error_msg(&err), text)) {
        g_error("'%s' is not in '%s'", text, error_msg(&err));
    }
    error_clear(&err);
}

/* A file of @len bytes that starts with @start. */
static char *file_of(const char *name, const char *start, size_t len)
{
    g_autofree char *data = g_malloc0(len + 1);
    strcpy(data, start);
    return fixture_file(name, data, len);
}

static void *guest_fdt(Machine *m)
{
    uint64_t gpa = load(m, FDT);
    uint8_t head[8];
    mem_read(&m->memory, gpa, head, sizeof(head), MEM_ATTRS_NONE);
    size_t size = ld32_be(head + 4);
    g_assert_cmpuint(size, <, MiB);
    void *fdt = g_malloc(size);
    mem_read(&m->memory, gpa, fdt, size, MEM_ATTRS_NONE);
    g_assert_cmpint(fdt_check_full(fdt, size), ==, 0);
    return fdt;
}

static uint64_t chosen_u64(const void *fdt, const char *name)
{
    int len;
    const void *p = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, &len);
    g_assert_nonnull(p);
    g_assert_cmpint(len, ==, 8);
    return ld64_be(p);
}

/* --- boot --- */

static void test_without_firmware(void)
{
    g_autofree char *kernel = file_of("bare", "program", 64);
    g_autofree char *options = g_strdup_printf("firmware=none,kernel=%s", kernel);
    Machine *m = fixture_machine("virt", options);
    g_assert_cmphex(load(m, START), ==, DRAM);
    g_assert_cmphex(load(m, FDT), ==, DRAM + 126 * MiB);
    g_assert_cmphex(load(m, DRAM), ==, 0x006d6172676f7270);
    fixture_free(m);
}

static void test_with_firmware(void)
{
    g_autofree char *kernel = file_of("kernel", "kernel", 64);
    g_autofree char *firmware = file_of("firmware", "firmware", 3 * MiB);
    g_autofree char *initrd = file_of("initrd", "initrd", 5000);
    g_autofree char *options =
        g_strdup_printf("firmware=%s,kernel=%s,initrd=%s,append=a b", firmware, kernel, initrd);
    Machine *m = fixture_machine("virt", options);
    g_assert_cmphex(load(m, START), ==, DRAM);
    g_assert_cmphex(load(m, INFO), ==, 0x4942534f);
    g_assert_cmphex(load(m, INFO + 8), ==, 2);
    g_assert_cmphex(load(m, INFO + 16), ==, DRAM + 4 * MiB); /* the first 2 MiB behind firmware */
    g_assert_cmphex(load(m, INFO + 24), ==, 1);
    g_autofree void *fdt = guest_fdt(m);
    uint64_t start = chosen_u64(fdt, "linux,initrd-start");
    g_assert_cmphex(start, ==, DRAM + 4 * MiB + 64 * MiB);
    g_assert_cmpuint(chosen_u64(fdt, "linux,initrd-end") - start, ==, 5000);
    g_assert_cmphex(load(m, start), ==, 0x0000647274696e69);
    const char *args = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", NULL);
    g_assert_cmpstr(args, ==, "a b");
    fixture_free(m);
}

/* Each reset gives the images back and the guest another seed. */
static void test_reset_again(void)
{
    Machine *m = fixture_machine("virt", "firmware=none");
    g_autofree void *one = guest_fdt(m);
    mem_fill(&m->memory, load(m, FDT), 0, 4096);
    machine_reset(m, CAUSE_GUEST_RESET);
    g_autofree void *two = guest_fdt(m);
    int len;
    const void *a = fdt_getprop(one, fdt_path_offset(one, "/chosen"), "rng-seed", &len);
    const void *b = fdt_getprop(two, fdt_path_offset(two, "/chosen"), "rng-seed", &len);
    g_assert_cmpint(len, ==, 32);
    g_assert_cmpint(memcmp(a, b, 32), !=, 0);
    fixture_free(m);
}

static void test_small_ram(void)
{
    Machine *m = fixture_machine("virt", "firmware=none,m=64K");
    g_autofree void *fdt = guest_fdt(m);
    fixture_free(m);
    assert_refused("firmware=none,m=4K", "device tree");
}

static void test_large_ram(void)
{
    Machine *m = fixture_machine("virt", "firmware=none,m=8T");
    fixture_store(m, DRAM + 8 * TiB - 8, 8, 0x1234);
    g_assert_cmphex(load(m, DRAM + 8 * TiB - 8), ==, 0x1234);
    g_assert_cmphex(load(m, FDT), ==, 0xc0000000 - 2 * MiB); /* below 3 GiB */
    fixture_free(m);
    assert_refused("firmware=none,m=65536T", "");
    assert_refused("firmware=none,m=16E", "");
}

/* The RAM disk finds another place when the usual one is too near the end, or none. */
static void test_initrd_places(void)
{
    g_autofree char *kernel = file_of("kernel", "kernel", 64);
    g_autofree char *initrd = file_of("initrd", "initrd", 9 * MiB);
    g_autofree char *options =
        g_strdup_printf("firmware=none,kernel=%s,initrd=%s,m=", kernel, initrd);
    g_autofree char *fits = g_strconcat(options, "14M", NULL);
    Machine *m = fixture_machine("virt", fits);
    g_autofree void *fdt = guest_fdt(m);
    g_assert_cmphex(chosen_u64(fdt, "linux,initrd-start"), ==, DRAM + 4 * KiB);
    fixture_free(m);
    g_autofree char *small = g_strconcat(options, "10M", NULL);
    assert_refused(small, "does not fit");
}

static void test_bad_images(void)
{
    g_autofree char *big = file_of("big", "big", 2 * MiB);
    g_autofree char *empty = file_of("empty", "", 0);
    g_autofree char *junk = file_of("junk", "not a tree", 4096);
    static const struct {
        const char *options, *text;
    } cases[] = {
        { "firmware=none,kernel=%s,m=1M", "too large" },
        { "firmware=none,m=16M,kernel=/nonexistent", "could not load" },
        { "firmware=/nonexistent", "could not find the RISC-V firmware" },
        { "firmware=nonexistent.bin", "could not find the RISC-V firmware" },
        { "firmware=none,initrd=/nonexistent", "-initrd needs -kernel" },
        { "firmware=none,append=x", "-append needs -kernel" },
        { "firmware=none,dtb=/nonexistent", "could not load" },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) parts = g_strsplit(cases[i].options, "%s", 2);
        g_autofree char *options = g_strjoinv(big, parts);
        assert_refused(options, cases[i].text);
    }
    g_autofree char *with_empty = g_strdup_printf("firmware=none,kernel=%s,initrd=%s", big, empty);
    assert_refused(with_empty, "empty");
    g_autofree char *with_junk = g_strdup_printf("firmware=none,dtb=%s", junk);
    assert_refused(with_junk, "not a device tree");
}

/* A given tree is used as it is, but for /chosen; damaged ones are refused or used, never fatal. */
static void test_given_dtb(void)
{
    uint8_t buf[4096];
    g_assert_cmpint(fdt_create_empty_tree(buf, sizeof(buf)), ==, 0);
    g_assert_cmpint(fdt_setprop_string(buf, 0, "model", "mine"), ==, 0);
    g_assert_cmpint(fdt_pack(buf), ==, 0);
    size_t size = fdt_totalsize(buf);
    g_autofree char *kernel = file_of("kernel", "kernel", 64);
    GRand *r = g_rand_new_with_seed(5);
    for (unsigned i = 0; i < 300; i++) {
        g_autofree uint8_t *copy = g_memdup2(buf, size);
        if (i) {
            copy[g_rand_int_range(r, 0, (gint32)size)] ^= 1u << g_rand_int_range(r, 0, 8);
        }
        g_autofree char *path = fixture_file("given.dtb", copy, size);
        g_autofree char *options =
            g_strdup_printf("firmware=none,kernel=%s,append=args,dtb=%s", kernel, path);
        Error err = { 0 };
        Machine *m = fixture_try_machine("virt", options, &err);
        g_assert_true((m != NULL) != error_is_set(&err));
        error_clear(&err);
        if (m && !i) {
            machine_reset(m, CAUSE_NONE);
            g_autofree void *fdt = guest_fdt(m);
            int chosen = fdt_path_offset(fdt, "/chosen");
            g_assert_cmpstr(fdt_getprop(fdt, 0, "model", NULL), ==, "mine");
            g_assert_cmpstr(fdt_getprop(fdt, chosen, "bootargs", NULL), ==, "args");
        }
        if (m) {
            fixture_free(m);
        }
    }
    g_rand_free(r);
}

/* --- options --- */

static void test_options(void)
{
    static const char *const fine[] = { "acpi=off",
                                        "acpi=auto",
                                        "aia=none",
                                        "iommu-sys=off",
                                        "usb=off",
                                        "aclint=on",
                                        "dt-compatible=a-board" };
    static const char *const refused[] = { "acpi=on",   "aia=aplic",       "aia=aplic-imsic",
                                           "usb=on",    "iommu-sys=on",    "aia-guests=1",
                                           "pflash0=x", "memory-backend=x" };
    for (unsigned i = 0; i < G_N_ELEMENTS(fine); i++) {
        g_autofree char *options = g_strconcat("firmware=none,", fine[i], NULL);
        fixture_free(fixture_machine("virt", options));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *options = g_strconcat("firmware=none,", refused[i], NULL);
        assert_refused(options, "not supported by Peregrine yet");
    }
    assert_refused("nosuch=1", "nosuch");
    assert_refused("aia=other", "aia");
    assert_refused("smp=513", "512");
}

/* The flags that the host's kernel has for the mapping at @addr. */
static char *host_flags(const void *addr)
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[512];
    bool here = false;
    while (f && fgets(line, sizeof(line), f)) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
            here = (unsigned long)addr >= start && (unsigned long)addr < end;
        }
        if (here && g_str_has_prefix(line, "VmFlags:")) {
            fclose(f);
            return g_strdup(line);
        }
    }
    if (f) {
        fclose(f);
    }
    return g_strdup("");
}

static void test_ram_hints(void)
{
    Machine *m = fixture_machine("virt", "firmware=none");
    g_autofree char *plain = host_flags(m->ram.ram);
    fixture_free(m);
    m = fixture_machine("virt", "firmware=none,dump-guest-core=off,mem-merge=on");
    g_autofree char *hinted = host_flags(m->ram.ram);
    fixture_free(m);
    if (!strstr(plain, "VmFlags")) {
        g_test_skip("the host does not show the flags of mappings");
        return;
    }
    g_assert_null(strstr(plain, " dd"));
    g_assert_nonnull(strstr(hinted, " dd"));
}

static void test_many_harts(void)
{
    Machine *m = fixture_machine("virt", "firmware=none,smp=512");
    g_autofree void *fdt = guest_fdt(m);
    g_assert_cmpint(fdt_path_offset(fdt, "/cpus/cpu@1ff"), >=, 0);
    fixture_free(m);
}

/* --- the whole machine --- */

static void test_save_load(void)
{
    Machine *a = fixture_machine("virt", "firmware=none,smp=2");
    Machine *b = fixture_machine("virt", "firmware=none,smp=2");
    ByteWriter first = { 0 }, second = { 0 };
    Error err = { 0 };
    clk_virtual_set(&a->clk_virtual, 777);
    fixture_store(a, UART + 7, 1, 0x42);
    fixture_store(a, 0x2004000, 8, 99);
    fixture_store(a, 0x2000004, 4, 1);
    fixture_store(a, 0xc000028, 4, 5);
    vms_save(a, &first);
    bool ok = vms_load(b, first.data, first.len, &err);
    g_assert_cmpstr(error_msg(&err), ==, "");
    g_assert_true(ok);
    g_assert_cmphex(fixture_load(b, UART + 7, 1), ==, 0x42);
    g_assert_cmphex(fixture_load(b, 0xc000028, 4), ==, 5);
    vms_save(b, &second);
    g_assert_cmpmem(first.data, first.len, second.data, second.len);
    bw_free(&first);
    bw_free(&second);
    fixture_free(a);
    fixture_free(b);
}

/* A guest that reads and writes everywhere. */
static void test_everywhere(void)
{
    Machine *m = fixture_machine("virt", "firmware=none,smp=2,aclint=on");
    GRand *r = g_rand_new_with_seed(9);
    for (unsigned i = 0; i < 200000; i++) {
        uint64_t gpa = g_rand_int(r), value = g_rand_int(r);
        gpa = i % 16 ? gpa & 0x7fffffff : gpa << 8;
        unsigned size = 1u << g_rand_int_range(r, 0, 4);
        if (i & 1) {
            mem_store(&m->memory, gpa, size, value, MEM_ATTRS_NONE);
        } else {
            mem_load(&m->memory, gpa, size, &value, MEM_ATTRS_NONE);
        }
    }
    g_rand_free(r);
    machine_reset(m, CAUSE_GUEST_RESET);
    g_autofree void *fdt = guest_fdt(m);
    fixture_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virt/without-firmware", test_without_firmware);
    g_test_add_func("/virt/with-firmware", test_with_firmware);
    g_test_add_func("/virt/reset-again", test_reset_again);
    g_test_add_func("/virt/small-ram", test_small_ram);
    g_test_add_func("/virt/large-ram", test_large_ram);
    g_test_add_func("/virt/initrd-places", test_initrd_places);
    g_test_add_func("/virt/bad-images", test_bad_images);
    g_test_add_func("/virt/given-dtb", test_given_dtb);
    g_test_add_func("/virt/options", test_options);
    g_test_add_func("/virt/ram-hints", test_ram_hints);
    g_test_add_func("/virt/many-harts", test_many_harts);
    g_test_add_func("/virt/save-load", test_save_load);
    g_test_add_func("/virt/everywhere", test_everywhere);
    return g_test_run();
}
