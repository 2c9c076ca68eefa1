/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card show: what is on a card, and in which state. */
#include "card.h"
#include "card/weak_key.h"
#include "public_key.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS_A_DAY 86400
#define SOON_DAYS     30

/* ---- secrets ----------------------------------------------------------------------------- */

static struct json_object *secret_object(const struct card_secret_info *info)
{
    struct json_object *object = json_object_new_object();

    card_json_text(object, "name", info->name);
    card_json_answer(object, "set", info->set);
    card_json_answer(object, "factory", info->factory);
    card_json_number(object, "tries_left", info->tries_counted ? info->tries_left : -1);
    card_json_number(object, "tries_limit", info->tries_counted ? info->tries_limit : -1);
    json_object_object_add(object, "behind_pin", json_object_new_boolean(info->behind_pin));
    card_json_text(object, "algorithm", info->algorithm);
    return object;
}

static void describe_tries(const struct card_secret_info *info, char *out, size_t size)
{
    if (info->set == CARD_NO)
        (void)snprintf(out, size, "none yet");
    else if (!info->tries_counted)
        (void)snprintf(out, size, "%s%s",
                       info->algorithm == NULL ? "the card does not say of which kind"
                                               : info->algorithm,
                       info->behind_pin ? ", kept behind the PIN" : "");
    else if (info->tries_left == 0)
        (void)snprintf(out, size, "BLOCKED");
    else if (info->tries_left < 0)
        (void)snprintf(out, size, "the card does not say how many tries are left");
    else if (info->tries_limit < 0)
        (void)snprintf(out, size, "%d tries left", info->tries_left);
    else
        (void)snprintf(out, size, "%d of %d tries left", info->tries_left, info->tries_limit);
}

static struct error *show_secret(struct card_run *run, struct card *card, enum card_secret which,
                                 struct json_object *secrets)
{
    static const char *const names[] = {"pin", "puk", "admin"};
    struct card_secret_info info;
    char tries[80];
    char label[32];
    struct error *error = card_read_secret_info(card, which, &info);

    if (error != NULL && error_code(error) == ERROR_UNSUPPORTED) {
        error_free(error);
        return NULL;
    }
    if (error != NULL)
        return error;
    json_object_object_add(secrets, names[which], secret_object(&info));
    describe_tries(&info, tries, sizeof(tries));
    (void)snprintf(label, sizeof(label), "%s:", info.name);
    card_say(run, "  %-16s %s%s%s", label, tries, info.factory == CARD_YES && tries[0] ? ", " : "",
             info.factory == CARD_YES ? "that of a new card still" : "");
    if (info.tries_counted && info.tries_left == 1)
        card_warn(run, "one more wrong %s blocks it", info.name);
    return NULL;
}

static struct error *show_secrets(struct card_run *run, struct card *card,
                                  struct json_object *object)
{
    struct json_object *secrets = json_object_new_object();
    struct error *error = show_secret(run, card, CARD_SECRET_PIN, secrets);

    json_object_object_add(object, "secrets", secrets);
    if (error == NULL)
        error = show_secret(run, card, CARD_SECRET_PUK, secrets);
    return error != NULL ? error : show_secret(run, card, CARD_SECRET_ADMIN, secrets);
}

/* ---- certificates ------------------------------------------------------------------------ */

static char *name_text(const X509_NAME *name)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;
    char *data;
    long size;

    /* Escapes what would make lines or colours of it: names are anybody's words. */
    if (memory != NULL && X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253) >= 0) {
        size = BIO_get_mem_data(memory, &data);
        text = strndup(data, size > 0 ? (size_t)size : 0);
    }
    BIO_free(memory);
    return text;
}

static void time_text(const ASN1_TIME *when, char *out, size_t size)
{
    struct tm parts;

    out[0] = '\0';
    if (ASN1_TIME_to_tm(when, &parts) == 1)
        (void)strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static void warn_of_expiry(struct card_run *run, const char *slot, const X509 *certificate,
                           struct json_object *object)
{
    int days = 0;
    int seconds = 0;

    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1)
        return;
    json_object_object_add(object, "days_left", json_object_new_int(days));
    if (days < 0 || seconds < 0)
        card_warn(run, "the certificate in slot %s has expired", slot);
    else if (days < SOON_DAYS)
        card_warn(run, "the certificate in slot %s expires in %d days", slot, days);
}

static void show_certificate(struct card_run *run, const struct card_slot *slot,
                             struct json_object *object)
{
    const uint8_t *cursor = slot->certificate;
    X509 *certificate = d2i_X509(NULL, &cursor, (long)slot->certificate_length);
    struct json_object *made = json_object_new_object();
    char until[32];
    char *subject;
    char *issuer;

    json_object_object_add(object, "certificate", made);
    if (certificate == NULL) {
        card_warn(run, "what is in slot %s should be a certificate, and is none", slot->name);
        return;
    }
    subject = name_text(X509_get_subject_name(certificate));
    issuer = name_text(X509_get_issuer_name(certificate));
    time_text(X509_get0_notAfter(certificate), until, sizeof(until));
    card_json_text(made, "subject", subject);
    card_json_text(made, "issuer", issuer);
    card_json_text(made, "not_after", until);
    card_say(run, "       certificate %s, until %.10s, issued by %s",
             subject == NULL ? "" : subject, until, issuer == NULL ? "" : issuer);
    warn_of_expiry(run, slot->name, certificate, made);
    if (slot->key != NULL) {
        EVP_PKEY *key = X509_get0_pubkey(certificate);
        bool fits = key != NULL && public_key_equal(key, card_key_public(slot->key));
        json_object_object_add(made, "fits_key", json_object_new_boolean(fits));
        if (!fits)
            card_warn(run, "the certificate in slot %s is for another key than the one there",
                      slot->name);
    }
    free(subject);
    free(issuer);
    X509_free(certificate);
}

/* ---- slots ------------------------------------------------------------------------------- */

static void show_key(struct card_run *run, const struct card_slot *slot,
                     const struct card_make *make, struct json_object *object)
{
    char algorithm[64];
    const char *weak =
        weak_key_reason(card_key_public(slot->key), card_key_origin(slot->key), make);

    public_key_name(card_key_public(slot->key), algorithm, sizeof(algorithm));
    card_json_text(object, "algorithm", algorithm);
    card_json_text(object, "origin", card_origin_name(card_key_origin(slot->key)));
    card_json_text(object, "pin_policy", card_policy_name(card_key_pin_policy(slot->key)));
    card_json_text(object, "touch_policy", card_policy_name(card_key_touch_policy(slot->key)));
    card_json_text(object, "weak", weak);
    card_say(run, "  %-4s %s%s%s, PIN %s%s%s", slot->name, algorithm,
             card_key_origin(slot->key) == CARD_ORIGIN_UNKNOWN ? "" : ", ",
             card_key_origin(slot->key) == CARD_ORIGIN_UNKNOWN
                 ? ""
                 : card_origin_name(card_key_origin(slot->key)),
             card_policy_name(card_key_pin_policy(slot->key)),
             card_key_touch_policy(slot->key) == CARD_POLICY_DEFAULT ? "" : ", touch ",
             card_key_touch_policy(slot->key) == CARD_POLICY_DEFAULT
                 ? ""
                 : card_policy_name(card_key_touch_policy(slot->key)));
    if (weak != NULL)
        card_warn(run, "the key in slot %s is weak: %s", slot->name, weak);
}

static bool is_just_empty(const struct card_slot *slot)
{
    return slot->key == NULL && slot->certificate == NULL &&
           error_code(slot->key_failure) == ERROR_NOT_FOUND &&
           (slot->certificate_failure == NULL ||
            error_code(slot->certificate_failure) == ERROR_NOT_FOUND);
}

static void show_slot(struct card_run *run, const struct card_slot *slot,
                      const struct card_make *make, struct json_object *array)
{
    struct json_object *object;
    char *why;

    if (is_just_empty(slot))
        return;
    object = json_object_new_object();
    json_object_array_add(array, object);
    card_json_text(object, "slot", slot->name);
    if (slot->key != NULL) {
        show_key(run, slot, make, object);
    } else {
        why = error_describe(slot->key_failure);
        card_json_text(object, "key_failure", why);
        card_say(run, "  %-4s %s", slot->name, why == NULL ? "" : why);
        free(why);
    }
    if (slot->certificate != NULL)
        show_certificate(run, slot, object);
    else if (slot->certificate_failure != NULL &&
             error_code(slot->certificate_failure) != ERROR_NOT_FOUND)
        card_warn(run, "slot %s: %s", slot->name, error_message(slot->certificate_failure));
}

static bool is_wanted(const struct card_run *run, const struct card_slot *slot)
{
    return run->uri->slot == NULL || strcasecmp(run->uri->slot, slot->name) == 0;
}

static struct error *show_slots(struct card_run *run, struct card *card,
                                const struct card_make *make, struct json_object *object)
{
    struct card_slot_list slots;
    struct json_object *array = json_object_new_array();
    size_t empty = 0;
    struct error *error = card_read_slots(card, &slots);

    json_object_object_add(object, "slots", array);
    if (error != NULL)
        return error;
    for (size_t i = 0; i < slots.count; i++) {
        if (!is_wanted(run, &slots.items[i]))
            continue;
        show_slot(run, &slots.items[i], make, array);
        empty += is_just_empty(&slots.items[i]) ? 1 : 0;
    }
    if (json_object_array_length(array) == 0)
        card_say(run, "  no keys and no certificates");
    card_json_number(object, "empty_slots", (long)empty);
    card_slot_list_clear(&slots);
    return NULL;
}

/* ---- the card ---------------------------------------------------------------------------- */

static struct error *show_algorithms(struct card_run *run, struct card *card,
                                     struct json_object *object)
{
    struct card_algorithms had;
    struct json_object *array = json_object_new_array();
    char line[512] = "";
    size_t used = 0;
    struct error *error = card_read_algorithms(card, run->uri->slot, &had);

    json_object_object_add(object, "can_generate", array);
    if (error != NULL)
        return error;
    for (size_t i = 0; i < had.count; i++) {
        json_object_array_add(array, json_object_new_string(had.names[i]));
        used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", i == 0 ? "" : ", ",
                                 had.names[i]);
        if (used >= sizeof(line))
            break;
    }
    json_object_object_add(object, "can_generate_certain", json_object_new_boolean(had.certain));
    card_say(run, "  %-16s %s%s", "can generate:", had.count == 0 ? "nothing" : line,
             had.certain ? "" : " (as cards of this kind do; this one does not say)");
    return NULL;
}

static struct error *show_head(struct card_run *run, struct card *card,
                               const struct card_make *make, struct json_object *object)
{
    const char *serial = NULL;
    char *uri = NULL;
    bool initialised;
    char version[32] = "";
    struct error *error = card_uri_of(card, &uri);

    if (error == NULL)
        error = card_is_initialised(card, &initialised);
    if (error != NULL) {
        free(uri);
        return error;
    }
    error_free(card_serial(card, &serial)); /* a card without one */
    if (make->version_known)
        (void)snprintf(version, sizeof(version), "%u.%u.%u", make->version[0], make->version[1],
                       make->version[2]);
    card_json_text(object, "uri", uri);
    card_json_text(object, "reader", card_reader_name(card));
    card_json_text(object, "application", card_application_name(card));
    card_json_text(object, "serial", serial);
    card_json_text(object, "make", make->name[0] == '\0' ? NULL : make->name);
    card_json_text(object, "firmware", version[0] == '\0' ? NULL : version);
    json_object_object_add(object, "initialised", json_object_new_boolean(initialised));
    card_say(run, "%s", uri);
    card_say(run, "  %-16s %s, %s%s%s, in the reader \"%s\"", "card:", card_application_title(card),
             make->name[0] == '\0' ? "plain" : make->name, version[0] == '\0' ? "" : " ", version,
             card_reader_name(card));
    if (!initialised)
        card_say(run, "  %-16s not initialised: reissue card init", "profile:");
    free(uri);
    return NULL;
}

static struct error *show_keypad(struct card_run *run, struct card *card,
                                 struct json_object *object)
{
    struct card_pad pad;
    struct error *error = card_read_pad(card, &pad);

    if (error != NULL)
        return error;
    json_object_object_add(object, "keypad", json_object_new_boolean(pad.verifies));
    if (pad.verifies)
        card_say(run, "  %-16s the reader's: PINs are %s there, unless a source is named",
                 "keypad:", pad.changes ? "typed and changed" : "typed");
    return NULL;
}

static struct error *show_card(struct card_run *run, struct card *card, struct json_object *array)
{
    struct json_object *object = json_object_new_object();
    struct card_make make;
    struct error *error = card_read_make(card, &make);

    json_object_array_add(array, object);
    if (error == NULL)
        error = show_head(run, card, &make, object);
    if (error == NULL)
        error = show_keypad(run, card, object);
    if (error == NULL)
        error = show_secrets(run, card, object);
    if (error == NULL)
        error = show_algorithms(run, card, object);
    return error != NULL ? error : show_slots(run, card, &make, object);
}

struct error *card_show_run(struct card_run *run)
{
    struct card_list cards;
    struct json_object *array = json_object_new_array();
    struct error *error = card_find_all(run->context, run->uri, &cards);

    json_object_object_add(run->result, "cards", array);
    for (size_t i = 0; error == NULL && i < cards.count; i++)
        error = show_card(run, cards.items[i], array);
    card_list_clear(&cards);
    return error;
}
