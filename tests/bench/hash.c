/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRC-32 by table and by bit, SHA-256 (FIPS 180-4), a hash table of words. */
#include "bench.h"

static uint32_t crc_table[256];

static void crc_prepare(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;

        for (int k = 0; k < 8; k++) {
            c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
        }
        crc_table[i] = c;
    }
}

static uint32_t crc32(const uint8_t *p, size_t n)
{
    uint32_t c = 0xffffffff;

    while (n--) {
        c = crc_table[(c ^ *p++) & 255] ^ c >> 8;
    }
    return ~c;
}

static const uint32_t k256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static inline uint32_t ror(uint32_t v, int n)
{
    return v >> n | v << (32 - n);
}

static void sha256_block(uint32_t h[8], const uint8_t *p)
{
    uint32_t w[64], s[8];

    for (int i = 0; i < 16; i++) {
        w[i] = (uint32_t)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
    }
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) + w[i - 7] +
               (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
    }
    for (int i = 0; i < 8; i++) {
        s[i] = h[i];
    }
    for (int i = 0; i < 64; i++) {
        uint32_t t1 = s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) +
                      ((s[4] & s[5]) ^ (~s[4] & s[6])) + k256[i] + w[i];
        uint32_t t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) +
                      ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

        for (int k = 7; k > 0; k--) {
            s[k] = s[k - 1];
        }
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) {
        h[i] += s[i];
    }
}

#define SLOTS 16384

static struct {
    uint64_t key;
    uint64_t value;
} table[SLOTS];

static uint64_t hash_table(void)
{
    uint64_t state = 3, sum = 0;

    for (int i = 0; i < SLOTS; i++) {
        table[i].key = 0;
    }
    for (int i = 0; i < 2000000; i++) {
        uint64_t key = bench_random(&state) % 9000 + 1;
        uint64_t h = key * 0x9e3779b97f4a7c15ull >> 50;

        while (table[h].key && table[h].key != key) {
            h = (h + 1) % SLOTS;
        }
        if (!table[h].key) {
            table[h].key = key;
            table[h].value = 0;
        }
        table[h].value += i;
        sum += table[h].value;
    }
    return sum;
}

static uint64_t run(void)
{
    uint8_t *p = bench_memory;
    uint64_t state = 1, sum = 0;
    uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

    crc_prepare();
    for (int i = 0; i < 1 << 16; i++) {
        p[i] = (uint8_t)(bench_random(&state) >> 56);
    }
    for (int round = 0; round < 255; round++) {
        sum = bench_mix(sum, crc32(p, 1 << 16));
        p[round] ^= (uint8_t)sum;
    }
    for (int round = 0; round < 80; round++) {
        for (int i = 0; i < 1 << 16; i += 64) {
            sha256_block(h, p + i);
        }
    }
    for (int i = 0; i < 8; i++) {
        sum = bench_mix(sum, h[i]);
    }
    return bench_mix(sum, hash_table());
}

const Bench bench = { "hash", 2, NULL, run };
