/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats of executable images.
 * Specifications: ELF (System V ABI, gABI 4.1); the kernel's RISC-V boot image header
 * (Documentation/arch/riscv/boot-image-header.rst) and EFI zboot header; PE/COFF. Nothing in an
 * image is trusted: each offset is compared with the file's length.
 */
#include "hw/core/loader.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "unpack.h"
#include "util/bitops.h"
#include "util/units.h"

/* An image on its way into memory. */
typedef struct Image {
    Loader *loader;
    const char *title; /* "kernel 'vmlinux'", for errors */
    GBytes *bytes;     /* owned */
    const uint8_t *data;
    size_t len;
    uint64_t base;
    LoadedImage *out;
} Image;

static void image_set_bytes(Image *im, GBytes *bytes)
{
    g_bytes_unref(im->bytes);
    im->bytes = bytes;
    im->data = g_bytes_get_data(bytes, &im->len);
}

static bool in_file(const Image *im, uint64_t offset, uint64_t size)
{
    return offset <= im->len && size <= im->len - offset;
}

/* --- ELF --- */

/* What counts of a program header, of either class. */
typedef struct Segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, file_size, mem_size;
} Segment;

typedef struct ElfFile {
    bool is_64bit;
    uint16_t type;
    uint64_t entry, ph_offset;
    uint16_t ph_size, ph_count;
} ElfFile;

static bool elf_header(const Image *im, ElfFile *elf, Error *err)
{
    const uint8_t *d = im->data;
    elf->is_64bit = im->len > EI_CLASS && d[EI_CLASS] == ELFCLASS64;
    if (!in_file(im, 0, elf->is_64bit ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr))) {
        error_set(err, "%s is cut off: its ELF header is incomplete", im->title);
        return false;
    }
    uint16_t machine = ld16_le(d + offsetof(Elf64_Ehdr, e_machine));
    if (d[EI_DATA] != ELFDATA2LSB || machine != EM_RISCV) {
        error_set(err, "%s is an ELF file for another machine (number %u%s), not for RISC-V",
                  im->title, machine, d[EI_DATA] == ELFDATA2MSB ? ", big-endian" : "");
        return false;
    }
    elf->type = ld16_le(d + offsetof(Elf64_Ehdr, e_type));
    if (elf->is_64bit) {
        elf->entry = ld64_le(d + offsetof(Elf64_Ehdr, e_entry));
        elf->ph_offset = ld64_le(d + offsetof(Elf64_Ehdr, e_phoff));
        elf->ph_size = ld16_le(d + offsetof(Elf64_Ehdr, e_phentsize));
        elf->ph_count = ld16_le(d + offsetof(Elf64_Ehdr, e_phnum));
    } else {
        elf->entry = ld32_le(d + offsetof(Elf32_Ehdr, e_entry));
        elf->ph_offset = ld32_le(d + offsetof(Elf32_Ehdr, e_phoff));
        elf->ph_size = ld16_le(d + offsetof(Elf32_Ehdr, e_phentsize));
        elf->ph_count = ld16_le(d + offsetof(Elf32_Ehdr, e_phnum));
    }
    size_t least = elf->is_64bit ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    if (elf->ph_count == 0 || (elf->type != ET_EXEC && elf->type != ET_DYN)) {
        error_set(err, "%s is an ELF file that cannot be run: it has no segments", im->title);
        error_hint(err, "Object files must be linked first");
        return false;
    }
    if (elf->ph_size < least ||
        !in_file(im, elf->ph_offset, (uint64_t)elf->ph_size * elf->ph_count)) {
        error_set(err, "%s is cut off or damaged: its ELF program headers are not in the file",
                  im->title);
        return false;
    }
    return true;
}

static Segment elf_segment(const Image *im, const ElfFile *elf, unsigned i)
{
    const uint8_t *p = im->data + elf->ph_offset + (size_t)elf->ph_size * i;
    if (elf->is_64bit) {
        return (Segment) { ld32_le(p + offsetof(Elf64_Phdr, p_type)),
                           ld32_le(p + offsetof(Elf64_Phdr, p_flags)),
                           ld64_le(p + offsetof(Elf64_Phdr, p_offset)),
                           ld64_le(p + offsetof(Elf64_Phdr, p_vaddr)),
                           ld64_le(p + offsetof(Elf64_Phdr, p_paddr)),
                           ld64_le(p + offsetof(Elf64_Phdr, p_filesz)),
                           ld64_le(p + offsetof(Elf64_Phdr, p_memsz)) };
    }
    return (Segment) {
        ld32_le(p + offsetof(Elf32_Phdr, p_type)),   ld32_le(p + offsetof(Elf32_Phdr, p_flags)),
        ld32_le(p + offsetof(Elf32_Phdr, p_offset)), ld32_le(p + offsetof(Elf32_Phdr, p_vaddr)),
        ld32_le(p + offsetof(Elf32_Phdr, p_paddr)),  ld32_le(p + offsetof(Elf32_Phdr, p_filesz)),
        ld32_le(p + offsetof(Elf32_Phdr, p_memsz))
    };
}

/* How far a position-independent file linked at 0 is moved. */
static uint64_t elf_bias(const Image *im, const ElfFile *elf)
{
    uint64_t lowest = UINT64_MAX;
    for (unsigned i = 0; i < elf->ph_count; i++) {
        Segment s = elf_segment(im, elf, i);
        lowest = s.type == PT_LOAD && s.mem_size ? MIN(lowest, s.paddr) : lowest;
    }
    return elf->type == ET_DYN && lowest == 0 ? im->base : 0;
}

static bool all_zero(const uint8_t *data, uint64_t from, uint64_t to)
{
    while (from < to && data[from] == 0) {
        from++;
    }
    return from >= to;
}

/* A linker that was told no more than where the text goes puts the file's own headers elsewhere: a
 * page below the text, or with the notes in a read-only segment at its default address. Where there
 * is no memory for them they are left out. */
static void drop_headers(const Image *im, const ElfFile *elf, Segment *s)
{
    enum { PAGE = 4096 };
    if (s->offset != 0 || s->mem_size < s->file_size || !in_file(im, 0, s->file_size)) {
        return;
    }
    if (!(s->flags & (PF_W | PF_X)) && !loader_is_memory(im->loader, s->paddr)) {
        s->mem_size = 0;
        return;
    }
    uint64_t used = elf->ph_offset + (uint64_t)elf->ph_size * elf->ph_count;
    while (s->file_size > PAGE && !loader_is_memory(im->loader, s->paddr) &&
           all_zero(im->data, MAX(s->offset, used), s->offset + PAGE)) {
        s->offset += PAGE;
        s->vaddr += PAGE;
        s->paddr += PAGE;
        s->file_size -= PAGE;
        s->mem_size -= PAGE;
    }
}

static bool load_segment(Image *im, Segment s, unsigned i, Error *err)
{
    if (!in_file(im, s.offset, s.file_size)) {
        error_set(err,
                  "%s is cut off: segment %u is at 0x%" PRIx64 "+0x%" PRIx64
                  " and the file has 0x%zx bytes",
                  im->title, i, s.offset, s.file_size, im->len);
        return false;
    }
    if (s.mem_size < s.file_size || s.paddr + (s.mem_size - 1) < s.paddr) {
        error_set(err, "%s is damaged: segment %u has impossible sizes", im->title, i);
        return false;
    }
    g_autoptr(GBytes) part = g_bytes_new_from_bytes(im->bytes, s.offset, s.file_size);
    if (!loader_add(im->loader, im->title, s.paddr, part, s.mem_size, err)) {
        return false;
    }
    im->out->start = MIN(im->out->start, s.paddr);
    im->out->end = MAX(im->out->end, s.paddr + s.mem_size);
    return true;
}

static bool load_elf(Image *im, Error *err)
{
    ElfFile elf;
    if (!elf_header(im, &elf, err)) {
        return false;
    }
    uint64_t bias = elf_bias(im, &elf);
    *im->out = (LoadedImage) { .kind = IMAGE_ELF, .start = UINT64_MAX, .is_64bit = elf.is_64bit };
    im->out->entry = elf.entry + bias;
    for (unsigned i = 0; i < elf.ph_count; i++) {
        Segment s = elf_segment(im, &elf, i);
        if (s.type != PT_LOAD || s.mem_size == 0) {
            continue;
        }
        s.paddr += bias;
        drop_headers(im, &elf, &s);
        if (s.mem_size == 0) {
            continue;
        }
        if (!load_segment(im, s, i, err)) {
            return false;
        }
        /* The entry point is virtual. */
        if (elf.entry >= s.vaddr && elf.entry - s.vaddr < s.mem_size) {
            im->out->entry = elf.entry - s.vaddr + s.paddr;
        }
    }
    if (im->out->end == 0) {
        error_set(err, "%s has nothing to load", im->title);
        return false;
    }
    return true;
}

/* --- PE --- */

enum { PE_POINTER = 0x3c, PE_RISCV32 = 0x5032, PE_RISCV64 = 0x5064 };

/* The offset of the PE header, 0 when there is none. */
static uint32_t pe_header(const Image *im)
{
    uint32_t pe = in_file(im, PE_POINTER, 4) ? ld32_le(im->data + PE_POINTER) : 0;
    return in_file(im, pe, 24) && !memcmp(im->data + pe, "PE\0", 4) ? pe : 0;
}

/* True when the PE header is for RISC-V and all its sections are there. */
static bool check_pe(const Image *im, Error *err)
{
    uint32_t pe = pe_header(im);
    if (!pe) {
        error_set(err, "%s is cut off or damaged: it has no PE header", im->title);
        return false;
    }
    uint16_t machine = ld16_le(im->data + pe + 4);
    if (machine != PE_RISCV64 && machine != PE_RISCV32) {
        error_set(err, "%s is an EFI program for another machine (0x%x), not for RISC-V", im->title,
                  machine);
        return false;
    }
    unsigned count = ld16_le(im->data + pe + 6);
    uint64_t at = (uint64_t)pe + 24 + ld16_le(im->data + pe + 20);
    for (unsigned i = 0; i < count; i++, at += 40) {
        if (!in_file(im, at, 40) ||
            !in_file(im, ld32_le(im->data + at + 20), ld32_le(im->data + at + 16))) {
            error_set(err, "%s is cut off: section %u is not whole in the file's %zu bytes",
                      im->title, i, im->len);
            return false;
        }
    }
    return true;
}

/* --- Linux Image --- */

enum {
    LINUX_HEADER = 64,
    LINUX_IMAGE_SIZE = 0x10,
    LINUX_MAGIC2 = 0x38, /* "RSC\x05" */
    ZBOOT_MAGIC = 4,     /* "zimg" */
    ZBOOT_OFFSET = 8,
    ZBOOT_SIZE = 12,
    ZBOOT_KIND = 24, /* "gzip", "zstd22", ... */
};

static bool is_linux(const Image *im)
{
    return in_file(im, 0, LINUX_HEADER) && !memcmp(im->data + LINUX_MAGIC2, "RSC\5", 4);
}

static bool is_efi(const Image *im)
{
    return in_file(im, 0, LINUX_HEADER) && im->data[0] == 'M' && im->data[1] == 'Z';
}

static bool is_zboot(const Image *im)
{
    return is_efi(im) && !memcmp(im->data + ZBOOT_MAGIC, "zimg", 4);
}

static bool load_linux(Image *im, Error *err)
{
    if (is_efi(im) && !check_pe(im, err)) {
        return false;
    }
    uint64_t size = MAX(ld64_le(im->data + LINUX_IMAGE_SIZE), im->len);
    if (im->base + size < im->base) {
        error_set(err, "%s is damaged: its header says it needs 0x%" PRIx64 " bytes", im->title,
                  size);
        return false;
    }
    *im->out = (LoadedImage) { IMAGE_LINUX, im->base, im->base + size, im->base, true };
    return loader_add(im->loader, im->title, im->base, im->bytes, im->len, err) &&
           loader_reserve(im->loader, im->title, im->base + im->len, size - im->len, err);
}

static bool load_raw(Image *im, Error *err)
{
    if (im->len == 0) {
        error_set(err, "%s is empty", im->title);
        return false;
    }
    *im->out = (LoadedImage) { IMAGE_RAW, im->base, im->base + im->len, im->base, true };
    return loader_add(im->loader, im->title, im->base, im->bytes, im->len, err);
}

/* --- compressed images --- */

static bool unpack_image(Image *im, PackKind kind, const char *name, const uint8_t *data,
                         size_t len, Error *err)
{
    if (kind == PACK_OTHER || kind == PACK_NONE) {
        error_set(err, "%s is compressed with %s, which is not supported by Peregrine yet",
                  im->title, name);
        error_hint(err, "Unpack it first");
        return false;
    }
    GBytes *bytes = unpack(kind, data, len, loader_memory_size(im->loader), err);
    if (!bytes) {
        error_prepend(err, "could not unpack %s: ", im->title);
        return false;
    }
    image_set_bytes(im, bytes);
    return true;
}

static bool unpack_zboot(Image *im, Error *err)
{
    uint64_t offset = ld32_le(im->data + ZBOOT_OFFSET), size = ld32_le(im->data + ZBOOT_SIZE);
    if (!in_file(im, offset, size)) {
        error_set(err, "%s is cut off: its compressed kernel is not whole in the file", im->title);
        return false;
    }
    g_autofree char *kind_name = g_strndup((const char *)im->data + ZBOOT_KIND, 32);
    const char *found;
    PackKind kind = unpack_kind(im->data + offset, size, &found);
    return unpack_image(im, kind, found ? found : kind_name, im->data + offset, size, err);
}

/* Unpacks @im when it is compressed. */
static bool open_packed(Image *im, Error *err)
{
    if (is_zboot(im)) {
        return unpack_zboot(im, err);
    }
    const char *name;
    PackKind kind = unpack_kind(im->data, im->len, &name);
    return kind == PACK_NONE || unpack_image(im, kind, name, im->data, im->len, err);
}

static bool load_any(Image *im, Error *err)
{
    if (!open_packed(im, err)) {
        return false;
    }
    if (im->len >= SELFMAG && !memcmp(im->data, ELFMAG, SELFMAG)) {
        return load_elf(im, err);
    }
    if (is_linux(im)) {
        return load_linux(im, err);
    }
    if (is_efi(im) && pe_header(im)) {
        if (!check_pe(im, err)) {
            return false;
        }
        error_set(err, "%s is an EFI program, but not a Linux kernel", im->title);
        error_hint(err, "EFI programs are started by firmware such as U-Boot, from a disk");
        return false;
    }
    return load_raw(im, err);
}

bool loader_load_image(Loader *l, const char *what, const char *path, uint64_t base,
                       LoadedImage *out, Error *err)
{
    GBytes *bytes = loader_read_file(what, path, loader_memory_size(l), err);
    if (!bytes) {
        return false;
    }
    g_autofree char *title = g_strdup_printf("%s '%s'", what, path);
    Image im = { .loader = l, .title = title, .base = base, .out = out };
    image_set_bytes(&im, bytes);
    bool ok = load_any(&im, err);
    g_bytes_unref(im.bytes);
    return ok;
}
