/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: what everything hangs on. There is no global one; it is passed.
 *
 * Life: machine_new -> properties -> machine_init (the board builds itself) -> machine_run -> free.
 */
#ifndef SYSTEM_MACHINE_H
#define SYSTEM_MACHINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "qom/object.h"
#include "system/clock.h"
#include "system/devlock.h"
#include "system/main_loop.h"
#include "system/memory.h"
#include "system/runstate.h"
#include "util/epoch.h"
#include "util/error.h"

struct VCpu; /* system/cpu.h */

#define TYPE_MACHINE        "machine"
#define MACHINE_TYPE_SUFFIX "-machine"

/* A row of vmstate registration; see migration/vmstate.h. */
typedef struct VmsEntry VmsEntry;

typedef struct SmpTopology {
    uint32_t cpus; /* present at start */
    uint32_t max_cpus;
    uint32_t sockets, clusters, cores,
        threads; /* sockets * clusters * cores * threads == max_cpus */
} SmpTopology;

/* What the run-state machinery asks of the accelerator. All are called in the main thread with the
 * device lock held; pause_all and exit_all give the lock up while they wait (devlock_yield). */
typedef struct AccelOps {
    const char *name;
    bool (*start_all)(Machine *m, Error *err); /* creates the vCPU threads, parked */
    void (*pause_all)(Machine *m);             /* returns when every vCPU is parked */
    void (*resume_all)(Machine *m);
    void (*reset_all)(Machine *m); /* vCPUs to their reset state; they are parked */
    /* Ends and joins the threads, which may be running, and frees what the accelerator has: once,
     * also when start_all failed or was not called. Machine.accel is NULL afterwards. */
    void (*exit_all)(Machine *m);
} AccelOps;

typedef struct MachineClass {
    const char *desc; /* one line for "-machine help" */
    /* Builds the board: CPUs, devices, memory map, images. What is left by a failure goes with
     * machine_free. */
    bool (*init)(Machine *m, Error *err);
    /* After every reset and before the CPUs run: reset vectors, device trees put into RAM. */
    void (*reset)(Machine *m);
    uint32_t max_cpus;
    const char *default_cpu;
    uint64_t default_ram_size;
    const char *default_ram_id; /* name of the RAM region; NULL: "ram" */
    bool no_ram;                /* "none": no RAM, no CPUs */
} MachineClass;

struct Machine {
    Object obj;
    Object *root; /* "/" */

    DevLock lock;
    EpochDomain epoch;
    MainLoop loop;
    Clock clk_virtual, clk_host, clk_real;
    RunCtl run;

    MemState mem;
    MemRegion sysmem;    /* "system", the root of the address space below */
    AddressSpace memory; /* "memory": what CPUs see */
    MemRegion ram;       /* main RAM, made by machine_init; the board puts it into sysmem */

    const AccelOps *accel; /* NULL: no vCPUs run (tests, qtest) */
    void *accel_data;
    GPtrArray *cpus; /* struct VCpu *, by cpu index; the tree of objects owns them */

    /* properties */
    uint64_t ram_size;
    SmpTopology smp;
    char *cpu_type; /* "rv64,zba=off"; NULL: the board's default */
    char *kernel, *initrd, *append, *firmware, *dtb, *dumpdtb;
    bool dump_guest_core, mem_merge;
    bool start_paused;       /* -S */
    char *guest_name, *uuid; /* -name, -uuid; NULL: not given */

    GPtrArray *serials;       /* struct Chardev *, by number of -serial; NULL: not connected */
    GPtrArray *firmware_dirs; /* char *, where -bios names are looked up first (-L) */

    GPtrArray *resets;   /* reset handlers, in order of registration */
    GPtrArray *vmstates; /* VmsEntry * */
    bool initialized;
};

#define MACHINE(x) ((Machine *)(x))

static inline const MachineClass *machine_class(const Machine *m)
{
    return obj_class(&m->obj);
}

/* A machine by the name given to -machine ("virt" for type "virt-machine"); the error hints at the
 * nearest. Its tree has /machine, /machine/peripheral, /machine/peripheral-anon,
 * /machine/unattached and /objects. Freed with machine_free. */
Machine *machine_new(const char *name, Error *err);

/* Ends vCPU threads, then frees everything. Not under the device lock. */
void machine_free(Machine *m);

/* Checks the options, makes RAM, runs the board's init. Call once, without the device lock; after a
 * failure the machine can only be freed. */
bool machine_init(Machine *m, Error *err);

/* Resets (first time), starts unless start_paused, and runs the main loop until shutdown. Returns
 * false when the machine could not start; else *@exit_code is the status for the process. Call
 * without the device lock from the thread that becomes the main thread. */
bool machine_run(Machine *m, int *exit_code, Error *err);

/* The same in two parts, for callers that do something between (load a snapshot, tell a parent): */
bool machine_start(Machine *m, Error *err);
int main_loop_run(Machine *m);

/* The back-end for the board's serial port @n (struct Chardev), or NULL. */
struct Chardev *machine_serial(const Machine *m, unsigned n);

/* Device lock. */
static inline void machine_lock(Machine *m)
{
    devlock_acquire(&m->lock);
}
static inline void machine_unlock(Machine *m)
{
    devlock_release(&m->lock);
}
static inline bool machine_locked(const Machine *m)
{
    return devlock_held(&m->lock);
}

/* Reset handlers run in order of registration, then accel->reset_all, then the class's reset.
 * Device lock held. machine_reset needs every vCPU parked; use run_request_reset from elsewhere. */
void machine_add_reset(Machine *m, void (*fn)(void *opaque), void *opaque);
void machine_remove_reset(Machine *m, void (*fn)(void *opaque), void *opaque);
void machine_reset(Machine *m, RunCause cause);

/* Sets smp from "cpus=4,sockets=2,..." parts; 0 means: not given. Missing factors are worked
 * out (cores if they are not given, else sockets); the error says which product does not fit. */
bool machine_set_smp(Machine *m, const SmpTopology *wanted, Error *err);

/* Calls @fn for each machine type's name (without suffix) and class, by name. */
void machine_foreach_type(void (*fn)(const char *name, const MachineClass *mc, void *opaque),
                          void *opaque);

/* The machine whose tree @obj is in; NULL when it is in none. */
Machine *machine_of(Object *obj);

#endif
