/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate_scan.h"

#include "describe.h"

#include <stdlib.h>
#include <string.h>

/* ---- adding ------------------------------------------------------------------------------ */

static void clear_item(struct found_certificate *item)
{
    free(item->der);
    free(item->place);
    free(item->key);
    free(item->note);
    free(item->lineage);
    free(item->ca);
    free(item->name);
    free(item->subject);
    free(item->serial);
    names_clear(&item->names);
}

static struct error *copy(const char *text, char **out)
{
    *out = text == NULL ? NULL : strdup(text);
    return text != NULL && *out == NULL ? error_no_memory() : NULL;
}

static struct error *choose_name(struct found_certificate *item, const X509 *certificate)
{
    struct error *error = NULL;

    if (item->names.count > 0)
        return copy(item->names.items[0].text, &item->name);
    error = describe_common_name(X509_get_subject_name(certificate), &item->name);
    if (error != NULL || item->name[0] != '\0')
        return error;
    free(item->name);
    return copy(item->subject, &item->name);
}

static struct error *encode(struct found_certificate *item, const X509 *certificate)
{
    unsigned char *place;
    int length = i2d_X509(certificate, NULL);

    item->der = length <= 0 ? NULL : malloc((size_t)length);
    if (item->der == NULL)
        return error_no_memory();
    place = item->der;
    item->der_length = (size_t)i2d_X509(certificate, &place);
    return NULL;
}

static struct error *describe_key(struct found_certificate *item, const X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);

    return key == NULL ? NULL : public_key_fingerprint(key, item->public_key);
}

static struct error *describe(struct found_certificate *item, const X509 *certificate)
{
    struct error *error = describe_name(X509_get_subject_name(certificate), &item->subject);

    if (error == NULL)
        error = encode(item, certificate);
    if (error == NULL)
        error = describe_key(item, certificate);
    if (error == NULL)
        error = describe_serial(certificate, &item->serial);
    if (error == NULL)
        error = certificate_fingerprint(certificate, item->fingerprint);
    if (error == NULL)
        error = names_of_certificate(certificate, &item->names);
    if (error == NULL)
        error = describe_seconds(X509_get0_notBefore(certificate), &item->begins);
    if (error == NULL)
        error = describe_seconds(X509_get0_notAfter(certificate), &item->ends);
    return error != NULL ? error : choose_name(item, certificate);
}

struct error *found_certificate_read(const struct found_certificate *item, X509 **out)
{
    const unsigned char *place = item->der;

    *out = d2i_X509(NULL, &place, (long)item->der_length); /* which could be read before */
    return *out == NULL ? error_no_memory() : NULL;
}

struct error *certificate_scan_add(struct certificate_scan *scan, X509 *certificate,
                                   const char *place, const char *key, const char *note)
{
    struct found_certificate item = {.places = 1};
    struct found_certificate *items;
    struct error *error = describe(&item, certificate);

    if (error == NULL)
        error = copy(place, &item.place);
    if (error == NULL)
        error = copy(key, &item.key);
    if (error == NULL)
        error = copy(note, &item.note);
    items = error != NULL ? NULL : reallocarray(scan->items, scan->count + 1, sizeof(*items));
    if (error == NULL && items == NULL)
        error = error_no_memory();
    if (error != NULL) {
        clear_item(&item);
        return error;
    }
    scan->items = items;
    scan->items[scan->count++] = item;
    return NULL;
}

struct error *certificate_scan_add_lineage(struct certificate_scan *scan,
                                           const struct found_lineage *lineage)
{
    struct found_certificate *item = &scan->items[scan->count - 1];
    struct error *error = copy(lineage->name, &item->lineage);

    item->renew_at = lineage->renew_at;
    item->revoke_at = lineage->revoke_at;
    return error != NULL ? error : copy(lineage->ca, &item->ca);
}

struct error *certificate_scan_add_key(struct certificate_scan *scan, const EVP_PKEY *key,
                                       const char *place)
{
    struct found_key *keys = reallocarray(scan->keys, scan->key_count + 1, sizeof(*keys));
    struct found_key *found = keys == NULL ? NULL : &keys[scan->key_count];
    struct error *error;

    if (keys == NULL)
        return error_no_memory();
    scan->keys = keys;
    error = public_key_fingerprint(key, found->fingerprint);
    if (error == NULL)
        error = copy(place, &found->place);
    if (error == NULL)
        scan->key_count++;
    return error;
}

/* ---- cards ------------------------------------------------------------------------------- */

static bool is_nothing(const struct error *error)
{
    switch (error_code(error)) {
    case ERROR_NO_SERVICE:
    case ERROR_NO_READER:
    case ERROR_NO_CARD:
    case ERROR_UNKNOWN_CARD:
    case ERROR_NOT_FOUND:
        return true;
    default:
        return false;
    }
}

static struct error *forgive(struct error *error)
{
    if (error == NULL || !is_nothing(error))
        return error;
    error_free(error);
    return NULL;
}

/* A card may hold anything where a certificate should be. */
static struct error *add_from_card(struct certificate_scan *scan,
                                   const struct card_certificate *found)
{
    const unsigned char *end = found->der;
    X509 *certificate = d2i_X509(NULL, &end, (long)found->der_length);
    struct error *error = NULL;

    if (certificate != NULL)
        error = certificate_scan_add(scan, certificate, found->uri, NULL, NULL);
    X509_free(certificate);
    if (certificate != NULL && (error == NULL || error_code(error) == ERROR_NO_MEMORY))
        return error;
    error_free(error);
    scan->unreadable++;
    return NULL;
}

static struct error *scan_keys(struct certificate_scan *scan, struct card_context *context,
                               const struct card_uri *uri)
{
    struct card_key_list list = {NULL, 0};
    struct error *error = card_find_keys(context, uri, &list);

    for (size_t i = 0; error == NULL && i < list.count; i++) {
        char *place = NULL;

        error = card_key_uri(list.items[i], CARD_OBJECT_PRIVATE_KEY, &place);
        if (error == NULL)
            error = certificate_scan_add_key(scan, card_key_public(list.items[i]), place);
        free(place);
    }
    card_key_list_clear(&list);
    return forgive(error);
}

struct error *certificate_scan_cards(struct certificate_scan *scan, struct card_context *context,
                                     const struct card_uri *uri)
{
    struct card_certificate_list list = {NULL, 0};
    struct error *error = card_find_certificates(context, uri, &list);
    size_t count = error == NULL ? list.count : 0;

    for (size_t i = 0; error == NULL && i < count; i++)
        error = add_from_card(scan, &list.items[i]);
    card_certificate_list_clear(&list);
    error = forgive(error);
    return error == NULL && count > 0 ? scan_keys(scan, context, uri) : error;
}

/* ---- putting together -------------------------------------------------------------------- */

static int by_key(const void *one, const void *other)
{
    const struct found_key *a = one, *b = other;

    return strcmp(a->fingerprint, b->fingerprint);
}

/* The same certificates together; the one that goes by a name here first, then in their order. */
static int by_fingerprint(const void *one, const void *other)
{
    const struct found_certificate *a = one, *b = other;
    int order = strcmp(a->fingerprint, b->fingerprint);

    if (order == 0)
        order = (b->lineage != NULL) - (a->lineage != NULL);
    return order != 0 ? order : strcmp(a->place, b->place);
}

static int newest_first(const void *one, const void *other)
{
    const struct found_certificate *a = one, *b = other;

    if (a->begins != b->begins)
        return a->begins > b->begins ? -1 : 1;
    return strcmp(a->fingerprint, b->fingerprint);
}

/* Of two entries with the same certificate the first stays, with what only the other knew. */
static void join(struct found_certificate *first, struct found_certificate *other)
{
    first->places += other->places;
    if (first->key == NULL) {
        first->key = other->key;
        other->key = NULL;
    }
    clear_item(other);
}

static void join_all(struct certificate_scan *scan)
{
    size_t kept = 0;

    for (size_t i = 0; i < scan->count; i++) {
        struct found_certificate *last = kept > 0 ? &scan->items[kept - 1] : NULL;

        if (last != NULL && strcmp(last->fingerprint, scan->items[i].fingerprint) == 0)
            join(last, &scan->items[i]);
        else
            scan->items[kept++] = scan->items[i];
    }
    scan->count = kept;
}

static struct error *find_key(const struct certificate_scan *scan, struct found_certificate *item)
{
    struct found_key wanted, *found = NULL;

    if (item->key != NULL || item->public_key[0] == '\0' || scan->key_count == 0)
        return NULL;
    memcpy(wanted.fingerprint, item->public_key, sizeof(wanted.fingerprint));
    found = bsearch(&wanted, scan->keys, scan->key_count, sizeof(wanted), by_key);
    return found == NULL ? NULL : copy(found->place, &item->key);
}

struct error *certificate_scan_finish(struct certificate_scan *scan)
{
    struct error *error = NULL;

    if (scan->key_count > 0)
        qsort(scan->keys, scan->key_count, sizeof(scan->keys[0]), by_key);
    if (scan->count == 0)
        return NULL;
    qsort(scan->items, scan->count, sizeof(scan->items[0]), by_fingerprint);
    join_all(scan);
    qsort(scan->items, scan->count, sizeof(scan->items[0]), newest_first);
    for (size_t i = 0; error == NULL && i < scan->count; i++)
        error = find_key(scan, &scan->items[i]);
    return error;
}

void certificate_scan_clear(struct certificate_scan *scan)
{
    for (size_t i = 0; i < scan->count; i++)
        clear_item(&scan->items[i]);
    for (size_t i = 0; i < scan->key_count; i++)
        free(scan->keys[i].place);
    free(scan->items);
    free(scan->keys);
    memset(scan, 0, sizeof(*scan));
}
