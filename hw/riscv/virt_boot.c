/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What "virt" boots: firmware, kernel, RAM disk, device tree and the reset vector.
 * Specification: OpenSBI's documentation of FW_DYNAMIC (firmware/fw_dynamic.md).
 */
#include "virt.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "util/bitops.h"
#include "util/bytebuf.h"
#include "util/units.h"

enum {
    KERNEL_ALIGN_64 = 2 * 1024 * 1024, /* as Linux asks for */
    KERNEL_ALIGN_32 = 4 * 1024 * 1024,
    FDT_ALIGN = 2 * 1024 * 1024,
    FDT_SLACK = 4096, /* for what firmware adds */
};

/* Firmware and loaders use 32-bit addresses for the tree: it stays below 3 GiB. */
#define FDT_LIMIT (3 * GiB)

static uint64_t ram_end(const VirtMachine *v)
{
    return virt_map[VIRT_DRAM].base + v->parent.ram.size;
}

/* --- firmware --- */

static const char default_firmware[] = "opensbi-riscv64-generic-fw_dynamic.bin";

/* Where distributions put OpenSBI. */
static const char *const firmware_files[] = {
    "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
    "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
    "/usr/share/opensbi/lp64/generic/firmware/fw_dynamic.bin",
};

static const char *const firmware_places[] = {
    "/usr/share/qemu",
    "/usr/lib/riscv64-linux-gnu/opensbi/generic",
    "/usr/lib/u-boot/qemu-riscv64_smode",
};

static char *readable_in(const char *dir, const char *name)
{
    char *path = g_build_filename(dir, name, NULL);
    if (access(path, R_OK) == 0) {
        return path;
    }
    g_free(path);
    return NULL;
}

/* The path of firmware @name in the user's directories and the usual places, or NULL. */
static char *find_firmware(const Machine *m, const char *name)
{
    char *found = NULL;
    for (unsigned i = 0; !found && i < m->firmware_dirs->len; i++) {
        found = readable_in(g_ptr_array_index(m->firmware_dirs, i), name);
    }
    for (unsigned i = 0; !found && i < ARRAY_LEN(firmware_places); i++) {
        found = readable_in(firmware_places[i], name);
    }
    return found;
}

static char *find_default_firmware(const Machine *m, Error *err)
{
    char *found = find_firmware(m, default_firmware);
    for (unsigned i = 0; !found && i < ARRAY_LEN(firmware_files); i++) {
        found = readable_in("/", firmware_files[i]);
    }
    if (!found) {
        error_set(err, "could not find OpenSBI, the default firmware");
        error_hint(err, "Install the package 'opensbi', or name a firmware with -bios FILE, or run "
                        "without with -bios none");
    }
    return found;
}

static char *firmware_path(const Machine *m, Error *err)
{
    if (!m->firmware || !strcmp(m->firmware, "default")) {
        return find_default_firmware(m, err);
    }
    if (access(m->firmware, R_OK) == 0) {
        return g_strdup(m->firmware);
    }
    char *found = strchr(m->firmware, '/') ? NULL : find_firmware(m, m->firmware);
    if (!found) {
        error_set(err, "could not find the RISC-V firmware \"%s\"", m->firmware);
    }
    return found;
}

static bool load_firmware(VirtMachine *v, Error *err)
{
    Machine *m = &v->parent;
    VirtBoot *b = &v->boot;
    b->start = b->firmware_end = virt_map[VIRT_DRAM].base;
    if (m->firmware && !strcmp(m->firmware, "none")) {
        return true;
    }
    g_autofree char *path = firmware_path(m, err);
    LoadedImage image;
    if (!path || !loader_load_image(v->loader, "firmware", path, b->start, &image, err)) {
        return false;
    }
    b->has_firmware = true;
    b->start = image.entry;
    b->firmware_end = image.end;
    return true;
}

/* --- kernel and RAM disk --- */

static bool load_kernel(VirtMachine *v, Error *err)
{
    Machine *m = &v->parent;
    VirtBoot *b = &v->boot;
    if (!m->kernel) {
        return true;
    }
    uint64_t align = rv_cpu_xlen(virt_cpu(v, 0)) == 32 ? KERNEL_ALIGN_32 : KERNEL_ALIGN_64;
    uint64_t base = align_up(b->firmware_end, align);
    LoadedImage image;
    if (!loader_load_image(v->loader, "kernel", m->kernel, base, &image, err)) {
        return false;
    }
    b->kernel_entry = image.entry;
    b->kernel_end = image.end;
    if (!b->has_firmware) {
        b->start = image.entry;
    }
    return true;
}

/* The usual distance from the kernel, or the first room behind it. */
static bool place_initrd(const VirtMachine *v, uint64_t size, uint64_t *gpa)
{
    const VirtBoot *b = &v->boot;
    uint64_t usual = align_up(b->kernel_entry + MIN(v->parent.ram.size / 2, 512 * MiB), 4 * KiB);
    uint64_t at;
    if (loader_find_room(v->loader, usual, ram_end(v), size, 4 * KiB, &at) && at == usual) {
        *gpa = at;
        return true;
    }
    return loader_find_room(v->loader, b->kernel_end, ram_end(v), size, 4 * KiB, gpa);
}

static bool load_initrd(VirtMachine *v, Error *err)
{
    Machine *m = &v->parent;
    VirtBoot *b = &v->boot;
    if (!m->initrd) {
        return true;
    }
    g_autoptr(GBytes) data = loader_read_file("initrd", m->initrd, m->ram.size, err);
    if (!data) {
        return false;
    }
    g_autofree char *title = g_strdup_printf("initrd '%s'", m->initrd);
    b->initrd_size = g_bytes_get_size(data);
    if (b->initrd_size == 0) {
        error_set(err, "%s is empty", title);
        return false;
    }
    if (!place_initrd(v, b->initrd_size, &b->initrd)) {
        error_set(err,
                  "%s (%" PRIu64 " KiB) does not fit into RAM behind the kernel, which ends at "
                  "0x%" PRIx64,
                  title, b->initrd_size / KiB, b->kernel_end);
        error_hint(err, "Give the machine more RAM with -m");
        return false;
    }
    return loader_add(v->loader, title, b->initrd, data, 0, err);
}

/* --- device tree --- */

/* The highest aligned place below FDT_LIMIT; with little RAM, a less aligned one. */
static bool place_fdt(VirtMachine *v, uint64_t size, Error *err)
{
    uint64_t base = virt_map[VIRT_DRAM].base, top = MIN(ram_end(v), FDT_LIMIT);
    for (uint64_t align = FDT_ALIGN; size <= top - base && align >= 8; align /= 2) {
        uint64_t gpa = align_down(top - size, align);
        uint64_t found;
        if (gpa >= base && loader_find_room(v->loader, gpa, top, size, 8, &found) && found == gpa) {
            v->boot.fdt = gpa;
            return true;
        }
    }
    error_set(err, "the device tree (%" PRIu64 " KiB) does not fit into RAM", size / KiB);
    error_hint(err, "Give the machine more RAM with -m");
    return false;
}

static bool make_fdt(VirtMachine *v, Error *err)
{
    Machine *m = &v->parent;
    v->fdt = m->dtb ? virt_fdt_read(m->dtb, err) : virt_fdt_new(v);
    if (!v->fdt) {
        return false;
    }
    uint64_t room = virt_fdt_size(v->fdt) + (m->append ? strlen(m->append) : 0) + FDT_SLACK;
    /* Its contents depend on where the RAM disk is; virt_boot_reset writes them. */
    if (!place_fdt(v, room, err) ||
        !loader_reserve(v->loader, "the device tree", v->boot.fdt, room, err) ||
        !load_initrd(v, err)) {
        return false;
    }
    v->fdt = virt_fdt_finish(v->fdt, &v->boot, m->append, err);
    return v->fdt != NULL;
}

/* --- reset vector --- */

enum {
    INSN_AUIPC_T0 = 0x00000297, /* auipc t0, 0 */
    INSN_ADDI_A2 = 0x02828613,  /* addi  a2, t0, 40 */
    INSN_CSRR_A0 = 0xf1402573,  /* csrr  a0, mhartid */
    INSN_LD_A1 = 0x0202b583,    /* ld    a1, 32(t0) */
    INSN_LW_A1 = 0x0202a583,    /* lw    a1, 32(t0) */
    INSN_LD_T0 = 0x0182b283,    /* ld    t0, 24(t0) */
    INSN_LW_T0 = 0x0182a283,    /* lw    t0, 24(t0) */
    INSN_JR_T0 = 0x00028067,    /* jr    t0 */
};

enum { FW_DYNAMIC_MAGIC = 0x4942534f, FW_DYNAMIC_VERSION = 2, FW_DYNAMIC_MODE_S = 1 };

/* a0 = hart id, a1 = device tree, a2 = fw_dynamic_info. */
static bool make_reset_vector(VirtMachine *v, Error *err)
{
    const VirtBoot *b = &v->boot;
    bool rv32 = rv_cpu_xlen(virt_cpu(v, 0)) == 32;
    ByteWriter w = { 0 };
    bw_u32(&w, INSN_AUIPC_T0);
    bw_u32(&w, INSN_ADDI_A2);
    bw_u32(&w, INSN_CSRR_A0);
    bw_u32(&w, rv32 ? INSN_LW_A1 : INSN_LD_A1);
    bw_u32(&w, rv32 ? INSN_LW_T0 : INSN_LD_T0);
    bw_u32(&w, INSN_JR_T0);
    bw_u64(&w, b->start);
    bw_u64(&w, b->fdt);
    /* Number of the boot hart last: 0. */
    const uint64_t info[] = {
        FW_DYNAMIC_MAGIC, FW_DYNAMIC_VERSION, b->kernel_entry, FW_DYNAMIC_MODE_S, 0, 0
    };
    for (unsigned i = 0; i < ARRAY_LEN(info); i++) {
        if (rv32) {
            bw_u32(&w, (uint32_t)info[i]);
        } else {
            bw_u64(&w, info[i]);
        }
    }
    g_autoptr(GBytes) data = g_bytes_new(w.data, w.len);
    bw_free(&w);
    return loader_add(v->loader, "the reset vector", virt_map[VIRT_MROM].base, data, 0, err);
}

/* --- all of it --- */

static bool check_kernel_options(const Machine *m, Error *err)
{
    if (m->kernel || (!m->initrd && !m->append)) {
        return true;
    }
    error_set(err, "-%s needs -kernel", m->initrd ? "initrd" : "append");
    return false;
}

bool virt_boot_init(VirtMachine *v, Error *err)
{
    return check_kernel_options(&v->parent, err) && load_firmware(v, err) && load_kernel(v, err) &&
           make_fdt(v, err) && make_reset_vector(v, err);
}

void virt_boot_reset(VirtMachine *v)
{
    virt_fdt_reseed(v->fdt);
    mem_write_rom(&v->parent.memory, v->boot.fdt, v->fdt, virt_fdt_size(v->fdt));
}
