/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rv_hart.h"
#include "accel/tcg.h"

AccelCalls accel_calls;

/* --- the accelerator's double --- */

void tcg_tlb_flush(VCpu *cpu)
{
    accel_calls.flush++;
}

void tcg_tlb_flush_space(VCpu *cpu, uint32_t space)
{
    accel_calls.flush_space++;
    accel_calls.space = space;
}

void tcg_tlb_flush_page(VCpu *cpu, uint64_t gva)
{
    accel_calls.flush_page++;
    accel_calls.gva = gva;
}

void tcg_tlb_flush_page_space(VCpu *cpu, uint64_t gva, uint32_t space)
{
    accel_calls.flush_page_space++;
    accel_calls.gva = gva;
    accel_calls.space = space;
}

void tcg_tlb_bind(VCpu *cpu, unsigned mode_mask, uint32_t space)
{
    accel_calls.bind++;
    accel_calls.mode_mask = mode_mask;
    accel_calls.space = space;
}

void tcg_tlb_flush_modes(VCpu *cpu, unsigned mode_mask)
{
    accel_calls.flush_modes++;
    accel_calls.mode_mask = mode_mask;
}

void tcg_fence_i(VCpu *cpu)
{
    accel_calls.fence_i++;
}

/* --- time: one tick is a nanosecond of the virtual clock, which stands still --- */

static uint64_t time_now(TimeSource *source)
{
    return ((TestTime *)source)->now;
}

static int64_t time_deadline(TimeSource *source, uint64_t tick)
{
    return tick > INT64_MAX ? INT64_MAX : (int64_t)tick;
}

/* --- the hart --- */

static void add_memory(Hart *h)
{
    Error err = { 0 };
    bool ok = mem_region_init_ram(&h->ram, h->machine, "ram", HART_RAM_SIZE, &err) &&
              mem_region_init_rom(&h->rom, h->machine, "rom", 0x10000, &err);

    g_assert_cmpstr(error_msg(&err), ==, "");
    g_assert_true(ok);
    mem_region_add_sub(&h->machine->sysmem, HART_RAM, &h->ram, 0);
    mem_region_add_sub(&h->machine->sysmem, HART_ROM, &h->rom, 0);
}

Hart *hart_new(const char *model)
{
    Hart *h = g_new0(Hart, 1);
    Error err = { 0 };
    VCpu *vcpu;

    h->machine = machine_new("none", &err);
    g_assert_nonnull(h->machine);
    machine_lock(h->machine);
    add_memory(h);
    h->time.source = (TimeSource) {
        .frequency = 1000000000,
        .now = time_now,
        .deadline_ns = time_deadline,
        .listeners = g_array_new(FALSE, FALSE, sizeof(TimeSourceListener)),
    };
    vcpu = rv_cpu_new(h->machine, model, 0, &err);
    g_assert_cmpstr(error_msg(&err), ==, "");
    rv_cpu_set_time_source(vcpu, &h->time.source);
    rv_cpu_set_reset_pc(vcpu, 0x1000);
    g_assert_true(dev_realize(&vcpu->dev, NULL, "cpu", &err));
    machine_unlock(h->machine);
    h->cpu = rv_cpu(vcpu);
    h->s = h->cpu->state;
    hart_reset(h);
    return h;
}

void hart_free(Hart *h)
{
    machine_lock(h->machine);
    mem_region_del_sub(&h->machine->sysmem, &h->ram);
    mem_region_del_sub(&h->machine->sysmem, &h->rom);
    mem_region_destroy(&h->ram);
    mem_region_destroy(&h->rom);
    machine_unlock(h->machine);
    machine_free(h->machine);
    g_array_free(h->time.source.listeners, TRUE);
    g_free(h);
}

void hart_reset(Hart *h)
{
    h->cpu->vcpu.reset(&h->cpu->vcpu);
    accel_calls = (AccelCalls) { 0 };
}

void hart_enter(Hart *h, RvPriv priv)
{
    h->s->priv = priv;
    rv_update_flags(h->cpu);
}

uint64_t hart_csr(Hart *h, unsigned number)
{
    uint64_t old;

    g_assert_true(rv_csr_access(h->cpu, number, RV_CSR_RS | RV_CSR_NO_WRITE, 0, &old));
    return old;
}

void hart_set_csr(Hart *h, unsigned number, uint64_t value)
{
    uint64_t old;

    g_assert_true(rv_csr_access(h->cpu, number, RV_CSR_RW, value, &old));
}

bool hart_csr_traps(Hart *h, unsigned number)
{
    uint64_t old;

    return !rv_csr_access(h->cpu, number, RV_CSR_RS | RV_CSR_NO_WRITE, 0, &old);
}

uint64_t hart_load(Hart *h, uint64_t gpa)
{
    uint64_t value = 0;

    machine_lock(h->machine);
    g_assert_cmpint(mem_load(&h->machine->memory, gpa, 8, &value, MEM_ATTRS_NONE), ==, MEM_OK);
    machine_unlock(h->machine);
    return value;
}

void hart_store(Hart *h, uint64_t gpa, uint64_t value)
{
    machine_lock(h->machine);
    g_assert_cmpint(mem_write_rom(&h->machine->memory, gpa, &value, sizeof(value)), ==, MEM_OK);
    machine_unlock(h->machine);
}

void hart_open_pmp(Hart *h)
{
    h->s->pmpaddr[0] = BITS(53, 0);
    h->s->pmpcfg[0] = PMP_NAPOT << PMP_A_SHIFT | PMP_RWX;
    rv_pmp_changed(h->cpu);
}
