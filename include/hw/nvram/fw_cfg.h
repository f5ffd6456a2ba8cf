/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware configuration device: items a board offers to firmware and kernels.
 * All functions want the device lock, or a machine that does not run yet.
 */
#ifndef HW_NVRAM_FW_CFG_H
#define HW_NVRAM_FW_CFG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/core/dev.h"
#include "util/error.h"

#define TYPE_FW_CFG "fw_cfg_mem"

/* Numbers of items without a name (Linux uapi, linux/qemu_fw_cfg.h). */
typedef enum FwCfgKey {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NB_CPUS = 0x05,
    FW_CFG_MAX_CPUS = 0x0f,
    FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_FILE_FIRST = 0x20,
} FwCfgKey;

/* Sets item @key to a copy of @data, or to a little-endian integer of @size bytes. */
void fw_cfg_set_item(Device *fw_cfg, uint16_t key, const void *data, size_t len);
void fw_cfg_set_int(Device *fw_cfg, uint16_t key, uint64_t value, unsigned size);

/* Adds file @name ("opt/org.test/x") with a copy of @data. Fails when the name is taken, longer
 * than 55 bytes, or there are too many files. */
bool fw_cfg_add_file(Device *fw_cfg, const char *name, const void *data, size_t len, Error *err);

#endif
