/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card import-cert, export-cert. */
#include "card.h"
#include "file_load.h"
#include "new_file.h"
#include "public_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MOST 262144 /* a certificate, and a chain after it perhaps */

/* ---- reading ----------------------------------------------------------------------------- */

/* The first certificate in a file, whichever of the two forms it has. */
static X509 *parse(const uint8_t *bytes, size_t length)
{
    const uint8_t *cursor = bytes;
    X509 *certificate = d2i_X509(NULL, &cursor, (long)length);
    BIO *memory;

    if (certificate == NULL) {
        memory = BIO_new_mem_buf(bytes, (int)length);
        if (memory != NULL)
            certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);
        BIO_free(memory);
    }
    ERR_clear_error();
    return certificate;
}

static struct error *read_certificate(const char *path, X509 **out)
{
    struct buffer bytes = {0};
    struct error *error = file_load(path, FILE_MOST, &bytes);

    *out = NULL;
    if (error != NULL)
        return error;
    *out = parse(bytes.bytes, bytes.length);
    buffer_clear(&bytes);
    return *out != NULL ? NULL
                        : error_new(ERROR_ARGUMENT, "%s holds no certificate in PEM or DER", path);
}

/* ---- import ------------------------------------------------------------------------------ */

/* The slot that holds the key of the certificate; *out is for free(). */
static struct error *find_slot(struct card *card, const X509 *certificate, char **out)
{
    const EVP_PKEY *wanted = X509_get0_pubkey(certificate);
    struct card_slot_list slots;
    struct error *error = card_read_slots(card, &slots);

    *out = NULL;
    for (size_t i = 0; error == NULL && *out == NULL && i < slots.count; i++)
        if (wanted != NULL && slots.items[i].key != NULL &&
            public_key_equal(card_key_public(slots.items[i].key), wanted))
            *out = strdup(slots.items[i].name);
    card_slot_list_clear(&slots);
    if (error == NULL && *out == NULL)
        error = error_new(ERROR_OTHER_KEY,
                          "the card shows no key that this certificate is for: nothing was written "
                          "(a card that does not show its keys needs --slot)");
    return error;
}

static struct error *store(struct card_run *run, struct card *card, const char *slot,
                           const X509 *certificate)
{
    struct card_admin admin = {0};
    uint8_t *der = NULL;
    int length = i2d_X509(certificate, &der);
    struct error *error = length <= 0 ? error_no_memory() : card_get_admin(run, card, &admin);

    if (error == NULL)
        error = card_store_certificate(card, &admin, slot, der, (size_t)length);
    if (error == NULL) {
        card_json_text(run, "slot", slot);
        card_json_number(run, "bytes", length);
        card_say(run, "the certificate is in slot %s", slot);
    }
    card_admin_clear(&admin);
    OPENSSL_free(der);
    return error;
}

struct error *card_import_run(struct card_run *run)
{
    X509 *certificate;
    char *found = NULL;
    struct card *card = NULL;
    struct error *error = read_certificate(run->file, &certificate);

    if (error == NULL)
        error = card_target(run, &card);
    if (error == NULL && run->uri->slot == NULL)
        error = find_slot(card, certificate, &found);
    if (error == NULL)
        error = store(run, card, found != NULL ? found : run->uri->slot, certificate);
    free(found);
    card_free(card);
    X509_free(certificate);
    return error;
}

/* ---- export ------------------------------------------------------------------------------ */

static struct error *write_out(struct card_run *run, const void *bytes, size_t length)
{
    struct file_new file;
    struct error *error;

    if (!card_has(run, OPTION_OUT)) {
        if (!card_has(run, OPTION_JSON) && fwrite(bytes, 1, length, stdout) != length)
            return error_new(ERROR_INTERNAL, "standard output cannot be written");
        return NULL;
    }
    error = file_new_begin(&file, run->values[OPTION_OUT], 0644);
    if (error == NULL)
        error = file_new_keep(&file, bytes, length);
    file_new_drop(&file);
    return error;
}

static struct error *export(struct card_run *run, const uint8_t *der, size_t length)
{
    char *pem = card_pem("CERTIFICATE", der, length);
    struct error *error;

    if (pem == NULL)
        return error_no_memory();
    json_write_string(&run->result, "certificate", pem);
    error =
        card_has(run, OPTION_DER) ? write_out(run, der, length) : write_out(run, pem, strlen(pem));
    free(pem);
    return error;
}

/* The one certificate there is, where no slot is named. */
static struct error *only_slot(struct card *card, char **out)
{
    struct card_slot_list slots;
    struct error *error = card_read_slots(card, &slots);
    size_t count = 0;

    *out = NULL;
    for (size_t i = 0; error == NULL && i < slots.count; i++)
        if (slots.items[i].certificate != NULL && count++ == 0)
            *out = strdup(slots.items[i].name);
    card_slot_list_clear(&slots);
    if (error != NULL || count == 1)
        return error;
    return count == 0
               ? error_new(ERROR_NOT_FOUND, "there is no certificate on the card")
               : error_new(ERROR_AMBIGUOUS,
                           "there are %zu certificates on the card: say which with --slot", count);
}

struct error *card_export_run(struct card_run *run)
{
    uint8_t *der = NULL;
    size_t length = 0;
    char *found = NULL;
    struct card *card;
    struct error *error = card_target(run, &card);

    if (error == NULL && run->uri->slot == NULL)
        error = only_slot(card, &found);
    if (error == NULL) {
        const char *slot = found != NULL ? found : run->uri->slot;
        card_json_text(run, "slot", slot);
        error = card_read_certificate(card, slot, &der, &length);
    }
    if (error == NULL)
        error = export(run, der, length);
    free(der);
    free(found);
    card_free(card);
    return error;
}
