/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over MMIO: an empty slot.
 * Specification: Virtual I/O Device (VIRTIO) 1.2, section 4.2. A slot without a device shows the
 * magic value, its version and device id 0; a driver must leave it alone then.
 */
#include "hw/core/dev.h"
#include "hw/core/regs.h"

enum { SLOT_SIZE = 0x200, VERSION_LEGACY = 1, VERSION_MODERN = 2 };

typedef struct VirtioSlot {
    Device dev;

    /* properties */
    bool force_legacy;

    /* derived */
    IrqLine *pin;
    RegSpace regs;
} VirtioSlot;

static uint64_t version_read(void *dev, unsigned i)
{
    return ((VirtioSlot *)dev)->force_legacy ? VERSION_LEGACY : VERSION_MODERN;
}

static const Reg slot_regs[] = {
    { "MagicValue", 0x0, .size = 4, .access = REG_RO, .flags = REG_QUIET, .reset = 0x74726976 },
    { "Version", 0x4, .size = 4, .access = REG_RO, .flags = REG_QUIET, .read = version_read },
    { "DeviceID", 0x8, .size = 4, .access = REG_RO, .flags = REG_QUIET },
    { "VendorID", 0xc, .size = 4, .access = REG_RO, .flags = REG_QUIET, .reset = 0x554d4551 },
    { "absent", 0x10, .size = 4, .access = REG_RO, .flags = REG_QUIET,
      .count = (SLOT_SIZE - 0x10) / 4 },
    REG_END
};

static const RegBlock slot_block = { .name = "virtio-mmio", .regs = slot_regs };

static bool slot_realize(Device *dev, Error *err)
{
    VirtioSlot *s = (VirtioSlot *)dev;
    dev_add_out(dev, NULL, &s->pin, 1);
    regs_init(&s->regs, dev->machine, &slot_block, dev, "virtio-mmio", SLOT_SIZE);
    dev_add_region(dev, &s->regs.mr);
    return true;
}

static const Field slot_fields[] = { FIELD_PROP(VirtioSlot, force_legacy, "force-legacy", "on",
                                                "show the legacy version of the "
                                                "interface"),
                                     FIELD_END };

static const DeviceClass slot_class = { .realize = slot_realize };

static const TypeInfo slot_type = {
    .name = "virtio-mmio",
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(VirtioSlot),
    .class = &slot_class,
    .props = slot_fields,
    .help = "slot for a virtio device on MMIO",
};
QOM_TYPE(slot_type);
