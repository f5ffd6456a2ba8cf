/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's life, its run state, and requests from other threads. */
#include <glib.h>
#include <string.h>

#include "system/machine.h"
#include "util/units.h"

/* A board and an accelerator that write down what happens to them. */
typedef struct Board {
    Machine m;
    GString *events;
    bool fail_init, fail_start;
    uint32_t knob;
} Board;

static bool board_init(Machine *m, Error *err)
{
    Board *b = (Board *)m;
    g_string_append(b->events, "init ");
    if (b->fail_init) {
        error_set(err, "the board is broken");
        return false;
    }
    mem_region_add_sub(&m->sysmem, 0x80000000, &m->ram, 0);
    return true;
}

static void board_reset(Machine *m)
{
    g_string_append(((Board *)m)->events, "board-reset ");
}

static void board_instance_init(Object *obj)
{
    ((Board *)obj)->events = g_string_new(NULL);
}

static void board_instance_finalize(Object *obj)
{
    g_string_free(((Board *)obj)->events, TRUE);
}

static const Field board_fields[] = {
    FIELD_PROP(Board, knob, "knob", "3", "a knob of the board"),
    FIELD_END,
};

static const MachineClass board_class = {
    .desc = "board for tests",
    .init = board_init,
    .reset = board_reset,
    .max_cpus = 16,
    .default_ram_size = MiB,
    .default_ram_id = "board.ram",
};

static const TypeInfo board_type = {
    .name = "board-machine",
    .parent = TYPE_MACHINE,
    .instance_size = sizeof(Board),
    .class = &board_class,
    .props = board_fields,
    .instance_init = board_instance_init,
    .instance_finalize = board_instance_finalize,
};
QOM_TYPE(board_type);

static bool fake_start(Machine *m, Error *err)
{
    Board *b = (Board *)m;
    g_string_append(b->events, "start ");
    if (b->fail_start) {
        error_set(err, "no threads");
    }
    return !b->fail_start;
}

static void fake_pause(Machine *m)
{
    g_assert_true(machine_locked(m));
    devlock_retake(&m->lock, devlock_yield(&m->lock));
    g_string_append(((Board *)m)->events, "pause ");
}

static void fake_resume(Machine *m)
{
    g_assert_true(machine_locked(m));
    g_string_append(((Board *)m)->events, "resume ");
}

static void fake_reset(Machine *m)
{
    g_string_append(((Board *)m)->events, "cpu-reset ");
}

static void fake_exit(Machine *m)
{
    unsigned *exits = m->accel_data;
    g_string_append(((Board *)m)->events, "exit ");
    if (exits) {
        ++*exits;
    }
}

static const AccelOps fake_accel = {
    .name = "fake",
    .start_all = fake_start,
    .pause_all = fake_pause,
    .resume_all = fake_resume,
    .reset_all = fake_reset,
    .exit_all = fake_exit,
};

static Board *new_board(void)
{
    Machine *m = machine_new("board", NULL);
    g_assert_nonnull(m);
    m->accel = &fake_accel;
    return (Board *)m;
}

static void expect(Board *b, const char *events)
{
    g_assert_cmpstr(b->events->str, ==, events);
    g_string_truncate(b->events, 0);
}

static void handler(void *opaque)
{
    g_string_append(((Board *)opaque)->events, "dev-reset ");
}

static void on_notice(void *opaque, Machine *m, const RunNotice *n)
{
    static const char *const names[] = { "STOP", "RESUME", "RESET", "POWERDOWN", "SHUTDOWN" };
    g_string_append_printf(((Board *)m)->events, "%s%s(%s,%s) ", (const char *)opaque,
                           names[n->event], run_state_name(n->state), run_cause_name(n->cause));
}

static void test_names(void)
{
    Error err = { 0 };
    g_assert_null(machine_new("bord", &err));
    g_assert_cmpstr(err.msg, ==, "unsupported machine type: \"bord\"");
    g_assert_cmpstr(err.hint, ==,
                    "Did you mean 'board'?\nUse -machine help to list supported machines");
    error_clear(&err);
    g_assert_null(machine_new("", NULL));
    Board *b = new_board();
    g_assert_false(obj_set(OBJECT(b), "nosuch", "1", &err));
    g_assert_cmpstr(err.msg, ==, "Property 'board-machine.nosuch' not found");
    error_clear(&err);
    g_assert_true(obj_set(OBJECT(b), "knob", "5", NULL));
    g_assert_true(obj_set(OBJECT(b), "kernel", "/boot/Image", NULL));
    g_assert_cmpstr(b->m.kernel, ==, "/boot/Image");
    g_assert_true(machine_of(obj_lookup(OBJECT(b), "/machine/peripheral")) == &b->m);
    g_autofree char *path = obj_path(OBJECT(b));
    g_assert_cmpstr(path, ==, "/machine");
    machine_free(&b->m);
    machine_free(NULL);
}

typedef struct SmpCase {
    SmpTopology in, out; /* out.cpus 0: refused */
} SmpCase;

static void test_smp(void)
{
    static const SmpCase cases[] = {
        { { 1 }, { 1, 1, 1, 1, 1, 1 } },
        { { 4 }, { 4, 4, 1, 1, 4, 1 } },
        { { 4, .sockets = 2 }, { 4, 4, 2, 1, 2, 1 } },
        { { 4, .cores = 2 }, { 4, 4, 2, 1, 2, 1 } },
        { { 4, .threads = 2 }, { 4, 4, 1, 1, 2, 2 } },
        { { 0, .sockets = 2, .cores = 3 }, { 6, 6, 2, 1, 3, 1 } },
        { { 2, .max_cpus = 8 }, { 2, 8, 1, 1, 8, 1 } },
        { { 0, .max_cpus = 8 }, { 8, 8, 1, 1, 8, 1 } },
        { { 4, .sockets = 2, .cores = 2, .threads = 1, .clusters = 1 }, { 4, 4, 2, 1, 2, 1 } },
        { { 2, .max_cpus = 4, .sockets = 2, .cores = 2 }, { 2, 4, 2, 1, 2, 1 } },
        { { 4, .sockets = 3 }, { 0 } },
        { { 17 }, { 0 } },
        { { 8, .max_cpus = 4 }, { 0 } },
        { { 4, .max_cpus = 4, .cores = 3 }, { 0 } },
        { { .sockets = 65536, .clusters = 65536, .cores = 65536, .threads = 65536 }, { 0 } },
        { { UINT32_MAX, .sockets = UINT32_MAX, .threads = UINT32_MAX }, { 0 } },
    };
    Board *b = new_board();
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const SmpCase *c = &cases[i];
        Error err = { 0 };
        bool ok = machine_set_smp(&b->m, &c->in, &err);
        g_test_message("case %u: %s", i, error_msg(&err));
        g_assert_cmpint(ok, ==, c->out.cpus != 0);
        g_assert_cmpint(error_is_set(&err), ==, !ok);
        if (ok) {
            g_assert_cmpmem(&b->m.smp, sizeof(SmpTopology), &c->out, sizeof(SmpTopology));
        }
        error_clear(&err);
    }
    Error err = { 0 };
    machine_set_smp(&b->m, &(SmpTopology) { 17 }, &err);
    g_assert_cmpstr(err.msg, ==, "Invalid SMP CPUs 17: machine 'board' can have at most 16");
    error_clear(&err);
    machine_free(&b->m);
}

static void test_life(void)
{
    Board *b = new_board();
    int code = -1;
    machine_add_reset(&b->m, handler, b);
    run_add_notifier(&b->m, on_notice, "");
    g_assert_true(machine_init(&b->m, NULL));
    g_assert_cmpuint(b->m.ram_size, ==, MiB);
    g_assert_cmpuint(b->m.smp.cpus, ==, 1);
    g_assert_nonnull(mem_lookup(&b->m.memory, 0x80000000).hva);
    g_assert_false(obj_set(OBJECT(b), "knob", "5", NULL)); /* too late */
    expect(b, "init ");
    g_assert_cmpint(run_state(&b->m), ==, RUN_PRELAUNCH);
    run_request_shutdown(&b->m, CAUSE_GUEST_SHUTDOWN, 42);
    run_request_shutdown(&b->m, CAUSE_HOST_SIGNAL, 1); /* the first counts */
    g_assert_true(machine_run(&b->m, &code, NULL));
    g_assert_cmpint(code, ==, 42);
    g_assert_cmpint(b->m.run.cause, ==, CAUSE_GUEST_SHUTDOWN);
    expect(b, "dev-reset cpu-reset board-reset RESET(prelaunch,none) start "
              "RESUME(running,none) resume SHUTDOWN(running,guest-shutdown) exit ");
    machine_free(&b->m);
}

/* The accelerator is ended once, however far the machine came. */
static void free_and_count(Board *b, unsigned *exits)
{
    *exits = 0;
    b->m.accel_data = exits;
    machine_free(&b->m);
    g_assert_cmpuint(*exits, ==, 1);
}

static void test_failures(void)
{
    Error err = { 0 };
    unsigned exits;
    int code;
    Board *b = new_board();
    b->fail_init = true;
    g_assert_false(machine_init(&b->m, &err));
    g_assert_cmpstr(err.msg, ==, "the board is broken");
    error_clear(&err);
    free_and_count(b, &exits);

    b = new_board();
    b->fail_start = true;
    g_assert_true(machine_init(&b->m, NULL));
    g_assert_false(machine_run(&b->m, &code, &err));
    g_assert_cmpstr(err.msg, ==, "no threads");
    error_clear(&err);
    free_and_count(b, &exits);

    b = new_board();
    b->m.ram_size = UINT64_C(1) << 62;
    g_assert_false(machine_init(&b->m, &err));
    g_assert_nonnull(strstr(err.msg, "'board.ram'"));
    error_clear(&err);
    free_and_count(b, &exits);
}

/* A started, running board with the start-up's events forgotten. */
static Board *running_board(void)
{
    Board *b = new_board();
    g_assert_true(machine_init(&b->m, NULL));
    g_assert_true(machine_start(&b->m, NULL));
    run_add_notifier(&b->m, on_notice, "1");
    run_add_notifier(&b->m, on_notice, "2");
    g_string_truncate(b->events, 0);
    return b;
}

static bool turn(Board *b)
{
    main_loop_turn(&b->m.loop, false);
    machine_lock(&b->m);
    bool more = run_handle_requests(&b->m);
    machine_unlock(&b->m);
    return more;
}

static void test_stop_and_start(void)
{
    Board *b = running_board();
    machine_lock(&b->m);
    g_assert_true(clk_virtual_running(&b->m.clk_virtual));
    run_stop(&b->m, RUN_PAUSED);
    expect(b, "pause 2STOP(paused,none) 1STOP(paused,none) ");
    g_assert_false(clk_virtual_running(&b->m.clk_virtual));
    run_stop(&b->m, RUN_SAVE_VM); /* stopped already: another state only */
    g_assert_cmpint(run_state(&b->m), ==, RUN_SAVE_VM);
    expect(b, "");
    run_start(&b->m);
    run_start(&b->m);
    expect(b, "1RESUME(running,none) 2RESUME(running,none) resume ");
    g_assert_true(run_is_running(&b->m));
    machine_unlock(&b->m);
    run_request_stop(&b->m, RUN_DEBUG);
    g_assert_true(turn(b));
    g_assert_cmpint(run_state(&b->m), ==, RUN_DEBUG);
    run_remove_notifier(&b->m, on_notice, "1");
    machine_free(&b->m);
}

static void test_paused_start(void)
{
    Board *b = new_board();
    b->m.start_paused = true;
    g_assert_true(machine_init(&b->m, NULL));
    g_assert_true(machine_start(&b->m, NULL));
    expect(b, "init cpu-reset board-reset start ");
    g_assert_cmpint(run_state(&b->m), ==, RUN_PRELAUNCH);
    g_assert_false(clk_virtual_running(&b->m.clk_virtual));
    machine_free(&b->m);
}

static void test_reset(void)
{
    Board *b = running_board();
    machine_add_reset(&b->m, handler, b);
    run_request_reset(&b->m, CAUSE_GUEST_RESET);
    g_assert_true(turn(b));
    expect(b, "pause dev-reset cpu-reset board-reset 1RESET(running,guest-reset) "
              "2RESET(running,guest-reset) resume ");
    machine_remove_reset(&b->m, handler, b);
    b->m.run.no_reboot = true;
    run_request_reset(&b->m, CAUSE_HOST_QMP_RESET); /* not the guest's wish */
    g_assert_true(turn(b));
    expect(b, "pause cpu-reset board-reset 1RESET(running,host-qmp-system-reset) "
              "2RESET(running,host-qmp-system-reset) resume ");
    run_request_reset(&b->m, CAUSE_GUEST_RESET);
    g_assert_false(turn(b));
    g_assert_cmpint(b->m.run.exit_code, ==, 0);
    expect(b, "1SHUTDOWN(running,guest-reset) 2SHUTDOWN(running,guest-reset) ");
    machine_free(&b->m);
}

static void test_no_shutdown(void)
{
    Board *b = running_board();
    run_remove_notifier(&b->m, on_notice, "2");
    b->m.run.no_shutdown = true;
    run_request_shutdown(&b->m, CAUSE_GUEST_SHUTDOWN, 0);
    g_assert_true(turn(b));
    g_assert_cmpint(run_state(&b->m), ==, RUN_SHUTDOWN);
    machine_lock(&b->m);
    run_start(&b->m); /* a guest that is off cannot go on */
    machine_unlock(&b->m);
    g_assert_cmpint(run_state(&b->m), ==, RUN_SHUTDOWN);
    run_request_reset(&b->m, CAUSE_HOST_QMP_RESET);
    g_assert_true(turn(b));
    g_assert_cmpint(run_state(&b->m), ==, RUN_PRELAUNCH);
    machine_lock(&b->m);
    run_start(&b->m);
    machine_unlock(&b->m);
    g_assert_true(run_is_running(&b->m));
    run_request_shutdown(&b->m, CAUSE_HOST_SIGNAL, 0);
    g_assert_false(turn(b));
    machine_free(&b->m);
}

static void test_powerdown(void)
{
    Board *b = running_board();
    run_remove_notifier(&b->m, on_notice, "2");
    run_request_powerdown(&b->m);
    g_assert_true(turn(b));
    expect(b, "1POWERDOWN(running,none) ");
    machine_free(&b->m);
}

static gpointer ask_for_shutdown(gpointer opaque)
{
    g_usleep(3000);
    run_request_shutdown(opaque, CAUSE_GUEST_SHUTDOWN, 7);
    return NULL;
}

static void test_request_from_thread(void)
{
    Board *b = new_board();
    int code;
    g_assert_true(machine_init(&b->m, NULL));
    GThread *t = g_thread_new("guest", ask_for_shutdown, b);
    g_assert_true(machine_run(&b->m, &code, NULL));
    g_assert_cmpint(code, ==, 7);
    g_thread_join(t);
    machine_free(&b->m);
}

static void test_two_machines(void)
{
    Board *a = running_board(), *b = running_board();
    uint64_t v = 0;
    mem_store(&a->m.memory, 0x80000000, 4, 0xaaaa, MEM_ATTRS_NONE);
    mem_load(&b->m.memory, 0x80000000, 4, &v, MEM_ATTRS_NONE);
    g_assert_cmphex(v, ==, 0);
    run_request_shutdown(&a->m, CAUSE_GUEST_SHUTDOWN, 1);
    g_assert_true(turn(b));
    g_assert_false(turn(a));
    machine_free(&a->m);
    g_assert_true(run_is_running(&b->m));
    machine_free(&b->m);
}

static void list_name(const char *name, const MachineClass *mc, void *opaque)
{
    g_string_append_printf(opaque, "%s: %s\n", name, mc->desc);
}

static void test_none_and_list(void)
{
    GString *s = g_string_new(NULL);
    machine_foreach_type(list_name, s);
    g_assert_cmpstr(s->str, ==, "board: board for tests\nnone: empty machine\n");
    g_string_free(s, TRUE);
    Machine *m = machine_new("none", NULL);
    int code = -1;
    g_assert_true(machine_init(m, NULL));
    run_request_shutdown(m, CAUSE_HOST_QMP_QUIT, 0);
    g_assert_true(machine_run(m, &code, NULL)); /* without an accelerator */
    g_assert_cmpint(code, ==, 0);
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/machine/names", test_names);
    g_test_add_func("/machine/smp", test_smp);
    g_test_add_func("/machine/life", test_life);
    g_test_add_func("/machine/failures", test_failures);
    g_test_add_func("/run/stop-and-start", test_stop_and_start);
    g_test_add_func("/run/paused-start", test_paused_start);
    g_test_add_func("/run/reset", test_reset);
    g_test_add_func("/run/no-shutdown", test_no_shutdown);
    g_test_add_func("/run/powerdown", test_powerdown);
    g_test_add_func("/run/request-from-thread", test_request_from_thread);
    g_test_add_func("/machine/two", test_two_machines);
    g_test_add_func("/machine/none-and-list", test_none_and_list);
    return g_test_run();
}
