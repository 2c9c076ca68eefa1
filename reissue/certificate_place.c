/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate_place.h"

static struct error *from_card(struct crypto *crypto, const char *text,
                               struct certificate_bundle *out)
{
    struct card_certificate_list list = {0};
    struct card_uri *uri = NULL;
    struct error *error = card_uri_parse(text, &uri);

    if (error == NULL)
        error = card_find_certificates(crypto->cards, uri, &list);
    if (error == NULL && list.count > 1)
        error =
            error_new(ERROR_AMBIGUOUS, "%zu certificates fit %s: name the slot, as in card:slot=9a",
                      list.count, text);
    if (error == NULL) {
        const unsigned char *der = list.items[0].der;

        out->certificate = d2i_X509(NULL, &der, (long)list.items[0].der_length);
        if (out->certificate == NULL)
            error = crypto_error("cannot read the certificate at %s", text);
    }
    card_certificate_list_clear(&list);
    card_uri_free(uri);
    return error;
}

struct error *certificate_load(struct crypto *crypto, const char *place,
                               struct certificate_bundle *out)
{
    struct error *error;

    *out = (struct certificate_bundle){0};
    if (crypto_is_card_uri(place))
        return from_card(crypto, place, out);
    error = certificate_bundle_read(place, NULL, out);
    return error != NULL && error_code(error) == ERROR_CERTIFICATE
               ? error_wrap(error, ERROR_ARGUMENT, "cannot take a certificate from %s", place)
               : error;
}
