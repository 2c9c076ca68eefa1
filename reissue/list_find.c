/* SPDX-License-Identifier: BSD-2-Clause */
/* One certificate, with whatever is known of it here and on the cards. */
#include "certificate_lookup.h"
#include "command_list.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct error *add_named(struct certificate_scan *scan, X509 *certificate, const char *place)
{
    struct error *error = certificate_scan_add(scan, certificate, place, NULL, NULL);

    if (error != NULL || place[0] != '/' || access(place, F_OK) != 0)
        return error;
    return certificate_scan_path(scan, place); /* for the key beside it */
}

static struct error *scan_all(struct run *run, X509 *certificate, const char *place,
                              struct certificate_scan *scan)
{
    struct card_uri *uri = NULL;
    struct error *error = list_state(scan, run->state, run->config);

    if (error == NULL && certificate != NULL)
        error = add_named(scan, certificate, place);
    if (error == NULL)
        error = card_uri_parse("card:", &uri);
    if (error == NULL)
        error = certificate_scan_cards(scan, run->crypto->cards, uri);
    card_uri_free(uri);
    return error != NULL ? error : certificate_scan_finish(scan);
}

struct error *list_find(struct run *run, const char *word, struct certificate_scan *scan,
                        const struct found_certificate **item)
{
    X509 *certificate = NULL;
    char *place = NULL;
    char fingerprint[FINGERPRINT_SIZE] = "";
    struct error *error = word == NULL ? NULL : certificate_lookup(run, word, &certificate, &place);

    *item = NULL;
    if (error == NULL)
        error = scan_all(run, certificate, place, scan);
    if (error == NULL && certificate != NULL)
        error = certificate_fingerprint(certificate, fingerprint);
    for (size_t i = 0; error == NULL && i < scan->count; i++)
        if (strcmp(scan->items[i].fingerprint, fingerprint) == 0)
            *item = &scan->items[i];
    X509_free(certificate);
    free(place);
    return error;
}
