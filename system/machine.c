/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/machine.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "util/units.h"

typedef struct ResetHandler {
    void (*fn)(void *opaque);
    void *opaque;
} ResetHandler;

static const Field machine_fields[] = {
    FIELD_PROP(Machine, kernel, "kernel", NULL, "kernel image to load"),
    FIELD_PROP(Machine, initrd, "initrd", NULL, "initial RAM disk to load"),
    FIELD_PROP(Machine, append, "append", NULL, "kernel command line"),
    FIELD_PROP(Machine, firmware, "firmware", NULL, "firmware image, 'default' or 'none'"),
    FIELD_PROP(Machine, dtb, "dtb", NULL, "device tree to use instead of the generated one"),
    FIELD_PROP(Machine, dumpdtb, "dumpdtb", NULL, "file to write the device tree to, then end"),
    FIELD_PROP(Machine, cpu_type, "cpu-type", NULL, "CPU model and its settings"),
    FIELD_PROP(Machine, dump_guest_core, "dump-guest-core", "on",
               "the guest's memory is part of a core dump of this process"),
    FIELD_PROP(Machine, mem_merge, "mem-merge", "off",
               "the host may merge equal pages of guests (KSM)"),
    FIELD_END,
};

static void machine_instance_init(Object *obj)
{
    Machine *m = MACHINE(obj);
    devlock_init(&m->lock);
    epoch_domain_init(&m->epoch);
    m->run.notifiers = g_array_new(FALSE, FALSE, sizeof(RunNotify) + sizeof(void *));
    m->cpus = g_ptr_array_new();
    m->serials = g_ptr_array_new();
    m->firmware_dirs = g_ptr_array_new_with_free_func(g_free);
    m->resets = g_ptr_array_new_with_free_func(g_free);
    m->vmstates = g_ptr_array_new_with_free_func(g_free);
    mem_state_init(&m->mem);
    mem_region_init_container(&m->sysmem, m, "system", MEM_SIZE_ALL);
    mem_as_init(&m->memory, m, "memory", &m->sysmem);
}

static void machine_instance_finalize(Object *obj)
{
    Machine *m = MACHINE(obj);
    g_free(m->guest_name);
    g_free(m->uuid);
    mem_as_destroy(&m->memory);
    mem_region_destroy(&m->sysmem);
    clk_destroy(&m->clk_virtual);
    clk_destroy(&m->clk_host);
    clk_destroy(&m->clk_real);
    g_array_free(m->run.notifiers, TRUE);
    g_ptr_array_free(m->cpus, TRUE);
    g_ptr_array_free(m->serials, TRUE);
    g_ptr_array_free(m->firmware_dirs, TRUE);
    g_ptr_array_free(m->resets, TRUE);
    g_ptr_array_free(m->vmstates, TRUE);
    main_loop_destroy(&m->loop);
    epoch_domain_destroy(&m->epoch);
    mem_state_destroy(&m->mem);
    devlock_destroy(&m->lock);
}

static const TypeInfo machine_type = {
    .name = TYPE_MACHINE,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(Machine),
    .abstract = true,
    .internal = true,
    .props = machine_fields,
    .instance_init = machine_instance_init,
    .instance_finalize = machine_instance_finalize,
};
QOM_TYPE(machine_type);

static bool none_init(Machine *m, Error *err)
{
    return true;
}

static const MachineClass none_class = {
    .desc = "empty machine",
    .init = none_init,
    .max_cpus = 1,
    .no_ram = true,
};

static const TypeInfo none_type = {
    .name = "none" MACHINE_TYPE_SUFFIX,
    .parent = TYPE_MACHINE,
    .internal = true,
    .class = &none_class,
};
QOM_TYPE(none_type);

/* --- types --- */

typedef struct TypeWalk {
    void (*fn)(const char *name, const MachineClass *mc, void *opaque);
    void *opaque;
} TypeWalk;

static char *short_name(const TypeInfo *type)
{
    return g_strndup(type->name, strlen(type->name) - strlen(MACHINE_TYPE_SUFFIX));
}

static void walk_type(const TypeInfo *type, void *opaque)
{
    TypeWalk *walk = opaque;
    g_autofree char *name = short_name(type);
    walk->fn(name, type_class(type), walk->opaque);
}

void machine_foreach_type(void (*fn)(const char *name, const MachineClass *mc, void *opaque),
                          void *opaque)
{
    TypeWalk walk = { fn, opaque };
    type_foreach(TYPE_MACHINE, false, walk_type, &walk);
}

static void offer_machine(const TypeInfo *type, void *opaque)
{
    g_autofree char *name = short_name(type);
    suggest_offer(opaque, g_intern_string(name));
}

/* --- making and ending --- */

static bool make_clocks(Machine *m, Error *err)
{
    return main_loop_init(&m->loop, &m->lock, &m->epoch, err) &&
           clk_init(&m->clk_virtual, CLOCK_VIRTUAL, &m->loop, err) &&
           clk_init(&m->clk_host, CLOCK_HOST, &m->loop, err) &&
           clk_init(&m->clk_real, CLOCK_REAL, &m->loop, err);
}

Machine *machine_new(const char *name, Error *err)
{
    g_autofree char *type = g_strconcat(name, MACHINE_TYPE_SUFFIX, NULL);
    Object *obj = obj_new(type, TYPE_MACHINE, NULL);
    if (!obj) {
        Suggest s;
        suggest_init(&s, name);
        type_foreach(TYPE_MACHINE, false, offer_machine, &s);
        error_set(err, "unsupported machine type: \"%s\"", name);
        suggest_hint(&s, err);
        error_hint(err, "Use -machine help to list supported machines");
        return NULL;
    }
    Machine *m = MACHINE(obj);
    if (!make_clocks(m, err)) {
        obj_unref(obj);
        return NULL;
    }
    m->root = obj_new_known(TYPE_CONTAINER);
    bool ok = obj_add_child(m->root, "machine", obj, NULL);
    assert(ok);
    obj_own_child(obj, "peripheral", obj_new_known(TYPE_CONTAINER));
    obj_own_child(obj, "peripheral-anon", obj_new_known(TYPE_CONTAINER));
    obj_own_child(obj, "unattached", obj_new_known(TYPE_CONTAINER));
    obj_own_child(m->root, "objects", obj_new_known(TYPE_CONTAINER));
    return m;
}

/* Whatever the accelerator has made so far. */
static void end_accel(Machine *m)
{
    if (m->accel) {
        m->accel->exit_all(m);
        m->accel = NULL;
    }
}

void machine_free(Machine *m)
{
    if (!m) {
        return;
    }
    machine_lock(m);
    end_accel(m);
    mem_begin(m); /* no flat views for a map that is being taken apart */
    while (m->obj.children && m->obj.children->len) {
        obj_unparent(g_ptr_array_index(m->obj.children, m->obj.children->len - 1));
    }
    Object *root = m->root;
    obj_unparent(&m->obj);
    obj_unref(root);
    mem_region_destroy(&m->ram);
    if (m->sysmem.subs) {
        /* Regions of objects that are gone already. */
        g_ptr_array_set_size(m->sysmem.subs, 0);
    }
    machine_unlock(m);
    obj_unref(&m->obj);
}

Machine *machine_of(Object *obj)
{
    while (obj->parent) {
        obj = obj->parent;
    }
    return (Machine *)obj_cast(obj_child(obj, "machine"), TYPE_MACHINE);
}

/* --- CPUs and RAM --- */

static uint32_t or_one(uint32_t v)
{
    return v ? v : 1;
}

/* The number of CPUs of a topology; UINT32_MAX when it is not less. */
static uint32_t smp_product(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    unsigned __int128 product = (unsigned __int128)((uint64_t)a * b) * ((uint64_t)c * d);
    return product > UINT32_MAX ? UINT32_MAX : (uint32_t)product;
}

/* Works out what was not given: cores if they are missing, else sockets. */
static void complete_smp(SmpTopology *t)
{
    uint32_t total = t->max_cpus ? t->max_cpus : or_one(t->cpus);
    t->clusters = or_one(t->clusters);
    t->threads = or_one(t->threads);
    if (!t->cores) {
        t->sockets = or_one(t->sockets);
        t->cores = or_one(total / smp_product(t->sockets, t->clusters, t->threads, 1));
    }
    if (!t->sockets) {
        t->sockets = or_one(total / smp_product(t->clusters, t->cores, t->threads, 1));
    }
    if (!t->max_cpus) {
        t->max_cpus = smp_product(t->sockets, t->clusters, t->cores, t->threads);
    }
    if (!t->cpus) {
        t->cpus = t->max_cpus;
    }
}

bool machine_set_smp(Machine *m, const SmpTopology *wanted, Error *err)
{
    const MachineClass *mc = machine_class(m);
    SmpTopology t = *wanted;
    complete_smp(&t);
    if (t.max_cpus > mc->max_cpus) {
        g_autofree char *name = short_name(m->obj.type);
        error_set(err, "Invalid SMP CPUs %u: machine '%s' can have at most %u", t.max_cpus, name,
                  mc->max_cpus);
        return false;
    }
    if (smp_product(t.sockets, t.clusters, t.cores, t.threads) != t.max_cpus) {
        error_set(err,
                  "Invalid CPU topology: sockets (%u) * clusters (%u) * cores (%u) * "
                  "threads (%u) must be maxcpus (%u)",
                  t.sockets, t.clusters, t.cores, t.threads, t.max_cpus);
        return false;
    }
    if (t.cpus > t.max_cpus) {
        error_set(err, "Invalid CPU topology: there cannot be more CPUs (%u) than maxcpus (%u)",
                  t.cpus, t.max_cpus);
        return false;
    }
    m->smp = t;
    return true;
}

/* Hints: a host that does not know them does without. */
static void advise_ram(const Machine *m)
{
    if (!m->dump_guest_core) {
        madvise(m->ram.ram, m->ram.size, MADV_DONTDUMP);
    }
    if (m->mem_merge) {
        madvise(m->ram.ram, m->ram.size, MADV_MERGEABLE);
    }
}

static bool make_ram(Machine *m, const MachineClass *mc, Error *err)
{
    if (mc->no_ram) {
        return true;
    }
    if (!m->ram_size) {
        m->ram_size = mc->default_ram_size ? mc->default_ram_size : 128 * MiB;
    }
    const char *id = mc->default_ram_id ? mc->default_ram_id : "ram";
    if (!mem_region_init_ram(&m->ram, m, id, m->ram_size, err)) {
        return false;
    }
    advise_ram(m);
    return true;
}

bool machine_init(Machine *m, Error *err)
{
    const MachineClass *mc = machine_class(m);
    assert(!m->initialized);
    if (!m->smp.cpus && !machine_set_smp(m, &(SmpTopology) { .cpus = 1 }, err)) {
        return false;
    }
    machine_lock(m);
    bool ok = make_ram(m, mc, err);
    ok = ok && mc->init(m, err);
    m->initialized = ok;
    m->obj.frozen = ok;
    machine_unlock(m);
    return ok;
}

/* --- reset --- */

void machine_add_reset(Machine *m, void (*fn)(void *opaque), void *opaque)
{
    ResetHandler *h = g_new(ResetHandler, 1);
    *h = (ResetHandler) { fn, opaque };
    g_ptr_array_add(m->resets, h);
}

void machine_remove_reset(Machine *m, void (*fn)(void *opaque), void *opaque)
{
    for (unsigned i = 0; i < m->resets->len; i++) {
        ResetHandler *h = g_ptr_array_index(m->resets, i);
        if (h->fn == fn && h->opaque == opaque) {
            g_ptr_array_remove_index(m->resets, i);
            return;
        }
    }
}

void machine_reset(Machine *m, RunCause cause)
{
    assert(machine_locked(m));
    const MachineClass *mc = machine_class(m);
    for (unsigned i = 0; i < m->resets->len; i++) {
        ResetHandler *h = g_ptr_array_index(m->resets, i);
        h->fn(h->opaque);
    }
    if (m->accel && m->accel->reset_all) {
        m->accel->reset_all(m);
    }
    if (mc->reset) {
        mc->reset(m);
    }
    run_notify_reset(m, cause);
}

/* --- running --- */

bool machine_start(Machine *m, Error *err)
{
    assert(m->initialized);
    machine_lock(m);
    machine_reset(m, CAUSE_NONE);
    bool ok = !m->accel || m->accel->start_all(m, err);
    if (ok && !m->start_paused) {
        run_start(m);
    }
    machine_unlock(m);
    return ok;
}

int main_loop_run(Machine *m)
{
    bool more;
    do {
        main_loop_turn(&m->loop, true);
        machine_lock(m);
        more = run_handle_requests(m);
        machine_unlock(m);
    } while (more);
    machine_lock(m);
    end_accel(m);
    clk_virtual_stop(&m->clk_virtual);
    run_set_state(m, RUN_SHUTDOWN);
    machine_unlock(m);
    return m->run.exit_code;
}

bool machine_run(Machine *m, int *exit_code, Error *err)
{
    if (!machine_start(m, err)) {
        return false;
    }
    *exit_code = main_loop_run(m);
    return true;
}

struct Chardev *machine_serial(const Machine *m, unsigned n)
{
    return n < m->serials->len ? g_ptr_array_index(m->serials, n) : NULL;
}
