/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SiFive test finisher: a register that ends or resets the machine.
 * Specification: device-tree binding "sifive,test0", and "sifive,test1" for the reset.
 */
#include "hw/core/dev.h"
#include "hw/core/regs.h"
#include "util/log.h"

enum { FINISHER_FAIL = 0x3333, FINISHER_PASS = 0x5555, FINISHER_RESET = 0x7777 };

typedef struct Finisher {
    Device dev;
    RegSpace regs;
} Finisher;

/* Bits 15..0: what to do; bits 31..16: exit status of a failure. */
static void finisher_write(void *dev, unsigned index, uint64_t value)
{
    Machine *m = DEVICE(dev)->machine;
    switch (value & 0xffff) {
    case FINISHER_FAIL:
        run_request_shutdown(m, CAUSE_GUEST_SHUTDOWN, (int)(value >> 16));
        return;
    case FINISHER_PASS:
        run_request_shutdown(m, CAUSE_GUEST_SHUTDOWN, 0);
        return;
    case FINISHER_RESET:
        run_request_reset(m, CAUSE_GUEST_RESET);
        return;
    default:
        log_guest_error("sifive-test: unknown request 0x%x", (unsigned)value);
    }
}

static const Reg finisher_regs[] = { { "finisher", 0, .size = 4, .access = REG_WO,
                                       .flags = REG_QUIET | REG_WRITE_ALL,
                                       .write = finisher_write },
                                     REG_END };

static const RegBlock finisher_block = {
    .name = "sifive-test", .regs = finisher_regs, .min_access = 2, .max_access = 4
};

static bool finisher_realize(Device *dev, Error *err)
{
    Finisher *s = (Finisher *)dev;
    regs_init(&s->regs, dev->machine, &finisher_block, dev, "riscv.sifive.test", 0x1000);
    dev_add_region(dev, &s->regs.mr);
    return true;
}

static const DeviceClass finisher_class = { .realize = finisher_realize };

static const TypeInfo finisher_type = {
    .name = "riscv.sifive.test",
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(Finisher),
    .class = &finisher_class,
    .help = "SiFive test finisher: power off, exit status and reset",
};
QOM_TYPE(finisher_type);
