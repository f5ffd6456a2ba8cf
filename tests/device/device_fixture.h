/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines without vCPUs for device tests. */
#ifndef TESTS_DEVICE_DEVICE_FIXTURE_H
#define TESTS_DEVICE_DEVICE_FIXTURE_H

#include "hw/core/dev.h"
#include "system/machine.h"
#include "util/error.h"

/* A machine of type @type with options "name=value,..." for its properties (also m=, smp=);
 * initialized, with the device lock held. The test fails when that fails. */
Machine *fixture_machine(const char *type, const char *options);

/* The same, but hands the error over: NULL and *err. */
Machine *fixture_try_machine(const char *type, const char *options, Error *err);

/* Releases the lock and frees. */
void fixture_free(Machine *m);

/* Lets what is due by the (stopped) virtual clock happen; a few microseconds pass. */
void fixture_run_timers(Machine *m);

/* A realized device with properties "name=value,...", its regions mapped one behind the other from
 * @gpa. */
Device *fixture_device(Machine *m, const char *type, uint64_t gpa, const char *props);

/* A recording sink for a device's pins. */
typedef struct PinLog {
    IrqLine line;
    int level;
    unsigned rises;
} PinLog;
void pin_log_connect(PinLog *log, Device *dev, const char *group, unsigned n);

/* Loads and stores in the machine's memory that must succeed. */
uint64_t fixture_load(Machine *m, uint64_t gpa, unsigned size);
void fixture_store(Machine *m, uint64_t gpa, unsigned size, uint64_t value);

/* A file with these contents in a directory of the test run's own; free with g_free. */
char *fixture_file(const char *name, const void *data, size_t len);

#endif
