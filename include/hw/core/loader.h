/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting images into a machine's memory: firmware, kernels, RAM disks, device trees.
 *
 * A Loader keeps what it loaded and writes it again at each reset. Boards use it while they build
 * themselves; the memory itself is written by the resets. Device lock held.
 */
#ifndef HW_CORE_LOADER_H
#define HW_CORE_LOADER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/machine.h"
#include "util/error.h"

typedef struct Loader Loader;

/* A loader that writes at @m's resets. Ends with loader_free, before its machine. */
Loader *loader_new(Machine *m);
void loader_free(Loader *l);

/* Images may go to @size bytes from @gpa; @name is for errors ("RAM"). */
void loader_add_memory(Loader *l, const char *name, uint64_t gpa, uint64_t size);

/* Size of the largest of these. */
uint64_t loader_memory_size(const Loader *l);

/* Reads @path up to its end: pipes and /proc/self/fd/N are fine. More than @max bytes is an error.
 * @what names the file's part in errors ("kernel"). NULL on failure; else g_bytes_unref it. */
GBytes *loader_read_file(const char *what, const char *path, uint64_t max, Error *err);

/* Places @data at @gpa, followed by zeros up to @mem_size bytes when that is more. Fails when the
 * place is not memory or is taken; the error names both images. Takes a reference of @data. */
bool loader_add(Loader *l, const char *name, uint64_t gpa, GBytes *data, uint64_t mem_size,
                Error *err);

/* Keeps @size bytes at @gpa free of other images; they are not written. */
bool loader_reserve(Loader *l, const char *name, uint64_t gpa, uint64_t size, Error *err);

/* True when @gpa is in memory that images may be loaded to. */
bool loader_is_memory(const Loader *l, uint64_t gpa);

/* Finds @size bytes of memory, aligned to @align, at or above @from and ending at or below @limit,
 * that no image has. False when there are none. */
bool loader_find_room(const Loader *l, uint64_t from, uint64_t limit, uint64_t size, uint64_t align,
                      uint64_t *gpa);

typedef enum ImageKind { IMAGE_RAW, IMAGE_ELF, IMAGE_LINUX } ImageKind;

typedef struct LoadedImage {
    ImageKind kind;
    uint64_t start, end; /* of all it occupies; end is the first byte behind it */
    uint64_t entry;
    bool is_64bit; /* ELF class; true for other kinds */
} LoadedImage;

/*
 * Loads an executable image from @path, decompressed when it is in gzip or zstd format or an EFI
 * self-decompressing kernel. Its format is found out from its contents:
 *   ELF         goes to its segments' physical addresses; a position-independent one linked at 0
 *               goes to @base
 *   Linux Image with or without EFI header (Documentation/arch/riscv/boot-image-header in the
 *               kernel): to @base, and as much memory as its header asks for is kept free
 *   other       is raw: to @base
 * @what names the image's part in errors ("kernel").
 */
bool loader_load_image(Loader *l, const char *what, const char *path, uint64_t base,
                       LoadedImage *out, Error *err);

#endif
