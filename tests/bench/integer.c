/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer code of several kinds: a sieve, lists, a state machine over text, a small matrix. */
#include "bench.h"

#define SIEVE 400000
#define NODES 4096

typedef struct Node {
    struct Node *next;
    int32_t value, key;
} Node;

static uint8_t composite[SIEVE];
static Node nodes[NODES];

static uint64_t sieve(void)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < SIEVE; i++) {
        composite[i] = 0;
    }
    for (uint32_t i = 2; i < SIEVE; i++) {
        if (composite[i]) {
            continue;
        }
        count++;
        for (uint32_t k = i * 2; k < SIEVE; k += i) {
            composite[k] = 1;
        }
    }
    return count;
}

static Node *merge(Node *a, Node *b)
{
    Node head, *tail = &head;

    while (a && b) {
        Node **least = a->value <= b->value ? &a : &b;

        tail->next = *least;
        tail = *least;
        *least = (*least)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static Node *sort_list(Node *list, uint32_t count)
{
    Node *middle = list, *rest;

    if (count < 2) {
        return list;
    }
    for (uint32_t i = 1; i < count / 2; i++) {
        middle = middle->next;
    }
    rest = middle->next;
    middle->next = NULL;
    return merge(sort_list(list, count / 2), sort_list(rest, count - count / 2));
}

static uint64_t lists(void)
{
    uint64_t state = 77, sum = 0;
    Node *list;

    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < NODES; i++) {
            nodes[i].value = (int32_t)(bench_random(&state) >> 40);
            nodes[i].key = i;
            nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : NULL;
        }
        list = sort_list(&nodes[0], NODES);
        for (; list; list = list->next) {
            sum = bench_mix(sum, (uint64_t)list->key);
        }
    }
    return sum;
}

enum { START, SIGN, DIGITS, POINT, FRACTION, EXPONENT, BAD, STATES };

static int next_state(int s, int c)
{
    int digit = c >= '0' && c <= '9';

    switch (s) {
    case START:
        return digit ? DIGITS : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : BAD;
    case SIGN:
        return digit ? DIGITS : c == '.' ? POINT : BAD;
    case DIGITS:
        return digit ? DIGITS : c == '.' ? FRACTION : c == 'e' ? EXPONENT : c == ',' ? START : BAD;
    case POINT:
    case FRACTION:
        return digit ? FRACTION : c == 'e' ? EXPONENT : c == ',' ? START : BAD;
    case EXPONENT:
        return digit || c == '-' ? EXPONENT : c == ',' ? START : BAD;
    default:
        return c == ',' ? START : BAD;
    }
}

static uint64_t machine(void)
{
    static const char text[] = "5012,8122,-122.3,+331.4e-7,.98,7.7e5,bad,12345678,-.5,0e0,xyz,1,";
    uint64_t counts[STATES] = { 0 }, sum = 0;
    int state = START;

    for (int round = 0; round < 30000; round++) {
        for (const char *p = text; *p; p++) {
            state = next_state(state, *p ^ (round & *p & 1));
            counts[state]++;
        }
    }
    for (int i = 0; i < STATES; i++) {
        sum = bench_mix(sum, counts[i]);
    }
    return sum;
}

static uint64_t matrix(void)
{
    enum { N = 48 };
    static int32_t a[N][N], b[N][N], c[N][N];
    uint64_t sum = 0;

    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = i * 3 - j;
            b[i][j] = i ^ j * 5;
        }
    }
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                int32_t s = round;

                for (int k = 0; k < N; k++) {
                    s += a[i][k] * b[k][j] >> 2;
                }
                c[i][j] = s;
            }
        }
        sum = bench_mix(sum, (uint64_t)(uint32_t)c[round][N - 1 - round]);
        a[round][round] = c[round][0];
    }
    return sum;
}

static uint64_t run(void)
{
    uint64_t sum = 0;

    for (int i = 0; i < 10; i++) {
        sum = bench_mix(sum, sieve());
        sum = bench_mix(sum, lists());
        sum = bench_mix(sum, machine());
        sum = bench_mix(sum, matrix());
    }
    return sum;
}

const Bench bench = { "integer", 2, NULL, run };
