/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware configuration device, memory-mapped, with DMA.
 * Specification: "QEMU Firmware Configuration (fw_cfg) Device" (docs/specs/fw_cfg).
 *
 * Items are read only. DMA reaches RAM and nothing else, so that a descriptor cannot drive devices.
 */
#include "hw/nvram/fw_cfg.h"

#include <string.h>

#include "hw/core/regs.h"
#include "util/bitops.h"
#include "util/log.h"

enum {
    MAX_FILES = 256,
    NAME_SIZE = 56, /* with its NUL */
    ID_VERSION = 1,
    ID_DMA = 2,
    REGION_SIZE = 0x18,
    DMA_DESCRIPTOR = 16,
    DMA_ERROR = 1 << 0,
    DMA_READ = 1 << 1,
    DMA_SKIP = 1 << 2,
    DMA_SELECT = 1 << 3,
    DMA_WRITE = 1 << 4,
};

static const uint64_t dma_signature = 0x51454d5520434647; /* "QEMU CFG" */

typedef struct FwFile {
    char name[NAME_SIZE];
    uint16_t key;
    uint32_t size;
} FwFile;

typedef struct FwCfg {
    Device dev;

    /* set by the board */
    GHashTable *items; /* key -> GBytes */
    GArray *files;     /* FwFile */

    /* saved */
    uint16_t key;      /* selected */
    uint32_t position; /* next byte of it */
    uint32_t dma_high; /* upper half of the descriptor's address */

    /* derived */
    RegSpace regs;
} FwCfg;

/* --- items --- */

static GBytes *item(const FwCfg *s, uint16_t key)
{
    return g_hash_table_lookup(s->items, GUINT_TO_POINTER(key));
}

static void set_bytes(FwCfg *s, uint16_t key, GBytes *bytes)
{
    g_hash_table_insert(s->items, GUINT_TO_POINTER(key), bytes);
}

void fw_cfg_set_item(Device *fw_cfg, uint16_t key, const void *data, size_t len)
{
    set_bytes((FwCfg *)fw_cfg, key, g_bytes_new(data, len));
}

void fw_cfg_set_int(Device *fw_cfg, uint16_t key, uint64_t value, unsigned size)
{
    uint8_t raw[8];
    st_le(raw, value, size);
    fw_cfg_set_item(fw_cfg, key, raw, size);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(((const FwFile *)a)->name, ((const FwFile *)b)->name);
}

/* The directory: the number of files, then size, key and name of each, big-endian. */
static void make_directory(FwCfg *s)
{
    enum { ENTRY = 8 + NAME_SIZE };
    size_t len = 4 + (size_t)s->files->len * ENTRY;
    uint8_t *dir = g_malloc0(len);
    st32_be(dir, s->files->len);
    for (unsigned i = 0; i < s->files->len; i++) {
        const FwFile *f = &g_array_index(s->files, FwFile, i);
        uint8_t *entry = dir + 4 + i * ENTRY;
        st32_be(entry, f->size);
        st16_be(entry + 4, f->key);
        memcpy(entry + 8, f->name, NAME_SIZE);
    }
    set_bytes(s, FW_CFG_FILE_DIR, g_bytes_new_take(dir, len));
}

bool fw_cfg_add_file(Device *fw_cfg, const char *name, const void *data, size_t len, Error *err)
{
    FwCfg *s = (FwCfg *)fw_cfg;
    FwFile file = { .key = (uint16_t)(FW_CFG_FILE_FIRST + s->files->len), .size = (uint32_t)len };
    if (strlen(name) >= NAME_SIZE) {
        error_set(err, "the fw_cfg file name '%s' is longer than %d bytes", name, NAME_SIZE - 1);
        return false;
    }
    strcpy(file.name, name);
    for (unsigned i = 0; i < s->files->len; i++) {
        if (!strcmp(g_array_index(s->files, FwFile, i).name, name)) {
            error_set(err, "there is a fw_cfg file '%s' already", name);
            return false;
        }
    }
    if (s->files->len == MAX_FILES || len > UINT32_MAX) {
        error_set(err, "too many fw_cfg files, or '%s' is too large", name);
        return false;
    }
    g_array_append_val(s->files, file);
    g_array_sort(s->files, by_name);
    fw_cfg_set_item(fw_cfg, file.key, data, len);
    make_directory(s);
    return true;
}

/* The unread rest of the selected item. */
static const uint8_t *rest(const FwCfg *s, size_t *len)
{
    GBytes *bytes = item(s, s->key);
    *len = 0;
    if (!bytes) {
        return NULL;
    }
    const uint8_t *data = g_bytes_get_data(bytes, len);
    size_t position = MIN(s->position, *len);
    *len -= position;
    return data + position;
}

static void advance(FwCfg *s, uint32_t n)
{
    s->position += MIN(n, UINT32_MAX - s->position);
}

/* --- DMA --- */

/* Copies @len bytes, zeros where @data ends after @data_len; false when a part is not RAM. */
static bool copy_out(FwCfg *s, uint64_t gpa, uint32_t len, const uint8_t *data, size_t data_len)
{
    AddressSpace *as = &s->dev.machine->memory;
    while (len) {
        uint64_t n = len;
        uint8_t *ram = mem_map(as, gpa, &n, true);
        if (!ram) {
            return false;
        }
        size_t copied = MIN(n, data_len);
        if (copied) {
            memcpy(ram, data, copied);
            data += copied;
            data_len -= copied;
        }
        memset(ram + copied, 0, n - copied);
        mem_unmap(as, ram, n, true);
        gpa += n;
        len -= (uint32_t)n;
    }
    return true;
}

/* Does what a descriptor asks for; the result is its new control word. */
static uint32_t run_dma(FwCfg *s, uint32_t control, uint32_t len, uint64_t gpa)
{
    if (control & DMA_SELECT) {
        s->key = (uint16_t)(control >> 16);
        s->position = 0;
    }
    if (control & DMA_READ) {
        size_t have;
        const uint8_t *data = rest(s, &have);
        bool ok = copy_out(s, gpa, len, data, have);
        advance(s, len);
        return ok ? 0 : DMA_ERROR;
    }
    if (control & DMA_WRITE) {
        return DMA_ERROR;
    }
    if (control & DMA_SKIP) {
        advance(s, len);
    }
    return 0;
}

static void start_dma(FwCfg *s, uint64_t descriptor)
{
    AddressSpace *as = &s->dev.machine->memory;
    uint64_t len = DMA_DESCRIPTOR;
    uint8_t *d = mem_map(as, descriptor, &len, true);
    if (!d || len < DMA_DESCRIPTOR) {
        if (d) {
            mem_unmap(as, d, 0, false);
        }
        log_guest_error("fw_cfg: the DMA descriptor at 0x%" G_GINT64_MODIFIER "x is not in RAM",
                        descriptor);
        return;
    }
    uint32_t result = run_dma(s, ld32_be(d), ld32_be(d + 4), ld64_be(d + 8));
    st32_be(d, result);
    mem_unmap(as, d, 4, true);
}

/* --- registers --- */

/* Each byte read is the next of the item, whatever its address; 0 behind the end. */
static uint64_t data_read(void *dev, unsigned i)
{
    FwCfg *s = dev;
    size_t len;
    const uint8_t *data = rest(s, &len);
    advance(s, 1);
    return len ? *data : 0;
}

static void selector_write(void *dev, unsigned i, uint64_t value)
{
    FwCfg *s = dev;
    s->key = (uint16_t)value;
    s->position = 0;
}

static uint64_t dma_high_read(void *dev, unsigned i)
{
    return dma_signature >> 32;
}

static void dma_high_write(void *dev, unsigned i, uint64_t value)
{
    ((FwCfg *)dev)->dma_high = (uint32_t)value;
}

static uint64_t dma_low_read(void *dev, unsigned i)
{
    return (uint32_t)dma_signature;
}

/* Writing the lower half starts the transfer. */
static void dma_low_write(void *dev, unsigned i, uint64_t value)
{
    FwCfg *s = dev;
    uint64_t descriptor = (uint64_t)s->dma_high << 32 | value;
    s->dma_high = 0;
    start_dma(s, descriptor);
}

static const Reg fw_cfg_regs[] = {
    { "data", 0, .size = 1, .count = 8, .access = REG_RO, .flags = REG_QUIET, .read = data_read },
    { "selector", 8, .size = 2, .access = REG_WO, .write = selector_write },
    { "dma-high", 16, .size = 4, .flags = REG_WRITE_ALL, .read = dma_high_read,
      .write = dma_high_write },
    { "dma-low", 20, .size = 4, .flags = REG_WRITE_ALL, .read = dma_low_read,
      .write = dma_low_write },
    REG_END
};

static const RegBlock fw_cfg_block = { .name = "fw_cfg", .regs = fw_cfg_regs, .big_endian = true };

static bool fw_cfg_realize(Device *dev, Error *err)
{
    FwCfg *s = (FwCfg *)dev;
    regs_init(&s->regs, dev->machine, &fw_cfg_block, dev, "fwcfg", REGION_SIZE);
    dev_add_region(dev, &s->regs.mr);
    return true;
}

static void fw_cfg_reset(Device *dev)
{
    FwCfg *s = (FwCfg *)dev;
    s->key = FW_CFG_SIGNATURE;
    s->position = 0;
    s->dma_high = 0;
}

static void drop_item(gpointer bytes)
{
    g_bytes_unref(bytes);
}

static void fw_cfg_init(Object *obj)
{
    FwCfg *s = (FwCfg *)obj;
    s->items = g_hash_table_new_full(NULL, NULL, NULL, drop_item);
    s->files = g_array_new(FALSE, FALSE, sizeof(FwFile));
    fw_cfg_set_item(&s->dev, FW_CFG_SIGNATURE, "QEMU", 4);
    fw_cfg_set_int(&s->dev, FW_CFG_ID, ID_VERSION | ID_DMA, 4);
    make_directory(s);
}

static void fw_cfg_finalize(Object *obj)
{
    FwCfg *s = (FwCfg *)obj;
    g_hash_table_unref(s->items);
    g_array_free(s->files, TRUE);
}

static const Field fw_cfg_fields[] = { FIELD_SAVED(FwCfg, key), FIELD_SAVED(FwCfg, position),
                                       FIELD_SAVED(FwCfg, dma_high), FIELD_END };

static const VmState fw_cfg_vmstate = { .version = 1, .min_version = 1, .fields = fw_cfg_fields };

static const DeviceClass fw_cfg_class = { .realize = fw_cfg_realize,
                                          .reset = fw_cfg_reset,
                                          .vmstate = &fw_cfg_vmstate };

static const TypeInfo fw_cfg_type = {
    .name = TYPE_FW_CFG,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(FwCfg),
    .class = &fw_cfg_class,
    .props = fw_cfg_fields,
    .instance_init = fw_cfg_init,
    .instance_finalize = fw_cfg_finalize,
    .help = "firmware configuration device",
};
QOM_TYPE(fw_cfg_type);
