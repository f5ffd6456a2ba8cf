/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The human monitor's commands, on the board virt without running CPUs. */
#include <string.h>

#include "device_fixture.h"
#include "monitor/monitor.h"

enum { DRAM = 0x80000000 };

/* Runs a line and looks for @text in what it prints. */
static void expect(Machine *m, const char *line, const char *text)
{
    GString *out = g_string_new(NULL);
    monitor_run_command(m, line, out);
    if (!strstr(out->str, text)) {
        g_error("'%s' printed '%s' without '%s'", line, out->str, text);
    }
    g_string_free(out, TRUE);
}

static void test_lookup(void)
{
    Machine *m = fixture_machine("virt", "firmware=none");
    GString *out = g_string_new(NULL);
    monitor_run_command(m, "  ", out);
    g_assert_cmpstr(out->str, ==, "");
    g_string_free(out, TRUE);
    expect(m, "nonsense", "unknown command: 'nonsense'");
    expect(m, "info nonsense", "unknown command: 'info nonsense'");
    expect(m, "quit now", "Error: quit is used as: quit");
    expect(m, "xp", "Error: xp is used as: xp [/FMT] ADDRESS");
    expect(m, "info status 1", "takes no arguments");
    expect(m, "xp \"1", "Error: ");
    fixture_free(m);
}

static void test_help(void)
{
    Machine *m = fixture_machine("virt", "firmware=none");
    expect(m, "help", "system_reset -- reset the machine\n");
    expect(m, "?", "quit|q -- end the emulator\n");
    expect(m, "help xp", "xp [/FMT] ADDRESS -- ");
    expect(m, "info", "info mtree [-f] -- ");
    fixture_free(m);
}

static void test_info(void)
{
    Machine *m = fixture_machine("virt", "firmware=none,smp=2");
    expect(m, "info version", "(Peregrine ");
    expect(m, "info cpus", "* CPU #0:");
    expect(m, "info cpus", "  CPU #1:");
    expect(m, "info registers", "CPU#1\n");
    expect(m, "info mtree", "riscv_virt_board.ram");
    expect(m, "info mtree -f", "riscv_virt_board.ram");
    expect(m, "info qom-tree", "/plic (riscv.sifive.plic)");
    fixture_free(m);
}

static void test_memory(void)
{
    Machine *m = fixture_machine("virt", "firmware=none");
    fixture_store(m, DRAM, 8, 0x1122334455667788);
    expect(m, "xp 0x80000000", "0000000080000000: 0x55667788\n");
    expect(m, "xp/2xw 0x80000000", "0000000080000000: 0x55667788 0x11223344\n");
    expect(m, "xp /1g 0x80000000", "0000000080000000: 0x1122334455667788\n");
    expect(m, "x /b 0x80000000", "0000000080000000: 0x88\n");
    expect(m, "xp 0x1", "Cannot access memory at 0x1");
    expect(m, "xp nowhere", "Error: 'nowhere' is not an address");
    expect(m, "xp /q 0", "Error: '/q' is not a format");
    fixture_free(m);
}

static void test_run_state(void)
{
    Machine *m = fixture_machine("virt", "firmware=none");
    expect(m, "info status", "VM status: paused (prelaunch)\n");
    expect(m, "cont", "");
    expect(m, "info status", "VM status: running\n");
    expect(m, "stop", "");
    expect(m, "info status", "VM status: paused\n");
    expect(m, "quit", "");
    g_assert_true(run_shutdown_requested(m));
    fixture_free(m);
}

static void test_log(void)
{
    Machine *m = fixture_machine("virt", "firmware=none");
    expect(m, "log itn", "Error: there is no log item 'itn'");
    expect(m, "logfile /nonexistent/log", "Error: ");
    expect(m, "log none", "");
    fixture_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/monitor/lookup", test_lookup);
    g_test_add_func("/monitor/help", test_help);
    g_test_add_func("/monitor/info", test_info);
    g_test_add_func("/monitor/memory", test_memory);
    g_test_add_func("/monitor/run-state", test_run_state);
    g_test_add_func("/monitor/log", test_log);
    return g_test_run();
}
