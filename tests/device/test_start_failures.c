/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines with an accelerator that do not come to run: each fails with its error and leaves
 * nothing behind, which LeakSanitizer watches in builds with sanitizers.
 */
#include <string.h>

#include "accel/accel.h"
#include "device_fixture.h"

static Machine *machine_with_accel(const AccelConfig *config)
{
    Machine *m = machine_new("virt", NULL);
    g_assert_nonnull(m);
    g_assert_true(accel_tcg_setup(m, config, NULL));
    obj_set_known(OBJECT(m), "firmware", "none");
    return m;
}

static void test_missing_kernel(void)
{
    static const AccelConfig configs[] = { { 0 }, { .interp = true }, { .single_thread = true } };

    for (size_t i = 0; i < G_N_ELEMENTS(configs); i++) {
        Error err = { 0 };
        Machine *m = machine_with_accel(&configs[i]);
        obj_set_known(OBJECT(m), "kernel", "/nonexistent/kernel");
        g_assert_false(machine_init(m, &err));
        g_assert_nonnull(strstr(error_msg(&err), "/nonexistent/kernel"));
        error_clear(&err);
        machine_free(m);
    }
}

static void test_option_after_accel(void)
{
    Error err = { 0 };
    Machine *m = machine_with_accel(&(AccelConfig) { 0 });
    g_assert_false(machine_set_smp(m, &(SmpTopology) { .cpus = 1000000 }, &err));
    error_clear(&err);
    machine_free(m);
}

static void test_no_code_buffer(void)
{
    Error err = { 0 };
    int code;
    Machine *m = machine_with_accel(&(AccelConfig) { .tb_size = (size_t)1 << 40 });
    g_assert_true(machine_init(m, &err));
    g_assert_false(machine_run(m, &code, &err));
    g_assert_nonnull(strstr(error_msg(&err), "code buffer"));
    error_clear(&err);
    machine_free(m);
}

static void test_ends_at_once(void)
{
    Error err = { 0 };
    int code = -1;
    Machine *m = machine_with_accel(&(AccelConfig) { 0 });
    g_assert_true(machine_set_smp(m, &(SmpTopology) { .cpus = 3 }, &err));
    g_assert_true(machine_init(m, &err));
    run_request_shutdown(m, CAUSE_HOST_QMP_QUIT, 0);
    g_assert_true(machine_run(m, &code, &err));
    g_assert_cmpint(code, ==, 0);
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/start-failures/missing-kernel", test_missing_kernel);
    g_test_add_func("/start-failures/option", test_option_after_accel);
    g_test_add_func("/start-failures/no-code-buffer", test_no_code_buffer);
    g_test_add_func("/start-failures/ends-at-once", test_ends_at_once);
    return g_test_run();
}
