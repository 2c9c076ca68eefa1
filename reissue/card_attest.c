/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card attest: what the card states of a key, and whether that can be trusted. */
#include "attestation.h"
#include "card.h"
#include "new_file.h"
#include "public_key.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- telling ----------------------------------------------------------------------------- */

/* docs.yubico.com, "PIV attestation": the form factor. */
static const char *form_name(unsigned form)
{
    static const char *const names[] = {"not said",        "USB-A keychain", "USB-A nano",
                                        "USB-C keychain",  "USB-C nano",     "USB-C and Lightning",
                                        "USB-A biometric", "USB-C biometric"};

    return form < sizeof(names) / sizeof(names[0]) ? names[form] : "not known here";
}

static void tell_facts(struct card_run *run, const struct attestation *facts)
{
    char text[32];

    if (facts->has_serial) {
        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)facts->serial);
        card_json_text(run, "attested_serial", text);
        card_say(run, "  serial:      %llu", (unsigned long long)facts->serial);
    }
    if (facts->has_firmware) {
        (void)snprintf(text, sizeof(text), "%u.%u.%u", facts->firmware[0], facts->firmware[1],
                       facts->firmware[2]);
        card_json_text(run, "firmware", text);
        card_say(run, "  firmware:    %s", text);
    }
    if (facts->has_policies) {
        card_json_text(run, "pin_policy", card_policy_name(facts->pin_policy));
        card_json_text(run, "touch_policy", card_policy_name(facts->touch_policy));
        card_say(run, "  PIN, touch:  %s, %s", card_policy_name(facts->pin_policy),
                 card_policy_name(facts->touch_policy));
    }
    if (facts->has_form_factor) {
        card_json_text(run, "form", form_name(facts->form_factor));
        card_say(run, "  form:        %s", form_name(facts->form_factor));
    }
}

static struct error *tell(struct card_run *run, const char *slot, const X509 *statement)
{
    char algorithm[64];
    struct attestation facts;
    struct error *error = attestation_read(statement, &facts);

    if (error != NULL)
        return error;
    public_key_name(X509_get0_pubkey(statement), algorithm, sizeof(algorithm));
    card_json_text(run, "slot", slot);
    card_json_text(run, "algorithm", algorithm);
    card_say(run, "The card states that the %s key in slot %s was made on it:", algorithm, slot);
    tell_facts(run, &facts);
    return NULL;
}

/* ---- checking ---------------------------------------------------------------------------- */

static struct error *check_serial(struct card *card, const struct attestation *facts)
{
    const char *serial;
    char attested[32];
    struct error *error = card_serial(card, &serial);

    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        return NULL;
    }
    (void)snprintf(attested, sizeof(attested), "%llu", (unsigned long long)facts->serial);
    if (error != NULL || !facts->has_serial || strcmp(serial, attested) == 0)
        return error;
    return error_new(ERROR_SIGNATURE, "the attestation is for the card %s, and this is %s",
                     attested, serial);
}

/* It has to be about this card, and about the key that is in the slot. */
static struct error *check_subject(struct card_run *run, struct card *card, const X509 *statement)
{
    struct attestation facts;
    struct card_key *key = NULL;
    struct error *error = attestation_read(statement, &facts);

    if (error == NULL)
        error = check_serial(card, &facts);
    if (error == NULL)
        error = card_find_key(run->context, run->uri, &key);
    if (error == NULL && (X509_get0_pubkey(statement) == NULL ||
                          !public_key_equal(card_key_public(key), X509_get0_pubkey(statement))))
        error = error_new(ERROR_SIGNATURE,
                          "the attestation is for another key than the one in the slot");
    card_key_free(key);
    return error;
}

static struct error *check_root(struct card_run *run, X509 *statement, X509 *issuer)
{
    const char *path = run->values[OPTION_ROOT];
    struct error *error = path == NULL ? NULL : attestation_verify(statement, issuer, path);

    json_write_boolean(&run->result, "verified", path != NULL && error == NULL);
    if (path == NULL) {
        card_say(run, "  not verified: name the maker's root certificate with --root FILE");
        return NULL;
    }
    if (error != NULL)
        return error;
    card_say(run, "  verified:    it leads to a certificate in %s", path);
    return NULL;
}

/* ---- the command ------------------------------------------------------------------------- */

static struct error *write_pem(struct card_run *run, const struct card_attestation *attestation)
{
    char *statement =
        card_pem("CERTIFICATE", attestation->statement, attestation->statement_length);
    char *issuer = card_pem("CERTIFICATE", attestation->issuer, attestation->issuer_length);
    char *both = NULL;
    struct file_new file = {0};
    struct error *error = NULL;

    if (statement == NULL || issuer == NULL || asprintf(&both, "%s%s", statement, issuer) < 0) {
        both = NULL;
        error = error_no_memory();
    }
    if (error == NULL) {
        json_write_string(&run->result, "statement", statement);
        json_write_string(&run->result, "issuer", issuer);
    }
    if (error == NULL && card_has(run, OPTION_OUT)) {
        error = file_new_begin(&file, run->values[OPTION_OUT], 0644);
        if (error == NULL)
            error = file_new_keep(&file, both, strlen(both));
        file_new_drop(&file);
    }
    free(both);
    free(statement);
    free(issuer);
    return error;
}

static X509 *parse(const uint8_t *der, size_t length)
{
    const uint8_t *cursor = der;
    X509 *certificate = d2i_X509(NULL, &cursor, (long)length);

    ERR_clear_error();
    return certificate;
}

static struct error *attest(struct card_run *run, struct card *card, const char *slot)
{
    struct card_attestation attestation;
    X509 *statement = NULL;
    X509 *issuer = NULL;
    struct error *error = card_attest(card, slot, &attestation);

    if (error == NULL) {
        statement = parse(attestation.statement, attestation.statement_length);
        issuer = parse(attestation.issuer, attestation.issuer_length);
        if (statement == NULL || issuer == NULL)
            error = error_new(ERROR_CARD_ANSWER, "the card's attestation is no certificate");
    }
    if (error == NULL)
        error = check_subject(run, card, statement);
    if (error == NULL)
        error = tell(run, slot, statement);
    if (error == NULL)
        error = check_root(run, statement, issuer);
    if (error == NULL)
        error = write_pem(run, &attestation);
    card_attestation_clear(&attestation);
    X509_free(statement);
    X509_free(issuer);
    return error;
}

struct error *card_attest_run(struct card_run *run)
{
    const char *slot;
    struct card *card;
    struct error *error = card_target_slot(run, &slot);

    if (error != NULL)
        return error;
    error = card_target(run, &card);
    if (error == NULL)
        error = attest(run, card, slot);
    card_free(card);
    return error;
}
