/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables collected by the linker: any file can add a row, and no code runs to register it.
 *
 * SECTION_DECLARE(pg_types, TypeInfo) goes into the header, SECTION_ADD(pg_types, TypeInfo,
 * uart_type) beside each `const TypeInfo uart_type`, and SECTION_FOREACH (pg_types, TypeInfo, t)
 * walks them all.
 *
 * The section holds const pointers; its name must be a C identifier. The order of rows is the
 * linker's. Libraries with rows must be linked whole.
 */
#ifndef UTIL_SECTIONS_H
#define UTIL_SECTIONS_H

#define SECTION_DECLARE(section, T)                                                                \
    extern const T *const __start_##section[] __attribute__((weak, visibility("hidden")));         \
    extern const T *const __stop_##section[] __attribute__((weak, visibility("hidden")))

#define SECTION_ADD(section, T, object)                                                            \
    static const T *const section##_row_##object __attribute__((used, __section__(#section))) =    \
        &(object)

/* Runs the statement once for each row, with `const T *var`. */
#define SECTION_FOREACH(section, T, var)                                                           \
    for (const T *const *var##_row = __start_##section, *var;                                      \
         var##_row < __stop_##section && (var = *var##_row, 1); var##_row++)

#endif
