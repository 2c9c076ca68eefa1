/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card show: what is in a card's slots, and what is wrong with it. */
#include "card.h"
#include "card/weak_key.h"
#include "public_key.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SOON_DAYS 30

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

struct error *card_show_slots(struct card_run *run, struct card *card, const struct card_make *make)
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
