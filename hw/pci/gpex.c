/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generic PCI Express host bridge with nothing but the bridge itself on its bus.
 * Specification: PCI Express Base 4.0, section 7.2.2 (ECAM); PCI Local Bus 3.0, section 6.1 (type 0
 * header); device-tree binding "pci-host-ecam-generic".
 *
 * Configuration space of absent functions and the empty memory and I/O windows read as all ones.
 */
#include "hw/core/dev.h"
#include "hw/core/regs.h"
#include "util/units.h"

enum {
    CONFIG_SIZE = 4096,
    IO_WINDOW = 64 * 1024,
    COMMAND_WRITABLE = 0x0547, /* I/O, memory, master, parity, SERR#, INTx disable */
};

typedef struct Gpex {
    Device dev;

    /* properties */
    uint64_t ecam_size;
    uint64_t mmio_size;
    uint64_t high_mmio_size;

    /* saved: the bridge's header */
    uint16_t command;
    uint8_t cache_line, latency, interrupt_line;

    /* derived */
    MemRegion ecam, absent; /* container, and what is behind everything in it */
    MemRegion io, mmio, high_mmio;
    RegSpace config;
} Gpex;

#define CONFIG_RO(name_, offset_, size_, value_)                                                   \
    {                                                                                              \
        name_, offset_, .size = size_, .access = REG_RO, .flags = REG_QUIET, .reset = value_       \
    }

static const Reg config_regs[] = {
    CONFIG_RO("vendor id", 0x00, 2, 0x1b36),
    CONFIG_RO("device id", 0x02, 2, 0x0008),
    { "command", 0x04, .size = 2, REG_STORE(Gpex, command), .mask = COMMAND_WRITABLE },
    CONFIG_RO("status", 0x06, 2, 0),
    CONFIG_RO("class and revision", 0x08, 4, 0x06000000),
    { "cache line size", 0x0c, .size = 1, REG_STORE(Gpex, cache_line) },
    { "latency timer", 0x0d, .size = 1, REG_STORE(Gpex, latency) },
    CONFIG_RO("header type", 0x0e, 2, 0),
    { "BAR", 0x10, .size = 4, .count = 7, .access = REG_RO, .flags = REG_QUIET },
    CONFIG_RO("subsystem", 0x2c, 4, 0x11001af4),
    { "ROM and capabilities", 0x30, .size = 4, .count = 3, .access = REG_RO, .flags = REG_QUIET },
    { "interrupt line", 0x3c, .size = 1, REG_STORE(Gpex, interrupt_line) },
    CONFIG_RO("interrupt pin", 0x3d, 1, 0),
    CONFIG_RO("grant and latency", 0x3e, 2, 0),
    { "absent", 0x40, .size = 4, .count = (CONFIG_SIZE - 0x40) / 4, .access = REG_RO,
      .flags = REG_QUIET },
    REG_END
};

static const RegBlock config_block = { .name = "gpex-root", .regs = config_regs, .max_access = 4 };

static MemResult ones_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                           MemAttrs attrs)
{
    *value = UINT64_MAX;
    return MEM_OK;
}

static MemResult ones_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                            MemAttrs attrs)
{
    return MEM_OK;
}

static const MemOps ones_ops = {
    .read = ones_read, .write = ones_write, .unaligned = true, .lockless = true
};

static bool gpex_realize(Device *dev, Error *err)
{
    Gpex *s = (Gpex *)dev;
    Machine *m = dev->machine;
    if (s->ecam_size < CONFIG_SIZE || !s->mmio_size || !s->high_mmio_size) {
        error_set(err, "a PCI host bridge's windows cannot be empty");
        return false;
    }
    mem_region_init_container(&s->ecam, m, "pcie-ecam", s->ecam_size);
    mem_region_init_io(&s->absent, m, "pcie-mmcfg-mmio", s->ecam_size, &ones_ops, s);
    regs_init(&s->config, m, &config_block, dev, "gpex-root", CONFIG_SIZE);
    mem_region_add_sub(&s->ecam, 0, &s->absent, 0);
    mem_region_add_sub(&s->ecam, 0, &s->config.mr, 1);
    mem_region_init_io(&s->io, m, "gpex_ioport_window", IO_WINDOW, &ones_ops, s);
    mem_region_init_io(&s->mmio, m, "gpex_mmio_window", s->mmio_size, &ones_ops, s);
    mem_region_init_io(&s->high_mmio, m, "gpex_high_mmio_window", s->high_mmio_size, &ones_ops, s);
    dev_add_region(dev, &s->ecam);
    dev_add_region(dev, &s->io);
    dev_add_region(dev, &s->mmio);
    dev_add_region(dev, &s->high_mmio);
    return true;
}

static void gpex_reset(Device *dev)
{
    regs_reset(&((Gpex *)dev)->config);
}

static void gpex_finalize(Object *obj)
{
    Gpex *s = (Gpex *)obj;
    if (s->absent.parent) {
        mem_region_del_sub(&s->ecam, &s->absent);
        mem_region_del_sub(&s->ecam, &s->config.mr);
    }
    mem_region_destroy(&s->absent);
    regs_destroy(&s->config);
}

static const Field gpex_fields[] = {
    FIELD_PROP_SIZE(Gpex, ecam_size, "ecam-size", "256M", "configuration space, 1 MiB a bus"),
    FIELD_PROP_SIZE(Gpex, mmio_size, "below-4g-mmio-size", "1G", "lower memory window"),
    FIELD_PROP_SIZE(Gpex, high_mmio_size, "above-4g-mmio-size", "16G", "upper memory window"),
    FIELD_SAVED(Gpex, command),
    FIELD_SAVED(Gpex, cache_line),
    FIELD_SAVED(Gpex, latency),
    FIELD_SAVED(Gpex, interrupt_line),
    FIELD_END
};

static const VmState gpex_vmstate = { .version = 1, .min_version = 1, .fields = gpex_fields };

static const DeviceClass gpex_class = { .realize = gpex_realize,
                                        .reset = gpex_reset,
                                        .vmstate = &gpex_vmstate };

static const TypeInfo gpex_type = {
    .name = "gpex-pcihost",
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(Gpex),
    .class = &gpex_class,
    .props = gpex_fields,
    .instance_finalize = gpex_finalize,
    .help = "generic PCI Express host bridge",
};
QOM_TYPE(gpex_type);
