/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the passes and code generation take: nanoseconds per op on random regions. Not a test:
 * run it by hand.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "random_region.h"
#include "tcg/tcg.h"

enum { REGIONS = 400, ROUNDS = 50 };

typedef void Pass(IrRegion *r);

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void nothing(IrRegion *r)
{
}

static void both(IrRegion *r)
{
    ir_fold(r);
    ir_eliminate(r);
}

/* Time of a pass over all regions, copies being made anew each round in the same memory. */
static double time_pass(IrRegion *const *regions, Pass *pass)
{
    IrRegion *work = ir_region_new(&random_isa);
    double total = 0;
    uint64_t ops = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < REGIONS; i++) {
            const IrRegion *r = regions[i];

            ir_region_reset(work);
            for (uint32_t n = 0; n < r->temp_count; n++) {
                ir_temp(work, (IrType)r->temp_types[n]);
            }
            while (work->op_count < r->op_count) {
                ir_append(work, IR_mov, IR_I64, IR_NONE, IR_NONE, IR_NONE);
            }
            while (work->const_count < r->const_count) {
                ir_const(work, (int64_t)work->const_count);
            }
            memcpy(work->ops, r->ops, r->op_count * sizeof(*r->ops));
            memcpy(work->consts, r->consts, r->const_count * sizeof(*r->consts));
            ops += r->op_count;
            double start = now();
            pass(work);
            total += now() - start;
        }
    }
    ir_region_free(work);
    return total / (double)ops;
}

static double time_interpreter(IrRegion *const *regions)
{
    RandomMachine *m = random_machine_new();
    double total = 0;
    uint64_t ops = 0;

    random_machine_reset(m, 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < REGIONS; i++) {
            m->state.raised = 0;
            ops += regions[i]->op_count;
            double start = now();
            tcg_interp_run(regions[i], &m->state);
            total += now() - start;
        }
    }
    random_machine_free(m);
    return total / (double)ops;
}

/* 0 where there is no back-end. */
static double time_generation(IrRegion *const *regions)
{
    const TcgConfig config = { .buffer_size = 4 << 20, .split_wx = true };
    char *error = NULL;
    TcgContext *ctx = tcg_have_backend() ? tcg_context_new(&random_isa, &config, &error) : NULL;
    double total = 0;
    uint64_t ops = 0;

    if (!ctx) {
        g_free(error);
        return 0;
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        tcg_code_reset(ctx);
        for (unsigned i = 0; i < REGIONS; i++) {
            size_t size;
            ops += regions[i]->op_count;
            double start = now();
            const void *code = tcg_generate(ctx, regions[i], &size);
            total += now() - start;
            g_assert_nonnull(code);
        }
    }
    tcg_context_free(ctx);
    return total / (double)ops;
}

static void report(const char *name, const RandomOptions *options)
{
    IrRegion *regions[REGIONS];

    for (unsigned i = 0; i < REGIONS; i++) {
        regions[i] = ir_region_new(&random_isa);
        random_region(regions[i], i + 1, options);
    }
    double overhead = time_pass(regions, nothing);
    printf("%-12s fold %5.1f  eliminate %5.1f  both %5.1f  generate %5.1f  interpreter %5.1f "
           "ns per op\n",
           name, time_pass(regions, ir_fold) - overhead,
           time_pass(regions, ir_eliminate) - overhead, time_pass(regions, both) - overhead,
           time_generation(regions) - overhead, time_interpreter(regions) - overhead);
    for (unsigned i = 0; i < REGIONS; i++) {
        ir_region_free(regions[i]);
    }
}

int main(void)
{
    report("integer", &(RandomOptions) { .ops = 100 });
    report("memory", &(RandomOptions) { .ops = 100, .memory = true });
    report("short", &(RandomOptions) { .ops = 15, .memory = true });
    report("fp", &(RandomOptions) { .ops = 100, .fp = true, .memory = true });
    return 0;
}
