/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of every kind, good and damaged, on their way into memory. */
#include "hw/core/loader.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "device_fixture.h"
#include "util/bitops.h"
#include "util/units.h"

enum { BASE = 0x80000000, SIZE = 1 << 20 };

typedef struct Fixture {
    Machine *m;
    Loader *l;
    MemRegion ram;
    Error err;
} Fixture;

static void begin(Fixture *f)
{
    *f = (Fixture) { .m = fixture_machine("none", "") };
    g_assert_true(mem_region_init_ram(&f->ram, f->m, "ram", SIZE, NULL));
    mem_region_add_sub(&f->m->sysmem, BASE, &f->ram, 0);
    f->l = loader_new(f->m);
    loader_add_memory(f->l, "RAM", BASE, SIZE);
}

static void end(Fixture *f)
{
    error_clear(&f->err);
    loader_free(f->l);
    mem_region_del_sub(&f->m->sysmem, &f->ram);
    mem_region_destroy(&f->ram);
    fixture_free(f->m);
}

static bool load_bytes(Fixture *f, const void *data, size_t len, LoadedImage *out)
{
    g_autofree char *path = fixture_file("image", data, len);
    error_clear(&f->err);
    bool ok = loader_load_image(f->l, "kernel", path, BASE, out, &f->err);
    g_assert_cmpint(ok, ==, !error_is_set(&f->err));
    unlink(path);
    return ok;
}

static void assert_refused(Fixture *f, const void *data, size_t len, const char *text)
{
    LoadedImage image;
    g_assert_false(load_bytes(f, data, len, &image));
    if (!strstr(error_msg(&f->err), text)) {
        g_error("'%s' is not in '%s'", text, error_msg(&f->err));
    }
}

static void assert_memory(Fixture *f, uint64_t gpa, const void *expected, size_t len)
{
    g_autofree uint8_t *now = g_malloc(len);
    g_assert_cmpint(mem_read(&f->m->memory, gpa, now, len, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmpmem(now, len, expected, len);
}

/* --- raw, and resets --- */

static void test_raw(void)
{
    Fixture f;
    LoadedImage image;
    begin(&f);
    g_assert_true(load_bytes(&f, "program", 7, &image));
    g_assert_cmpint(image.kind, ==, IMAGE_RAW);
    g_assert_cmphex(image.entry, ==, BASE);
    g_assert_cmphex(image.end, ==, BASE + 7);
    machine_reset(f.m, CAUSE_NONE);
    assert_memory(&f, BASE, "program", 7);
    fixture_store(f.m, BASE, 4, 0);
    machine_reset(f.m, CAUSE_NONE);
    assert_memory(&f, BASE, "program", 7);
    end(&f);
}

static void test_bad_files(void)
{
    Fixture f;
    LoadedImage image;
    begin(&f);
    assert_refused(&f, "", 0, "empty");
    g_assert_false(loader_load_image(f.l, "kernel", "/nonexistent/x", BASE, &image, NULL));
    g_assert_false(loader_load_image(f.l, "kernel", "/", BASE, &image, NULL));
    g_autofree uint8_t *big = g_malloc0(SIZE + 1);
    assert_refused(&f, big, SIZE + 1, "too large");
    end(&f);
}

/* A pipe, as /proc/self/fd/N often is. */
static void test_pipe(void)
{
    Fixture f;
    LoadedImage image;
    int fds[2];
    begin(&f);
    g_assert_cmpint(pipe(fds), ==, 0);
    g_assert_cmpint(write(fds[1], "piped", 5), ==, 5);
    close(fds[1]);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fds[0]);
    g_assert_true(loader_load_image(f.l, "kernel", path, BASE, &image, NULL));
    close(fds[0]);
    machine_reset(f.m, CAUSE_NONE);
    assert_memory(&f, BASE, "piped", 5);
    end(&f);
}

/* --- places --- */

static void test_overlap(void)
{
    Fixture f;
    LoadedImage image;
    begin(&f);
    g_assert_true(load_bytes(&f, "0123456789", 10, &image));
    g_autoptr(GBytes) more = g_bytes_new_static("x", 1);
    g_assert_false(loader_add(f.l, "the second", BASE + 9, more, 0, &f.err));
    g_assert_nonnull(strstr(error_msg(&f.err), "the second"));
    g_assert_nonnull(strstr(error_msg(&f.err), "kernel '"));
    g_assert_nonnull(f.err.hint);
    error_clear(&f.err);
    g_assert_true(loader_add(f.l, "the second", BASE + 10, more, 0, &f.err));
    g_assert_false(loader_add(f.l, "far", BASE - 1, more, 0, &f.err));
    error_clear(&f.err);
    g_assert_false(loader_add(f.l, "far", BASE + SIZE, more, 0, &f.err));
    error_clear(&f.err);
    g_assert_false(loader_reserve(f.l, "long", BASE + 16, UINT64_MAX - 8, &f.err));
    end(&f);
}

static void test_find_room(void)
{
    Fixture f;
    uint64_t gpa;
    begin(&f);
    uint64_t limit = BASE + SIZE;
    g_assert_true(loader_reserve(f.l, "a", BASE + 0x1000, 0x1000, NULL));
    g_assert_true(loader_find_room(f.l, BASE, limit, 0x1000, 0x1000, &gpa));
    g_assert_cmphex(gpa, ==, BASE);
    g_assert_true(loader_find_room(f.l, BASE, limit, 0x1001, 0x1000, &gpa));
    g_assert_cmphex(gpa, ==, BASE + 0x2000);
    g_assert_false(loader_find_room(f.l, BASE, limit, SIZE, 0x1000, &gpa));
    g_assert_false(loader_find_room(f.l, limit, limit, 1, 0x1000, &gpa));
    g_assert_false(loader_find_room(f.l, UINT64_MAX - 5, UINT64_MAX, 1, 0x1000, &gpa));
    end(&f);
}

/* --- ELF --- */

typedef struct Elf {
    Elf64_Ehdr h;
    Elf64_Phdr p[2];
    uint8_t text[16];
} Elf;

static Elf good_elf(void)
{
    Elf e = { .h = { .e_type = ET_EXEC,
                     .e_machine = EM_RISCV,
                     .e_version = 1,
                     .e_entry = 0xffffffff80000004,
                     .e_phoff = offsetof(Elf, p),
                     .e_ehsize = sizeof(Elf64_Ehdr),
                     .e_phentsize = sizeof(Elf64_Phdr),
                     .e_phnum = 2 } };
    memcpy(e.h.e_ident, ELFMAG, SELFMAG);
    e.h.e_ident[EI_CLASS] = ELFCLASS64;
    e.h.e_ident[EI_DATA] = ELFDATA2LSB;
    e.h.e_ident[EI_VERSION] = 1;
    e.p[0] = (Elf64_Phdr) { .p_type = PT_LOAD,
                            .p_offset = offsetof(Elf, text),
                            .p_vaddr = 0xffffffff80000000,
                            .p_paddr = BASE + 0x1000,
                            .p_filesz = 16,
                            .p_memsz = 64 };
    e.p[1] = (Elf64_Phdr) { .p_type = PT_NOTE, .p_offset = 1, .p_filesz = 1 };
    memset(e.text, 0x13, sizeof(e.text));
    return e;
}

static void test_elf(void)
{
    Fixture f;
    LoadedImage image;
    Elf e = good_elf();
    begin(&f);
    mem_fill(&f.m->memory, BASE, 0xee, 0x2000);
    g_assert_true(load_bytes(&f, &e, sizeof(e), &image));
    g_assert_cmpint(image.kind, ==, IMAGE_ELF);
    g_assert_cmphex(image.entry, ==, BASE + 0x1004); /* physical */
    g_assert_cmphex(image.start, ==, BASE + 0x1000);
    g_assert_cmphex(image.end, ==, BASE + 0x1040);
    g_assert_true(image.is_64bit);
    machine_reset(f.m, CAUSE_NONE);
    uint8_t expected[64 + 1] = { 0 };
    memset(expected, 0x13, 16);
    expected[64] = 0xee; /* zeros up to the segment's size, no further */
    assert_memory(&f, BASE + 0x1000, expected, sizeof(expected));
    end(&f);
}

/* File headers linked in front of the memory are left out; anything else there is an error. */
static void test_elf_headers(void)
{
    Fixture f;
    LoadedImage image;
    struct {
        Elf elf;
        uint8_t padding[0x1000 - sizeof(Elf)];
        uint8_t text[16];
    } e = { .elf = good_elf() };
    memset(e.elf.text, 0, sizeof(e.elf.text));
    memset(e.text, 0x13, sizeof(e.text));
    e.elf.h.e_entry = BASE;
    e.elf.p[0] = (Elf64_Phdr) { .p_type = PT_LOAD,
                                .p_flags = PF_R | PF_X,
                                .p_vaddr = BASE - 0x1000,
                                .p_paddr = BASE - 0x1000,
                                .p_filesz = sizeof(e),
                                .p_memsz = sizeof(e) };
    begin(&f);
    g_assert_true(load_bytes(&f, &e, sizeof(e), &image));
    g_assert_cmphex(image.start, ==, BASE);
    g_assert_cmphex(image.entry, ==, BASE);
    machine_reset(f.m, CAUSE_NONE);
    assert_memory(&f, BASE, e.text, sizeof(e.text));
    end(&f);
    begin(&f);
    e.padding[100] = 1;
    assert_refused(&f, &e, sizeof(e), "no memory");
    end(&f);
}

/* So are headers and notes in a read-only segment of their own; code there is an error. */
static void test_elf_notes(void)
{
    Fixture f;
    LoadedImage image;
    Elf e = good_elf();
    e.p[1] = (Elf64_Phdr) {
        .p_type = PT_LOAD, .p_flags = PF_R, .p_paddr = 0x10000, .p_filesz = 64, .p_memsz = 64
    };
    begin(&f);
    g_assert_true(load_bytes(&f, &e, sizeof(e), &image));
    g_assert_cmphex(image.start, ==, BASE + 0x1000);
    end(&f);
    begin(&f);
    e.p[1].p_flags |= PF_X;
    assert_refused(&f, &e, sizeof(e), "no memory");
    end(&f);
}

static void test_elf_pie(void)
{
    Fixture f;
    LoadedImage image;
    Elf e = good_elf();
    e.h.e_type = ET_DYN;
    e.h.e_entry = 8;
    e.p[0].p_vaddr = e.p[0].p_paddr = 0;
    begin(&f);
    g_assert_true(load_bytes(&f, &e, sizeof(e), &image));
    g_assert_cmphex(image.start, ==, BASE);
    g_assert_cmphex(image.entry, ==, BASE + 8);
    end(&f);
}

static void test_elf32(void)
{
    struct {
        Elf32_Ehdr h;
        Elf32_Phdr p;
        uint8_t text[4];
    } e = { .h = { .e_type = ET_EXEC,
                   .e_machine = EM_RISCV,
                   .e_entry = BASE,
                   .e_phoff = sizeof(Elf32_Ehdr),
                   .e_phentsize = sizeof(Elf32_Phdr),
                   .e_phnum = 1 },
            .p = { .p_type = PT_LOAD,
                   .p_offset = sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
                   .p_vaddr = BASE,
                   .p_paddr = BASE,
                   .p_filesz = 4,
                   .p_memsz = 4 } };
    memcpy(e.h.e_ident, ELFMAG, SELFMAG);
    e.h.e_ident[EI_CLASS] = ELFCLASS32;
    e.h.e_ident[EI_DATA] = ELFDATA2LSB;
    Fixture f;
    LoadedImage image;
    begin(&f);
    g_assert_true(load_bytes(&f, &e, sizeof(e), &image));
    g_assert_false(image.is_64bit);
    g_assert_cmphex(image.entry, ==, BASE);
    end(&f);
}

static void test_bad_elf(void)
{
    Fixture f;
    begin(&f);
    Elf e = good_elf();
    assert_refused(&f, &e, 20, "cut off");
    assert_refused(&f, &e, sizeof(e) - 1, "cut off");
    assert_refused(&f, &e, offsetof(Elf, p) + 8, "cut off");
    e.h.e_machine = EM_X86_64;
    assert_refused(&f, &e, sizeof(e), "another machine");
    e = good_elf();
    e.h.e_type = ET_REL;
    assert_refused(&f, &e, sizeof(e), "cannot be run");
    e = good_elf();
    e.h.e_phoff = UINT64_MAX - 8;
    assert_refused(&f, &e, sizeof(e), "cut off");
    e = good_elf();
    e.h.e_phentsize = 8;
    assert_refused(&f, &e, sizeof(e), "damaged");
    e = good_elf();
    e.p[0].p_memsz = 4;
    assert_refused(&f, &e, sizeof(e), "impossible");
    e = good_elf();
    e.p[0].p_memsz = UINT64_MAX;
    assert_refused(&f, &e, sizeof(e), "impossible");
    e = good_elf();
    e.p[0].p_memsz = SIZE;
    assert_refused(&f, &e, sizeof(e), "too large");
    e = good_elf();
    e.p[0].p_paddr = 0x1000;
    assert_refused(&f, &e, sizeof(e), "no memory");
    e = good_elf();
    e.p[0].p_type = PT_NULL;
    assert_refused(&f, &e, sizeof(e), "nothing to load");
    e = good_elf();
    e.p[1] = e.p[0];
    assert_refused(&f, &e, sizeof(e), "overlaps");
    end(&f);
}

/* Random damage: loaded or refused with a text. */
static void test_damaged_elf(void)
{
    GRand *r = g_rand_new_with_seed(3);
    for (unsigned i = 0; i < 2000; i++) {
        Fixture f;
        LoadedImage image;
        Elf e = good_elf();
        begin(&f);
        for (unsigned k = 0; k < 4; k++) {
            ((uint8_t *)&e)[g_rand_int_range(r, 0, sizeof(e) - 16)] ^= 1u
                                                                       << g_rand_int_range(r, 0, 8);
        }
        if (load_bytes(&f, &e, sizeof(e), &image)) {
            machine_reset(f.m, CAUSE_NONE);
        }
        end(&f);
    }
    g_rand_free(r);
}

/* --- Linux Image --- */

enum { IMAGE_LEN = 4096, PE_AT = 0x40 };

/* @efi: with a PE header whose only section ends with the file. */
static void make_image(uint8_t *d, bool efi, uint64_t image_size)
{
    memset(d, 0, IMAGE_LEN);
    st64_le(d + 0x10, image_size);
    memcpy(d + 0x30, "RISCV\0\0\0RSC\5", 12);
    if (efi) {
        memcpy(d, "MZ", 2);
        st32_le(d + 0x3c, PE_AT);
        memcpy(d + PE_AT, "PE\0\0", 4);
        st16_le(d + PE_AT + 4, 0x5064);
        st16_le(d + PE_AT + 6, 1);
        st16_le(d + PE_AT + 20, 16);
        uint8_t *section = d + PE_AT + 24 + 16;
        st32_le(section + 16, IMAGE_LEN - 0x200);
        st32_le(section + 20, 0x200);
    }
}

static void test_linux(void)
{
    uint8_t d[IMAGE_LEN];
    for (unsigned efi = 0; efi < 2; efi++) {
        Fixture f;
        LoadedImage image;
        begin(&f);
        make_image(d, efi, 0x8000);
        g_assert_true(load_bytes(&f, d, sizeof(d), &image));
        g_assert_cmpint(image.kind, ==, IMAGE_LINUX);
        g_assert_cmphex(image.end, ==, BASE + 0x8000);
        /* What the kernel needs beyond the file is kept free. */
        g_autoptr(GBytes) other = g_bytes_new_static("x", 1);
        g_assert_false(loader_add(f.l, "other", BASE + 0x7fff, other, 0, NULL));
        g_assert_true(loader_add(f.l, "other", BASE + 0x8000, other, 0, NULL));
        end(&f);
    }
}

static void test_bad_linux(void)
{
    uint8_t d[IMAGE_LEN];
    Fixture f;
    begin(&f);
    make_image(d, true, 0x8000);
    assert_refused(&f, d, IMAGE_LEN - 1, "cut off");
    assert_refused(&f, d, 0x50, "cut off");
    make_image(d, true, UINT64_MAX - 16);
    assert_refused(&f, d, IMAGE_LEN, "damaged");
    make_image(d, false, 2 * SIZE);
    assert_refused(&f, d, IMAGE_LEN, "too large");
    make_image(d, true, 0x8000);
    st16_le(d + PE_AT + 4, 0x8664);
    assert_refused(&f, d, IMAGE_LEN, "another machine");
    make_image(d, true, 0x8000);
    memset(d + 0x38, 0, 4); /* an EFI program, but no kernel */
    assert_refused(&f, d, IMAGE_LEN, "not a Linux kernel");
    end(&f);
}

/* --- compressed --- */

static GBytes *gzip(const void *data, size_t len)
{
    z_stream z = { .next_in = (Bytef *)data, .avail_in = (uInt)len };
    g_assert_cmpint(deflateInit2(&z, 9, Z_DEFLATED, 16 + 15, 8, 0), ==, Z_OK);
    size_t room = deflateBound(&z, len) + 64;
    uint8_t *out = g_malloc(room);
    z.next_out = out;
    z.avail_out = (uInt)room;
    g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
    room -= z.avail_out;
    deflateEnd(&z);
    return g_bytes_new_take(out, room);
}

static GBytes *zstd(const void *data, size_t len)
{
    size_t room = ZSTD_compressBound(len);
    uint8_t *out = g_malloc(room);
    room = ZSTD_compress(out, room, data, len, 3);
    g_assert_false(ZSTD_isError(room));
    return g_bytes_new_take(out, room);
}

typedef GBytes *Packer(const void *data, size_t len);

static void check_packed(Packer *pack)
{
    Fixture f;
    LoadedImage image;
    uint8_t d[IMAGE_LEN];
    gsize len;
    begin(&f);
    make_image(d, true, 0x8000);
    g_autoptr(GBytes) packed = pack(d, sizeof(d));
    const void *data = g_bytes_get_data(packed, &len);
    g_assert_true(load_bytes(&f, data, len, &image));
    g_assert_cmpint(image.kind, ==, IMAGE_LINUX);
    machine_reset(f.m, CAUSE_NONE);
    assert_memory(&f, BASE, d, sizeof(d));
    end(&f);

    begin(&f);
    for (gsize cut = 8; cut < len; cut += 7) {
        assert_refused(&f, data, cut, "could not unpack");
    }
    /* Larger than the machine when unpacked. */
    g_autofree uint8_t *big = g_malloc0(64 * SIZE);
    g_autoptr(GBytes) bomb = pack(big, 64 * SIZE);
    assert_refused(&f, g_bytes_get_data(bomb, NULL), g_bytes_get_size(bomb), "larger");
    end(&f);
}

static void test_gzip(void)
{
    check_packed(gzip);
}

static void test_zstd(void)
{
    check_packed(zstd);
}

static void test_zboot(void)
{
    Fixture f;
    LoadedImage image;
    uint8_t d[IMAGE_LEN];
    gsize len;
    begin(&f);
    make_image(d, false, 0x8000);
    g_autoptr(GBytes) packed = gzip(d, sizeof(d));
    const void *data = g_bytes_get_data(packed, &len);
    g_autofree uint8_t *zimg = g_malloc0(256 + len);
    memcpy(zimg, "MZ\0\0zimg", 8);
    st32_le(zimg + 8, 256);
    st32_le(zimg + 12, (uint32_t)len);
    strcpy((char *)zimg + 24, "gzip");
    memcpy(zimg + 256, data, len);
    g_assert_true(load_bytes(&f, zimg, 256 + len, &image));
    g_assert_cmpint(image.kind, ==, IMAGE_LINUX);
    end(&f);
    begin(&f);
    assert_refused(&f, zimg, 255 + len, "cut off");
    strcpy((char *)zimg + 24, "lzma");
    memset(zimg + 256, 0x5d, 16);
    assert_refused(&f, zimg, 256 + len, "lzma");
    assert_refused(&f,
                   "\xfd"
                   "7zXZ\0and more",
                   14, "xz");
    end(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/loader/raw", test_raw);
    g_test_add_func("/loader/bad-files", test_bad_files);
    g_test_add_func("/loader/pipe", test_pipe);
    g_test_add_func("/loader/overlap", test_overlap);
    g_test_add_func("/loader/find-room", test_find_room);
    g_test_add_func("/loader/elf", test_elf);
    g_test_add_func("/loader/elf-headers", test_elf_headers);
    g_test_add_func("/loader/elf-notes", test_elf_notes);
    g_test_add_func("/loader/elf-pie", test_elf_pie);
    g_test_add_func("/loader/elf32", test_elf32);
    g_test_add_func("/loader/bad-elf", test_bad_elf);
    g_test_add_func("/loader/damaged-elf", test_damaged_elf);
    g_test_add_func("/loader/linux", test_linux);
    g_test_add_func("/loader/bad-linux", test_bad_linux);
    g_test_add_func("/loader/gzip", test_gzip);
    g_test_add_func("/loader/zstd", test_zstd);
    g_test_add_func("/loader/zboot", test_zboot);
    return g_test_run();
}
