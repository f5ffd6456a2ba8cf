/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RISC-V CPUs as objects: models, properties, reset, and what boards see (cpu.h). */

#include <stdlib.h>
#include <string.h>
#include "csr.h"
#include "csr_bits.h"
#include "decode.h"
#include "tcg/fp_status.h"

#define TYPE_RV_CPU   "riscv-cpu"
#define MODEL_SUFFIX  "-riscv-cpu"
#define TYPE_RV64_CPU "rv64" MODEL_SUFFIX
#define TYPE_MAX_CPU  "max" MODEL_SUFFIX

/* --- properties --- */

#define DEFAULT_RV64 "on"
#define DEFAULT_MAX  "off" /* rv_config_max turns it on */
#define DEFAULT_OFF  "off"
#define PROP_LISTED(ext_name, def)                                                                 \
    FIELD_PROP(RvCpu, cfg.ext[RV_EXT_##ext_name], #ext_name, def, "ISA extension"),
#define PROP_HIDDEN(ext_name, def)                                                                 \
    FIELD_PROP(RvCpu, cfg.ext[RV_EXT_##ext_name], #ext_name, def, "privilege mode"),
#define PROP_FACT(ext_name, def)

static const Field cpu_props[] = {
#define EXT(ext_name, def, kind, needs) PROP_##kind(ext_name, DEFAULT_##def)
#include "ext.def"
#undef EXT
#define ABSENT(ext_name)                                                                           \
    FIELD_PROP(RvCpu, absent[RV_ABSENT_##ext_name], #ext_name, "off", "ISA extension (not there)"),
#include "ext_absent.def"
#undef ABSENT
    FIELD_PROP(RvCpu, cfg.mmu, "mmu", "on", "address translation"),
    FIELD_PROP(RvCpu, cfg.pmp, "pmp", "on", "physical memory protection, 16 entries"),
    FIELD_PROP(RvCpu, sv39, "sv39", NULL, "Sv39 is the largest translation scheme; off: is absent"),
    FIELD_PROP(RvCpu, sv48, "sv48", NULL, "likewise Sv48"),
    FIELD_PROP(RvCpu, sv57, "sv57", NULL, "likewise Sv57"),
    FIELD_PROP(RvCpu, priv_spec, "priv_spec", "v1.12.0", "version of the privileged architecture"),
    FIELD_PROP_FLAGS(RvCpu, cfg.mvendorid, "mvendorid", FIELD_HEX, "0", "value of that CSR"),
    FIELD_PROP_FLAGS(RvCpu, cfg.marchid, "marchid", FIELD_HEX, "0", "value of that CSR"),
    FIELD_PROP_FLAGS(RvCpu, cfg.mimpid, "mimpid", FIELD_HEX, "0", "value of that CSR"),
    FIELD_END,
};

/* --- life --- */

static uint64_t line_levels(const RvCpu *cpu)
{
    uint64_t levels = 0;

    for (unsigned i = 0; i < RV_LINES; i++) {
        levels |= i != RV_LINE_SSIP && irq_level(&cpu->lines[i]) ? BIT(i) : 0;
    }
    return levels;
}

static void restart(RvCpu *cpu)
{
    __atomic_store_n(&cpu->state->mip_lines, line_levels(cpu), __ATOMIC_SEQ_CST);
    rv_mmu_restart(cpu);
    rv_stimer_update(cpu);
    rv_update_flags(cpu);
    rv_check_interrupts(cpu);
}

/* Reset state: privileged spec 3.4; what it leaves open is zero. With Svadu alone, A and D bits are
 * set by hardware from the start; with Svade, only once menvcfg.ADUE asks for it. */
static void reset(RvCpu *cpu)
{
    RvState *s = cpu->state;
    const RvConfig *cfg = &cpu->cfg;

    memset(&s->mstatus, 0, sizeof(*s) - offsetof(RvState, mstatus));
    memset(s->tcg.ireg, 0, sizeof(s->tcg.ireg));
    memset(s->tcg.freg, 0, sizeof(s->tcg.freg));
    s->tcg.pc = cpu->reset_pc;
    s->tcg.raised = 0;
    s->tcg.fp_status = FP_STATUS_DEFAULT;
    s->tcg.host_fp = FP_STATUS_DEFAULT;
    s->priv = RV_M;
    s->res_addr = UINT64_MAX;
    s->mstatus = (rv_has(cfg, RV_EXT_s) ? MSTATUS_SXL_64 : 0) |
                 (rv_has(cfg, RV_EXT_u) ? MSTATUS_UXL_64 : MSTATUS_MPP);
    if (rv_has(cfg, RV_EXT_svadu) && !rv_has(cfg, RV_EXT_svade)) {
        s->menvcfg = MENVCFG_ADUE;
    }
    cpu->vcpu.halted = false;
    restart(cpu);
}

static void reset_vcpu(VCpu *vcpu)
{
    reset(rv_cpu(vcpu));
}

static void reset_device(Device *dev)
{
    reset(rv_cpu((VCpu *)dev));
}

static void map_changed(void *opaque, AddressSpace *as)
{
    RvCpu *cpu = opaque;

    __atomic_fetch_add(&cpu->map_generation, 1, __ATOMIC_SEQ_CST);
}

static bool realize(Device *dev, Error *err)
{
    RvCpu *cpu = rv_cpu((VCpu *)dev);

    rv_csr_index(cpu);
    cpu->decoder = rv_decoder_new(&cpu->cfg);
    rv_stimer_init(cpu);
    mem_as_add_listener(&cpu->vcpu.dev.machine->memory, map_changed, cpu);
    reset(cpu);
    return true;
}

static void init(Object *obj)
{
    RvCpu *cpu = rv_cpu((VCpu *)obj);

    cpu->state = aligned_alloc(64, align_up(sizeof(*cpu->state), 64));
    g_assert(cpu->state);
    memset(cpu->state, 0, sizeof(*cpu->state));
    cpu->state->cpu = cpu;
    cpu->state_count = 1;
    cpu->vcpu.state = &cpu->state->tcg;
    cpu->vcpu.ops = &rv_target_ops;
    cpu->vcpu.reset = reset_vcpu;
    for (int i = 0; i < RV_LINES; i++) {
        irq_init(&cpu->lines[i], rv_line_changed, cpu, i);
    }
}

static void init_max(Object *obj)
{
    rv_config_max(rv_cpu((VCpu *)obj));
}

static void finalize(Object *obj)
{
    RvCpu *cpu = rv_cpu((VCpu *)obj);

    if (cpu->decoder) {
        mem_as_remove_listener(&cpu->vcpu.dev.machine->memory, map_changed, cpu);
        rv_stimer_end(cpu);
        rv_decoder_free(cpu->decoder);
    }
    g_free(cpu->saved_config);
    free(cpu->state);
}

/* --- saved state --- */

static const Field state_fields[] = {
    FIELD_SAVED_ARRAY(RvState, tcg.ireg),
    FIELD_SAVED_ARRAY(RvState, tcg.freg),
    FIELD_SAVED(RvState, tcg.pc),
    FIELD_SAVED(RvState, tcg.fp_status),
    FIELD_SAVED(RvState, mstatus),
    FIELD_SAVED_BOUNDED(RvState, priv, RV_U, RV_M),
    FIELD_SAVED(RvState, medeleg),
    FIELD_SAVED(RvState, mideleg),
    FIELD_SAVED(RvState, mie),
    FIELD_SAVED(RvState, mtvec),
    FIELD_SAVED(RvState, mscratch),
    FIELD_SAVED(RvState, mepc),
    FIELD_SAVED(RvState, mcause),
    FIELD_SAVED(RvState, mtval),
    FIELD_SAVED(RvState, mcounteren),
    FIELD_SAVED(RvState, mcountinhibit),
    FIELD_SAVED(RvState, menvcfg),
    FIELD_SAVED(RvState, stvec),
    FIELD_SAVED(RvState, sscratch),
    FIELD_SAVED(RvState, sepc),
    FIELD_SAVED(RvState, scause),
    FIELD_SAVED(RvState, stval),
    FIELD_SAVED(RvState, satp),
    FIELD_SAVED(RvState, scounteren),
    FIELD_SAVED(RvState, senvcfg),
    FIELD_SAVED(RvState, stimecmp),
    FIELD_SAVED_BOUNDED(RvState, frm, 0, 7),
    FIELD_SAVED(RvState, mip_soft),
    FIELD_SAVED(RvState, res_addr),
    FIELD_SAVED(RvState, res_value),
    FIELD_SAVED(RvState, mcycle_offset),
    FIELD_SAVED(RvState, minstret_offset),
    FIELD_SAVED_ARRAY(RvState, pmpaddr),
    FIELD_SAVED_ARRAY(RvState, pmpcfg),
    FIELD_END,
};

static const Field cpu_saved[] = {
    FIELD_SAVED(RvCpu, saved_config),
    FIELD_SAVED(RvCpu, vcpu.halted),
    FIELD_SAVED_STRUCTS_FIXED_PTR(RvCpu, state, state_count, 1, state_fields),
    FIELD_END,
};

static void pre_save(void *obj)
{
    RvCpu *cpu = obj;

    g_free(cpu->saved_config);
    cpu->saved_config = rv_config_describe(cpu);
}

/* A stream may hold values that no write could have left in a register. */
static bool values_are_legal(const RvCpu *cpu)
{
    const RvState *s = cpu->state;
    const RvConfig *cfg = &cpu->cfg;
    unsigned scheme = satp_mode(s->satp);

    if (!rv_has_priv(cfg, s->priv) ||
        !rv_has_priv(cfg, bits_get(s->mstatus, MSTATUS_MPP_SHIFT, 2)) ||
        (scheme != SATP_BARE && (scheme < SATP_SV39 || scheme > cfg->satp_max))) {
        return false;
    }
    for (unsigned i = 0; i < rv_csr_rows; i++) {
        const RvCsr *csr = &rv_csrs[i];
        const uint64_t *value = (const uint64_t *)((const char *)s + csr->offset);
        uint64_t fixed = csr->offset == offsetof(RvState, mstatus) ? MSTATUS_SXL | MSTATUS_UXL : 0;

        if (csr->offset && rv_csr_find(cpu, csr->number) == csr &&
            *value & ~(rv_csr_mask(cpu, csr) | fixed)) {
            return false;
        }
    }
    return true;
}

static bool loaded(void *obj, unsigned version, Error *err)
{
    RvCpu *cpu = obj;
    RvState *s = cpu->state;
    g_autofree char *config = rv_config_describe(cpu);

    if (g_strcmp0(cpu->saved_config, config) != 0) {
        error_set(err, "hart %" G_GUINT64_FORMAT " was saved as '%s' and is '%s' here", cpu->hartid,
                  cpu->saved_config ? cpu->saved_config : "", config);
        error_hint(err, "Give the -cpu option that the state was saved with.");
        return false;
    }
    if (!values_are_legal(cpu)) {
        error_set(err, "hart %" G_GUINT64_FORMAT " has values that its registers cannot hold",
                  cpu->hartid);
        return false;
    }
    s->tcg.fp_status = fp_status_set_rounding(
        FP_STATUS_DEFAULT | (s->tcg.fp_status & FP_STATUS_FLAGS), (unsigned)s->frm);
    restart(cpu);
    return true;
}

const VmState rv_cpu_vmstate = {
    .version = 1,
    .min_version = 1,
    .fields = cpu_saved,
    .pre_save = pre_save,
    .loaded = loaded,
};

/* --- types --- */

static const DeviceClass cpu_class = {
    .realize = realize,
    .reset = reset_device,
    .vmstate = &rv_cpu_vmstate,
};

static const TypeInfo cpu_type = {
    .name = TYPE_RV_CPU,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(RvCpu),
    .abstract = true,
    .internal = true,
    .class = &cpu_class,
    .props = cpu_props,
    .instance_init = init,
    .instance_finalize = finalize,
};
QOM_TYPE(cpu_type);

static const TypeInfo rv64_type = {
    .name = TYPE_RV64_CPU,
    .parent = TYPE_RV_CPU,
    .internal = true,
    .help = "RV64GC with Zba, Zbb, Zbs and Sstc",
};
QOM_TYPE(rv64_type);

static const TypeInfo max_type = {
    .name = TYPE_MAX_CPU,
    .parent = TYPE_RV_CPU,
    .internal = true,
    .instance_init = init_max,
    .help = "everything that is implemented",
};
QOM_TYPE(max_type);

/* --- for boards --- */

static const char *const models[] = { "rv64", "max", NULL };

const char *const *rv_cpu_models(void)
{
    return models;
}

static Object *new_model(const char *model, Error *err)
{
    g_autofree char *type = g_strconcat(model, MODEL_SUFFIX, NULL);
    Object *obj = obj_new(type, TYPE_RV_CPU, NULL);
    const char *nearest = suggest_nearest(model, models, G_N_ELEMENTS(models) - 1);

    if (obj) {
        return obj;
    }
    error_set(err, "unable to find CPU model '%s'", model);
    if (nearest) {
        error_hint(err, "Did you mean '%s'?", nearest);
    } else {
        error_hint(err, "Models are 'rv64' and 'max'; see '-cpu help'.");
    }
    return NULL;
}

static bool set_properties(Object *obj, char **settings, Error *err)
{
    for (; *settings; settings++) {
        char *value = strchr(*settings, '=');

        if (!value || value == *settings) {
            error_set(err, "CPU property '%s' is not written as name=value", *settings);
            error_hint(err, "For example: '-cpu rv64,zba=off'.");
            return false;
        }
        *value++ = '\0';
        if (!obj_set(obj, *settings, value, err)) {
            return false;
        }
    }
    return true;
}

VCpu *rv_cpu_new(Machine *machine, const char *model, uint64_t hartid, Error *err)
{
    g_auto(GStrv) parts = g_strsplit(model, ",", -1);
    Object *obj = new_model(parts[0] ? parts[0] : "", err);
    RvCpu *cpu = (RvCpu *)obj;

    if (!obj) {
        return NULL;
    }
    cpu->vcpu.dev.machine = machine;
    cpu->hartid = hartid;
    if (!set_properties(obj, parts + 1, err) || !rv_config_resolve(cpu, err)) {
        obj_unref(obj);
        return NULL;
    }
    return &cpu->vcpu;
}

IrqLine *rv_cpu_line(VCpu *cpu, RvLine line)
{
    return &rv_cpu(cpu)->lines[line];
}

void rv_cpu_set_time_source(VCpu *cpu, TimeSource *source)
{
    rv_cpu(cpu)->time = source;
}

void rv_cpu_set_reset_pc(VCpu *cpu, uint64_t pc)
{
    rv_cpu(cpu)->reset_pc = pc;
}

uint64_t rv_cpu_hartid(const VCpu *cpu)
{
    return ((const RvCpu *)cpu)->hartid;
}

unsigned rv_cpu_xlen(const VCpu *cpu)
{
    return ((const RvCpu *)cpu)->cfg.xlen;
}
