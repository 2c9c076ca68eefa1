/* SPDX-License-Identifier: BSD-2-Clause */
#include "unattended.h"

#include "card/manage.h"
#include "file.h"
#include "file_load.h"
#include "provider/reference.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* ---- whose key it is --------------------------------------------------------------------- */

/* The URI in a key reference; NULL for other files. */
static struct card_uri *read_reference(const char *path)
{
    struct buffer bytes = {0};
    struct reference reference = {0};
    unsigned char *der = NULL;
    long length = 0;
    struct error *error = file_load(path, FILE_SIZE_MAX, &bytes);
    BIO *in = error == NULL ? BIO_new_mem_buf(bytes.bytes, (int)bytes.length) : NULL;
    struct card_uri *uri;

    if (in != NULL &&
        PEM_bytes_read_bio(&der, &length, NULL, REFERENCE_PEM_LABEL, in, NULL, NULL) == 1)
        error = reference_decode(NULL, der, (size_t)length, &reference);
    error_free(error);
    ERR_clear_error();
    uri = reference.uri;
    reference.uri = NULL;
    reference_clear(&reference);
    OPENSSL_free(der);
    BIO_free(in);
    buffer_clear(&bytes);
    return uri;
}

static struct card_uri *read_place(const char *place)
{
    struct card_uri *uri = NULL;

    if (!crypto_is_card_uri(place))
        return read_reference(place);
    error_free(card_uri_parse(place, &uri));
    return uri;
}

/* ---- a touch ----------------------------------------------------------------------------- */

/* A new key gets the policies of the card's own choice, but for OpenPGP, where they are the slot's.
 */
static bool inherits_policy(struct run *run, const struct card_uri *uri)
{
    struct card *card = NULL;
    struct error *error = card_find_for_key(run->crypto->cards, uri, &card);
    bool inherits = error == NULL && strcmp(card_application_name(card), "openpgp") == 0;

    error_free(error);
    card_free(card);
    return inherits;
}

static struct error *check_touch(struct run *run, const struct card_uri *uri,
                                 const struct card_key *key, const char *place, bool is_new)
{
    enum card_policy policy = key != NULL ? card_key_touch_policy(key) : CARD_POLICY_DEFAULT;

    if ((policy != CARD_POLICY_ALWAYS && policy != CARD_POLICY_CACHED) ||
        (is_new && !inherits_policy(run, uri)))
        return NULL;
    return error_new(ERROR_ARGUMENT,
                     "the key %s wants a touch when it is used, and nobody is there to give it "
                     "(--batch, reissue renew): nothing was started; use it by hand, with reissue "
                     "start, or a key that wants none (reissue card generate --touch-policy never)",
                     place);
}

/* ---- the PIN ----------------------------------------------------------------------------- */

static bool is_told(const struct run *run, const struct card_uri *uri)
{
    const char *source =
        uri->pin_source != NULL ? uri->pin_source : run->crypto->secrets.pin_source;

    return uri->pin_value != NULL || card_pin_place(source) == CARD_PIN_FROM_SOURCE;
}

/* Whether the PIN of keys that are made there would be typed at the reader's keypad. */
static bool card_has_pad(struct run *run, const struct card_uri *uri)
{
    struct card *card = NULL;
    struct card_pad pad = {0};
    struct error *error = card_find_for_key(run->crypto->cards, uri, &card);

    if (error == NULL)
        error = card_read_pad(card, &pad);
    error_free(error);
    card_free(card);
    return pad.verifies;
}

static bool key_has_pad(struct card_key *key)
{
    bool at_pad = false;

    error_free(card_key_pin_at_pad(key, &at_pad));
    return at_pad;
}

/* Without a keypad the step that needs the PIN says so: a job that was begun may not come to it. */
static struct error *check_pin(struct run *run, const struct card_uri *uri, struct card_key *key,
                               const struct job *job)
{
    bool wants = key == NULL || card_key_pin_policy(key) != CARD_POLICY_NEVER;

    if (!wants || is_told(run, uri))
        return NULL;
    if (key != NULL ? key_has_pad(key) : card_has_pad(run, uri))
        return error_new(ERROR_PIN_SOURCE,
                         "the key's PIN would have to be typed at the reader's keypad, and nobody "
                         "is there: name a pin-source, or do it by hand, with reissue start");
    if (key == NULL || job->step > STEP_WANTED)
        return NULL;
    return error_new(ERROR_PIN_SOURCE, "nobody is there to type the key's PIN: name a pin-source");
}

/* ---- both -------------------------------------------------------------------------------- */

struct error *unattended_check(struct run *run, const struct job *job)
{
    const char *made = job_get(job, JOB_KEY);
    const char *place = made != NULL ? made : job_get(job, JOB_KEY_WANTED);
    const char *kind = job_get(job, JOB_KEY_KIND);
    bool is_new = made == NULL && kind != NULL && strcmp(kind, "same") != 0;
    struct card_uri *uri;
    struct card_key *key = NULL;
    struct error *error;

    if (!run->crypto->secrets.batch || job->step >= STEP_INSTALLED || place == NULL ||
        (is_new && !crypto_is_card_uri(place)) || (uri = read_place(place)) == NULL)
        return NULL;
    error_free(card_find_key(run->crypto->cards, uri, &key));
    error = check_touch(run, uri, key, place, is_new);
    if (error == NULL)
        error = check_pin(run, uri, is_new ? NULL : key, job);
    card_key_free(key);
    card_uri_free(uri);
    return error;
}
