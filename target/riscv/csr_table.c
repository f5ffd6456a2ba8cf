/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of control and status registers with their hooks. Section numbers are those of the
 * privileged spec. WARL fields: a value that is not legal leaves the field as it was, unless said
 * otherwise.
 */

#include "accel/tcg.h"
#include "csr.h"
#include "csr_bits.h"
#include "tcg/fp_status.h"
#include "util/units.h"

enum { MODES_TRANSLATED = 1 << RV_MODE_U | 1 << RV_MODE_S | 1 << RV_MODE_S_SUM };

#define SSTATUS_FIELDS                                                                             \
    (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)

/* Exceptions that may be delegated: all but the environment call from M (3.1.8). */
#define MEDELEG_FIELDS                                                                             \
    (BITS(RV_CAUSE_ECALL_S, 0) | BIT(RV_CAUSE_FETCH_PAGE) | BIT(RV_CAUSE_LOAD_PAGE) |              \
     BIT(RV_CAUSE_STORE_PAGE))

/* --- existence --- */

static bool has_f(const RvConfig *cfg)
{
    return rv_has(cfg, RV_EXT_f);
}

static bool has_s(const RvConfig *cfg)
{
    return rv_has(cfg, RV_EXT_s);
}

static bool has_u(const RvConfig *cfg)
{
    return rv_has(cfg, RV_EXT_u);
}

static bool has_sstc(const RvConfig *cfg)
{
    return rv_has(cfg, RV_EXT_sstc);
}

static bool has_pmp(const RvConfig *cfg)
{
    return cfg->pmp;
}

static bool has_zicntr(const RvConfig *cfg)
{
    return rv_has(cfg, RV_EXT_zicntr);
}

static bool has_zihpm(const RvConfig *cfg)
{
    return rv_has(cfg, RV_EXT_zihpm);
}

/* --- floating point (unprivileged spec, "F" 1.2); gated by mstatus.FS (3.1.6.6) --- */

static bool fp_is_on(RvCpu *cpu, unsigned number)
{
    return bits_get(cpu->state->mstatus, MSTATUS_FS_SHIFT, 2) != FS_OFF;
}

static uint64_t read_fflags(RvCpu *cpu, unsigned number)
{
    return fp_status_flags(cpu->state->tcg.fp_status);
}

static uint64_t read_fcsr(RvCpu *cpu, unsigned number)
{
    return fp_status_flags(cpu->state->tcg.fp_status) | cpu->state->frm << 5;
}

static void set_fcsr(RvCpu *cpu, uint64_t flags, uint64_t frm)
{
    RvState *s = cpu->state;
    uint32_t status = fp_status_set_flags(s->tcg.fp_status, (unsigned)flags);

    s->tcg.fp_status = fp_status_set_rounding(status, (unsigned)frm);
    s->frm = frm;
    s->mstatus |= MSTATUS_FS;
    rv_update_flags(cpu);
}

static void write_fflags(RvCpu *cpu, unsigned number, uint64_t value)
{
    set_fcsr(cpu, value, cpu->state->frm);
}

static void write_frm(RvCpu *cpu, unsigned number, uint64_t value)
{
    set_fcsr(cpu, fp_status_flags(cpu->state->tcg.fp_status), value);
}

static void write_fcsr(RvCpu *cpu, unsigned number, uint64_t value)
{
    set_fcsr(cpu, value & 31, value >> 5);
}

/* --- status (3.1.6, 10.1.1) --- */

static uint64_t mstatus_mask(const RvConfig *cfg)
{
    uint64_t mask = MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP;

    if (rv_has(cfg, RV_EXT_s)) {
        mask |= MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_MXR | MSTATUS_TVM | MSTATUS_TSR;
        mask |= cfg->mmu ? MSTATUS_SUM : 0;
    }
    if (rv_has(cfg, RV_EXT_u)) {
        mask |= MSTATUS_MPRV | MSTATUS_TW;
    }
    if (rv_has(cfg, RV_EXT_f)) {
        mask |= MSTATUS_FS;
    }
    return mask;
}

static uint64_t sstatus_mask(const RvConfig *cfg)
{
    return mstatus_mask(cfg) & SSTATUS_FIELDS;
}

static uint64_t with_sd(uint64_t status)
{
    return bits_get(status, MSTATUS_FS_SHIFT, 2) == FS_DIRTY ? status | MSTATUS_SD : status;
}

static uint64_t read_mstatus(RvCpu *cpu, unsigned number)
{
    return with_sd(cpu->state->mstatus);
}

static void write_mstatus(RvCpu *cpu, unsigned number, uint64_t value)
{
    RvState *s = cpu->state;
    uint64_t changed;

    value &= ~MSTATUS_SD;
    if (!rv_has_priv(&cpu->cfg, bits_get(value, MSTATUS_MPP_SHIFT, 2))) {
        value = (value & ~MSTATUS_MPP) | (s->mstatus & MSTATUS_MPP);
    }
    changed = s->mstatus ^ value;
    s->mstatus = value;
    if (changed & MSTATUS_MXR) {
        tcg_tlb_flush_modes(&cpu->vcpu, MODES_TRANSLATED);
    }
    rv_update_flags(cpu);
}

static uint64_t read_sstatus(RvCpu *cpu, unsigned number)
{
    return with_sd(cpu->state->mstatus & (SSTATUS_FIELDS | MSTATUS_UXL));
}

static void write_sstatus(RvCpu *cpu, unsigned number, uint64_t value)
{
    uint64_t mask = sstatus_mask(&cpu->cfg);

    write_mstatus(cpu, number, (cpu->state->mstatus & ~mask) | (value & mask));
}

static uint64_t read_misa(RvCpu *cpu, unsigned number)
{
    static const struct {
        RvExt ext;
        char letter;
    } letters[] = {
        { RV_EXT_a, 'a' }, { RV_EXT_b, 'b' }, { RV_EXT_c, 'c' },
        { RV_EXT_d, 'd' }, { RV_EXT_f, 'f' }, { RV_EXT_i, 'i' },
        { RV_EXT_m, 'm' }, { RV_EXT_s, 's' }, { RV_EXT_u, 'u' },
    };
    uint64_t misa = UINT64_C(2) << 62;

    for (unsigned i = 0; i < ARRAY_LEN(letters); i++) {
        if (rv_has(&cpu->cfg, letters[i].ext)) {
            misa |= BIT(letters[i].letter - 'a');
        }
    }
    return misa;
}

/* --- traps --- */

static uint64_t mie_mask(const RvConfig *cfg)
{
    return rv_has(cfg, RV_EXT_s) ? MIP_M | MIP_S : MIP_M;
}

/* The supervisor's view shows delegated interrupts only (10.1.3). */
static uint64_t read_sie(RvCpu *cpu, unsigned number)
{
    return cpu->state->mie & cpu->state->mideleg;
}

static void write_sie(RvCpu *cpu, unsigned number, uint64_t value)
{
    RvState *s = cpu->state;

    s->mie = (s->mie & ~s->mideleg) | (value & s->mideleg);
}

static uint64_t read_mip(RvCpu *cpu, unsigned number)
{
    rv_stimer_poll(cpu);
    return rv_mip(cpu);
}

static uint64_t read_mip_soft(RvCpu *cpu, unsigned number)
{
    return __atomic_load_n(&cpu->state->mip_soft, __ATOMIC_RELAXED);
}

/* Bits that other threads may set meanwhile must not be lost: one operation per direction. */
static void change_mip_soft(RvCpu *cpu, uint64_t mask, uint64_t value)
{
    __atomic_fetch_and(&cpu->state->mip_soft, value | ~mask, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&cpu->state->mip_soft, value & mask, __ATOMIC_SEQ_CST);
}

static void write_mip(RvCpu *cpu, unsigned number, uint64_t value)
{
    change_mip_soft(cpu, rv_stimer_on(cpu) ? MIP_SSIP | MIP_SEIP : MIP_S, value);
}

static uint64_t mip_mask(const RvConfig *cfg)
{
    return rv_has(cfg, RV_EXT_s) ? MIP_S : 0;
}

static uint64_t read_sip(RvCpu *cpu, unsigned number)
{
    return read_mip(cpu, number) & cpu->state->mideleg;
}

static void write_sip(RvCpu *cpu, unsigned number, uint64_t value)
{
    change_mip_soft(cpu, MIP_SSIP & cpu->state->mideleg, value);
}

/* Modes 2 and 3 are reserved: the register keeps its value (3.1.7). */
static void write_mtvec(RvCpu *cpu, unsigned number, uint64_t value)
{
    if ((value & 3) < 2) {
        cpu->state->mtvec = value;
    }
}

static void write_stvec(RvCpu *cpu, unsigned number, uint64_t value)
{
    if ((value & 3) < 2) {
        cpu->state->stvec = value;
    }
}

static uint64_t epc_mask(const RvConfig *cfg)
{
    return rv_has(cfg, RV_EXT_zca) ? ~UINT64_C(1) : ~UINT64_C(3);
}

/* --- environment configuration (3.1.18, 10.1.10) --- */

static uint64_t menvcfg_mask(const RvConfig *cfg)
{
    return ENVCFG_FIOM | (rv_has(cfg, RV_EXT_sstc) ? MENVCFG_STCE : 0) |
           (rv_has(cfg, RV_EXT_svadu) ? MENVCFG_ADUE : 0);
}

static void write_menvcfg(RvCpu *cpu, unsigned number, uint64_t value)
{
    cpu->state->menvcfg = value;
    rv_stimer_update(cpu);
}

static bool stimecmp_allowed(RvCpu *cpu, unsigned number)
{
    RvState *s = cpu->state;

    return cpu->time &&
           (s->priv == RV_M || (s->menvcfg & MENVCFG_STCE && s->mcounteren & BIT(COUNTER_TM)));
}

static void write_stimecmp(RvCpu *cpu, unsigned number, uint64_t value)
{
    rv_stimer_set(cpu, value);
}

/* --- translation (10.1.11) --- */

static bool satp_allowed(RvCpu *cpu, unsigned number)
{
    return cpu->state->priv == RV_M || !(cpu->state->mstatus & MSTATUS_TVM);
}

static bool scheme_exists(const RvConfig *cfg, unsigned mode)
{
    return mode == SATP_BARE || (mode >= SATP_SV39 && mode <= cfg->satp_max);
}

static uint64_t satp_mask(const RvConfig *cfg)
{
    return cfg->mmu ? ~UINT64_C(0) : 0;
}

static void write_satp(RvCpu *cpu, unsigned number, uint64_t value)
{
    uint64_t old = cpu->state->satp;

    if (!scheme_exists(&cpu->cfg, satp_mode(value))) {
        return;
    }
    cpu->state->satp = value;
    if (satp_mode(old) != satp_mode(value)) {
        tcg_tlb_flush_modes(&cpu->vcpu, MODES_TRANSLATED);
    }
    if (satp_asid(old) != satp_asid(value)) {
        tcg_tlb_bind(&cpu->vcpu, MODES_TRANSLATED, satp_asid(value));
    }
}

/* --- physical memory protection (3.7) --- */

enum { CSR_PMPCFG0 = 0x3a0, CSR_PMPADDR0 = 0x3b0 };

static uint64_t read_pmpcfg(RvCpu *cpu, unsigned number)
{
    return ld64_le(&cpu->state->pmpcfg[(number - CSR_PMPCFG0) * 4]);
}

static void write_pmpcfg(RvCpu *cpu, unsigned number, uint64_t value)
{
    uint8_t *cfg = &cpu->state->pmpcfg[(number - CSR_PMPCFG0) * 4];
    uint64_t old = ld64_le(cfg);

    for (unsigned i = 0; i < 8; i++) {
        cfg[i] = rv_pmp_cfg_write(cfg[i], (uint8_t)(value >> (8 * i)));
    }
    if (ld64_le(cfg) != old) {
        rv_pmp_changed(cpu);
    }
}

static uint64_t read_pmpaddr(RvCpu *cpu, unsigned number)
{
    return cpu->state->pmpaddr[number - CSR_PMPADDR0];
}

static void write_pmpaddr(RvCpu *cpu, unsigned number, uint64_t value)
{
    unsigned i = number - CSR_PMPADDR0;
    RvState *s = cpu->state;

    if (s->pmpaddr[i] == value || rv_pmp_addr_locked(s->pmpcfg, i)) {
        return;
    }
    s->pmpaddr[i] = value;
    rv_pmp_changed(cpu);
}

/* --- counters (3.1.10 to 3.1.12, 10.1.5) --- */

static uint64_t counteren_mask(const RvConfig *cfg)
{
    return (rv_has(cfg, RV_EXT_zicntr) ? 7 : 0) | (rv_has(cfg, RV_EXT_zihpm) ? BITS(31, 3) : 0);
}

static bool counter_allowed(RvCpu *cpu, unsigned number)
{
    RvState *s = cpu->state;
    uint64_t bit = BIT(number & 31);

    if (s->priv != RV_M && !(s->mcounteren & bit)) {
        return false;
    }
    return s->priv != RV_U || !has_s(&cpu->cfg) || s->scounteren & bit;
}

static bool time_allowed(RvCpu *cpu, unsigned number)
{
    return cpu->time && counter_allowed(cpu, number);
}

static uint64_t read_cycle(RvCpu *cpu, unsigned number)
{
    return rv_counter_read(cpu, COUNTER_CY);
}

static void write_cycle(RvCpu *cpu, unsigned number, uint64_t value)
{
    rv_counter_write(cpu, COUNTER_CY, value);
}

static uint64_t read_instret(RvCpu *cpu, unsigned number)
{
    return rv_counter_read(cpu, COUNTER_IR);
}

static void write_instret(RvCpu *cpu, unsigned number, uint64_t value)
{
    rv_counter_write(cpu, COUNTER_IR, value);
}

static void write_mcountinhibit(RvCpu *cpu, unsigned number, uint64_t value)
{
    rv_counter_inhibit(cpu, value);
}

static uint64_t read_time(RvCpu *cpu, unsigned number)
{
    return cpu->time ? cpu->time->now(cpu->time) : 0;
}

/* --- machine information (3.1.2 to 3.1.5) --- */

static uint64_t read_mvendorid(RvCpu *cpu, unsigned number)
{
    return cpu->cfg.mvendorid;
}

static uint64_t read_marchid(RvCpu *cpu, unsigned number)
{
    return cpu->cfg.marchid;
}

static uint64_t read_mimpid(RvCpu *cpu, unsigned number)
{
    return cpu->cfg.mimpid;
}

static uint64_t read_mhartid(RvCpu *cpu, unsigned number)
{
    return cpu->hartid;
}

#define AT(member) .offset = offsetof(RvState, member)
#define ALL_BITS   (~UINT64_C(0))

/* clang-format off */
const RvCsr rv_csrs[] = {
    { "fflags", 0x001, .mask = 0x1f, .exists = has_f, .allowed = fp_is_on,
      .read = read_fflags, .write = write_fflags },
    { "frm", 0x002, .mask = 7, AT(frm), .exists = has_f, .allowed = fp_is_on, .write = write_frm },
    { "fcsr", 0x003, .mask = 0xff, .exists = has_f, .allowed = fp_is_on,
      .read = read_fcsr, .write = write_fcsr },

    { "sstatus", 0x100, .mask_of = sstatus_mask, .exists = has_s,
      .read = read_sstatus, .write = write_sstatus, .touches_irq = true },
    { "sie", 0x104, .mask = MIP_S, .exists = has_s,
      .read = read_sie, .write = write_sie, .touches_irq = true },
    { "stvec", 0x105, .mask = ALL_BITS, AT(stvec), .exists = has_s, .write = write_stvec },
    { "scounteren", 0x106, .mask_of = counteren_mask, AT(scounteren), .exists = has_s },
    { "senvcfg", 0x10a, .mask = ENVCFG_FIOM, AT(senvcfg), .exists = has_s },
    { "sscratch", 0x140, .mask = ALL_BITS, AT(sscratch), .exists = has_s },
    { "sepc", 0x141, .mask_of = epc_mask, AT(sepc), .exists = has_s },
    { "scause", 0x142, .mask = ALL_BITS, AT(scause), .exists = has_s },
    { "stval", 0x143, .mask = ALL_BITS, AT(stval), .exists = has_s },
    { "sip", 0x144, .mask = MIP_SSIP, .exists = has_s,
      .read = read_sip, .read_modify = read_mip_soft, .write = write_sip, .touches_irq = true },
    { "stimecmp", 0x14d, .mask = ALL_BITS, AT(stimecmp), .exists = has_sstc,
      .allowed = stimecmp_allowed, .write = write_stimecmp, .touches_irq = true },
    { "satp", 0x180, .mask_of = satp_mask, AT(satp), .exists = has_s,
      .allowed = satp_allowed, .write = write_satp },

    { "mstatus", 0x300, .mask_of = mstatus_mask,
      .read = read_mstatus, .write = write_mstatus, .touches_irq = true },
    { "misa", 0x301, .read = read_misa },
    { "medeleg", 0x302, .mask = MEDELEG_FIELDS, AT(medeleg), .exists = has_s },
    { "mideleg", 0x303, .mask = MIP_S, AT(mideleg), .exists = has_s, .touches_irq = true },
    { "mie", 0x304, .mask_of = mie_mask, AT(mie), .touches_irq = true },
    { "mtvec", 0x305, .mask = ALL_BITS, AT(mtvec), .write = write_mtvec },
    { "mcounteren", 0x306, .mask_of = counteren_mask, AT(mcounteren), .exists = has_u },
    { "menvcfg", 0x30a, .mask_of = menvcfg_mask, AT(menvcfg), .exists = has_u,
      .write = write_menvcfg, .touches_irq = true },
    { "mcountinhibit", 0x320, .mask = BIT(COUNTER_CY) | BIT(COUNTER_IR), AT(mcountinhibit),
      .write = write_mcountinhibit },
    { "mhpmevent", 0x323, .count = 29, .numbered = true, .zero = 0x320 },
    { "mscratch", 0x340, .mask = ALL_BITS, AT(mscratch) },
    { "mepc", 0x341, .mask_of = epc_mask, AT(mepc) },
    { "mcause", 0x342, .mask = ALL_BITS, AT(mcause) },
    { "mtval", 0x343, .mask = ALL_BITS, AT(mtval) },
    { "mip", 0x344, .mask_of = mip_mask,
      .read = read_mip, .read_modify = read_mip_soft, .write = write_mip, .touches_irq = true },
    { "pmpcfg", CSR_PMPCFG0, .count = 2, .step = 2, .numbered = true, .zero = CSR_PMPCFG0,
      .mask = ALL_BITS, .exists = has_pmp, .read = read_pmpcfg, .write = write_pmpcfg },
    { "pmpaddr", CSR_PMPADDR0, .count = RV_PMP_ENTRIES, .numbered = true, .zero = CSR_PMPADDR0,
      .mask = BITS(53, 0), .exists = has_pmp, .read = read_pmpaddr, .write = write_pmpaddr },

    { "mcycle", 0xb00, .mask = ALL_BITS, .read = read_cycle, .write = write_cycle },
    { "minstret", 0xb02, .mask = ALL_BITS, .read = read_instret, .write = write_instret },
    { "mhpmcounter", 0xb03, .count = 29, .numbered = true, .zero = 0xb00 },
    { "cycle", 0xc00, .exists = has_zicntr, .allowed = counter_allowed, .read = read_cycle },
    { "time", 0xc01, .exists = has_zicntr, .allowed = time_allowed, .read = read_time },
    { "instret", 0xc02, .exists = has_zicntr, .allowed = counter_allowed, .read = read_instret },
    { "hpmcounter", 0xc03, .count = 29, .numbered = true, .zero = 0xc00, .exists = has_zihpm,
      .allowed = counter_allowed },

    { "mvendorid", 0xf11, .read = read_mvendorid },
    { "marchid", 0xf12, .read = read_marchid },
    { "mimpid", 0xf13, .read = read_mimpid },
    { "mhartid", 0xf14, .read = read_mhartid },
    { "mconfigptr", 0xf15 },
};
/* clang-format on */

const unsigned rv_csr_rows = ARRAY_LEN(rv_csrs);
_Static_assert(ARRAY_LEN(rv_csrs) < 256, "RvCpu.csr_row holds bytes");
