/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code seen for the first time. Much code runs once only, and making host code for it takes far
 * longer than running it, so the first time its IR is interpreted and nothing is kept but a bit
 * that says it was seen. The second time it gets a translation.
 *
 * The bits are hashed: where two places in memory share one, the other may be translated at once.
 */
#include <string.h>
#include "internal.h"
#include "util/log.h"

enum {
    LOGS_OF_TRANSLATIONS =
        LOG_IN_ASM | LOG_OP | LOG_OP_OPT | LOG_OUT_ASM | LOG_EXEC | LOG_CPU | LOG_NOCHAIN
};

void tcpu_first_runs_init(TcgCpu *t)
{
    t->first_runs.region = ir_region_new(t->ops->isa);
}

void tcpu_first_runs_release(TcgCpu *t)
{
    ir_region_free(t->first_runs.region);
}

bool tcpu_is_first_run(TcgCpu *t, const TcgGuestCode *code)
{
    TcgFirstRuns *f = &t->first_runs;
    const TcgAccel *a = t->accel;

    if (!a->ctx || a->config.translate_at_once || log_enabled(LOGS_OF_TRANSLATIONS)) {
        return false;
    }
    uint64_t place = (uint64_t)(uintptr_t)code->hva >> 1 ^ (uint64_t)t->state->flags << 40;
    uint64_t hash = place * 0x9e3779b97f4a7c15ull >> (64 - TCG_SEEN_BITS);
    uint64_t bit = 1ull << hash % 64, *word = &f->seen[hash / 64];

    if (*word & bit) {
        *word &= ~bit;
        f->count--;
        return false;
    }
    if (++f->count > (1u << TCG_SEEN_BITS) / 2) {
        memset(f->seen, 0, sizeof(f->seen));
        f->count = 1;
    }
    *word |= bit;
    return true;
}

bool tcpu_first_run(TcgCpu *t, const TcgGuestCode *code)
{
    IrRegion *r = t->first_runs.region;
    uint8_t bytes[TCG_MAX_REGION_BYTES];
    unsigned size = tcpu_copy_code(t, code, bytes);

    tcpu_translate_code(t, code, r, bytes, size);
    return tcg_interp_run(r, t->state);
}
