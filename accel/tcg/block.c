/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translations: one per place in guest memory and state word. Looking one up takes no lock; making,
 * linking and dropping them does. Memory of dropped translations comes back when all are flushed.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include "internal.h"
#include "util/log.h"

static TcgBlock **bucket_of(TcgAccel *a, const uint8_t *hva, uint32_t flags)
{
    uint64_t h = ((uint64_t)(uintptr_t)hva >> 1) * 0x9e3779b97f4a7c15ull + flags * 0x85ebca6bull;
    return &a->buckets[h >> (64 - TCG_BUCKET_BITS)];
}

static TcgBlock *find(TcgAccel *a, const uint8_t *hva, const uint8_t *hva2, uint32_t flags)
{
    TcgBlock *b = __atomic_load_n(bucket_of(a, hva, flags), __ATOMIC_ACQUIRE);

    while (b && !(b->hva == hva && b->flags == flags && b->hva2 == hva2)) {
        b = __atomic_load_n(&b->bucket_next, __ATOMIC_ACQUIRE);
    }
    return b;
}

static void publish(TcgAccel *a, TcgBlock *b)
{
    TcgBlock **bucket = bucket_of(a, b->hva, b->flags);
    b->bucket_next = *bucket;
    __atomic_store_n(bucket, b, __ATOMIC_RELEASE);
    tcg_page_add_block(a, b);
    a->blocks_made++;
}

void tcg_block_drop(TcgAccel *a, TcgBlock *b)
{
    TcgBlock **p = bucket_of(a, b->hva, b->flags);

    while (*p != b) {
        p = &(*p)->bucket_next;
    }
    __atomic_store_n(p, b->bucket_next, __ATOMIC_RELEASE);
    for (TcgLink *link = b->links; link;) {
        TcgLink *next = link->next;
        tcg_unlink(a->ctx, link->site);
        g_free(link);
        link = next;
    }
    b->links = NULL;
    b->dropped = true;
    __atomic_fetch_add(&a->drop_seq, 1, __ATOMIC_RELEASE);
    /* Another vCPU may be inside it: the struct goes with the next flush. */
    g_ptr_array_add(a->dropped, b);
}

void tcg_block_free(void *opaque)
{
    TcgBlock *b = opaque;

    while (b->links) {
        TcgLink *next = b->links->next;
        g_free(b->links);
        b->links = next;
    }
    if (b->ir) {
        ir_region_free(b->ir);
    }
    g_free(b);
}

void tcg_blocks_flush(TcgAccel *a)
{
    g_mutex_lock(&a->lock);
    for (unsigned i = 0; i < 1u << TCG_BUCKET_BITS; i++) {
        TcgBlock *b = a->buckets[i];
        a->buckets[i] = NULL;
        while (b) {
            TcgBlock *next = b->bucket_next;
            tcg_block_free(b);
            b = next;
        }
    }
    g_ptr_array_set_size(a->dropped, 0);
    tcg_pages_flush(a);
    if (a->ctx) {
        tcg_code_reset(a->ctx);
    }
    a->ir_ops = 0;
    a->flushes++;
    for (unsigned i = 0; i < a->cpu_count; i++) {
        tcpu_clear_all_jumps(a->cpus[i]);
    }
    g_mutex_unlock(&a->lock);
}

static void log_ir(const IrRegion *r, uint32_t item, const char *title)
{
    if (!log_enabled(item) || !log_filter_has(r->pc_page + r->start)) {
        return;
    }
    GString *text = g_string_new(NULL);
    ir_print(r, text);
    log_printf(item, "%s:\n%s\n", title, text->str);
    g_string_free(text, true);
}

static void log_guest_code(TcgCpu *t, const TcgBlock *b, uint64_t pc)
{
    if (!log_enabled(LOG_IN_ASM) || !log_filter_has(pc)) {
        return;
    }
    GString *text = g_string_new("----------------\nIN:\n");
    for (unsigned at = 0; at < b->size;) {
        g_string_append_printf(text, "0x%08" PRIx64 ":  ", pc + at);
        at += t->ops->disassemble(t->cpu, pc + at, b->bytes + at, b->size - at, text);
        g_string_append_c(text, '\n');
    }
    log_printf(LOG_IN_ASM, "%s\n", text->str);
    g_string_free(text, true);
}

static void log_host_code(const TcgBlock *b, size_t size, uint64_t pc)
{
    if (!log_enabled(LOG_OUT_ASM) || !log_filter_has(pc)) {
        return;
    }
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "OUT: [size=%zu]\n", size);
    tcg_print_code(b->code, size, text);
    log_printf(LOG_OUT_ASM, "%s\n", text->str);
    g_string_free(text, true);
}

/*
 * False: the guest was redirected by a fetch fault. Where permissions change inside of the page an
 * instruction stands alone: its block has it only, is looked up each time, and differs from blocks
 * made at other times by a second part in the same page (of no bytes, if it is a short one).
 */
static bool locate_code(TcgCpu *t, uint64_t pc, TcgGuestCode *code)
{
    unsigned how;
    uint16_t parcel;

    code->hva = tcpu_fetch(t, pc, &code->how);
    code->hva2 = NULL;
    if (!code->hva) {
        return false;
    }
    bool whole = code->how & TCG_FETCH_WHOLE;
    code->size = whole ? TCG_PAGE_SIZE - (pc & (TCG_PAGE_SIZE - 1)) : sizeof(parcel);
    if (code->size >= 4) {
        return true;
    }
    memcpy(&parcel, code->hva, sizeof(parcel));
    if (t->ops->insn_length(parcel) > code->size) {
        code->hva2 = tcpu_fetch(t, pc + code->size, &how);
        code->how &= how;
        return code->hva2 != NULL;
    }
    code->hva2 = whole ? NULL : code->hva;
    return true;
}

/* Stress builds verify every region after each step. */
static void check_ir(const IrRegion *r, const char *maker)
{
#ifdef PG_STRESS
    char *fault = ir_verify(r);

    if (fault) {
        g_error("%s made bad IR: %s", maker, fault);
    }
#endif
}

unsigned tcpu_copy_code(const TcgCpu *t, const TcgGuestCode *code, uint8_t *bytes)
{
    enum { LONGEST_INSN = 4 };
    unsigned size = MIN(code->size, LONGEST_INSN * t->ops->max_insns);

    assert(size + 2 <= TCG_MAX_REGION_BYTES);
    memcpy(bytes, code->hva, size);
    if (!code->hva2) {
        return size;
    }
    memcpy(bytes + size, code->hva2, 2);
    return size + 2;
}

void tcpu_translate_code(TcgCpu *t, const TcgGuestCode *code, IrRegion *r, const uint8_t *bytes,
                         unsigned size)
{
    TcgAccel *a = t->accel;
    uint64_t pc = t->state->pc;
    bool one = code->hva2 || a->config.one_insn;

    ir_region_reset(r);
    r->pc_page = page_of(pc);
    r->start = pc & (TCG_PAGE_SIZE - 1);
    r->flags = t->state->flags;
    r->mmu_idx = tcg_flags_mmu(r->flags);
    r->jc_idx = (uint8_t)tcg_flags_jump_cache(r->flags);
    r->serial = a->cpu_count == 1 || a->config.single_thread;
    r->split = code->hva2 != NULL;
    t->ops->translate(t->cpu, r, bytes, size, one ? 1 : t->ops->max_insns);
}

static IrRegion *build_ir(TcgCpu *t, const TcgGuestCode *code, const uint8_t *bytes, unsigned size)
{
    TcgAccel *a = t->accel;
    IrRegion *r = a->region;

    tcpu_translate_code(t, code, r, bytes, size);
    log_ir(r, LOG_OP, "OP");
    check_ir(r, "the front-end");
    if (!a->config.no_fold) {
        ir_fold(r);
        check_ir(r, "folding");
        ir_eliminate(r);
        check_ir(r, "dead code removal");
        log_ir(r, LOG_OP_OPT, "OP after optimisation");
    }
    return r;
}

/* Gives the block something to run. False: no room. */
static bool generate(TcgCpu *t, TcgBlock *b, const IrRegion *r)
{
    TcgAccel *a = t->accel;

    if (!a->ctx) {
        b->ir = ir_region_copy(r);
        a->ir_ops += r->op_count;
        return a->ir_ops <= TCG_INTERP_MAX_OPS;
    }
    size_t size;
    b->code = tcg_generate(a->ctx, r, &size);
    if (b->code) {
        log_host_code(b, size, t->state->pc);
    }
    return b->code != NULL;
}

/* Lock held. NULL: no room for code; everything must be flushed first. */
static TcgBlock *make_block(TcgCpu *t, const TcgGuestCode *code)
{
    uint8_t bytes[TCG_MAX_REGION_BYTES];

    /* The copy is what gets translated, and what fence.i compares with; writes after the guard are
     * noticed, writes before it are in the copy. */
    tcg_page_guard(t, page_of((uint64_t)(uintptr_t)code->hva));
    if (code->hva2) {
        tcg_page_guard(t, page_of((uint64_t)(uintptr_t)code->hva2));
    }
    IrRegion *r = build_ir(t, code, bytes, tcpu_copy_code(t, code, bytes));
    TcgBlock *b = g_malloc0(sizeof(*b) + r->guest_size);
    b->hva = code->hva;
    b->hva2 = code->hva2;
    b->flags = t->state->flags;
    b->size = (uint16_t)r->guest_size;
    b->size1 = (uint16_t)MIN(code->size, r->guest_size);
    memcpy(b->bytes, bytes, b->size);
    log_guest_code(t, b, t->state->pc);
    if (!generate(t, b, r)) {
        tcg_block_free(b);
        return NULL;
    }
    publish(t->accel, b);
    return b;
}

/* Jump cache entries were made under one state word each; before any code runs under another, they
 * go. */
static void match_jump_cache(TcgCpu *t, unsigned jc)
{
    if (t->jc_flags[jc] != t->state->flags) {
        t->jc_flags[jc] = t->state->flags;
        tcpu_clear_jumps(t, jc);
    }
}

/* NULL: the guest was redirected. */
static TcgBlock *find_made(TcgCpu *t, TcgGuestCode *code)
{
    t->state->pc_page = page_of(t->state->pc);
    if (!locate_code(t, t->state->pc, code)) {
        code->hva = NULL;
        return NULL;
    }
    return find(t->accel, code->hva, code->hva2, t->state->flags);
}

/* NULL: no room; all vCPUs are told to leave so that everything can be flushed. */
static TcgBlock *find_or_make(TcgCpu *t, const TcgGuestCode *code)
{
    TcgAccel *a = t->accel;

    g_mutex_lock(&a->lock);
    TcgBlock *b = find(a, code->hva, code->hva2, t->state->flags);
    b = b ? b : make_block(t, code);
    g_mutex_unlock(&a->lock);
    if (!b) {
        __atomic_store_n(&a->flush_wanted, true, __ATOMIC_SEQ_CST);
        tcg_kick_all(a);
    }
    return b;
}

TcgBlock *tcpu_find_block(TcgCpu *t)
{
    TcgGuestCode code;
    TcgBlock *b = find_made(t, &code);

    return b || !code.hva ? b : find_or_make(t, &code);
}

void tcpu_log_entry(TcgCpu *t)
{
    uint64_t pc = t->state->pc;

    if (!log_enabled(LOG_EXEC | LOG_CPU) || !log_filter_has(pc)) {
        return;
    }
    log_printf(LOG_EXEC, "Trace %u: [%016" PRIx64 "/%08x]\n", t->cpu->index, pc, t->state->flags);
    if (log_enabled(LOG_CPU)) {
        GString *text = g_string_new(NULL);
        t->ops->print_state(t->cpu, text);
        log_printf(LOG_CPU, "%s\n", text->str);
        g_string_free(text, true);
    }
}

/* Logging what runs needs every block to come by here. */
static bool may_chain(void)
{
    return !log_enabled(LOG_EXEC | LOG_CPU | LOG_NOCHAIN);
}

const void *tcg_rt_lookup(TcgState *state)
{
    TcgCpu *t = tcpu_of(state);

    do {
        state->raised = 0;
        if (__atomic_load_n(&state->exit_request, __ATOMIC_RELAXED)) {
            return tcg_exit_code(t->accel->ctx);
        }
        unsigned jc = tcg_flags_jump_cache(state->flags);
        TcgJump *j = &state->jc[jc][state->pc >> 1 & (TCG_JC_SIZE - 1)];
        if (j->pc == state->pc && t->jc_flags[jc] == state->flags) {
            state->pc_page = page_of(state->pc);
            return (const void *)(uintptr_t)j->code;
        }
        TcgGuestCode code;
        TcgBlock *b = find_made(t, &code);
        if (!b && code.hva && tcpu_is_first_run(t, &code)) {
            if (!tcpu_first_run(t, &code)) {
                return tcg_exit_code(t->accel->ctx);
            }
            continue;
        }
        b = b || !code.hva ? b : find_or_make(t, &code);
        if (!b) {
            continue;
        }
        if (!may_chain()) {
            tcpu_log_entry(t);
            return b->code;
        }
        match_jump_cache(t, jc);
        if (code.how & TCG_FETCH_WHOLE) {
            tcpu_remember_jump(t, jc, b->code, code.how);
        }
        return b->code;
    } while (true);
}

const void *tcg_rt_link(TcgState *state, const TcgJumpSite *site)
{
    TcgCpu *t = tcpu_of(state);
    TcgAccel *a = t->accel;
    uint64_t pc = state->pc;
    uint32_t flags = state->flags;
    const void *code = tcg_rt_lookup(state);

    if (code == tcg_exit_code(a->ctx) || !may_chain() || state->pc != pc || state->flags != flags) {
        return code;
    }
    unsigned how;
    const uint8_t *hva = tcpu_fetch(t, pc, &how);
    TcgBlock *b = hva ? find(a, hva, NULL, flags) : NULL;
    if (!b || b->code != code) {
        return code;
    }
    g_mutex_lock(&a->lock);
    if (!b->dropped) {
        TcgLink *link = g_new(TcgLink, 1);
        *link = (TcgLink) { .site = site, .next = b->links };
        b->links = link;
        tcg_link(a->ctx, site, code);
    }
    g_mutex_unlock(&a->lock);
    return code;
}
