/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTC, test finisher, fw_cfg, empty virtio slots, the PCI host bridge and flash. */
#include <string.h>

#include "device_fixture.h"
#include "hw/nvram/fw_cfg.h"
#include "util/bitops.h"
#include "util/units.h"

enum { BASE = 0x40000000, RAM = 0x80000000 };

/* --- RTC --- */

enum {
    TIME_LOW = 0,
    TIME_HIGH = 4,
    ALARM_LOW = 8,
    ALARM_HIGH = 12,
    IRQ_ENABLED = 16,
    CLEAR_ALARM = 20,
    ALARM_STATUS = 24,
    CLEAR_INTERRUPT = 28
};

static uint64_t rtc_time(Machine *m)
{
    uint64_t low = fixture_load(m, BASE + TIME_LOW, 4);
    return fixture_load(m, BASE + TIME_HIGH, 4) << 32 | low;
}

static void rtc_set(Machine *m, unsigned high, uint64_t ns)
{
    fixture_store(m, BASE + high, 4, ns >> 32);
    fixture_store(m, BASE + high - 4, 4, (uint32_t)ns);
}

static void test_rtc_time(void)
{
    Machine *m = fixture_machine("none", "");
    Device *dev = fixture_device(m, "goldfish_rtc", BASE, "");
    int64_t host = clk_ns(&m->clk_host);
    g_assert_cmpint((int64_t)rtc_time(m) - host, <, NS_PER_SEC);
    g_assert_cmpint((int64_t)rtc_time(m) - host, >=, 0);
    uint64_t then = UINT64_C(946684800) * NS_PER_SEC;
    rtc_set(m, TIME_HIGH, then);
    dev_reset(dev); /* the clock has a battery */
    g_assert_cmpuint(rtc_time(m), >=, then);
    g_assert_cmpuint(rtc_time(m) - then, <, 10 * NS_PER_SEC);
    fixture_free(m);
}

static void test_rtc_alarm(void)
{
    PinLog pin;
    Machine *m = fixture_machine("none", "");
    Device *dev = fixture_device(m, "goldfish_rtc", BASE, "");
    pin_log_connect(&pin, dev, NULL, 0);
    rtc_set(m, ALARM_HIGH, rtc_time(m) + 3600 * NS_PER_SEC);
    g_assert_cmpuint(fixture_load(m, BASE + ALARM_STATUS, 4), ==, 1);
    g_assert_true(clk_next_deadline(&m->clk_host) < INT64_MAX);
    fixture_store(m, BASE + CLEAR_ALARM, 4, 1);
    g_assert_cmpuint(fixture_load(m, BASE + ALARM_STATUS, 4), ==, 0);
    g_assert_true(clk_next_deadline(&m->clk_host) == INT64_MAX);
    rtc_set(m, ALARM_HIGH, rtc_time(m) - 1); /* in the past: at once */
    g_assert_cmpint(pin.level, ==, 0);
    fixture_store(m, BASE + IRQ_ENABLED, 4, 1);
    g_assert_cmpint(pin.level, ==, 1);
    fixture_store(m, BASE + CLEAR_INTERRUPT, 4, 1);
    g_assert_cmpint(pin.level, ==, 0);
    rtc_set(m, ALARM_HIGH, rtc_time(m) + 20 * NS_PER_MS);
    for (unsigned i = 0; !pin.level && i < 100; i++) {
        g_usleep(5000);
        fixture_run_timers(m);
    }
    g_assert_cmpint(pin.level, ==, 1);
    rtc_set(m, ALARM_HIGH, UINT64_MAX); /* never */
    g_assert_true(clk_next_deadline(&m->clk_host) == INT64_MAX);
    fixture_free(m);
}

/* --- test finisher --- */

static void check_finish(unsigned size, uint32_t value, bool ends, int code)
{
    Machine *m = fixture_machine("none", "");
    fixture_device(m, "riscv.sifive.test", BASE, "");
    fixture_store(m, BASE, size, value);
    g_assert_cmpint(run_handle_requests(m), ==, !ends);
    if (ends) {
        g_assert_cmpint(m->run.exit_code, ==, code);
    }
    fixture_free(m);
}

static void test_finisher(void)
{
    check_finish(4, 0x5555, true, 0);
    check_finish(2, 0x5555, true, 0);
    check_finish(4, 0x13333, true, 1);
    check_finish(4, 0x73333, true, 7);
    check_finish(4, 0x7777, false, 0);
    check_finish(4, 0x1234, false, 0);
    check_finish(4, 0, false, 0);
}

static void test_finisher_reset(void)
{
    Machine *m = fixture_machine("none", "");
    fixture_device(m, "riscv.sifive.test", BASE, "");
    m->run.no_reboot = true;
    fixture_store(m, BASE, 4, 0x7777);
    g_assert_false(run_handle_requests(m));
    g_assert_cmpint(m->run.exit_code, ==, 0);
    fixture_free(m);
}

/* --- fw_cfg --- */

typedef struct FwFixture {
    Machine *m;
    Device *dev;
    MemRegion ram;
} FwFixture;

static void fw_begin(FwFixture *f)
{
    f->m = fixture_machine("none", "");
    f->dev = fixture_device(f->m, TYPE_FW_CFG, BASE, "");
    g_assert_true(mem_region_init_ram(&f->ram, f->m, "ram", MiB, NULL));
    mem_region_add_sub(&f->m->sysmem, RAM, &f->ram, 0);
}

static void fw_end(FwFixture *f)
{
    mem_region_del_sub(&f->m->sysmem, &f->ram);
    mem_region_destroy(&f->ram);
    fixture_free(f->m);
}

/* The bus is little-endian, the device big-endian. */
static void fw_select(FwFixture *f, uint16_t key)
{
    fixture_store(f->m, BASE + 8, 2, __builtin_bswap16(key));
}

static void fw_read(FwFixture *f, void *buf, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        ((uint8_t *)buf)[i] = (uint8_t)fixture_load(f->m, BASE, 1);
    }
}

static void test_fw_cfg_items(void)
{
    FwFixture f;
    uint8_t buf[8];
    fw_begin(&f);
    fw_select(&f, FW_CFG_SIGNATURE);
    fw_read(&f, buf, 5);
    g_assert_cmpmem(buf, 5, "QEMU\0", 5); /* zero behind the end */
    fw_select(&f, FW_CFG_SIGNATURE);
    g_assert_cmphex(fixture_load(f.m, BASE, 4), ==, 0x554d4551); /* bytes keep their order */
    fw_select(&f, FW_CFG_ID);
    fw_read(&f, buf, 4);
    g_assert_cmphex(ld32_le(buf), ==, 3);
    g_assert_cmphex(fixture_load(f.m, BASE + 16, 8), ==, __builtin_bswap64(0x51454d5520434647));
    fw_select(&f, 0x7777);
    g_assert_cmphex(fixture_load(f.m, BASE, 8), ==, 0);
    fw_end(&f);
}

static void test_fw_cfg_files(void)
{
    FwFixture f;
    uint8_t dir[4 + 2 * 64];
    Error err = { 0 };
    fw_begin(&f);
    g_assert_true(fw_cfg_add_file(f.dev, "opt/b", "bee", 3, NULL));
    g_assert_true(fw_cfg_add_file(f.dev, "opt/a", "a", 1, NULL));
    g_assert_false(fw_cfg_add_file(f.dev, "opt/a", "a", 1, &err));
    error_clear(&err);
    g_autofree char *name = g_strnfill(56, 'n');
    g_assert_false(fw_cfg_add_file(f.dev, name, "a", 1, &err));
    error_clear(&err);
    fw_select(&f, FW_CFG_FILE_DIR);
    fw_read(&f, dir, sizeof(dir));
    g_assert_cmpuint(ld32_be(dir), ==, 2);
    g_assert_cmpstr((char *)dir + 12, ==, "opt/a");
    g_assert_cmpstr((char *)dir + 76, ==, "opt/b");
    g_assert_cmpuint(ld32_be(dir + 68), ==, 3);
    fw_select(&f, ld16_be(dir + 72));
    fw_read(&f, dir, 3);
    g_assert_cmpmem(dir, 3, "bee", 3);
    fw_end(&f);
}

/* Runs a descriptor at @desc; returns its control word afterwards. */
static uint32_t fw_dma(FwFixture *f, uint64_t desc, uint32_t control, uint32_t len, uint64_t gpa)
{
    uint8_t d[16];
    st32_be(d, control);
    st32_be(d + 4, len);
    st64_be(d + 8, gpa);
    mem_write(&f->m->memory, desc, d, sizeof(d), MEM_ATTRS_NONE);
    fixture_store(f->m, BASE + 16, 8, __builtin_bswap64(desc));
    mem_read(&f->m->memory, desc, d, 4, MEM_ATTRS_NONE);
    return ld32_be(d);
}

static void test_fw_cfg_dma(void)
{
    FwFixture f;
    uint8_t buf[16];
    fw_begin(&f);
    mem_fill(&f.m->memory, RAM + 0x100, 0xee, 16);
    g_assert_cmphex(fw_dma(&f, RAM, 2 | 8 | FW_CFG_SIGNATURE << 16, 6, RAM + 0x100), ==, 0);
    mem_read(&f.m->memory, RAM + 0x100, buf, 8, MEM_ATTRS_NONE);
    g_assert_cmpmem(buf, 8, "QEMU\0\0\xee\xee", 8);
    g_assert_cmphex(fw_dma(&f, RAM, 4 | 8 | FW_CFG_SIGNATURE << 16, 2, 0), ==, 0);
    g_assert_cmphex(fw_dma(&f, RAM, 2, 2, RAM + 0x100), ==, 0);
    mem_read(&f.m->memory, RAM + 0x100, buf, 2, MEM_ATTRS_NONE);
    g_assert_cmpmem(buf, 2, "MU", 2);
    fw_end(&f);
}

/* Targets and descriptors outside RAM, at its end, on devices, and lengths that wrap. */
static void test_fw_cfg_dma_bounds(void)
{
    FwFixture f;
    fw_begin(&f);
    uint32_t read = 2 | 8 | FW_CFG_SIGNATURE << 16;
    g_assert_cmphex(fw_dma(&f, RAM, read, 64, RAM + MiB - 32), ==, 1);
    g_assert_cmphex(fw_dma(&f, RAM, read, 64, BASE), ==, 1);
    g_assert_cmphex(fw_dma(&f, RAM, read, 4, UINT64_MAX - 1), ==, 1);
    g_assert_cmphex(fw_dma(&f, RAM, read, UINT32_MAX, RAM + 0x1000), ==, 1);
    g_assert_cmphex(fw_dma(&f, RAM, 16 | 8, 4, RAM + 0x100), ==, 1); /* items are read only */
    g_assert_cmphex(fw_dma(&f, RAM, 4, UINT32_MAX, 0), ==, 0);
    g_assert_cmphex(fw_dma(&f, RAM, 4, UINT32_MAX, 0), ==, 0);
    g_assert_cmphex(fixture_load(f.m, BASE, 1), ==, 0);
    fw_dma(&f, RAM + MiB - 8, read, 4, RAM);
    fw_dma(&f, BASE + 16, read, 4, RAM);
    fw_dma(&f, UINT64_MAX - 4, read, 4, RAM);
    fw_end(&f);
}

/* --- virtio slots and PCI --- */

static void test_virtio_slot(void)
{
    Machine *m = fixture_machine("none", "");
    fixture_device(m, "virtio-mmio", BASE, "");
    fixture_device(m, "virtio-mmio", BASE + 0x1000, "force-legacy=off");
    g_assert_cmphex(fixture_load(m, BASE, 4), ==, 0x74726976);
    g_assert_cmpuint(fixture_load(m, BASE + 4, 4), ==, 1);
    g_assert_cmpuint(fixture_load(m, BASE + 0x1004, 4), ==, 2);
    g_assert_cmpuint(fixture_load(m, BASE + 8, 4), ==, 0);
    fixture_store(m, BASE + 0x70, 4, 1);
    g_assert_cmpuint(fixture_load(m, BASE + 0x70, 4), ==, 0);
    fixture_free(m);
}

static void test_pcie(void)
{
    Machine *m = fixture_machine("none", "");
    Device *dev = fixture_device(m, "gpex-pcihost", BASE, "ecam-size=1M");
    g_assert_cmphex(fixture_load(m, BASE, 4), ==, 0x00081b36);
    g_assert_cmphex(fixture_load(m, BASE + 8, 4), ==, 0x06000000);
    fixture_store(m, BASE + 0x10, 4, UINT32_MAX); /* no BAR */
    g_assert_cmphex(fixture_load(m, BASE + 0x10, 4), ==, 0);
    fixture_store(m, BASE + 4, 2, 0xffff);
    g_assert_cmphex(fixture_load(m, BASE + 4, 4), ==, 0x0547);
    g_assert_cmphex(fixture_load(m, BASE + 0x1000, 4), ==, UINT32_MAX); /* 00:00.1 */
    g_assert_cmphex(fixture_load(m, BASE + 0x8000, 2), ==, 0xffff);
    fixture_store(m, BASE + 0x8000, 4, 0);
    g_assert_cmphex(fixture_load(m, dev_region(dev, 2)->addr + 0x100, 8), ==, UINT64_MAX);
    dev_reset(dev);
    g_assert_cmphex(fixture_load(m, BASE + 4, 2), ==, 0);
    fixture_free(m);
}

/* --- flash --- */

enum { SECTOR = 0x40000 };

static void flash_cmd(Machine *m, uint64_t offset, uint8_t cmd)
{
    fixture_store(m, BASE + offset, 4, cmd * 0x00010001u);
}

static void test_flash_query(void)
{
    Machine *m = fixture_machine("none", "");
    fixture_device(m, "cfi.pflash01", BASE, "size=32M");
    flash_cmd(m, 0, 0x98);
    g_assert_cmphex(fixture_load(m, BASE + 4 * 0x10, 4), ==, 0x00510051);
    g_assert_cmphex(fixture_load(m, BASE + 4 * 0x11, 4), ==, 0x00520052);
    g_assert_cmphex(fixture_load(m, BASE + 4 * 0x27, 2), ==, 24); /* 16 MiB a chip */
    g_assert_cmphex(fixture_load(m, BASE + 4 * 0x2d, 2), ==, 127);
    flash_cmd(m, 0, 0x90);
    g_assert_cmphex(fixture_load(m, BASE, 4), ==, 0x00890089);
    flash_cmd(m, 0, 0xff);
    g_assert_cmphex(fixture_load(m, BASE, 4), ==, 0);
    fixture_free(m);
}

static void test_flash_program(void)
{
    Machine *m = fixture_machine("none", "");
    Device *dev = fixture_device(m, "cfi.pflash01", BASE, "size=32M");
    flash_cmd(m, SECTOR + 0x100, 0x20);
    flash_cmd(m, SECTOR + 0x100, 0xd0);
    g_assert_cmphex(fixture_load(m, BASE, 4), ==, 0x00800080);
    flash_cmd(m, SECTOR, 0x40);
    fixture_store(m, BASE + SECTOR, 4, 0x12345678);
    flash_cmd(m, SECTOR, 0x40);
    fixture_store(m, BASE + SECTOR, 4, 0xffff0000); /* bits only go down */
    flash_cmd(m, 0, 0xff);
    g_assert_cmphex(fixture_load(m, BASE + SECTOR, 8), ==, 0xffffffff12340000);
    g_assert_cmphex(fixture_load(m, BASE + 2 * SECTOR - 4, 4), ==, UINT32_MAX);
    g_assert_cmphex(fixture_load(m, BASE + 2 * SECTOR, 4), ==, 0);
    g_assert_cmphex(fixture_load(m, BASE + SECTOR - 4, 4), ==, 0);
    dev_reset(dev); /* contents stay */
    g_assert_cmphex(fixture_load(m, BASE + SECTOR, 4), ==, 0x12340000);
    fixture_free(m);
}

static void test_flash_buffer(void)
{
    Machine *m = fixture_machine("none", "");
    fixture_device(m, "cfi.pflash01", BASE, "size=32M");
    flash_cmd(m, 0, 0x20);
    flash_cmd(m, 0, 0xd0);
    flash_cmd(m, 0x400, 0xe8);
    g_assert_cmphex(fixture_load(m, BASE + 0x400, 4), ==, 0x00800080);
    flash_cmd(m, 0x400, 1); /* two words */
    fixture_store(m, BASE + 0x404, 4, 0x11111111);
    fixture_store(m, BASE + 0x408, 4, 0x22222222);
    flash_cmd(m, 0x400, 0xd0);
    g_assert_cmphex(fixture_load(m, BASE, 4), ==, 0x00800080);
    flash_cmd(m, 0, 0xe8);
    fixture_store(m, BASE, 4, 0x01000100); /* one word more than there is room for */
    g_assert_cmphex(fixture_load(m, BASE, 4) & 0x30, !=, 0);
    flash_cmd(m, 0, 0x50);
    flash_cmd(m, 0, 0xe8);
    flash_cmd(m, 0, 0);
    fixture_store(m, BASE + 0x1000, 4, 0);
    flash_cmd(m, 0, 0x00); /* not confirmed: nothing happens */
    g_assert_cmphex(fixture_load(m, BASE, 4) & 0x30, !=, 0);
    flash_cmd(m, 0, 0xff);
    g_assert_cmphex(fixture_load(m, BASE + 0x400, 8), ==, 0x11111111ffffffff);
    g_assert_cmphex(fixture_load(m, BASE + 0x408, 8), ==, 0xffffffff22222222);
    g_assert_cmphex(fixture_load(m, BASE + 0x1000, 4), ==, UINT32_MAX);
    fixture_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtc/time", test_rtc_time);
    g_test_add_func("/rtc/alarm", test_rtc_alarm);
    g_test_add_func("/finisher/status", test_finisher);
    g_test_add_func("/finisher/no-reboot", test_finisher_reset);
    g_test_add_func("/fw-cfg/items", test_fw_cfg_items);
    g_test_add_func("/fw-cfg/files", test_fw_cfg_files);
    g_test_add_func("/fw-cfg/dma", test_fw_cfg_dma);
    g_test_add_func("/fw-cfg/dma-bounds", test_fw_cfg_dma_bounds);
    g_test_add_func("/virtio-slot", test_virtio_slot);
    g_test_add_func("/pcie", test_pcie);
    g_test_add_func("/flash/query", test_flash_query);
    g_test_add_func("/flash/program", test_flash_program);
    g_test_add_func("/flash/buffer", test_flash_buffer);
    return g_test_run();
}
