/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree of "virt".
 * Specification: Devicetree Specification 0.4 and the bindings of the kernel's
 * Documentation/devicetree/bindings. Guests rely on names, values and the order of nodes (Linux
 * numbers devices in it).
 */
#include "virt.h"

#include <assert.h>
#include <libfdt.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>

#include "util/bitops.h"
#include "util/units.h"

enum {
    PHANDLE_PLIC = 1,
    PHANDLE_TEST = 2,
    PHANDLE_CPUS = 3, /* two for each hart: the hart and its interrupt controller */
    NODE_ROOM = 4096, /* bytes for a node, generous */
    FIXED_NODES = 64,
    CHOSEN_ROOM = 1024, /* for what virt_fdt_finish adds, beside the command line */
    SEED_SIZE = 32,
    MAX_FDT_SIZE = 2 * 1024 * 1024,
};

/* Only our own mistakes can make a call fail: the first one is kept and asserted at the end. */
typedef struct Tree {
    const VirtMachine *v;
    void *fdt;
    int err;
} Tree;

static void keep(Tree *t, int err)
{
    t->err = t->err ? t->err : err;
}

static void begin(Tree *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void begin(Tree *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    g_autofree char *name = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    keep(t, fdt_begin_node(t->fdt, name));
}

static void end(Tree *t)
{
    keep(t, fdt_end_node(t->fdt));
}

static void put_str(Tree *t, const char *name, const char *value)
{
    keep(t, fdt_property_string(t->fdt, name, value));
}

static void put_u32(Tree *t, const char *name, uint32_t value)
{
    keep(t, fdt_property_u32(t->fdt, name, value));
}

static void put_flag(Tree *t, const char *name)
{
    keep(t, fdt_property(t->fdt, name, NULL, 0));
}

/* A list of strings, ended by NULL. */
static void put_strings(Tree *t, const char *name, const char *const *strings)
{
    GByteArray *bytes = g_byte_array_new();
    for (; *strings; strings++) {
        g_byte_array_append(bytes, (const guint8 *)*strings, (guint)strlen(*strings) + 1);
    }
    keep(t, fdt_property(t->fdt, name, bytes->data, (int)bytes->len));
    g_byte_array_free(bytes, TRUE);
}

static void put_compatible2(Tree *t, const char *first, const char *second)
{
    put_strings(t, "compatible", (const char *const[]) { first, second, NULL });
}

static void put_cells(Tree *t, const char *name, const uint32_t *cells, unsigned n)
{
    g_autofree fdt32_t *raw = g_new(fdt32_t, n);
    for (unsigned i = 0; i < n; i++) {
        raw[i] = cpu_to_fdt32(cells[i]);
    }
    keep(t, fdt_property(t->fdt, name, raw, (int)(n * sizeof(*raw))));
}

#define PUT_CELLS(t, name, ...)                                                                    \
    put_cells(t, name, (const uint32_t[]) { __VA_ARGS__ },                                         \
              sizeof((const uint32_t[]) { __VA_ARGS__ }) / sizeof(uint32_t))

#define CELLS64(v) (uint32_t)((uint64_t)(v) >> 32), (uint32_t)(v)

static void put_reg(Tree *t, uint64_t base, uint64_t size)
{
    PUT_CELLS(t, "reg", CELLS64(base), CELLS64(size));
}

static uint32_t cpu_phandle(unsigned n)
{
    return PHANDLE_CPUS + 2 * n;
}

static uint32_t intc_phandle(unsigned n)
{
    return PHANDLE_CPUS + 2 * n + 1;
}

/* Each hart's interrupt controller with each of these inputs. */
static void put_harts(Tree *t, const uint32_t *inputs, unsigned n)
{
    unsigned harts = t->v->parent.cpus->len;
    g_autofree uint32_t *cells = g_new(uint32_t, harts * n * 2);
    uint32_t *p = cells;
    for (unsigned i = 0; i < harts; i++) {
        for (unsigned k = 0; k < n; k++) {
            *p++ = intc_phandle(i);
            *p++ = inputs[k];
        }
    }
    put_cells(t, "interrupts-extended", cells, harts * n * 2);
}

#define PUT_HARTS(t, ...)                                                                          \
    put_harts(t, (const uint32_t[]) { __VA_ARGS__ },                                               \
              sizeof((const uint32_t[]) { __VA_ARGS__ }) / sizeof(uint32_t))

static void put_interrupt(Tree *t, uint32_t irq)
{
    put_u32(t, "interrupts", irq);
    put_u32(t, "interrupt-parent", PHANDLE_PLIC);
}

/* --- nodes --- */

static void add_syscon(Tree *t, const char *name, uint32_t value)
{
    begin(t, "%s", name);
    put_u32(t, "value", value);
    put_u32(t, "offset", 0);
    put_u32(t, "regmap", PHANDLE_TEST);
    put_str(t, "compatible", !strcmp(name, "reboot") ? "syscon-reboot" : "syscon-poweroff");
    end(t);
}

/* Buses for devices that are added later; nothing is there. */
static void add_platform_bus(Tree *t)
{
    const VirtMapEntry *map = &virt_map[VIRT_PLATFORM_BUS];
    begin(t, "platform-bus@%" G_GINT64_MODIFIER "x", map->base);
    put_u32(t, "interrupt-parent", PHANDLE_PLIC);
    PUT_CELLS(t, "ranges", 0, CELLS64(map->base), (uint32_t)map->size);
    put_u32(t, "#address-cells", 1);
    put_u32(t, "#size-cells", 1);
    put_compatible2(t, "qemu,platform", "simple-bus");
    end(t);
}

static void add_memory(Tree *t)
{
    begin(t, "memory@%" G_GINT64_MODIFIER "x", virt_map[VIRT_DRAM].base);
    put_str(t, "device_type", "memory");
    put_reg(t, virt_map[VIRT_DRAM].base, t->v->parent.ram.size);
    end(t);
}

static void add_cache_blocks(Tree *t, char **extensions)
{
    static const char *const rows[][2] = { { "zicbop", "riscv,cbop-block-size" },
                                           { "zicboz", "riscv,cboz-block-size" },
                                           { "zicbom", "riscv,cbom-block-size" } };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        if (g_strv_contains((const gchar *const *)extensions, rows[i][0])) {
            put_u32(t, rows[i][1], 64);
        }
    }
}

static void add_cpu(Tree *t, unsigned n)
{
    const VCpu *cpu = virt_cpu(t->v, n);
    g_autofree char *isa = rv_cpu_isa_string(cpu);
    g_auto(GStrv) extensions = rv_cpu_isa_extensions(cpu);
    uint32_t hartid = (uint32_t)rv_cpu_hartid(cpu);
    begin(t, "cpu@%x", hartid);
    put_u32(t, "phandle", cpu_phandle(n));
    put_str(t, "device_type", "cpu");
    put_u32(t, "reg", hartid);
    put_str(t, "status", "okay");
    put_str(t, "compatible", "riscv");
    add_cache_blocks(t, extensions);
    put_strings(t, "riscv,isa-extensions", (const char *const *)extensions);
    put_str(t, "riscv,isa-base", rv_cpu_isa_base(cpu));
    put_str(t, "riscv,isa", isa);
    const char *mmu = rv_cpu_mmu_type(cpu);
    put_str(t, "mmu-type", mmu ? mmu : "riscv,none");
    begin(t, "interrupt-controller");
    put_u32(t, "#interrupt-cells", 1);
    put_flag(t, "interrupt-controller");
    put_str(t, "compatible", "riscv,cpu-intc");
    put_u32(t, "phandle", intc_phandle(n));
    end(t);
    end(t);
}

static void add_cpus(Tree *t)
{
    unsigned harts = t->v->parent.cpus->len;
    begin(t, "cpus");
    put_u32(t, "#address-cells", 1);
    put_u32(t, "#size-cells", 0);
    put_u32(t, "timebase-frequency", VIRT_TIMEBASE_HZ);
    for (unsigned i = 0; i < harts; i++) {
        add_cpu(t, i);
    }
    begin(t, "cpu-map");
    begin(t, "cluster0");
    for (unsigned i = 0; i < harts; i++) {
        begin(t, "core%u", i);
        put_u32(t, "cpu", cpu_phandle(i));
        end(t);
    }
    end(t);
    end(t);
    end(t);
}

/* SBI events (SBI specification, chapter "Performance Monitoring Unit Extension"): cycles and
 * instructions, each on the one counter that counts them. */
static void add_pmu(Tree *t)
{
    enum { EVENT_CYCLES = 1, EVENT_INSTRUCTIONS = 2, COUNTER_CYCLE = 1, COUNTER_INSTRET = 4 };
    begin(t, "pmu");
    PUT_CELLS(t, "riscv,event-to-mhpmcounters", EVENT_CYCLES, EVENT_CYCLES, COUNTER_CYCLE,
              EVENT_INSTRUCTIONS, EVENT_INSTRUCTIONS, COUNTER_INSTRET);
    put_str(t, "compatible", "riscv,pmu");
    end(t);
}

static void add_fw_cfg(Tree *t)
{
    begin(t, "fw-cfg@%" G_GINT64_MODIFIER "x", virt_map[VIRT_FW_CFG].base);
    put_flag(t, "dma-coherent");
    put_reg(t, virt_map[VIRT_FW_CFG].base, virt_map[VIRT_FW_CFG].size);
    put_str(t, "compatible", "qemu,fw-cfg-mmio");
    end(t);
}

static void add_flash(Tree *t)
{
    uint64_t base = virt_map[VIRT_FLASH].base, size = virt_map[VIRT_FLASH].size / 2;
    begin(t, "flash@%" G_GINT64_MODIFIER "x", base);
    put_u32(t, "bank-width", 4);
    PUT_CELLS(t, "reg", CELLS64(base), CELLS64(size), CELLS64(base + size), CELLS64(size));
    put_str(t, "compatible", "cfi-flash");
    end(t);
}

static void add_aliases_and_chosen(Tree *t)
{
    const char *uart = "/soc/serial@10000000";
    uint8_t seed[SEED_SIZE] = { 0 };
    begin(t, "aliases");
    put_str(t, "serial0", uart);
    end(t);
    begin(t, "chosen");
    put_str(t, "stdout-path", uart);
    keep(t, fdt_property(t->fdt, "rng-seed", seed, sizeof(seed)));
    end(t);
}

static void add_rtc(Tree *t)
{
    begin(t, "rtc@%" G_GINT64_MODIFIER "x", virt_map[VIRT_RTC].base);
    put_interrupt(t, VIRT_IRQ_RTC);
    put_reg(t, virt_map[VIRT_RTC].base, virt_map[VIRT_RTC].size);
    put_str(t, "compatible", "google,goldfish-rtc");
    end(t);
}

static void add_serial(Tree *t)
{
    begin(t, "serial@%" G_GINT64_MODIFIER "x", virt_map[VIRT_UART0].base);
    put_interrupt(t, VIRT_IRQ_UART0);
    put_u32(t, "clock-frequency", VIRT_UART_HZ);
    put_reg(t, virt_map[VIRT_UART0].base, virt_map[VIRT_UART0].size);
    put_str(t, "compatible", "ns16550a");
    end(t);
}

static void add_test(Tree *t)
{
    begin(t, "test@%" G_GINT64_MODIFIER "x", virt_map[VIRT_TEST].base);
    put_u32(t, "phandle", PHANDLE_TEST);
    put_reg(t, virt_map[VIRT_TEST].base, virt_map[VIRT_TEST].size);
    put_strings(t, "compatible",
                (const char *const[]) { "sifive,test1", "sifive,test0", "syscon", NULL });
    end(t);
}

/* The last slot comes first. */
static void add_virtio(Tree *t)
{
    const VirtMapEntry *map = &virt_map[VIRT_VIRTIO];
    for (unsigned i = VIRT_VIRTIO_SLOTS; i-- > 0;) {
        begin(t, "virtio_mmio@%" G_GINT64_MODIFIER "x", map->base + i * map->size);
        put_interrupt(t, VIRT_IRQ_VIRTIO + i);
        put_reg(t, map->base + i * map->size, map->size);
        put_str(t, "compatible", "virtio,mmio");
        end(t);
    }
}

static void add_plic(Tree *t)
{
    begin(t, "interrupt-controller@%" G_GINT64_MODIFIER "x", virt_map[VIRT_PLIC].base);
    put_u32(t, "phandle", PHANDLE_PLIC);
    put_u32(t, "riscv,ndev", VIRT_PLIC_SOURCES - 1);
    put_reg(t, virt_map[VIRT_PLIC].base, virt_map[VIRT_PLIC].size);
    PUT_HARTS(t, RV_LINE_MEIP, RV_LINE_SEIP);
    put_flag(t, "interrupt-controller");
    put_compatible2(t, "sifive,plic-1.0.0", "riscv,plic0");
    put_u32(t, "#address-cells", 0);
    put_u32(t, "#interrupt-cells", 1);
    end(t);
}

static void add_clint(Tree *t)
{
    begin(t, "clint@%" G_GINT64_MODIFIER "x", virt_map[VIRT_CLINT].base);
    PUT_HARTS(t, RV_LINE_MSIP, RV_LINE_MTIP);
    put_reg(t, virt_map[VIRT_CLINT].base, virt_map[VIRT_CLINT].size);
    put_compatible2(t, "sifive,clint0", "riscv,clint0");
    end(t);
}

static void add_swi(Tree *t, const char *name, uint64_t gpa, uint32_t input, const char *compatible)
{
    begin(t, "%s@%" G_GINT64_MODIFIER "x", name, gpa);
    put_u32(t, "#interrupt-cells", 0);
    put_flag(t, "interrupt-controller");
    put_harts(t, &input, 1);
    put_reg(t, gpa, 0x4000);
    put_str(t, "compatible", compatible);
    end(t);
}

/* mtime, then the compare registers; together they reach to the end of the CLINT. */
static void add_aclint(Tree *t)
{
    uint64_t clint = virt_map[VIRT_CLINT].base, compare = clint + 0x4000, time = clint + 0xbff8;
    add_swi(t, "sswi", virt_map[VIRT_SSWI].base, RV_LINE_SSIP, "riscv,aclint-sswi");
    begin(t, "mtimer@%" G_GINT64_MODIFIER "x", time);
    PUT_HARTS(t, RV_LINE_MTIP);
    PUT_CELLS(t, "reg", CELLS64(time), CELLS64(clint + virt_map[VIRT_CLINT].size - time),
              CELLS64(compare), CELLS64(time - compare));
    put_str(t, "compatible", "riscv,aclint-mtimer");
    end(t);
    add_swi(t, "mswi", clint, RV_LINE_MSIP, "riscv,aclint-mswi");
}

/* INTA..INTD of slot n are rotated by n, over four slots. */
static void put_interrupt_map(Tree *t)
{
    enum { PINS = 4, CELLS = 6, SLOT_SHIFT = 11 };
    uint32_t cells[PINS * PINS * CELLS], *p = cells;
    for (unsigned slot = 0; slot < PINS; slot++) {
        for (unsigned pin = 0; pin < PINS; pin++) {
            const uint32_t row[CELLS] = {
                slot << SLOT_SHIFT, 0, 0, pin + 1, PHANDLE_PLIC, VIRT_IRQ_PCIE + (slot + pin) % PINS
            };
            memcpy(p, row, sizeof(row));
            p += CELLS;
        }
    }
    PUT_CELLS(t, "interrupt-map-mask", (PINS - 1) << SLOT_SHIFT, 0, 0, 7);
    put_cells(t, "interrupt-map", cells, ARRAY_LEN(cells));
}

static void add_pcie(Tree *t)
{
    enum { SPACE_IO = 0x01000000, SPACE_MEM32 = 0x02000000, SPACE_MEM64 = 0x03000000 };
    const VirtMapEntry *ecam = &virt_map[VIRT_PCIE_ECAM], *pio = &virt_map[VIRT_PCIE_PIO];
    const VirtMapEntry *mmio = &virt_map[VIRT_PCIE_MMIO];
    uint64_t high = t->v->pcie_high_base;
    begin(t, "pci@%" G_GINT64_MODIFIER "x", ecam->base);
    put_interrupt_map(t);
    PUT_CELLS(t, "ranges", SPACE_IO, CELLS64(0), CELLS64(pio->base), CELLS64(pio->size),
              SPACE_MEM32, CELLS64(mmio->base), CELLS64(mmio->base), CELLS64(mmio->size),
              SPACE_MEM64, CELLS64(high), CELLS64(high), CELLS64(t->v->pcie_high_size));
    put_reg(t, ecam->base, ecam->size);
    put_flag(t, "dma-coherent");
    PUT_CELLS(t, "bus-range", 0, (uint32_t)(ecam->size / MiB) - 1);
    put_u32(t, "linux,pci-domain", 0);
    put_str(t, "device_type", "pci");
    put_str(t, "compatible", "pci-host-ecam-generic");
    put_u32(t, "#size-cells", 2);
    put_u32(t, "#interrupt-cells", 1);
    put_u32(t, "#address-cells", 3);
    end(t);
}

static void add_soc(Tree *t)
{
    begin(t, "soc");
    put_u32(t, "#address-cells", 2);
    put_u32(t, "#size-cells", 2);
    put_str(t, "compatible", "simple-bus");
    put_flag(t, "ranges");
    add_rtc(t);
    add_serial(t);
    add_test(t);
    add_virtio(t);
    add_plic(t);
    if (t->v->aclint) {
        add_aclint(t);
    } else {
        add_clint(t);
    }
    add_pcie(t);
    end(t);
}

static void add_root(Tree *t)
{
    const char *compatible = t->v->dt_compatible;
    begin(t, "%s", "");
    put_u32(t, "#address-cells", 2);
    put_u32(t, "#size-cells", 2);
    put_str(t, "compatible", compatible ? compatible : "riscv-virtio");
    put_str(t, "model", "riscv-virtio,qemu");
    add_syscon(t, "poweroff", 0x5555);
    add_syscon(t, "reboot", 0x7777);
    add_platform_bus(t);
    add_memory(t);
    add_cpus(t);
    add_pmu(t);
    add_fw_cfg(t);
    add_flash(t);
    add_aliases_and_chosen(t);
    add_soc(t);
    end(t);
}

/* --- the whole tree --- */

void *virt_fdt_new(const VirtMachine *v)
{
    size_t size = (size_t)NODE_ROOM * (FIXED_NODES + v->parent.cpus->len);
    size += v->dt_compatible ? strlen(v->dt_compatible) : 0;
    Tree t = { .v = v, .fdt = g_malloc0(size) };
    keep(&t, fdt_create(t.fdt, (int)size));
    keep(&t, fdt_finish_reservemap(t.fdt));
    add_root(&t);
    keep(&t, fdt_finish(t.fdt));
    assert(t.err == 0);
    return t.fdt;
}

size_t virt_fdt_size(const void *fdt)
{
    return fdt_totalsize(fdt);
}

void *virt_fdt_read(const char *path, Error *err)
{
    g_autoptr(GBytes) bytes = loader_read_file("device tree", path, MAX_FDT_SIZE, err);
    if (!bytes) {
        return NULL;
    }
    size_t len;
    const void *data = g_bytes_get_data(bytes, &len);
    int rc = len < sizeof(struct fdt_header) ? -FDT_ERR_TRUNCATED : fdt_check_full(data, len);
    if (rc) {
        error_set(err, "'%s' is not a device tree blob (%s)", path, fdt_strerror(rc));
        error_hint(err, "Sources are compiled with dtc -O dtb");
        return NULL;
    }
    return g_memdup2(data, len);
}

static int set_u64(void *fdt, int node, const char *name, uint64_t value)
{
    return fdt_setprop_u64(fdt, node, name, value);
}

static int finish_chosen(void *fdt, const VirtBoot *boot, const char *append)
{
    int node = fdt_path_offset(fdt, "/chosen");
    node = node == -FDT_ERR_NOTFOUND ? fdt_add_subnode(fdt, 0, "chosen") : node;
    if (node < 0) {
        return node;
    }
    int rc = append ? fdt_setprop_string(fdt, node, "bootargs", append) : 0;
    if (!rc && boot->initrd_size) {
        rc = set_u64(fdt, node, "linux,initrd-start", boot->initrd);
        rc = rc ? rc : set_u64(fdt, node, "linux,initrd-end", boot->initrd + boot->initrd_size);
    }
    return rc;
}

void *virt_fdt_finish(void *fdt, const VirtBoot *boot, const char *append, Error *err)
{
    size_t size = fdt_totalsize(fdt) + CHOSEN_ROOM + (append ? strlen(append) : 0);
    void *wide = g_malloc0(size);
    int rc = fdt_open_into(fdt, wide, (int)size);
    rc = rc ? rc : finish_chosen(wide, boot, append);
    rc = rc ? rc : fdt_pack(wide);
    g_free(fdt);
    if (rc) {
        error_set(err, "the device tree cannot be completed (%s)", fdt_strerror(rc));
        g_free(wide);
        return NULL;
    }
    virt_fdt_reseed(wide);
    return wide;
}

void virt_fdt_reseed(void *fdt)
{
    uint8_t seed[SEED_SIZE];
    int node = fdt_path_offset(fdt, "/chosen");
    int len = 0;
    bool has_seed = node >= 0 && fdt_getprop(fdt, node, "rng-seed", &len) && len == SEED_SIZE;
    if (has_seed && getrandom(seed, sizeof(seed), 0) == sizeof(seed)) {
        fdt_setprop_inplace(fdt, node, "rng-seed", seed, sizeof(seed));
    }
}
