/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card generate: a new key, its URI, and a reference to it. */
#include "card.h"
#include "new_file.h"
#include "progress.h"
#include "provider/reference.h"
#include "public_key.h"
#include "weak_key.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SLOT_MAX 160 /* characters of a slot's name */

/* ---- options ----------------------------------------------------------------------------- */

static struct error *take_policy(const struct card_run *run, enum card_option option,
                                 enum card_policy other, enum card_policy *out)
{
    const char *text = run->values[option];
    const enum card_policy policies[] = {CARD_POLICY_NEVER, CARD_POLICY_ALWAYS, other};

    *out = CARD_POLICY_DEFAULT;
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < 3; i++)
        if (strcasecmp(text, card_policy_name(policies[i])) == 0) {
            *out = policies[i];
            return NULL;
        }
    return error_new(ERROR_ARGUMENT, "there is no policy \"%s\" here: there are never, always, %s",
                     text, card_policy_name(other));
}

static struct error *take_options(const struct card_run *run, struct card_generate_options *out)
{
    const char *algorithm = run->values[OPTION_ALGORITHM];
    struct error *error;

    *out = (struct card_generate_options){.algorithm = algorithm == NULL ? "P-256" : algorithm,
                                          .overwrite = card_has(run, OPTION_OVERWRITE)};
    error = take_policy(run, OPTION_PIN_POLICY, CARD_POLICY_ONCE, &out->pin_policy);
    return error != NULL
               ? error
               : take_policy(run, OPTION_TOUCH_POLICY, CARD_POLICY_CACHED, &out->touch_policy);
}

/* ---- before ------------------------------------------------------------------------------ */

/* Whether that URI names one key, and with the new one would name two. */
static bool will_be_ambiguous(struct card_run *run, const struct card_uri *uri, char slot[SLOT_MAX])
{
    struct card_key_list keys;
    struct error *error = card_find_keys(run->context, uri, &keys);
    bool replaced = false;
    bool one = error == NULL && keys.count == 1;

    if (one) {
        (void)snprintf(slot, SLOT_MAX, "%s", card_key_slot(keys.items[0]));
        replaced = run->uri->slot != NULL && strcasecmp(run->uri->slot, slot) == 0;
    }
    card_key_list_clear(&keys);
    error_free(error); /* no key at all is fine, too */
    return one && !replaced;
}

/* A URI that says no more than the card will fit two keys, where it fitted one. */
static void warn_of_ambiguity(struct card_run *run, struct card *card)
{
    const char *serial = NULL;
    char slot[SLOT_MAX];
    struct card_uri uri = {0};

    if (will_be_ambiguous(run, &uri, slot)) {
        card_warn(run,
                  "there is a key already, in slot %s, that card: alone stands for: with a second "
                  "one, programs that say no more than card: have to name the slot",
                  slot);
        return;
    }
    error_free(card_serial(card, &serial)); /* a card without one */
    uri.serial = (char *)serial;            /* is only read */
    if (serial != NULL && will_be_ambiguous(run, &uri, slot))
        card_warn(
            run,
            "there is a key already, in slot %s, that card:serial=%s stands for: with a second "
            "one, programs that say no more have to name the slot",
            slot, serial);
}

/* What the card cannot do is said before anybody is asked for secrets. */
static struct error *check_algorithm(struct card_run *run, struct card *card, const char *algorithm)
{
    struct card_algorithms had;
    char names[CARD_ALGORITHMS_TEXT_MAX];
    struct error *error = card_check_generates(card);

    if (error == NULL)
        error = card_read_algorithms(card, run->uri->slot, &had);
    if (error != NULL || !had.certain || card_algorithms_have(&had, algorithm))
        return error;
    card_algorithms_text(&had, names);
    return error_new(ERROR_UNSUPPORTED, "this card makes no keys of the kind %s: it has %s",
                     algorithm, names);
}

/* A slot that shows a key is refused before anybody is asked; the card layer looks once more. */
static struct error *check_slot(struct card_run *run, const struct card_generate_options *options)
{
    struct card_key *key = NULL;
    struct error *error = NULL;

    if (run->uri->slot == NULL || options->overwrite)
        return NULL;
    error_free(card_find_key(run->context, run->uri, &key)); /* whatever is wrong shows again */
    if (key != NULL)
        error = error_new(ERROR_ARGUMENT,
                          "slot %s is in use: name another, or none (a free one is taken), or say "
                          "--overwrite-key",
                          card_key_slot(key));
    card_key_free(key);
    return error;
}

/* ---- after ------------------------------------------------------------------------------- */

static struct error *make_reference(struct card_key *key, const char *uri, char **out)
{
    struct reference reference = {NULL, card_key_public(key), card_key_pin_policy(key), false};
    uint8_t *der = NULL;
    size_t length = 0;
    struct error *error = card_uri_parse(uri, &reference.uri);

    *out = NULL;
    if (error == NULL)
        error = card_key_pin_at_pad(key, &reference.pin_at_pad);
    if (error == NULL)
        error = reference_encode(&reference, &der, &length);
    if (error == NULL) {
        *out = card_pem(REFERENCE_PEM_LABEL, der, length);
        error = *out == NULL ? error_no_memory() : NULL;
    }
    card_uri_free(reference.uri);
    OPENSSL_free(der);
    return error;
}

static struct error *write_reference(struct card_key *key, struct file_new *file)
{
    char *uri = NULL;
    char *pem = NULL;
    struct error *error = card_key_uri(key, CARD_OBJECT_ANY, &uri);

    if (error == NULL)
        error = make_reference(key, uri, &pem);
    if (error == NULL)
        error = file_new_keep(file, pem, strlen(pem));
    free(pem);
    free(uri);
    return error;
}

/* A key that nobody was told of goes again; where it cannot, its place is named. */
static struct error *take_back(struct card_key *key, const struct card_admin *admin,
                               struct error *cause)
{
    struct error *error = card_key_delete(key, admin);

    if (error == NULL)
        return error_wrap(cause, error_code(cause), "the new key was deleted again");
    error_free(error);
    return error_wrap(cause, error_code(cause),
                      "the new key is in slot %s, without a reference: use its URI",
                      card_key_slot(key));
}

static struct error *tell(struct card_run *run, struct card_key *key)
{
    char algorithm[64];
    char *uri = NULL;
    char *pem = NULL;
    uint8_t *der = NULL;
    int length = i2d_PUBKEY(card_key_public(key), &der);
    struct error *error = card_key_uri(key, CARD_OBJECT_PRIVATE_KEY, &uri);

    if (error == NULL && length > 0)
        pem = card_pem("PUBLIC KEY", der, (size_t)length);
    if (error == NULL) {
        public_key_name(card_key_public(key), algorithm, sizeof(algorithm));
        card_json_text(run, "uri", uri);
        card_json_text(run, "slot", card_key_slot(key));
        card_json_text(run, "algorithm", algorithm);
        if (pem != NULL)
            json_write_string(&run->result, "public_key", pem);
        card_json_text(run, "reference", run->values[OPTION_REFERENCE]);
        card_say(run, "%s", uri);
    }
    OPENSSL_free(der);
    free(uri);
    free(pem);
    return error;
}

/* ---- making it --------------------------------------------------------------------------- */

static struct error *make_key(struct card_run *run, struct card *card,
                              const struct card_generate_options *options, struct file_new *file)
{
    struct card_admin admin = {0};
    struct card_key *key = NULL;
    struct progress progress;
    char what[64];
    struct error *error = card_get_admin(run, card, &admin);

    if (error == NULL) {
        (void)snprintf(what, sizeof(what), "making a key (%.16s) on the card", options->algorithm);
        progress_begin(&progress, what);
        error = card_make_key(run->context, run->uri, &admin, options, &key);
        progress_end(&progress);
    }
    if (error == NULL && file->path != NULL) {
        error = write_reference(key, file);
        if (error != NULL)
            error = take_back(key, &admin, error);
    }
    if (error == NULL)
        error = tell(run, key);
    card_key_free(key);
    card_admin_clear(&admin);
    return error;
}

static struct error *generate(struct card_run *run, struct card *card)
{
    struct card_generate_options options;
    struct file_new file = {0};
    struct error *error = take_options(run, &options);

    if (error == NULL)
        error = check_algorithm(run, card, options.algorithm);
    if (error == NULL)
        error = check_slot(run, &options);
    if (error == NULL && card_has(run, OPTION_REFERENCE))
        error = file_new_begin(&file, run->values[OPTION_REFERENCE], 0644);
    if (error == NULL)
        warn_of_ambiguity(run, card);
    if (error == NULL)
        error = make_key(run, card, &options, &file);
    file_new_drop(&file);
    return error;
}

struct error *card_generate_run(struct card_run *run)
{
    struct card *card;
    struct error *error = card_target(run, &card);

    if (error == NULL)
        error = generate(run, card);
    card_free(card);
    return error;
}
