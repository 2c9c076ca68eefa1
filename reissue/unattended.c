/* SPDX-License-Identifier: BSD-2-Clause */
#include "unattended.h"

#include "card/manage.h"
#include "file.h"
#include "file_load.h"
#include "provider/reference.h"

#include <openssl/err.h>
#include <openssl/pem.h>

/* ---- whose key it is --------------------------------------------------------------------- */

/* The URI in a key reference; *out is NULL for other files. What is wrong with them shows when they
   are used. */
static struct error *read_reference(const char *path, struct card_uri **out)
{
    struct buffer bytes = {0};
    struct reference reference = {0};
    unsigned char *der = NULL;
    long length = 0;
    struct error *error = file_load(path, FILE_SIZE_MAX, &bytes);
    BIO *in = error == NULL ? BIO_new_mem_buf(bytes.bytes, (int)bytes.length) : NULL;

    if (in != NULL &&
        PEM_bytes_read_bio(&der, &length, NULL, REFERENCE_PEM_LABEL, in, NULL, NULL) == 1)
        error = reference_decode(NULL, der, (size_t)length, &reference);
    ERR_clear_error();
    *out = reference.uri;
    reference.uri = NULL;
    reference_clear(&reference);
    OPENSSL_free(der);
    BIO_free(in);
    buffer_clear(&bytes);
    return error;
}

static struct error *read_place(const char *place, struct card_uri **out)
{
    return crypto_is_card_uri(place) ? card_uri_parse(place, out) : read_reference(place, out);
}

/* ---- what it wants ----------------------------------------------------------------------- */

static struct error *nobody_types(const struct run *run, const struct card_uri *uri, bool keypad)
{
    const char *source =
        uri->pin_source != NULL ? uri->pin_source : run->crypto->secrets.pin_source;

    if (uri->pin_value != NULL || card_pin_place(source) == CARD_PIN_FROM_SOURCE)
        return NULL;
    return error_new(ERROR_PIN_SOURCE,
                     keypad ? "the key's PIN would have to be typed at the reader's keypad, and "
                              "nobody is there: name a pin-source in the certificate's section, or "
                              "renew it by hand, with reissue start"
                            : "nobody is there to type the key's PIN: name a pin-source in the "
                              "certificate's section");
}

static struct error *check_key(const struct run *run, const struct card_uri *uri)
{
    struct card_key *key = NULL;
    bool keypad = false;
    struct error *error = card_find_key(run->crypto->cards, uri, &key);

    if (error == NULL && (card_key_touch_policy(key) == CARD_POLICY_ALWAYS ||
                          card_key_touch_policy(key) == CARD_POLICY_CACHED))
        error = error_new(ERROR_UNSUPPORTED,
                          "the key in slot %s wants the card to be touched, and nobody is there: "
                          "renew it by hand, with reissue start",
                          card_key_slot(key));
    if (error == NULL && card_key_pin_policy(key) != CARD_POLICY_NEVER)
        error = card_key_pin_at_pad(key, &keypad);
    if (error == NULL && card_key_pin_policy(key) != CARD_POLICY_NEVER)
        error = nobody_types(run, uri, keypad);
    card_key_free(key);
    return error;
}

/* What a key that is made there will want is not known yet; but it is not made at a keypad. */
static struct error *check_card(const struct run *run, const struct card_uri *uri)
{
    struct card *card = NULL;
    struct card_pad pad = {0};
    struct error *error = card_find_for_key(run->crypto->cards, uri, &card);

    if (error == NULL)
        error = card_read_pad(card, &pad);
    if (error == NULL && pad.verifies)
        error = nobody_types(run, uri, true);
    card_free(card);
    return error;
}

struct error *unattended_check(struct run *run, const struct config_certificate *config)
{
    struct card_uri *uri = NULL;
    struct error *error = NULL;

    if (config->key != NULL)
        error = read_place(config->key, &uri);
    else if (config->new_key != NULL && crypto_is_card_uri(config->new_key))
        error = card_uri_parse(config->new_key, &uri);
    if (error == NULL && uri != NULL)
        error = config->key != NULL ? check_key(run, uri) : check_card(run, uri);
    card_uri_free(uri);
    return error;
}
