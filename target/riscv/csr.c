/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to control and status registers (privileged spec 2.1) and the state word they decide. */

#include <inttypes.h>
#include <string.h>
#include "csr.h"
#include "csr_bits.h"
#include "util/log.h"

void rv_csr_index(RvCpu *cpu)
{
    memset(cpu->csr_row, 0, sizeof(cpu->csr_row));
    for (unsigned i = 0; i < rv_csr_rows; i++) {
        const RvCsr *csr = &rv_csrs[i];

        if (csr->exists && !csr->exists(&cpu->cfg)) {
            continue;
        }
        for (unsigned k = 0; k < rv_csr_count(csr); k++) {
            cpu->csr_row[rv_csr_number(csr, k)] = (uint8_t)(i + 1);
        }
    }
}

const RvCsr *rv_csr_find(const RvCpu *cpu, unsigned number)
{
    unsigned row = number < RV_CSR_COUNT ? cpu->csr_row[number] : 0;

    return row ? &rv_csrs[row - 1] : NULL;
}

uint64_t rv_csr_mask(const RvCpu *cpu, const RvCsr *csr)
{
    return csr->mask_of ? csr->mask_of(&cpu->cfg) : csr->mask;
}

static uint64_t *member(RvCpu *cpu, const RvCsr *csr)
{
    return (uint64_t *)((char *)cpu->state + csr->offset);
}

uint64_t rv_csr_read(RvCpu *cpu, const RvCsr *csr, unsigned number)
{
    if (csr->read) {
        return csr->read(cpu, number);
    }
    return csr->offset ? *member(cpu, csr) : 0;
}

static uint64_t combine(unsigned how, uint64_t old, uint64_t operand)
{
    switch (how & RV_CSR_OP_MASK) {
    case RV_CSR_RS:
        return old | operand;
    case RV_CSR_RC:
        return old & ~operand;
    default:
        return operand;
    }
}

static void write_csr(RvCpu *cpu, const RvCsr *csr, unsigned number, uint64_t old, uint64_t value)
{
    uint64_t mask = rv_csr_mask(cpu, csr);

    value = (value & mask) | (old & ~mask);
    if (csr->write) {
        csr->write(cpu, number, value);
    } else if (csr->offset) {
        *member(cpu, csr) = value;
    }
    if (csr->touches_irq) {
        rv_check_interrupts(cpu);
    }
}

bool rv_csr_access(RvCpu *cpu, unsigned number, unsigned how, uint64_t operand, uint64_t *old)
{
    const RvCsr *csr = rv_csr_find(cpu, number);
    bool writes = !(how & RV_CSR_NO_WRITE);

    if (!csr || (number >> 8 & 3) > cpu->state->priv || (writes && number >> 10 == 3) ||
        (csr->allowed && !csr->allowed(cpu, number))) {
        return false;
    }
    *old = rv_csr_read(cpu, csr, number);
    if (writes) {
        uint64_t from = csr->read_modify ? csr->read_modify(cpu, number) : *old;

        write_csr(cpu, csr, number, from, combine(how, from, operand));
    }
    return true;
}

uint64_t rv_helper_csr(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    RvCpu *cpu = rv_cpu_of(state);
    uint64_t old = 0;

    if (!rv_csr_access(cpu, (unsigned)a, (unsigned)c, b, &old)) {
        if (!rv_csr_find(cpu, (unsigned)a)) {
            log_unimp("hart %" PRIu64 ": there is no CSR 0x%03x", cpu->hartid, (unsigned)a);
        }
        rv_raise(cpu, RV_CAUSE_ILLEGAL, d);
    }
    return old;
}

void rv_csr_print_name(const RvCsr *csr, unsigned number, GString *out)
{
    g_string_append(out, csr->name);
    if (csr->numbered) {
        g_string_append_printf(out, "%u", number - csr->zero);
    }
}

static RvMode mode_of(uint64_t priv, uint64_t mstatus)
{
    switch (priv) {
    case RV_M:
        return RV_MODE_M;
    case RV_S:
        return mstatus & MSTATUS_SUM ? RV_MODE_S_SUM : RV_MODE_S;
    default:
        return RV_MODE_U;
    }
}

void rv_update_flags(RvCpu *cpu)
{
    RvState *s = cpu->state;
    uint64_t data_priv = s->priv;
    uint32_t flags;

    if (s->priv == RV_M && s->mstatus & MSTATUS_MPRV) {
        data_priv = bits_get(s->mstatus, MSTATUS_MPP_SHIFT, 2);
    }
    flags = mode_of(data_priv, s->mstatus) << TCG_FLAGS_MMU_SHIFT |
            mode_of(s->priv, s->mstatus) << TCG_FLAGS_JC_SHIFT |
            (uint32_t)s->frm << RV_FLAG_FRM_SHIFT;
    switch (bits_get(s->mstatus, MSTATUS_FS_SHIFT, 2)) {
    case FS_OFF:
        flags |= RV_FLAG_FS_OFF;
        break;
    case FS_INITIAL:
    case FS_CLEAN:
        flags |= RV_FLAG_FS_CLEAN;
        break;
    }
    s->tcg.flags = flags;
}
