/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Setting the translating accelerator up and taking it down.
 */
#include "internal.h"
#include "util/units.h"

#ifdef PG_STRESS
static const size_t DEFAULT_CODE_SIZE = 256 * KiB;
#else
static const size_t DEFAULT_CODE_SIZE = 256 * MiB;
#endif

bool accel_tcg_setup(Machine *m, const AccelConfig *config, Error *err)
{
    if (!config->interp && !tcg_have_backend()) {
        error_set(err, "this host has no code generator");
        error_hint(err, "Use -accel interp to interpret guest code.");
        return false;
    }
    TcgAccel *a = g_new0(TcgAccel, 1);
    a->machine = m;
    a->config = *config;
    g_mutex_init(&a->lock);
    g_mutex_init(&a->flush_lock);
    g_mutex_init(&a->park_lock);
    g_cond_init(&a->park_cond);
    a->pages = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    a->suspects = g_ptr_array_new();
    a->dropped = g_ptr_array_new_with_free_func(tcg_block_free);
    a->old_guards = g_ptr_array_new_with_free_func((GDestroyNotify)tcg_guard_free);
    a->guard = tcg_guard_new(12);
    a->threads = g_ptr_array_new_with_free_func(g_free);
    m->accel = &tcg_accel_ops;
    m->accel_data = a;
    return true;
}

bool tcg_accel_prepare(TcgAccel *a, Error *err)
{
    a->region = ir_region_new(a->ops->isa);
    if (a->config.interp) {
        return true;
    }
    size_t size = a->config.tb_size ? a->config.tb_size : DEFAULT_CODE_SIZE;
    TcgConfig config = { .buffer_size = size, .split_wx = !a->config.no_split_wx };
    char *text = NULL;
    a->ctx = tcg_context_new(a->ops->isa, &config, &text);
    if (!a->ctx) {
        error_set(err, "cannot make a code buffer of %zu MiB: %s", (size_t)(size / MiB), text);
        error_hint(err, "Give a smaller one with -accel tcg,tb-size=<MiB>.");
        g_free(text);
    }
    return a->ctx != NULL;
}

void tcg_accel_release(TcgAccel *a)
{
    a->cpu_count = 0;
    tcg_blocks_flush(a);
    g_ptr_array_unref(a->dropped);
    g_ptr_array_unref(a->suspects);
    g_ptr_array_unref(a->old_guards);
    g_ptr_array_unref(a->threads);
    g_hash_table_unref(a->pages);
    tcg_guard_free(a->guard);
    if (a->region) {
        ir_region_free(a->region);
    }
    if (a->ctx) {
        tcg_context_free(a->ctx);
    }
    g_mutex_clear(&a->lock);
    g_mutex_clear(&a->flush_lock);
    g_mutex_clear(&a->park_lock);
    g_cond_clear(&a->park_cond);
    g_free(a);
}
