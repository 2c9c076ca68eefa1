/* SPDX-License-Identifier: BSD-2-Clause */
#include "waiting_pin.h"

#include "card_internal.h"
#include "public_key.h"

#include <stdlib.h>

struct waiting_pin {
    struct waiting_pin *next;
    EVP_PKEY *public_key;
    struct secret *pin;
};

static struct error *copy(struct secret *pin, struct secret **out)
{
    return secret_new(secret_bytes(pin), secret_length(pin), out);
}

/* With the context's lock held. NULL where there is none. */
static struct waiting_pin *find(const struct card_context *context, const EVP_PKEY *public_key)
{
    struct waiting_pin *waiting = context->waiting_pins;
    while (waiting != NULL && !public_key_equal(waiting->public_key, public_key))
        waiting = waiting->next;
    return waiting;
}

/* The same, new where there is none; NULL without memory. */
static struct waiting_pin *find_or_add(struct card_context *context, EVP_PKEY *public_key)
{
    struct waiting_pin *waiting = find(context, public_key);
    if (waiting != NULL)
        return waiting;
    waiting = calloc(1, sizeof(*waiting));
    if (waiting == NULL || !EVP_PKEY_up_ref(public_key)) {
        free(waiting);
        return NULL;
    }
    waiting->public_key = public_key;
    waiting->next = context->waiting_pins;
    context->waiting_pins = waiting;
    return waiting;
}

struct error *waiting_pin_keep(struct card_context *context, EVP_PKEY *public_key,
                               struct secret *pin)
{
    struct secret *kept;
    struct error *error = copy(pin, &kept);
    if (error != NULL)
        return error;
    lock_acquire(&context->lock);
    struct waiting_pin *waiting = find_or_add(context, public_key);
    if (waiting != NULL) {
        struct secret *before = waiting->pin;
        waiting->pin = kept;
        kept = before;
    }
    lock_release(&context->lock);
    secret_free(kept);
    return waiting == NULL ? error_no_memory() : NULL;
}

struct error *waiting_pin_copy(struct card_context *context, const EVP_PKEY *public_key,
                               struct secret **pin)
{
    *pin = NULL;
    lock_acquire(&context->lock);
    const struct waiting_pin *waiting = find(context, public_key);
    struct error *error = waiting == NULL ? NULL : copy(waiting->pin, pin);
    lock_release(&context->lock);
    return error;
}

void waiting_pin_free(struct waiting_pin *list)
{
    while (list != NULL) {
        struct waiting_pin *next = list->next;
        EVP_PKEY_free(list->public_key);
        secret_free(list->pin);
        free(list);
        list = next;
    }
}
