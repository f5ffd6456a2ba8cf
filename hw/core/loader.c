/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of images and their places; hw/core/image.c knows the formats. */
#include "hw/core/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/bitops.h"
#include "util/units.h"

typedef struct Blob {
    char *name;
    uint64_t gpa;
    uint64_t size; /* with the zeros behind the data */
    GBytes *data;  /* NULL: only kept free */
} Blob;

typedef struct Target {
    const char *name; /* interned */
    uint64_t gpa, size;
} Target;

struct Loader {
    Machine *m;
    GPtrArray *blobs; /* Blob * */
    GArray *targets;  /* Target */
};

static void blob_free(void *p)
{
    Blob *b = p;
    g_free(b->name);
    g_bytes_unref(b->data);
    g_free(b);
}

static void write_blob(Machine *m, const Blob *b)
{
    if (!b->data) {
        return;
    }
    size_t len;
    const void *data = g_bytes_get_data(b->data, &len);
    mem_write_rom(&m->memory, b->gpa, data, len);
    if (b->size > len) {
        mem_fill(&m->memory, b->gpa + len, 0, b->size - len);
    }
}

static void write_all(void *opaque)
{
    Loader *l = opaque;
    for (unsigned i = 0; i < l->blobs->len; i++) {
        write_blob(l->m, g_ptr_array_index(l->blobs, i));
    }
}

Loader *loader_new(Machine *m)
{
    Loader *l = g_new0(Loader, 1);
    l->m = m;
    l->blobs = g_ptr_array_new_with_free_func(blob_free);
    l->targets = g_array_new(FALSE, FALSE, sizeof(Target));
    machine_add_reset(m, write_all, l);
    return l;
}

void loader_free(Loader *l)
{
    if (!l) {
        return;
    }
    machine_remove_reset(l->m, write_all, l);
    g_ptr_array_free(l->blobs, TRUE);
    g_array_free(l->targets, TRUE);
    g_free(l);
}

void loader_add_memory(Loader *l, const char *name, uint64_t gpa, uint64_t size)
{
    Target t = { g_intern_string(name), gpa, size };
    g_array_append_val(l->targets, t);
}

uint64_t loader_memory_size(const Loader *l)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < l->targets->len; i++) {
        most = MAX(most, g_array_index(l->targets, Target, i).size);
    }
    return most;
}

/* --- places --- */

static bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a_size && b_size && a <= b + (b_size - 1) && b <= a + (a_size - 1);
}

static const Blob *blob_in(const Loader *l, uint64_t gpa, uint64_t size)
{
    for (unsigned i = 0; i < l->blobs->len; i++) {
        const Blob *b = g_ptr_array_index(l->blobs, i);
        if (ranges_overlap(b->gpa, b->size, gpa, size)) {
            return b;
        }
    }
    return NULL;
}

static void hint_memory(const Loader *l, Error *err)
{
    for (unsigned i = 0; i < l->targets->len; i++) {
        const Target *t = &g_array_index(l->targets, Target, i);
        error_hint(err, "%s is at 0x%" PRIx64 "..0x%" PRIx64, t->name, t->gpa,
                   t->gpa + t->size - 1);
    }
}

bool loader_is_memory(const Loader *l, uint64_t gpa)
{
    for (unsigned i = 0; i < l->targets->len; i++) {
        const Target *t = &g_array_index(l->targets, Target, i);
        if (gpa >= t->gpa && gpa - t->gpa < t->size) {
            return true;
        }
    }
    return false;
}

static bool check_memory(const Loader *l, const char *name, uint64_t gpa, uint64_t size, Error *err)
{
    bool touches = false;
    for (unsigned i = 0; i < l->targets->len; i++) {
        const Target *t = &g_array_index(l->targets, Target, i);
        uint64_t offset = gpa - t->gpa;
        if (gpa >= t->gpa && offset < t->size) {
            if (size <= t->size - offset) {
                return true;
            }
            touches = true;
        }
    }
    if (touches) {
        error_set(err, "%s is too large: it needs %" PRIu64 " KiB at 0x%" PRIx64, name,
                  size / KiB + (size % KiB != 0), gpa);
        hint_memory(l, err);
        error_hint(err, "Give the machine more RAM with -m");
    } else {
        error_set(err, "%s is to be loaded at 0x%" PRIx64 ", where the machine has no memory", name,
                  gpa);
        hint_memory(l, err);
    }
    return false;
}

static bool check_place(const Loader *l, const char *name, uint64_t gpa, uint64_t size, Error *err)
{
    if (!check_memory(l, name, gpa, size, err)) {
        return false;
    }
    const Blob *other = blob_in(l, gpa, size);
    if (other) {
        error_set(err,
                  "%s (0x%" PRIx64 "..0x%" PRIx64 ") overlaps %s (0x%" PRIx64 "..0x%" PRIx64 ")",
                  name, gpa, gpa + size - 1, other->name, other->gpa, other->gpa + other->size - 1);
        error_hint(err, "Leave one of the two out (-bios none for firmware), link one for another "
                        "address, or, where the "
                        "board chose the place, give the machine more RAM with -m");
        return false;
    }
    return true;
}

static bool add_blob(Loader *l, const char *name, uint64_t gpa, uint64_t size, GBytes *data,
                     Error *err)
{
    if (size == 0) {
        return true;
    }
    if (!check_place(l, name, gpa, size, err)) {
        return false;
    }
    Blob *b = g_new(Blob, 1);
    *b = (Blob) { g_strdup(name), gpa, size, data ? g_bytes_ref(data) : NULL };
    g_ptr_array_add(l->blobs, b);
    return true;
}

bool loader_add(Loader *l, const char *name, uint64_t gpa, GBytes *data, uint64_t mem_size,
                Error *err)
{
    return add_blob(l, name, gpa, MAX(g_bytes_get_size(data), mem_size), data, err);
}

bool loader_reserve(Loader *l, const char *name, uint64_t gpa, uint64_t size, Error *err)
{
    return add_blob(l, name, gpa, size, NULL, err);
}

static bool fits(uint64_t at, uint64_t limit, uint64_t size)
{
    return at <= limit && size <= limit - at;
}

bool loader_find_room(const Loader *l, uint64_t from, uint64_t limit, uint64_t size, uint64_t align,
                      uint64_t *gpa)
{
    uint64_t at = align_up(from, align);
    while (at >= from && fits(at, limit, size)) {
        const Blob *other = blob_in(l, at, size);
        if (!other) {
            *gpa = at;
            return check_memory(l, "", at, size, NULL);
        }
        from = at;
        at = align_up(other->gpa + other->size, align);
    }
    return false;
}

/* --- files --- */

/* Reads a file of known size into memory that the host backs with large pages: kernels are big.
 * The file may have shrunk meanwhile. NULL: errno says why. */
static GBytes *read_sized(int fd, size_t len)
{
    enum { HUGE_PAGE = 2 * 1024 * 1024 };
    size_t room = align_up(len, HUGE_PAGE), used = 0;
    uint8_t *data = aligned_alloc(HUGE_PAGE, room);
    if (!data) {
        return NULL;
    }
    madvise(data, room, MADV_HUGEPAGE);
    ssize_t n = 1;
    while (n != 0 && used < len) {
        n = read(fd, data + used, len - used);
        if (n < 0 && errno != EINTR) {
            free(data);
            return NULL;
        }
        used += (size_t)MAX(n, 0);
    }
    return g_bytes_new_with_free_func(data, used, free, data);
}

/* Reads what comes, up to @max bytes and one more. NULL: errno says why. */
static GBytes *read_stream(int fd, uint64_t max)
{
    enum { CHUNK = 1 << 20 };
    g_autoptr(GByteArray) out = g_byte_array_new();
    ssize_t n = 1;
    while (n != 0 && out->len <= max) {
        guint at = out->len;
        g_byte_array_set_size(out, at + (guint)MIN(max + 1 - at, CHUNK));
        n = read(fd, out->data + at, out->len - at);
        g_byte_array_set_size(out, at + (guint)MAX(n, 0));
        if (n < 0 && errno != EINTR) {
            return NULL;
        }
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

static GBytes *read_fd(int fd, uint64_t max)
{
    struct stat st;
    bool sized = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
                 (uint64_t)st.st_size <= max && lseek(fd, 0, SEEK_CUR) == 0;
    return sized ? read_sized(fd, (size_t)st.st_size) : read_stream(fd, max);
}

GBytes *loader_read_file(const char *what, const char *path, uint64_t max, Error *err)
{
    max = MIN(max, GiB); /* GByteArray counts in 32 bits */
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    GBytes *data = fd < 0 ? NULL : read_fd(fd, max);
    if (!data) {
        error_set_errno(err, errno, "could not load %s '%s'", what, path);
    } else if (g_bytes_get_size(data) > max) {
        error_set(err, "%s '%s' is too large: at most %" PRIu64 " KiB are possible here", what,
                  path, max / KiB);
        g_clear_pointer(&data, g_bytes_unref);
    }
    if (fd >= 0) {
        close(fd);
    }
    return data;
}
