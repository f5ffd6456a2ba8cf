/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream around the sections; docs/vmstate.rst has its format. */
#include "migration/vmstate.h"

#include <assert.h>
#include <string.h>

#include "vms_fields.h"

struct VmsEntry {
    const char *name; /* interned */
    uint32_t instance;
    const VmState *vms;
    void *obj;
};

static const char magic[8] = { 'P', 'G', 'V', 'M', 'S', 'T', 'A', 'T' };

enum { FORMAT = 1, TAG_END = 0, TAG_SECTION = 1 };

/* --- registration --- */

static VmsEntry *find_entry(Machine *m, const char *name, uint32_t instance)
{
    for (unsigned i = 0; i < m->vmstates->len; i++) {
        VmsEntry *e = g_ptr_array_index(m->vmstates, i);
        if (e->instance == instance && !strcmp(e->name, name)) {
            return e;
        }
    }
    return NULL;
}

void vms_register(Machine *m, const char *name, uint32_t instance, const VmState *vms, void *obj)
{
    name = name ? name : vms->name;
    if (instance == VMS_NEXT_INSTANCE) {
        for (instance = 0; find_entry(m, name, instance);) {
            instance++;
        }
    }
    assert(!find_entry(m, name, instance) && vms->version >= vms->min_version && vms->version);
    VmsEntry *e = g_new(VmsEntry, 1);
    *e = (VmsEntry) { g_intern_string(name), instance, vms, obj };
    g_ptr_array_add(m->vmstates, e);
}

void vms_unregister(Machine *m, void *obj)
{
    for (unsigned i = m->vmstates->len; i-- > 0;) {
        if (((VmsEntry *)g_ptr_array_index(m->vmstates, i))->obj == obj) {
            g_ptr_array_remove_index(m->vmstates, i);
        }
    }
}

/* --- saving --- */

static void put_section(const VmsEntry *e, ByteWriter *out)
{
    if (e->vms->pre_save) {
        e->vms->pre_save(e->obj);
    }
    bw_u8(out, TAG_SECTION);
    bw_str8(out, e->name);
    bw_u32(out, e->instance);
    bw_u16(out, e->vms->version);
    size_t at = out->len;
    bw_u32(out, 0);
    vms_put_fields(e->vms->fields, e->obj, out);
    bw_patch_u32(out, at, (uint32_t)(out->len - at - 4));
}

void vms_save(Machine *m, ByteWriter *out)
{
    assert(machine_locked(m) && !run_is_running(m));
    size_t start = out->len;
    bw_bytes(out, magic, sizeof(magic));
    bw_u16(out, FORMAT);
    bw_str8(out, m->obj.type->name);
    bw_u64(out, m->ram_size);
    bw_u32(out, m->smp.cpus);
    bw_u64(out, (uint64_t)clk_ns(&m->clk_virtual));
    for (unsigned i = 0; i < m->vmstates->len; i++) {
        put_section(g_ptr_array_index(m->vmstates, i), out);
    }
    bw_u8(out, TAG_END);
    bw_u32(out, crc32_ieee(0, out->data + start, out->len - start));
}

/* --- loading --- */

/* A section of a stream that fits this machine. */
typedef struct Section {
    const VmsEntry *entry;
    uint16_t version;
    ByteReader payload;
} Section;

typedef struct Loader {
    Machine *m;
    ByteReader in;
    int64_t clock;
    GArray *sections; /* Section */
} Loader;

static bool ends_early(Error *err)
{
    error_set(err, "the saved state ends early");
    return false;
}

static bool get_header(Loader *l, Error *err)
{
    char start[sizeof(magic)], type[256];
    if (!br_bytes(&l->in, start, sizeof(start))) {
        return ends_early(err);
    }
    if (memcmp(start, magic, sizeof(magic))) {
        error_set(err, "this is not a saved state of Peregrine");
        return false;
    }
    uint16_t format = br_u16(&l->in);
    br_str8(&l->in, type, sizeof(type));
    uint64_t ram_size = br_u64(&l->in);
    uint32_t cpus = br_u32(&l->in);
    l->clock = (int64_t)br_u64(&l->in);
    if (l->in.failed) {
        return ends_early(err);
    }
    if (format != FORMAT) {
        error_set(err, "the saved state has format %u; this version reads format %u", format,
                  FORMAT);
        return false;
    }
    if (strcmp(type, l->m->obj.type->name)) {
        error_set(err, "the saved state is of a '%s', not of a '%s'", type, l->m->obj.type->name);
        return false;
    }
    if (ram_size != l->m->ram_size || cpus != l->m->smp.cpus) {
        error_set(err,
                  "the saved machine has %" G_GUINT64_FORMAT " bytes of RAM and %u CPUs, this one "
                  "%" G_GUINT64_FORMAT " and %u",
                  ram_size, cpus, l->m->ram_size, l->m->smp.cpus);
        error_hint(err, "Start with the same -m and -smp.");
        return false;
    }
    if (l->clock < 0) {
        error_set(err, "the saved virtual time is negative");
        return false;
    }
    return true;
}

static bool was_seen(const Loader *l, const VmsEntry *e)
{
    for (unsigned i = 0; i < l->sections->len; i++) {
        if (g_array_index(l->sections, Section, i).entry == e) {
            return true;
        }
    }
    return false;
}

static bool check_version(const VmState *vms, unsigned version, Error *err)
{
    if (version < MAX(vms->min_version, 1) || version > vms->version) {
        error_set(err, "version %u is not supported, only %u to %u", version,
                  MAX(vms->min_version, 1), vms->version);
        return false;
    }
    return true;
}

static bool get_section(Loader *l, Error *err)
{
    char name[256];
    br_str8(&l->in, name, sizeof(name));
    uint32_t instance = br_u32(&l->in);
    Section s = { .version = br_u16(&l->in) };
    if (!br_sub(&l->in, &s.payload, br_u32(&l->in))) {
        return ends_early(err);
    }
    s.entry = find_entry(l->m, name, instance);
    if (!s.entry) {
        error_set(err, "the saved state has a device '%s' (%u) that this machine does not have",
                  name, instance);
        return false;
    }
    if (was_seen(l, s.entry)) {
        error_set(err, "the saved state has device '%s' (%u) twice", name, instance);
        return false;
    }
    ByteReader copy = s.payload;
    if (!check_version(s.entry->vms, s.version, err) ||
        !vms_get_fields(s.entry->vms->fields, s.entry->obj, &copy, s.version, false, err)) {
        error_prepend(err, "while checking the saved state of '%s' (%u): ", name, instance);
        return false;
    }
    g_array_append_val(l->sections, s);
    return true;
}

static bool check_all_there(const Loader *l, Error *err)
{
    for (unsigned i = 0; i < l->m->vmstates->len; i++) {
        const VmsEntry *e = g_ptr_array_index(l->m->vmstates, i);
        if (!was_seen(l, e)) {
            error_set(err, "the saved state has no device '%s' (%u)", e->name, e->instance);
            return false;
        }
    }
    return true;
}

static bool get_end(Loader *l, Error *err)
{
    uint32_t actual = crc32_ieee(0, l->in.data, l->in.pos);
    uint32_t saved = br_u32(&l->in);
    if (l->in.failed) {
        return ends_early(err);
    }
    if (br_left(&l->in)) {
        error_set(err, "there is more data behind the end of the saved state");
        return false;
    }
    if (saved != actual) {
        error_set(err, "the saved state is damaged: its checksum is wrong");
        return false;
    }
    return check_all_there(l, err);
}

static bool check_stream(Loader *l, Error *err)
{
    if (!get_header(l, err)) {
        return false;
    }
    for (;;) {
        uint8_t tag = br_u8(&l->in);
        if (l->in.failed) {
            return ends_early(err);
        }
        if (tag == TAG_END) {
            return get_end(l, err);
        }
        if (tag != TAG_SECTION) {
            error_set(err, "the saved state is damaged: unknown section type %u", tag);
            return false;
        }
        if (!get_section(l, err)) {
            return false;
        }
    }
}

/* In the order of registration, whatever the order in the stream. */
static bool call_loaded(Loader *l, Error *err)
{
    for (unsigned n = 0; n < l->m->vmstates->len; n++) {
        const VmsEntry *e = g_ptr_array_index(l->m->vmstates, n);
        for (unsigned i = 0; i < l->sections->len; i++) {
            const Section *s = &g_array_index(l->sections, Section, i);
            if (s->entry == e && e->vms->loaded && !e->vms->loaded(e->obj, s->version, err)) {
                error_prepend(err, "while loading the state of '%s' (%u): ", e->name, e->instance);
                return false;
            }
        }
    }
    return true;
}

static bool apply_stream(Loader *l, Error *err)
{
    machine_reset(l->m, CAUSE_SNAPSHOT_LOAD);
    clk_virtual_set(&l->m->clk_virtual, l->clock);
    for (unsigned i = 0; i < l->sections->len; i++) {
        Section *s = &g_array_index(l->sections, Section, i);
        bool ok = vms_get_fields(s->entry->vms->fields, s->entry->obj, &s->payload, s->version,
                                 true, NULL);
        assert(ok); /* it was checked */
    }
    if (!call_loaded(l, err)) {
        machine_reset(l->m, CAUSE_SNAPSHOT_LOAD);
        return false;
    }
    return true;
}

bool vms_load(Machine *m, const void *data, size_t len, Error *err)
{
    assert(machine_locked(m) && !run_is_running(m));
    Loader l = { .m = m, .sections = g_array_new(FALSE, FALSE, sizeof(Section)) };
    br_init(&l.in, data, len);
    bool ok = check_stream(&l, err) && apply_stream(&l, err);
    g_array_free(l.sections, TRUE);
    return ok;
}

/* --- single objects --- */

void vms_write_obj(const VmState *vms, void *obj, ByteWriter *out)
{
    if (vms->pre_save) {
        vms->pre_save(obj);
    }
    bw_u16(out, vms->version);
    size_t at = out->len;
    bw_u32(out, 0);
    vms_put_fields(vms->fields, obj, out);
    bw_patch_u32(out, at, (uint32_t)(out->len - at - 4));
}

bool vms_read_obj(const VmState *vms, void *obj, const void *data, size_t len, Error *err)
{
    ByteReader in, payload;
    br_init(&in, data, len);
    uint16_t version = br_u16(&in);
    if (!br_sub(&in, &payload, br_u32(&in))) {
        return ends_early(err);
    }
    if (br_left(&in)) {
        error_set(err, "there is more data behind the end of the saved state");
        return false;
    }
    ByteReader copy = payload;
    if (!check_version(vms, version, err) ||
        !vms_get_fields(vms->fields, obj, &copy, version, false, err)) {
        return false;
    }
    bool ok = vms_get_fields(vms->fields, obj, &payload, version, true, NULL);
    assert(ok);
    return !vms->loaded || vms->loaded(obj, version, err);
}
