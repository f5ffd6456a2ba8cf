/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parallel NOR flash with the Intel command set: a bank of two 16-bit chips side by side.
 * Specification: JEDEC JESD68.01 and JEP137B (CFI, command set 0001h); Intel StrataFlash P30 data
 * sheet for the commands.
 *
 * The chips work in step: commands are taken from the lower one's half of the bus, and reads other
 * than of the array show the same in both halves. While in array mode the guest reads the memory
 * directly. Operations are done at once. Contents are in RAM and are lost at the end.
 */
#include <string.h>

#include "hw/core/dev.h"
#include "util/bitops.h"
#include "util/log.h"
#include "util/units.h"

enum {
    BANK_WIDTH = 4,
    CHIPS = 2,
    BUFFER_BITS = 9, /* log2 of a chip's write buffer in bytes */
    BUFFER_SIZE = CHIPS << BUFFER_BITS,
    QUERY_FIRST = 0x10,
    QUERY_EXTENDED = 0x31,
    QUERY_END = 0x40,
    ID_MAKER = 0x89,
    ID_DEVICE = 0x18,
};

enum {
    CMD_PROGRAM_ALT = 0x10,
    CMD_ERASE = 0x20,
    CMD_PROGRAM = 0x40,
    CMD_CLEAR_STATUS = 0x50,
    CMD_LOCK = 0x60,
    CMD_READ_STATUS = 0x70,
    CMD_READ_ID = 0x90,
    CMD_QUERY = 0x98,
    CMD_CONFIRM = 0xd0,
    CMD_BUFFER = 0xe8,
    CMD_READ_ARRAY = 0xff,
};

enum {
    STATUS_READY = 0x80,
    STATUS_ERASE_ERROR = 0x20,
    STATUS_PROGRAM_ERROR = 0x10,
};

/* What reads show. */
typedef enum FlashView { VIEW_ARRAY, VIEW_STATUS, VIEW_ID, VIEW_QUERY, VIEWS } FlashView;

/* What the next write is. */
typedef enum FlashStep {
    STEP_COMMAND,
    STEP_PROGRAM,      /* the data */
    STEP_ERASE,        /* the confirmation */
    STEP_LOCK,         /* the kind of lock */
    STEP_BUFFER_COUNT, /* words to come, less one */
    STEP_BUFFER_DATA,
    STEP_BUFFER_CONFIRM,
    STEPS
} FlashStep;

typedef struct Flash {
    Device dev;

    /* properties */
    uint64_t size;
    uint64_t sector; /* of the bank */

    /* saved; the contents are saved as RAM */
    uint32_t view; /* FlashView */
    uint32_t step; /* FlashStep */
    uint8_t status;
    uint64_t buffer_base; /* offset of the first write into the buffer */
    uint32_t buffer_left; /* bus words to come */
    bool buffer_begun;
    uint8_t buffer[BUFFER_SIZE]; /* 1s where nothing was written */

    /* derived */
    MemRegion mr;
} Flash;

/* --- views --- */

static unsigned log2_of(uint64_t v)
{
    return ctz64(v);
}

/* Byte @i of a chip's CFI table. */
static uint8_t query_byte(const Flash *s, unsigned i)
{
    static const uint8_t fixed[QUERY_END] = {
        [0x10] = 'Q',
        'R',
        'Y',
        [0x13] = 0x01,
        0x00, /* command set: Intel extended */
        [0x15] = QUERY_EXTENDED,
        0x00, /* where its table is */
        [0x1b] = 0x45,
        0x55, /* supply voltage, 4.5 V to 5.5 V */
        [0x1f] = 0x07,
        0x07,
        0x0a,
        0x00, /* typical times: 2^n us, us, ms; no chip erase */
        [0x23] = 0x04,
        0x04,
        0x04,
        0x00, /* longest times, as multiples 2^n */
        [0x28] = 0x01,
        0x00, /* 16 bits wide */
        [0x2a] = BUFFER_BITS,
        0x00,
        [0x2c] = 0x01, /* all blocks have one size */
        [0x31] = 'P',
        'R',
        'I',
        '1',
        '0',
        [0x3d] = 0x50, /* best supply voltage */
    };
    uint64_t chip_blocks = s->size / s->sector - 1, block_units = s->sector / CHIPS / 256;
    switch (i) {
    case 0x27:
        return (uint8_t)log2_of(s->size / CHIPS);
    case 0x2d:
        return (uint8_t)chip_blocks;
    case 0x2e:
        return (uint8_t)(chip_blocks >> 8);
    case 0x2f:
        return (uint8_t)block_units;
    case 0x30:
        return (uint8_t)(block_units >> 8);
    default:
        return i < QUERY_END ? fixed[i] : 0;
    }
}

/* Word @index of a chip in the current view. */
static uint16_t chip_word(const Flash *s, unsigned index)
{
    switch ((FlashView)s->view) {
    case VIEW_ID:
        return index == 0 ? ID_MAKER : index == 1 ? ID_DEVICE : 0;
    case VIEW_QUERY:
        return query_byte(s, index);
    default:
        return s->status;
    }
}

static void set_view(Flash *s, FlashView view)
{
    s->view = view;
    mem_region_set_romd(&s->mr, view == VIEW_ARRAY);
}

static MemResult flash_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                            MemAttrs attrs)
{
    Flash *s = opaque;
    if (s->view == VIEW_ARRAY) {
        *value = ld_le(s->mr.ram + offset, size);
        return MEM_OK;
    }
    /* Queries and ids repeat in each block, so that sub-block offsets count. */
    uint32_t word = chip_word(s, (unsigned)(offset % s->sector / BANK_WIDTH));
    word |= word << 16;
    *value = word >> offset % BANK_WIDTH * 8 & bytes_mask(size);
    return MEM_OK;
}

/* --- operations --- */

/* Contents changed: translations of code in them are dropped. */
static void touched(Flash *s, uint64_t offset, uint64_t len)
{
    mem_unmap(&s->dev.machine->memory, s->mr.ram + offset, len, true);
}

/* Programming can only clear bits. */
static void program(Flash *s, uint64_t offset, const uint8_t *data, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++) {
        s->mr.ram[offset + i] &= data[i];
    }
    touched(s, offset, len);
}

static void erase(Flash *s, uint64_t offset)
{
    offset = align_down(offset, s->sector);
    memset(s->mr.ram + offset, 0xff, s->sector);
    touched(s, offset, s->sector);
}

static void fail(Flash *s, uint8_t bits, const char *what)
{
    log_guest_error("flash: %s", what);
    s->status |= bits;
    s->step = STEP_COMMAND;
    set_view(s, VIEW_STATUS);
}

static void begin_buffer(Flash *s, uint64_t value)
{
    uint32_t words = (uint32_t)(value & 0xffff) + 1;
    if (words > BUFFER_SIZE / BANK_WIDTH) {
        fail(s, STATUS_PROGRAM_ERROR | STATUS_ERASE_ERROR, "more words than the buffer has");
        return;
    }
    memset(s->buffer, 0xff, sizeof(s->buffer));
    s->buffer_left = words;
    s->buffer_begun = false;
    s->step = STEP_BUFFER_DATA;
}

static void fill_buffer(Flash *s, uint64_t offset, uint64_t value, unsigned size)
{
    if (!s->buffer_begun) {
        s->buffer_base = align_down(offset, BUFFER_SIZE);
        s->buffer_begun = true;
    }
    uint64_t at = offset - s->buffer_base;
    if (offset < s->buffer_base || at > BUFFER_SIZE - size) {
        fail(s, STATUS_PROGRAM_ERROR, "a buffered write crosses the buffer's end");
        return;
    }
    st_le(s->buffer + at, value, size);
    s->step = --s->buffer_left ? STEP_BUFFER_DATA : STEP_BUFFER_CONFIRM;
}

static void finish_buffer(Flash *s, uint8_t cmd)
{
    if (cmd != CMD_CONFIRM) {
        fail(s, STATUS_PROGRAM_ERROR | STATUS_ERASE_ERROR, "a buffered write was not confirmed");
        return;
    }
    program(s, s->buffer_base, s->buffer, BUFFER_SIZE);
    s->step = STEP_COMMAND;
}

static void finish_erase(Flash *s, uint64_t offset, uint8_t cmd)
{
    if (cmd != CMD_CONFIRM) {
        fail(s, STATUS_PROGRAM_ERROR | STATUS_ERASE_ERROR, "an erasure was not confirmed");
        return;
    }
    erase(s, offset);
    s->step = STEP_COMMAND;
}

/* A step and view that a command leads to. */
static const struct {
    uint8_t cmd;
    uint8_t step, view;
} commands[] = {
    { CMD_READ_ARRAY, STEP_COMMAND, VIEW_ARRAY },
    { CMD_READ_STATUS, STEP_COMMAND, VIEW_STATUS },
    { CMD_CLEAR_STATUS, STEP_COMMAND, VIEW_STATUS },
    { CMD_READ_ID, STEP_COMMAND, VIEW_ID },
    { CMD_QUERY, STEP_COMMAND, VIEW_QUERY },
    { CMD_PROGRAM, STEP_PROGRAM, VIEW_STATUS },
    { CMD_PROGRAM_ALT, STEP_PROGRAM, VIEW_STATUS },
    { CMD_ERASE, STEP_ERASE, VIEW_STATUS },
    { CMD_LOCK, STEP_LOCK, VIEW_STATUS },
    { CMD_BUFFER, STEP_BUFFER_COUNT, VIEW_STATUS },
    /* Resumes nothing: no operation is ever suspended. */
    { CMD_CONFIRM, STEP_COMMAND, VIEW_STATUS },
};

static void start_command(Flash *s, uint8_t cmd)
{
    if (cmd == CMD_CLEAR_STATUS) {
        s->status = STATUS_READY;
    }
    for (unsigned i = 0; i < ARRAY_LEN(commands); i++) {
        if (commands[i].cmd == cmd) {
            s->step = commands[i].step;
            set_view(s, (FlashView)commands[i].view);
            return;
        }
    }
    log_guest_error("flash: unknown command 0x%02x", cmd);
    set_view(s, VIEW_ARRAY);
}

static MemResult flash_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                             MemAttrs attrs)
{
    Flash *s = opaque;
    uint8_t data[8], cmd = (uint8_t)value;
    switch ((FlashStep)s->step) {
    case STEP_PROGRAM:
        st_le(data, value, size);
        program(s, offset, data, size);
        s->step = STEP_COMMAND;
        break;
    case STEP_ERASE:
        finish_erase(s, offset, cmd);
        break;
    case STEP_LOCK: /* blocks are always unlocked: there is no protection to change */
        s->step = STEP_COMMAND;
        break;
    case STEP_BUFFER_COUNT:
        begin_buffer(s, value);
        break;
    case STEP_BUFFER_DATA:
        fill_buffer(s, offset, value, size);
        break;
    case STEP_BUFFER_CONFIRM:
        finish_buffer(s, cmd);
        break;
    default:
        start_command(s, cmd);
    }
    return MEM_OK;
}

static const MemOps flash_ops = {
    .read = flash_read, .write = flash_write, .valid_min = 1, .valid_max = 8, .impl_max = 4
};

/* --- the device --- */

static bool flash_realize(Device *dev, Error *err)
{
    Flash *s = (Flash *)dev;
    if (!is_pow2(s->size) || !is_pow2(s->sector) || s->sector < BUFFER_SIZE ||
        s->sector > s->size || s->size > GiB) {
        error_set(err,
                  "size and sector-length of a flash bank must be powers of two, at most 1 GiB");
        return false;
    }
    if (!mem_region_init_romd(&s->mr, dev->machine, dev->obj.name, s->size, &flash_ops, s, err)) {
        return false;
    }
    dev_add_region(dev, &s->mr);
    return true;
}

static void flash_reset(Device *dev)
{
    Flash *s = (Flash *)dev;
    s->step = STEP_COMMAND;
    s->status = STATUS_READY;
    s->buffer_base = 0;
    s->buffer_left = 0;
    s->buffer_begun = false;
    memset(s->buffer, 0, sizeof(s->buffer));
    set_view(s, VIEW_ARRAY);
}

static bool flash_loaded(void *dev, unsigned version, Error *err)
{
    Flash *s = dev;
    bool filling = s->step == STEP_BUFFER_DATA || s->step == STEP_BUFFER_CONFIRM;
    if (filling && (s->buffer_base % BUFFER_SIZE || s->buffer_base >= s->size)) {
        error_set(err, "the saved write buffer is outside the flash");
        return false;
    }
    if (s->step == STEP_BUFFER_DATA && !s->buffer_left) {
        error_set(err, "the saved write buffer waits for nothing");
        return false;
    }
    set_view(s, (FlashView)s->view);
    return true;
}

static const Field flash_fields[] = {
    FIELD_PROP_SIZE(Flash, size, "size", "32M", "of the bank"),
    FIELD_PROP_SIZE(Flash, sector, "sector-length", "256K", "erase block of the bank"),
    FIELD_SAVED_BOUNDED(Flash, view, 0, VIEWS - 1),
    FIELD_SAVED_BOUNDED(Flash, step, 0, STEPS - 1),
    FIELD_SAVED(Flash, status),
    FIELD_SAVED(Flash, buffer_base),
    FIELD_SAVED_BOUNDED(Flash, buffer_left, 0, BUFFER_SIZE / BANK_WIDTH),
    FIELD_SAVED(Flash, buffer_begun),
    FIELD_SAVED_ARRAY(Flash, buffer),
    FIELD_END
};

static const VmState flash_vmstate = {
    .version = 1, .min_version = 1, .fields = flash_fields, .loaded = flash_loaded
};

static const DeviceClass flash_class = { .realize = flash_realize,
                                         .reset = flash_reset,
                                         .vmstate = &flash_vmstate };

static const TypeInfo flash_type = {
    .name = "cfi.pflash01",
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(Flash),
    .class = &flash_class,
    .props = flash_fields,
    .help = "NOR flash with the Intel command set",
};
QOM_TYPE(flash_type);
