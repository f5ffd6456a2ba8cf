/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hart's configuration: extensions and what they need of each other, translation schemes, and
 * their names for guests (device tree bindings "riscv,isa", "riscv,isa-extensions", "mmu-type").
 */

#include <string.h>
#include "csr_bits.h"
#include "state.h"

typedef enum ExtDefault { DEFAULT_OFF, DEFAULT_MAX, DEFAULT_RV64 } ExtDefault;
typedef enum ExtKind { KIND_LISTED, KIND_HIDDEN, KIND_FACT } ExtKind;

typedef struct ExtInfo {
    const char *name;
    ExtDefault def;
    ExtKind kind;
    const char *needs; /* names, each followed by a space or the end */
} ExtInfo;

static const ExtInfo ext_info[RV_EXT_COUNT] = {
#define EXT(name, def, kind, needs) { #name, DEFAULT_##def, KIND_##kind, needs },
#include "ext.def"
#undef EXT
};

static const char *const absent_names[RV_ABSENT_COUNT] = {
#define ABSENT(name) #name,
#include "ext_absent.def"
#undef ABSENT
};

/* --- dependencies --- */

/* The extension that the text starts with, and the text after it; RV_EXT_COUNT at its end. */
static RvExt next_need(const char **needs)
{
    size_t len = strcspn(*needs, " ");
    RvExt ext = 0;

    if (!len) {
        return RV_EXT_COUNT;
    }
    while (strlen(ext_info[ext].name) != len || strncmp(ext_info[ext].name, *needs, len) != 0) {
        ext++;
        g_assert(ext < RV_EXT_COUNT);
    }
    *needs += len;
    *needs += **needs == ' ';
    return ext;
}

static bool user_said(const RvCpu *cpu, RvExt ext)
{
    return obj_was_set(&cpu->vcpu.dev.obj, ext_info[ext].name);
}

static bool user_refused(const RvCpu *cpu, RvExt ext)
{
    return user_said(cpu, ext) && !cpu->cfg.ext[ext];
}

/* The first thing `ext` needs, directly or not, that the user turned off; or RV_EXT_COUNT. */
static RvExt refused_need(const RvCpu *cpu, RvExt ext)
{
    const char *needs = ext_info[ext].needs;

    for (RvExt need; (need = next_need(&needs)) != RV_EXT_COUNT;) {
        RvExt refused = user_refused(cpu, need) ? need : refused_need(cpu, need);

        if (refused != RV_EXT_COUNT) {
            return refused;
        }
    }
    return RV_EXT_COUNT;
}

static void turn_on(RvCpu *cpu, RvExt ext)
{
    const char *needs = ext_info[ext].needs;

    cpu->cfg.ext[ext] = true;
    for (RvExt need; (need = next_need(&needs)) != RV_EXT_COUNT;) {
        turn_on(cpu, need);
    }
}

static bool explain_conflict(const char *wanted, const char *refused, Error *err)
{
    error_set(err, "extension '%s' needs '%s', which was turned off", wanted, refused);
    error_hint(err, "Leave out '%s=off', or turn '%s' off as well.", refused, wanted);
    return false;
}

/* What the user asked for must be; what is there by default yields to what the user refused. */
static bool resolve_needs(RvCpu *cpu, Error *err)
{
    for (RvExt ext = 0; ext < RV_EXT_COUNT; ext++) {
        RvExt refused;

        if (!cpu->cfg.ext[ext] || ext_info[ext].kind == KIND_FACT) {
            continue;
        }
        refused = refused_need(cpu, ext);
        if (refused == RV_EXT_COUNT) {
            turn_on(cpu, ext);
        } else if (user_said(cpu, ext)) {
            return explain_conflict(ext_info[ext].name, ext_info[refused].name, err);
        } else {
            cpu->cfg.ext[ext] = false;
        }
    }
    return true;
}

/* C with D includes the compressed loads and stores of doubles. */
static bool resolve_zcd(RvCpu *cpu, Error *err)
{
    bool *ext = cpu->cfg.ext;

    if (!ext[RV_EXT_c] || !ext[RV_EXT_d]) {
        return true;
    }
    if (user_refused(cpu, RV_EXT_zcd)) {
        error_set(err, "extension 'c' together with 'd' needs 'zcd', which was turned off");
        error_hint(err, "Write 'c=off,zca=on' for compressed instructions without those of 'd'.");
        return false;
    }
    ext[RV_EXT_zcd] = true;
    return true;
}

static void resolve_facts(RvCpu *cpu)
{
    for (RvExt ext = 0; ext < RV_EXT_COUNT; ext++) {
        const char *needs = ext_info[ext].needs;
        bool on = true;

        if (ext_info[ext].kind != KIND_FACT) {
            continue;
        }
        for (RvExt need; (need = next_need(&needs)) != RV_EXT_COUNT;) {
            on &= cpu->cfg.ext[need];
        }
        cpu->cfg.ext[ext] = on;
    }
}

static bool check_names(RvCpu *cpu, Error *err)
{
    static const RvExt mandatory[] = { RV_EXT_i, RV_EXT_zicsr };

    for (unsigned i = 0; i < RV_ABSENT_COUNT; i++) {
        if (cpu->absent[i]) {
            error_set(err, "extension '%s' is not supported by Peregrine yet", absent_names[i]);
            return false;
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(mandatory); i++) {
        if (!cpu->cfg.ext[mandatory[i]]) {
            error_set(err, "extension '%s' cannot be turned off: every RISC-V CPU here needs it",
                      ext_info[mandatory[i]].name);
            return false;
        }
    }
    if (strcmp(cpu->priv_spec, "v1.12.0") != 0) {
        error_set(err, "priv_spec '%s' is not supported by Peregrine yet", cpu->priv_spec);
        error_hint(err, "The privileged architecture is v1.12.0.");
        return false;
    }
    return true;
}

/* --- translation schemes --- */

typedef struct Scheme {
    const char *name;
    uint8_t mode;
    const char *mmu_type;
} Scheme;

static const Scheme schemes[] = {
    { "sv39", SATP_SV39, "riscv,sv39" },
    { "sv48", SATP_SV48, "riscv,sv48" },
    { "sv57", SATP_SV57, "riscv,sv57" },
};

/* A scheme that is on is the largest; else one that is off excludes itself and the larger ones. */
static bool resolve_schemes(RvCpu *cpu, Error *err)
{
    const bool on[] = { cpu->sv39, cpu->sv48, cpu->sv57 };
    const Scheme *refused = NULL, *wanted = NULL;
    uint8_t largest = SATP_SV57;

    for (unsigned i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (on[i]) {
            wanted = &schemes[i];
        } else if (!refused && obj_was_set(&cpu->vcpu.dev.obj, schemes[i].name)) {
            refused = &schemes[i];
        }
    }
    if (wanted && refused && refused->mode < wanted->mode) {
        error_set(err, "'%s' needs '%s', which was turned off", wanted->name, refused->name);
        return false;
    }
    if (wanted && (!cpu->cfg.mmu || !rv_has(&cpu->cfg, RV_EXT_s))) {
        error_set(err, "'%s' needs '%s', which was turned off", wanted->name,
                  cpu->cfg.mmu ? "s" : "mmu");
        return false;
    }
    if (wanted) {
        largest = wanted->mode;
    } else if (refused) {
        largest = refused->mode == SATP_SV39 ? SATP_BARE : refused->mode - 1;
    }
    cpu->cfg.mmu = cpu->cfg.mmu && rv_has(&cpu->cfg, RV_EXT_s) && largest != SATP_BARE;
    cpu->cfg.satp_max = cpu->cfg.mmu ? largest : SATP_BARE;
    return true;
}

bool rv_config_resolve(RvCpu *cpu, Error *err)
{
    cpu->cfg.xlen = 64;
    if (!check_names(cpu, err) || !resolve_needs(cpu, err) || !resolve_zcd(cpu, err) ||
        !resolve_schemes(cpu, err)) {
        return false;
    }
    resolve_facts(cpu);
    return true;
}

void rv_config_max(RvCpu *cpu)
{
    for (RvExt ext = 0; ext < RV_EXT_COUNT; ext++) {
        if (ext_info[ext].def == DEFAULT_MAX) {
            cpu->cfg.ext[ext] = true;
        }
    }
}

/* --- names for guests --- */

static bool is_named(const RvCpu *cpu, RvExt ext)
{
    return cpu->cfg.ext[ext] && ext_info[ext].kind != KIND_HIDDEN;
}

const char *rv_cpu_isa_base(const VCpu *vcpu)
{
    return "rv64i";
}

char *rv_cpu_isa_string(const VCpu *vcpu)
{
    const RvCpu *cpu = (const RvCpu *)vcpu;
    GString *s = g_string_new("rv64");

    for (RvExt ext = 0; ext < RV_EXT_COUNT; ext++) {
        const char *name = ext_info[ext].name;

        if (is_named(cpu, ext)) {
            g_string_append_printf(s, "%s%s", name[1] ? "_" : "", name);
        }
    }
    return g_string_free(s, FALSE);
}

char **rv_cpu_isa_extensions(const VCpu *vcpu)
{
    const RvCpu *cpu = (const RvCpu *)vcpu;
    GPtrArray *names = g_ptr_array_new();

    for (RvExt ext = 0; ext < RV_EXT_COUNT; ext++) {
        if (is_named(cpu, ext)) {
            g_ptr_array_add(names, g_strdup(ext_info[ext].name));
        }
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

const char *rv_cpu_mmu_type(const VCpu *vcpu)
{
    const RvCpu *cpu = (const RvCpu *)vcpu;

    for (unsigned i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (schemes[i].mode == cpu->cfg.satp_max) {
            return schemes[i].mmu_type;
        }
    }
    return NULL;
}

char *rv_config_describe(const RvCpu *cpu)
{
    g_autofree char *isa = rv_cpu_isa_string(&cpu->vcpu);
    const char *mmu = rv_cpu_mmu_type(&cpu->vcpu);

    return g_strdup_printf("%s mmu=%s pmp=%s s=%s u=%s", isa, mmu ? mmu : "off",
                           cpu->cfg.pmp ? "on" : "off", cpu->cfg.ext[RV_EXT_s] ? "on" : "off",
                           cpu->cfg.ext[RV_EXT_u] ? "on" : "off");
}
