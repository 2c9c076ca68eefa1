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

static void write_secret(struct card_run *run, const char *name,
                         const struct card_secret_info *info)
{
    json_write_object(&run->result, name);
    card_json_text(run, "name", info->name);
    card_json_answer(run, "set", info->set);
    card_json_answer(run, "factory", info->factory);
    card_json_number(run, "tries_left", info->tries_counted ? info->tries_left : -1);
    card_json_number(run, "tries_limit", info->tries_counted ? info->tries_limit : -1);
    json_write_boolean(&run->result, "behind_pin", info->behind_pin);
    card_json_text(run, "algorithm", info->algorithm);
    json_write_object_end(&run->result);
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

static struct error *show_secret(struct card_run *run, struct card *card, enum card_secret which)
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
    write_secret(run, names[which], &info);
    describe_tries(&info, tries, sizeof(tries));
    (void)snprintf(label, sizeof(label), "%s:", info.name);
    card_say(run, "  %-16s %s%s%s", label, tries, info.factory == CARD_YES && tries[0] ? ", " : "",
             info.factory == CARD_YES ? "that of a new card still" : "");
    if (info.tries_counted && info.tries_left == 1)
        card_warn(run, "one more wrong %s blocks it", info.name);
    return NULL;
}

static struct error *show_secrets(struct card_run *run, struct card *card)
{
    struct error *error;

    json_write_object(&run->result, "secrets");
    error = show_secret(run, card, CARD_SECRET_PIN);
    if (error == NULL)
        error = show_secret(run, card, CARD_SECRET_PUK);
    if (error == NULL)
        error = show_secret(run, card, CARD_SECRET_ADMIN);
    json_write_object_end(&run->result);
    return error;
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

static void warn_of_expiry(struct card_run *run, const char *slot, const X509 *certificate)
{
    int days = 0;
    int seconds = 0;

    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1)
        return;
    json_write_integer(&run->result, "days_left", days);
    if (days < 0 || seconds < 0)
        card_warn(run, "the certificate in slot %s has expired", slot);
    else if (days < SOON_DAYS)
        card_warn(run, "the certificate in slot %s expires in %d days", slot, days);
}

static void compare_with_key(struct card_run *run, const struct card_slot *slot,
                             const X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    bool fits = key != NULL && public_key_equal(key, card_key_public(slot->key));

    json_write_boolean(&run->result, "fits_key", fits);
    if (!fits)
        card_warn(run, "the certificate in slot %s is for another key than the one there",
                  slot->name);
}

static void show_parsed(struct card_run *run, const struct card_slot *slot, const X509 *certificate)
{
    char until[32];
    char *subject = name_text(X509_get_subject_name(certificate));
    char *issuer = name_text(X509_get_issuer_name(certificate));

    time_text(X509_get0_notAfter(certificate), until, sizeof(until));
    card_json_text(run, "subject", subject);
    card_json_text(run, "issuer", issuer);
    card_json_text(run, "not_after", until);
    card_say(run, "       certificate %s, until %.10s, issued by %s",
             subject == NULL ? "" : subject, until, issuer == NULL ? "" : issuer);
    warn_of_expiry(run, slot->name, certificate);
    if (slot->key != NULL)
        compare_with_key(run, slot, certificate);
    free(subject);
    free(issuer);
}

static void show_certificate(struct card_run *run, const struct card_slot *slot)
{
    const uint8_t *cursor = slot->certificate;
    X509 *certificate = d2i_X509(NULL, &cursor, (long)slot->certificate_length);

    json_write_object(&run->result, "certificate");
    if (certificate != NULL)
        show_parsed(run, slot, certificate);
    else
        card_warn(run, "what is in slot %s should be a certificate, and is none", slot->name);
    json_write_object_end(&run->result);
    X509_free(certificate);
}

/* ---- slots ------------------------------------------------------------------------------- */

static void show_key(struct card_run *run, const struct card_slot *slot,
                     const struct card_make *make)
{
    char algorithm[64];
    const char *weak =
        weak_key_reason(card_key_public(slot->key), card_key_origin(slot->key), make);

    public_key_name(card_key_public(slot->key), algorithm, sizeof(algorithm));
    card_json_text(run, "algorithm", algorithm);
    card_json_text(run, "origin", card_origin_name(card_key_origin(slot->key)));
    card_json_text(run, "pin_policy", card_policy_name(card_key_pin_policy(slot->key)));
    card_json_text(run, "touch_policy", card_policy_name(card_key_touch_policy(slot->key)));
    card_json_text(run, "weak", weak);
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
                      const struct card_make *make)
{
    char *why;

    json_write_object(&run->result, NULL);
    card_json_text(run, "slot", slot->name);
    if (slot->key != NULL) {
        show_key(run, slot, make);
    } else {
        why = error_describe(slot->key_failure);
        card_json_text(run, "key_failure", why);
        card_say(run, "  %-4s %s", slot->name, why == NULL ? "" : why);
        free(why);
    }
    if (slot->certificate != NULL)
        show_certificate(run, slot);
    else if (slot->certificate_failure != NULL &&
             error_code(slot->certificate_failure) != ERROR_NOT_FOUND)
        card_warn(run, "slot %s: %s", slot->name, error_message(slot->certificate_failure));
    json_write_object_end(&run->result);
}

static bool is_wanted(const struct card_run *run, const struct card_slot *slot)
{
    return run->uri->slot == NULL || strcasecmp(run->uri->slot, slot->name) == 0;
}

static struct error *show_slots(struct card_run *run, struct card *card,
                                const struct card_make *make)
{
    struct card_slot_list slots;
    size_t shown = 0;
    size_t empty = 0;
    struct error *error = card_read_slots(card, &slots);

    if (error != NULL)
        return error;
    json_write_array(&run->result, "slots");
    for (size_t i = 0; i < slots.count; i++) {
        if (!is_wanted(run, &slots.items[i]))
            continue;
        if (is_just_empty(&slots.items[i])) {
            empty++;
            continue;
        }
        show_slot(run, &slots.items[i], make);
        shown++;
    }
    json_write_array_end(&run->result);
    if (shown == 0)
        card_say(run, "  no keys and no certificates");
    card_json_number(run, "empty_slots", (long)empty);
    card_slot_list_clear(&slots);
    return NULL;
}

/* ---- the card ---------------------------------------------------------------------------- */

static struct error *show_algorithms(struct card_run *run, struct card *card)
{
    struct card_algorithms had;
    char names[CARD_ALGORITHMS_TEXT_MAX];
    struct error *error = card_read_algorithms(card, run->uri->slot, &had);

    if (error != NULL)
        return error;
    json_write_array(&run->result, "can_generate");
    for (size_t i = 0; i < had.count; i++)
        json_write_string(&run->result, NULL, had.names[i]);
    json_write_array_end(&run->result);
    card_algorithms_text(&had, names);
    json_write_boolean(&run->result, "can_generate_certain", had.certain);
    card_say(run, "  %-16s %s%s", "can generate:", names,
             had.certain ? "" : " (as cards of this kind do; this one does not say)");
    return NULL;
}

static void say_how_to_initialise(struct card_run *run, struct card *card)
{
    struct error *error = card_check_changes_secrets(card);

    card_say(run, "  %-16s not initialised: %s",
             "profile:", error == NULL ? "reissue card init" : error_message(error));
    error_free(error);
}

static struct error *show_head(struct card_run *run, struct card *card,
                               const struct card_make *make, bool initialised)
{
    const char *serial = NULL;
    char *uri = NULL;
    char version[32] = "";
    struct error *error = card_uri_of(card, &uri);

    if (error != NULL)
        return error;
    error_free(card_serial(card, &serial)); /* a card without one */
    if (make->version_known)
        (void)snprintf(version, sizeof(version), "%u.%u.%u", make->version[0], make->version[1],
                       make->version[2]);
    card_json_text(run, "uri", uri);
    card_json_text(run, "reader", card_reader_name(card));
    card_json_text(run, "application", card_application_name(card));
    card_json_text(run, "serial", serial);
    card_json_text(run, "make", make->name[0] == '\0' ? NULL : make->name);
    card_json_text(run, "firmware", version[0] == '\0' ? NULL : version);
    json_write_boolean(&run->result, "initialised", initialised);
    card_say(run, "%s", uri);
    card_say(run, "  %-16s %s, %s%s%s, in the reader \"%s\"", "card:", card_application_title(card),
             make->name[0] == '\0' ? "plain" : make->name, version[0] == '\0' ? "" : " ", version,
             card_reader_name(card));
    if (!initialised)
        say_how_to_initialise(run, card);
    free(uri);
    return NULL;
}

static struct error *show_keypad(struct card_run *run, struct card *card)
{
    struct card_pad pad;
    struct error *error = card_read_pad(card, &pad);

    if (error != NULL)
        return error;
    json_write_boolean(&run->result, "keypad", pad.verifies);
    if (pad.verifies)
        card_say(run, "  %-16s the reader's: PINs are %s there, unless a source is named",
                 "keypad:", pad.changes ? "typed and changed" : "typed");
    return NULL;
}

static struct error *show_card(struct card_run *run, struct card *card)
{
    struct card_make make;
    bool initialised = false;
    struct error *error = card_read_make(card, &make);

    json_write_object(&run->result, NULL);
    if (error == NULL)
        error = card_is_initialised(card, &initialised);
    if (error == NULL)
        error = show_head(run, card, &make, initialised);
    if (error == NULL)
        error = show_keypad(run, card);
    if (error == NULL)
        error = show_secrets(run, card);
    if (error == NULL)
        error = show_algorithms(run, card);
    if (error == NULL && initialised) /* there is nothing in it otherwise */
        error = show_slots(run, card, &make);
    json_write_object_end(&run->result);
    return error;
}

struct error *card_show_run(struct card_run *run)
{
    struct card_list cards;
    struct error *error = card_find_all(run->context, run->uri, &cards);

    json_write_array(&run->result, "cards");
    for (size_t i = 0; error == NULL && i < cards.count; i++)
        error = show_card(run, cards.items[i]);
    json_write_array_end(&run->result);
    card_list_clear(&cards);
    return error;
}
