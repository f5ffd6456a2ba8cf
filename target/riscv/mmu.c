/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation: Sv39, Sv48 and Sv57 (privileged spec 10.3 to 10.6), PMP, and the fences.
 */

#include "accel/tcg.h"
#include "csr_bits.h"
#include "state.h"

enum { MODES_TRANSLATED = 1 << RV_MODE_U | 1 << RV_MODE_S | 1 << RV_MODE_S_SUM };
enum { VPN_BITS = 9, PTE_SIZE = 8 };

/* Permissions are written alike in PMP entries, in answers to the accelerator and, one bit further
 * left, in page-table entries. */
_Static_assert((int)PMP_R == TLB_READ && (int)PMP_W == TLB_WRITE && (int)PMP_X == TLB_EXEC, "");

typedef enum WalkResult { WALK_OK, WALK_PAGE_FAULT, WALK_ACCESS_FAULT, WALK_AGAIN } WalkResult;

typedef struct Request {
    uint64_t gva;
    unsigned size;
    RvMode mode;
    uint8_t need; /* TLB_*; 0: a debugger's look, without PMP checks and updates */
} Request;

static RvPriv priv_of(RvMode mode)
{
    return mode == RV_MODE_M ? RV_M : mode == RV_MODE_U ? RV_U : RV_S;
}

/* --- page-table entries in memory --- */

static void move_window(RvCpu *cpu, uint64_t gpa, unsigned generation)
{
    uint64_t first = align_down(gpa, TCG_PAGE_SIZE), left;
    MemSection at = mem_lookup(&cpu->vcpu.dev.machine->memory, first);
    unsigned interval = rv_pmp_find(&cpu->pmp, first, &left);

    if (left <= gpa - first) {
        first = gpa;
        at = mem_lookup(&cpu->vcpu.dev.machine->memory, first);
        interval = rv_pmp_find(&cpu->pmp, first, &left);
    }
    cpu->window = (RvWalkWindow) {
        .first = first,
        .size = MIN(left, at.left),
        .hva = at.hva,
        .writable = at.writable,
        .perms = cpu->pmp.perms[interval],
        .generation = generation,
    };
}

/* Host address of an entry, or NULL where no walk may do this (PMP_R, PMP_W) with it. */
static inline uint64_t *pte_host(RvCpu *cpu, const Request *req, uint64_t gpa, uint8_t perm)
{
    RvWalkWindow *w = &cpu->window;
    unsigned generation = __atomic_load_n(&cpu->map_generation, __ATOMIC_ACQUIRE);

    if (w->generation != generation || gpa - w->first >= w->size) {
        move_window(cpu, gpa, generation);
    }
    if (w->size - (gpa - w->first) < PTE_SIZE || !w->hva || (req->need && !(w->perms & perm))) {
        return NULL;
    }
    return (uint64_t *)(w->hva + (gpa - w->first));
}

/* Sets A (and D for writes) where nobody changed the entry meanwhile. */
static WalkResult mark_pte(RvCpu *cpu, const Request *req, uint64_t gpa, uint64_t *pte,
                           uint64_t bits)
{
    uint64_t *host = pte_host(cpu, req, gpa, PMP_W);
    uint64_t marked = *pte | bits;

    if (!host || !cpu->window.writable) {
        return WALK_ACCESS_FAULT;
    }
    if (!__atomic_compare_exchange_n(host, pte, marked, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST)) {
        return WALK_AGAIN;
    }
    *pte = marked;
    return WALK_OK;
}

/* --- the walk --- */

/* What the entry lets the mode do, its D bit aside. */
static uint8_t leaf_perms(const RvCpu *cpu, const Request *req, uint64_t pte)
{
    uint8_t perms = pte >> 1 & (TLB_READ | TLB_WRITE | TLB_EXEC);

    if (cpu->state->mstatus & MSTATUS_MXR && perms & TLB_EXEC) {
        perms |= TLB_READ;
    }
    if (req->mode == RV_MODE_U) {
        return pte & PTE_U ? perms : 0;
    }
    if (!(pte & PTE_U)) {
        return perms;
    }
    return req->mode == RV_MODE_S_SUM ? perms & ~TLB_EXEC : 0;
}

static WalkResult take_leaf(RvCpu *cpu, const Request *req, uint64_t gpa, uint64_t pte,
                            unsigned level, TlbFill *fill)
{
    unsigned page_bits = TCG_PAGE_BITS + VPN_BITS * level;
    uint64_t base = (pte & PTE_PPN) << (TCG_PAGE_BITS - PTE_PPN_SHIFT);
    uint64_t offset_mask = BIT(page_bits) - 1;
    uint8_t perms = leaf_perms(cpu, req, pte);
    uint64_t mark = 0;

    if (base & offset_mask || req->need & ~perms) {
        return WALK_PAGE_FAULT;
    }
    if (req->need) {
        mark = (req->need & TLB_WRITE ? PTE_A | PTE_D : PTE_A) & ~pte;
    }
    if (mark) {
        WalkResult result = cpu->state->menvcfg & MENVCFG_ADUE ? mark_pte(cpu, req, gpa, &pte, mark)
                                                               : WALK_PAGE_FAULT;
        if (result != WALK_OK) {
            return result;
        }
    }
    fill->gpa = base | (req->gva & offset_mask);
    fill->page_bits = (uint8_t)page_bits;
    fill->perms = pte & PTE_D ? perms : perms & ~TLB_WRITE;
    return WALK_OK;
}

static bool pte_is_valid(uint64_t pte)
{
    return pte & PTE_V && !(pte & PTE_RESERVED) && (pte & (PTE_R | PTE_W)) != PTE_W;
}

static WalkResult walk(RvCpu *cpu, const Request *req, TlbFill *fill)
{
    uint64_t satp = cpu->state->satp;
    unsigned level = satp_mode(satp) - SATP_SV39 + 3;
    uint64_t table = satp_ppn(satp) << TCG_PAGE_BITS;

    if ((uint64_t)bits_sext(req->gva, TCG_PAGE_BITS + VPN_BITS * level) != req->gva) {
        return WALK_PAGE_FAULT;
    }
    while (level--) {
        uint64_t vpn = bits_get(req->gva, TCG_PAGE_BITS + VPN_BITS * level, VPN_BITS);
        uint64_t gpa = table + vpn * PTE_SIZE;
        uint64_t *host = pte_host(cpu, req, gpa, PMP_R);
        uint64_t pte;

        if (!host) {
            return WALK_ACCESS_FAULT;
        }
        pte = __atomic_load_n(host, __ATOMIC_ACQUIRE);
        if (!pte_is_valid(pte)) {
            return WALK_PAGE_FAULT;
        }
        fill->global |= (pte & PTE_G) != 0;
        if (pte & (PTE_R | PTE_X)) {
            return take_leaf(cpu, req, gpa, pte, level, fill);
        }
        if (pte & (PTE_A | PTE_D | PTE_U)) {
            return WALK_PAGE_FAULT;
        }
        table = (pte & PTE_PPN) << (TCG_PAGE_BITS - PTE_PPN_SHIFT);
    }
    return WALK_PAGE_FAULT;
}

static WalkResult identity(const Request *req, TlbFill *fill)
{
    if (req->gva >> RV_PHYS_BITS) {
        return WALK_ACCESS_FAULT;
    }
    fill->gpa = req->gva;
    fill->perms = TLB_READ | TLB_WRITE | TLB_EXEC;
    fill->page_bits = TCG_PAGE_BITS;
    fill->global = true;
    return WALK_OK;
}

/* The access itself against PMP; an entry that covers part of the page makes the answer good for
 * this access only. */
static WalkResult apply_pmp(RvCpu *cpu, const Request *req, TlbFill *fill)
{
    RvPriv priv = priv_of(req->mode);
    uint64_t page = align_down(fill->gpa, TCG_PAGE_SIZE);
    uint8_t allowed = rv_pmp_perms(&cpu->pmp, priv, page, TCG_PAGE_SIZE);

    if (req->need & ~allowed) {
        allowed = rv_pmp_perms(&cpu->pmp, priv, fill->gpa, req->size);
        fill->uncached = true;
    }
    fill->perms &= allowed;
    return req->need & ~allowed ? WALK_ACCESS_FAULT : WALK_OK;
}

static WalkResult translate(RvCpu *cpu, const Request *req, TlbFill *fill)
{
    WalkResult result;

    do {
        *fill = (TlbFill) { 0 };
        result = req->mode == RV_MODE_M || satp_mode(cpu->state->satp) == SATP_BARE
                     ? identity(req, fill)
                     : walk(cpu, req, fill);
    } while (result == WALK_AGAIN);
    if (result == WALK_OK && req->need) {
        result = apply_pmp(cpu, req, fill);
    }
    return result;
}

bool rv_tlb_fill(VCpu *vcpu, uint64_t gva, unsigned size, AccessKind kind, unsigned mmu_idx,
                 TlbFill *fill)
{
    static const struct {
        uint8_t need;
        RvCause page_fault, access_fault;
    } kinds[] = {
        [ACCESS_LOAD] = { TLB_READ, RV_CAUSE_LOAD_PAGE, RV_CAUSE_LOAD_ACCESS },
        [ACCESS_STORE] = { TLB_WRITE, RV_CAUSE_STORE_PAGE, RV_CAUSE_STORE_ACCESS },
        [ACCESS_FETCH] = { TLB_EXEC, RV_CAUSE_FETCH_PAGE, RV_CAUSE_FETCH_ACCESS },
        [ACCESS_ATOMIC] = { TLB_READ | TLB_WRITE, RV_CAUSE_STORE_PAGE, RV_CAUSE_STORE_ACCESS },
    };
    RvCpu *cpu = rv_cpu(vcpu);
    Request req = {
        .gva = gva,
        .size = size,
        .mode = kind == ACCESS_FETCH ? tcg_flags_jc(cpu->state->tcg.flags) : mmu_idx,
        .need = kinds[kind].need,
    };

    switch (translate(cpu, &req, fill)) {
    case WALK_OK:
        return true;
    case WALK_PAGE_FAULT:
        rv_raise(cpu, kinds[kind].page_fault, gva);
        return false;
    default:
        rv_raise(cpu, kinds[kind].access_fault, gva);
        return false;
    }
}

bool rv_debug_translate(VCpu *vcpu, uint64_t gva, uint64_t *gpa)
{
    RvCpu *cpu = rv_cpu(vcpu);
    Request req = { .gva = gva, .size = 1, .mode = tcg_flags_mmu(cpu->state->tcg.flags) };
    TlbFill fill;

    if (translate(cpu, &req, &fill) != WALK_OK) {
        return false;
    }
    *gpa = fill.gpa;
    return true;
}

/* --- maintenance --- */

static void flatten_pmp(RvCpu *cpu)
{
    if (cpu->cfg.pmp) {
        rv_pmp_flatten(&cpu->pmp, cpu->state->pmpcfg, cpu->state->pmpaddr);
    } else {
        rv_pmp_allow_all(&cpu->pmp);
    }
    cpu->window.size = 0;
}

void rv_pmp_changed(RvCpu *cpu)
{
    flatten_pmp(cpu);
    tcg_tlb_flush(&cpu->vcpu);
}

void rv_mmu_restart(RvCpu *cpu)
{
    flatten_pmp(cpu);
    tcg_tlb_flush(&cpu->vcpu);
    tcg_tlb_bind(&cpu->vcpu, MODES_TRANSLATED, satp_asid(cpu->state->satp));
}

uint64_t rv_helper_sfence_vma(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    enum { HAS_ADDRESS = 1, HAS_ASID = 2 };
    RvCpu *cpu = rv_cpu_of(state);
    VCpu *vcpu = &cpu->vcpu;
    RvState *s = cpu->state;
    uint32_t asid = b & 0xffff;

    if (!rv_has(&cpu->cfg, RV_EXT_s) || s->priv == RV_U ||
        (s->priv == RV_S && s->mstatus & MSTATUS_TVM)) {
        rv_raise(cpu, RV_CAUSE_ILLEGAL, d);
        return 0;
    }
    switch (c & (HAS_ADDRESS | HAS_ASID)) {
    case 0:
        tcg_tlb_flush_modes(vcpu, MODES_TRANSLATED);
        break;
    case HAS_ADDRESS:
        tcg_tlb_flush_page(vcpu, a);
        break;
    case HAS_ASID:
        tcg_tlb_flush_space(vcpu, asid);
        break;
    default:
        tcg_tlb_flush_page_space(vcpu, a, asid);
        break;
    }
    return 0;
}

uint64_t rv_helper_fence_i(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    tcg_fence_i(&rv_cpu_of(state)->vcpu);
    return 0;
}
