/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The translator's context: code buffer, pinned registers, linking of jumps. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend.h"

enum {
    MIN_BUFFER = 512 << 10,
    MAX_BUFFER = 1 << 30, /* every 32-bit displacement reaches everything */
    CODE_ALIGN = 32,
};

static const TcgBackend *host_backend(void)
{
#ifdef __x86_64__
    return &tcg_x86_64;
#else
    return NULL;
#endif
}

bool tcg_have_backend(void)
{
    return host_backend() != NULL;
}

static bool map_fail(TcgContext *ctx, char **error, const char *what)
{
    *error = g_strdup_printf("cannot %s a code buffer of %zu bytes: %s", what, ctx->size,
                             g_strerror(errno));
    return false;
}

static bool map_buffer(TcgContext *ctx, bool split_wx, char **error)
{
    if (!split_wx) {
        ctx->rw = mmap(NULL, ctx->size, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (ctx->rw == MAP_FAILED) {
            ctx->rw = NULL;
            return map_fail(ctx, error, "map");
        }
        return true;
    }
    ctx->memfd = memfd_create("peregrine-code", MFD_CLOEXEC);
    if (ctx->memfd < 0 || ftruncate(ctx->memfd, (off_t)ctx->size) < 0) {
        return map_fail(ctx, error, "create");
    }
    ctx->rw = mmap(NULL, ctx->size, PROT_READ | PROT_WRITE, MAP_SHARED, ctx->memfd, 0);
    if (ctx->rw == MAP_FAILED) {
        ctx->rw = NULL;
        return map_fail(ctx, error, "map");
    }
    uint8_t *rx = mmap(NULL, ctx->size, PROT_READ | PROT_EXEC, MAP_SHARED, ctx->memfd, 0);
    if (rx == MAP_FAILED) {
        return map_fail(ctx, error, "map executable");
    }
    ctx->rx_delta = rx - ctx->rw;
    return true;
}

/* Gives the bank's registers to the slots of a type, the highest pin priority first. */
static void pin_slots(TcgContext *ctx, IrType type, const uint8_t *regs, unsigned count)
{
    const TcgIsa *isa = ctx->isa;
    for (unsigned n = 0; n < count; n++) {
        int best = -1;
        for (unsigned i = 0; i < isa->slot_count; i++) {
            const TcgSlot *s = &isa->slots[i];
            bool candidate = s->type == type && s->pin && ctx->slot_reg[i] == REG_NONE;
            if (candidate && (best < 0 || s->pin > isa->slots[best].pin)) {
                best = (int)i;
            }
        }
        if (best < 0) {
            return;
        }
        ctx->slot_reg[best] = regs[n];
        ctx->pin_slot[regs[n]] = ir_slot((unsigned)best);
    }
}

TcgContext *tcg_context_new(const TcgIsa *isa, const TcgConfig *config, char **error)
{
    const TcgBackend *be = host_backend();
    if (!be) {
        *error = g_strdup("code generation for this host is not supported by Peregrine yet");
        return NULL;
    }
    if (config->buffer_size > MAX_BUFFER) {
        *error = g_strdup_printf("a code buffer of %zu bytes is larger than %d MiB",
                                 config->buffer_size, MAX_BUFFER >> 20);
        return NULL;
    }
    assert(isa->helper_count <= TCG_MAX_HELPERS && isa->slot_count <= IR_MAX_SLOTS);

    TcgContext *ctx = g_new0(TcgContext, 1);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    ctx->isa = isa;
    ctx->backend = be;
    ctx->memfd = -1;
    ctx->size = (MAX(config->buffer_size, (size_t)MIN_BUFFER) + page - 1) & ~(page - 1);
    if (!map_buffer(ctx, config->split_wx, error)) {
        tcg_context_free(ctx);
        return NULL;
    }
    ctx->slot_reg = g_malloc(isa->slot_count + 1);
    memset(ctx->slot_reg, REG_NONE, isa->slot_count + 1);
    pin_slots(ctx, IR_I64, be->pins_int, be->pin_int_count);
    pin_slots(ctx, IR_F64, be->pins_fp, be->pin_fp_count);

    TcgGen g = { .ctx = ctx, .p = ctx->rw, .start = ctx->rw, .end = ctx->rw + ctx->size };
    be->init(ctx, config, &g);
    ctx->code_start = ((size_t)(g.p - ctx->rw) + CODE_ALIGN - 1) & ~(size_t)(CODE_ALIGN - 1);
    ctx->used = ctx->code_start;
    return ctx;
}

void tcg_context_free(TcgContext *ctx)
{
    if (!ctx) {
        return;
    }
    if (ctx->rw) {
        if (ctx->rx_delta) {
            munmap(ctx->rw + ctx->rx_delta, ctx->size);
        }
        munmap(ctx->rw, ctx->size);
    }
    if (ctx->memfd >= 0) {
        close(ctx->memfd);
    }
    g_free(ctx->slot_reg);
    g_free(ctx->temps);
    g_free(ctx->reuse);
    g_free(ctx->stubs);
    g_free(ctx);
}

void tcg_state_init(TcgContext *ctx, TcgState *state)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(state->tramp); i++) {
        state->tramp[i] = ctx->tramp[i] ? ctx->tramp[i] + ctx->rx_delta : NULL;
    }
    for (unsigned i = 0; i < ctx->isa->helper_count; i++) {
        state->helpers[i] = (void *)ctx->isa->helpers[i].fn;
    }
}

static void emit_stubs(TcgGen *g)
{
    for (uint32_t i = 0; i < g->stub_count; i++) {
        TcgStub *stub = &g->ctx->stubs[i];
        for (unsigned j = 0; j < G_N_ELEMENTS(stub->jump); j++) {
            if (stub->jump[j]) {
                int32_t rel = (int32_t)(g->p - stub->jump[j] - 4);
                memcpy(stub->jump[j], &rel, sizeof(rel));
            }
        }
        stub->emit(g, stub);
    }
}

const void *tcg_generate(TcgContext *ctx, const IrRegion *r, size_t *size)
{
    uint8_t *start = ctx->rw + ctx->used;
    TcgGen g = {
        .ctx = ctx,
        .r = r,
        .p = start,
        .start = start,
        .end = ctx->rw + ctx->size,
        .pc_offset = r->start,
    };
    if ((size_t)(g.end - g.p) < ((size_t)r->op_count + 1) * ctx->backend->max_op_bytes ||
        !tcg_allocate_region(&g)) {
        return NULL;
    }
    emit_stubs(&g);
    assert(g.p <= g.end);
    *size = (size_t)(g.p - start);
    ctx->used = ((size_t)(g.p - ctx->rw) + CODE_ALIGN - 1) & ~(size_t)(CODE_ALIGN - 1);
    return start + ctx->rx_delta;
}

TcgStub *tcg_add_stub(TcgGen *g, void (*emit)(TcgGen *g, TcgStub *stub))
{
    TcgContext *ctx = g->ctx;
    if (g->stub_count == ctx->stub_cap) {
        ctx->stub_cap = ctx->stub_cap ? ctx->stub_cap * 2 : 64;
        ctx->stubs = g_renew(TcgStub, ctx->stubs, ctx->stub_cap);
    }
    TcgStub *stub = &ctx->stubs[g->stub_count++];
    memset(stub, 0, sizeof(*stub));
    stub->emit = emit;
    stub->live_fp = g->live_fp;
    return stub;
}

size_t tcg_code_used(const TcgContext *ctx)
{
    return ctx->used - ctx->code_start;
}

size_t tcg_code_capacity(const TcgContext *ctx)
{
    return ctx->size - ctx->code_start;
}

void tcg_code_reset(TcgContext *ctx)
{
    ctx->used = ctx->code_start;
}

void tcg_enter(TcgContext *ctx, TcgState *state, const void *code)
{
    void (*run)(TcgState *, const void *) =
        (void (*)(TcgState *, const void *))(ctx->tramp[TCG_TRAMP_ENTER] + ctx->rx_delta);
    run(state, code);
}

const void *tcg_exit_code(const TcgContext *ctx)
{
    return ctx->tramp[TCG_TRAMP_EXIT] + ctx->rx_delta;
}

/* The displacement is relative to its own end, as on every host so far. */
static void patch(TcgContext *ctx, const TcgJumpSite *site, const uint8_t *target)
{
    const uint8_t *field = (const uint8_t *)site + site->jump;
    assert(((uintptr_t)field & 3) == 0);
    int32_t *rw = (int32_t *)(uintptr_t)(field - ctx->rx_delta);
    __atomic_store_n(rw, (int32_t)(target - field - 4), __ATOMIC_RELEASE);
}

void tcg_link(TcgContext *ctx, const TcgJumpSite *site, const void *code)
{
    patch(ctx, site, code);
}

void tcg_unlink(TcgContext *ctx, const TcgJumpSite *site)
{
    patch(ctx, site, (const uint8_t *)site + site->stub);
}
