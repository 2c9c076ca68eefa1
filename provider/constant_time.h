/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choices among secrets whose time does not tell which way they went: no branch and no address
 * depends on a secret. A mask is all ones for true and zero for false.
 */
#ifndef PROVIDER_CONSTANT_TIME_H
#define PROVIDER_CONSTANT_TIME_H

#include <stdint.h>

/* Hides from the compiler that a mask has but two values: it could make a branch of that. */
static inline uint32_t constant_time_barrier(uint32_t value)
{
    __asm__("" : "+r"(value));
    return value;
}

/* The mask of the most significant bit. */
static inline uint32_t constant_time_mask(uint32_t value)
{
    return constant_time_barrier(0 - (value >> 31));
}

static inline uint32_t constant_time_is_zero(uint32_t value)
{
    return constant_time_mask(~value & (value - 1));
}

static inline uint32_t constant_time_equal(uint32_t one, uint32_t other)
{
    return constant_time_is_zero(one ^ other);
}

/* For numbers below 2^31, which lengths are. */
static inline uint32_t constant_time_less(uint32_t one, uint32_t other)
{
    return constant_time_mask(one - other);
}

static inline uint32_t constant_time_select(uint32_t mask, uint32_t yes, uint32_t no)
{
    return (constant_time_barrier(mask) & yes) | (constant_time_barrier(~mask) & no);
}

#endif
