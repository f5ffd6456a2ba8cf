/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The board "virt": harts, interrupt controllers, a serial port and slots for devices.
 * There is no specification: guests take everything from its device tree (virt_fdt.c), and many
 * firmware and kernel images are built for these addresses. docs/machine-virt.rst has the map.
 */
#include "virt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "hw/intc/riscv_aclint.h"
#include "hw/nvram/fw_cfg.h"
#include "util/bitops.h"
#include "util/units.h"

const VirtMapEntry virt_map[VIRT_PLACES] = {
    [VIRT_MROM] = { 0x1000, 0xf000 },
    [VIRT_TEST] = { 0x100000, 0x1000 },
    [VIRT_RTC] = { 0x101000, 0x1000 },
    [VIRT_CLINT] = { 0x2000000, 0x10000 },
    [VIRT_SSWI] = { 0x2f00000, 0x4000 },
    [VIRT_PCIE_PIO] = { 0x3000000, 0x10000 },
    [VIRT_PLATFORM_BUS] = { 0x4000000, 0x2000000 },
    [VIRT_PLIC] = { 0xc000000, 0x600000 },
    [VIRT_UART0] = { 0x10000000, 0x100 },
    [VIRT_VIRTIO] = { 0x10001000, 0x1000 },
    [VIRT_FW_CFG] = { 0x10100000, 0x18 },
    [VIRT_FLASH] = { 0x20000000, 0x4000000 },
    [VIRT_PCIE_ECAM] = { 0x30000000, 0x10000000 },
    [VIRT_PCIE_MMIO] = { 0x40000000, 0x40000000 },
    [VIRT_DRAM] = { 0x80000000, 0 },
};

enum { MTIMER_OFFSET = 0x4000 }; /* in the CLINT */

VCpu *virt_cpu(const VirtMachine *v, unsigned n)
{
    return g_ptr_array_index(v->parent.cpus, n);
}

/* --- options that only have values that change nothing --- */

enum { CHOICE_AUTO, CHOICE_ON, CHOICE_OFF };
enum { AIA_NONE, AIA_APLIC, AIA_APLIC_IMSIC };

static const FieldEnum on_off_auto[] = {
    { "auto", CHOICE_AUTO }, { "on", CHOICE_ON }, { "off", CHOICE_OFF }, { NULL, 0 }
};

static const FieldEnum aia_kinds[] = {
    { "none", AIA_NONE }, { "aplic", AIA_APLIC }, { "aplic-imsic", AIA_APLIC_IMSIC }, { NULL, 0 }
};

static bool check_options(const VirtMachine *v, Error *err)
{
    const struct {
        bool asked;
        const char *what;
    } absent[] = {
        { v->acpi == CHOICE_ON, "acpi=on" },
        { v->aia != AIA_NONE, "an AIA interrupt controller (aia=)" },
        { v->aia_guests != 0, "aia-guests=" },
        { v->iommu_sys == CHOICE_ON, "iommu-sys=on" },
        { v->usb, "usb=on" },
        { v->pflash0 || v->pflash1, "a flash drive (pflash0=, pflash1=)" },
        { v->memory_backend != NULL, "memory-backend=" },
    };
    for (unsigned i = 0; i < ARRAY_LEN(absent); i++) {
        if (absent[i].asked) {
            error_set(err, "machine 'virt': %s is not supported by Peregrine yet", absent[i].what);
            return false;
        }
    }
    return true;
}

/* --- parts --- */

static bool make_cpus(VirtMachine *v, Error *err)
{
    Machine *m = &v->parent;
    const char *model = m->cpu_type ? m->cpu_type : machine_class(m)->default_cpu;
    for (unsigned i = 0; i < m->smp.cpus; i++) {
        VCpu *cpu = rv_cpu_new(m, model, i, err);
        if (!cpu) {
            return false;
        }
        cpu->index = i;
        rv_cpu_set_time_source(cpu, aclint_time_source(v->mtimer));
        rv_cpu_set_reset_pc(cpu, virt_map[VIRT_MROM].base);
        if (!dev_realize(&cpu->dev, NULL, "cpu[*]", err)) {
            return false;
        }
        g_ptr_array_add(m->cpus, cpu);
    }
    return true;
}

/* Connects pin i of @dev to input @line of hart i. */
static void connect_harts(const VirtMachine *v, Device *dev, RvLine line)
{
    for (unsigned i = 0; i < v->parent.cpus->len; i++) {
        dev_connect(dev, NULL, i, rv_cpu_line(virt_cpu(v, i), line));
    }
}

static bool make_mtimer(VirtMachine *v, Error *err)
{
    v->mtimer = dev_new(&v->parent, TYPE_ACLINT_MTIMER);
    obj_set_u64_known(OBJECT(v->mtimer), "num-harts", v->parent.smp.cpus);
    obj_set_u64_known(OBJECT(v->mtimer), "timebase-freq", VIRT_TIMEBASE_HZ);
    if (!dev_realize(v->mtimer, NULL, "mtimer", err)) {
        return false;
    }
    dev_map(v->mtimer, 0, virt_map[VIRT_CLINT].base + MTIMER_OFFSET);
    return true;
}

static bool make_swi(VirtMachine *v, bool sswi, uint64_t gpa, Error *err)
{
    Device *swi = dev_new(&v->parent, TYPE_ACLINT_SWI);
    obj_set_u64_known(OBJECT(swi), "num-harts", v->parent.smp.cpus);
    obj_set_u64_known(OBJECT(swi), "sswi", sswi);
    if (!dev_realize(swi, NULL, sswi ? "sswi" : "mswi", err)) {
        return false;
    }
    dev_map(swi, 0, gpa);
    connect_harts(v, swi, sswi ? RV_LINE_SSIP : RV_LINE_MSIP);
    return true;
}

/* Contexts 2n and 2n + 1 are hart n's machine and supervisor modes. */
static bool make_plic(VirtMachine *v, Error *err)
{
    v->plic = dev_new(&v->parent, "riscv.sifive.plic");
    obj_set_u64_known(OBJECT(v->plic), "num-sources", VIRT_PLIC_SOURCES);
    obj_set_u64_known(OBJECT(v->plic), "num-contexts", 2 * v->parent.smp.cpus);
    if (!dev_realize(v->plic, NULL, "plic", err)) {
        return false;
    }
    dev_map(v->plic, 0, virt_map[VIRT_PLIC].base);
    for (unsigned i = 0; i < v->parent.cpus->len; i++) {
        dev_connect(v->plic, NULL, 2 * i, rv_cpu_line(virt_cpu(v, i), RV_LINE_MEIP));
        dev_connect(v->plic, NULL, 2 * i + 1, rv_cpu_line(virt_cpu(v, i), RV_LINE_SEIP));
    }
    return true;
}

static bool make_interrupts(VirtMachine *v, Error *err)
{
    connect_harts(v, v->mtimer, RV_LINE_MTIP);
    return make_swi(v, false, virt_map[VIRT_CLINT].base, err) &&
           (!v->aclint || make_swi(v, true, virt_map[VIRT_SSWI].base, err)) && make_plic(v, err);
}

/* A device at @gpa whose only pin, if @irq is not 0, is PLIC source @irq. */
static bool place(VirtMachine *v, Device *dev, const char *name, uint64_t gpa, unsigned irq,
                  Error *err)
{
    if (!dev_realize(dev, NULL, name, err)) {
        return false;
    }
    dev_map(dev, 0, gpa);
    if (irq) {
        dev_connect(dev, NULL, 0, dev_in(v->plic, NULL, irq));
    }
    return true;
}

static bool make_uart(VirtMachine *v, Error *err)
{
    Device *uart = dev_new(&v->parent, "serial-mm");
    obj_set_u64_known(OBJECT(uart), "clock-frequency", VIRT_UART_HZ);
    if (!obj_set_link(OBJECT(uart), "chardev", OBJECT(machine_serial(&v->parent, 0)), err)) {
        obj_unref(OBJECT(uart));
        return false;
    }
    return place(v, uart, "uart0", virt_map[VIRT_UART0].base, VIRT_IRQ_UART0, err);
}

static bool make_virtio_slots(VirtMachine *v, Error *err)
{
    for (unsigned i = 0; i < VIRT_VIRTIO_SLOTS; i++) {
        uint64_t gpa = virt_map[VIRT_VIRTIO].base + i * virt_map[VIRT_VIRTIO].size;
        Device *slot = dev_new(&v->parent, "virtio-mmio");
        if (!place(v, slot, "virtio-mmio[*]", gpa, VIRT_IRQ_VIRTIO + i, err)) {
            return false;
        }
    }
    return true;
}

static bool make_flash(VirtMachine *v, Error *err)
{
    uint64_t size = virt_map[VIRT_FLASH].size / 2;
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *name = g_strdup_printf("virt.flash%u", i);
        Device *bank = dev_new(&v->parent, "cfi.pflash01");
        obj_set_u64_known(OBJECT(bank), "size", size);
        if (!place(v, bank, name, virt_map[VIRT_FLASH].base + i * size, 0, err)) {
            return false;
        }
    }
    return true;
}

static bool make_fw_cfg(VirtMachine *v, Error *err)
{
    Machine *m = &v->parent;
    Device *fw_cfg = dev_new(m, TYPE_FW_CFG);
    if (!place(v, fw_cfg, "fw_cfg", virt_map[VIRT_FW_CFG].base, 0, err)) {
        return false;
    }
    fw_cfg_set_int(fw_cfg, FW_CFG_RAM_SIZE, m->ram.size, 8);
    fw_cfg_set_int(fw_cfg, FW_CFG_NB_CPUS, m->smp.cpus, 2);
    fw_cfg_set_int(fw_cfg, FW_CFG_MAX_CPUS, m->smp.max_cpus, 2);
    if (m->append) {
        size_t len = strlen(m->append) + 1;
        fw_cfg_set_int(fw_cfg, FW_CFG_CMDLINE_SIZE, len, 4);
        fw_cfg_set_item(fw_cfg, FW_CFG_CMDLINE_DATA, m->append, len);
    }
    return true;
}

static bool make_pcie(VirtMachine *v, Error *err)
{
    Device *host = dev_new(&v->parent, "gpex-pcihost");
    obj_set_u64_known(OBJECT(host), "ecam-size", virt_map[VIRT_PCIE_ECAM].size);
    obj_set_u64_known(OBJECT(host), "below-4g-mmio-size", virt_map[VIRT_PCIE_MMIO].size);
    obj_set_u64_known(OBJECT(host), "above-4g-mmio-size", v->pcie_high_size);
    if (!place(v, host, "pcie", virt_map[VIRT_PCIE_ECAM].base, 0, err)) {
        return false;
    }
    dev_map(host, 1, virt_map[VIRT_PCIE_PIO].base);
    dev_map(host, 2, virt_map[VIRT_PCIE_MMIO].base);
    dev_map(host, 3, v->pcie_high_base);
    return true;
}

static bool make_devices(VirtMachine *v, Error *err)
{
    Device *test = dev_new(&v->parent, "riscv.sifive.test");
    if (!place(v, test, "test", virt_map[VIRT_TEST].base, 0, err)) {
        return false;
    }
    Device *rtc = dev_new(&v->parent, "goldfish_rtc");
    return place(v, rtc, "rtc", virt_map[VIRT_RTC].base, VIRT_IRQ_RTC, err) && make_uart(v, err) &&
           make_virtio_slots(v, err) && make_fw_cfg(v, err) && make_flash(v, err) &&
           make_pcie(v, err);
}

/* --- memory --- */

static bool make_memory(VirtMachine *v, Error *err)
{
    Machine *m = &v->parent;
    uint64_t base = virt_map[VIRT_DRAM].base;
    enum { HIGH_WINDOW = 34 }; /* log2 of the upper PCI window's size */
    const uint64_t gpa_limit = BIT(56);
    if (m->ram_size > gpa_limit - base - 2 * BIT(HIGH_WINDOW)) {
        error_set(err, "%" PRIu64 " GiB of RAM do not fit into the physical address space",
                  m->ram_size / GiB);
        error_hint(err, "The harts have 56 address bits, that is 65536 TiB in all");
        return false;
    }
    if (!mem_region_init_rom(&v->mrom, m, "riscv_virt_board.mrom", virt_map[VIRT_MROM].size, err)) {
        return false;
    }
    mem_region_add_sub(&m->sysmem, virt_map[VIRT_MROM].base, &v->mrom, 0);
    mem_region_add_sub(&m->sysmem, base, &m->ram, 0);
    loader_add_memory(v->loader, "RAM", base, m->ram.size);
    loader_add_memory(v->loader, "ROM", virt_map[VIRT_MROM].base, virt_map[VIRT_MROM].size);
    v->pcie_high_size = BIT(HIGH_WINDOW);
    v->pcie_high_base = align_up(base + m->ram.size, v->pcie_high_size);
    return true;
}

/* --- the machine --- */

/* -machine dumpdtb: the tree goes to a file and nothing runs. */
static bool dump_fdt(VirtMachine *v, Error *err)
{
    Machine *m = &v->parent;
    FILE *f = fopen(m->dumpdtb, "wb");
    size_t size = virt_fdt_size(v->fdt);
    bool ok = f && fwrite(v->fdt, 1, size, f) == size;
    if (f && fclose(f) != 0) {
        ok = false;
    }
    if (!ok) {
        error_set_errno(err, errno, "could not write the device tree to '%s'", m->dumpdtb);
        return false;
    }
    m->start_paused = true;
    run_request_shutdown(m, CAUSE_HOST_QMP_QUIT, 0);
    return true;
}

static bool virt_init(Machine *m, Error *err)
{
    VirtMachine *v = VIRT_MACHINE(m);
    v->loader = loader_new(m);
    return check_options(v, err) && make_memory(v, err) && make_mtimer(v, err) &&
           make_cpus(v, err) && make_interrupts(v, err) && make_devices(v, err) &&
           virt_boot_init(v, err) && (!m->dumpdtb || dump_fdt(v, err));
}

static void virt_reset(Machine *m)
{
    virt_boot_reset(VIRT_MACHINE(m));
}

static void virt_finalize(Object *obj)
{
    VirtMachine *v = VIRT_MACHINE(obj);
    loader_free(v->loader);
    if (v->mrom.parent) {
        mem_region_del_sub(v->mrom.parent, &v->mrom);
    }
    mem_region_destroy(&v->mrom);
    g_free(v->fdt);
}

static const Field virt_fields[] = {
    FIELD_PROP(VirtMachine, aclint, "aclint", "off",
               "separate ACLINT devices, with supervisor software interrupts"),
    FIELD_PROP(VirtMachine, dt_compatible, "dt-compatible", NULL,
               "'compatible' of the device tree's root"),
    FIELD_PROP_ENUM(VirtMachine, acpi, "acpi", on_off_auto, "auto", "ACPI tables (not yet)"),
    FIELD_PROP_ENUM(VirtMachine, aia, "aia", aia_kinds, "none", "AIA interrupt controller"),
    FIELD_PROP(VirtMachine, aia_guests, "aia-guests", "0", "guest interrupt files of an IMSIC"),
    FIELD_PROP_ENUM(VirtMachine, iommu_sys, "iommu-sys", on_off_auto, "auto", "IOMMU (not yet)"),
    FIELD_PROP(VirtMachine, usb, "usb", "off", "USB controller (not yet)"),
    FIELD_PROP(VirtMachine, pflash0, "pflash0", NULL, "drive of the first flash bank (not yet)"),
    FIELD_PROP(VirtMachine, pflash1, "pflash1", NULL, "drive of the second flash bank (not yet)"),
    FIELD_PROP(VirtMachine, memory_backend, "memory-backend", NULL, "object for RAM (not yet)"),
    FIELD_END
};

static const MachineClass virt_class = {
    .desc = "RISC-V VirtIO board",
    .init = virt_init,
    .reset = virt_reset,
    .max_cpus = VIRT_MAX_CPUS,
    .default_cpu = "rv64",
    .default_ram_size = 128 * MiB,
    .default_ram_id = "riscv_virt_board.ram",
};

static const TypeInfo virt_type = {
    .name = "virt" MACHINE_TYPE_SUFFIX,
    .parent = TYPE_MACHINE,
    .instance_size = sizeof(VirtMachine),
    .internal = true,
    .class = &virt_class,
    .props = virt_fields,
    .instance_finalize = virt_finalize,
};
QOM_TYPE(virt_type);
