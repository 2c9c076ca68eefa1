/* SPDX-License-Identifier: BSD-2-Clause */
/* A search through readers, cards and slots, and what it found. */
#ifndef CARD_SEARCH_H
#define CARD_SEARCH_H

#include "card_internal.h"

enum wanted {
    WANT_KEYS,
    WANT_CERTIFICATES,
    WANT_CARDS,
};

/* A certificate that was found, and where. */
struct found_certificate {
    struct card *card;
    char slot[APP_SLOT_MAX];
    struct buffer der;
};

struct found {
    struct card_key_list keys;
    struct found_certificate *certificates;
    size_t certificate_count;
    struct card **cards;
    size_t card_count;
};

struct search {
    struct card_context *context;
    const struct card_uri *uri;
    enum wanted wanted;
    const EVP_PKEY *public_key;            /* only the key with this public half, or NULL */
    struct secret *pin;                    /* for a card that hides its keys without; or NULL */
    const struct transport_system *system; /* set by search_run() */
    bool single;                           /* there is only one card to look at */
    const char *serial; /* which is known to be on the card with that number, or NULL */
    struct found found;
    struct error *failure; /* the one that says most, of readers in which nothing was found */
};

/* Runs the search: at least one thing is found, or there is an error (see card.h for their codes).
 */
struct error *search_run(struct search *search) MUST_CHECK;

/* Frees what was found. */
void found_clear(struct found *found);

#endif
