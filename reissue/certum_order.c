/* SPDX-License-Identifier: BSD-2-Clause */
/* What the Partner API does with one order, and with its certificate. */
#include "certum_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- how far it is ----------------------------------------------------------------------- */

static struct error *read_verification(const struct xml *element, struct certum_verification *out)
{
    const char *type = xml_child_text(element, "type");
    int state = CERTUM_NOT_REQUIRED;
    struct error *error = certum_parse_word(element, "state", certum_verification_words, &state);

    if (error != NULL)
        return error;
    out->state = (enum certum_verification_state)state;
    if (type == NULL || type[0] == '\0' || strlen(type) >= sizeof(out->type) ||
        strspn(type, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != strlen(type))
        return error_new(ERROR_SERVER_ANSWER,
                         "Certum's answer makes no sense: a verification has no type");
    (void)snprintf(out->type, sizeof(out->type), "%s", type);
    return NULL;
}

/* The elements beside one another in `verifications` are the verifications, whatever they are
   called: the public clients do not tell. */
static struct error *read_progress(const struct certum_answer *answer, struct certum_progress *out)
{
    const struct xml *element = xml_child(xml_child(answer->content, "verifications"), NULL);
    int state = CERTUM_AWAITING;
    struct error *error =
        certum_parse_word(answer->content, "orderStatus", certum_order_words, &state);

    out->state = (enum certum_order_state)state;
    for (; error == NULL && element != NULL; element = xml_next_any(element)) {
        if (out->count == CERTUM_VERIFICATIONS_MAX)
            return error_new(ERROR_SERVER_ANSWER, "Certum's answer has too many verifications");
        error = read_verification(element, &out->verifications[out->count++]);
    }
    return error;
}

struct error *certum_order_progress(struct certum *certum, const char *id,
                                    struct certum_progress *out)
{
    const struct certum_call call = {.operation = "getOrderState",
                                     .what = "the order's state",
                                     .write = certum_write_order,
                                     .argument = id};
    struct certum_answer answer;
    struct error *error = certum_call(certum, &call, &answer);

    *out = (struct certum_progress){0};
    if (error == NULL)
        error = read_progress(&answer, out);
    certum_answer_clear(&answer);
    return error;
}

/* ---- cancelling -------------------------------------------------------------------------- */

struct cancelling {
    const char *id, *note;
};

static void write_cancelling(struct xml_writer *writer, const void *argument)
{
    const struct cancelling *cancelling = argument;

    xml_write_open(writer, "cancelParameters", NULL);
    xml_write_text(writer, "note", cancelling->note);
    xml_write_text(writer, "orderID", cancelling->id);
    xml_write_close(writer, "cancelParameters");
}

struct error *certum_order_cancel(struct certum *certum, const char *id, const char *note)
{
    const struct cancelling cancelling = {id, note};
    const struct certum_call call = {.operation = "cancelOrder",
                                     .what = "the cancellation",
                                     .once = true,
                                     .write = write_cancelling,
                                     .argument = &cancelling};

    return certum_call_plainly(certum, &call);
}

/* ---- the certificate --------------------------------------------------------------------- */

struct certificate_wish {
    const char *id, *serial;
};

static void write_certificate_wish(struct xml_writer *writer, const void *argument)
{
    const struct certificate_wish *wish = argument;

    xml_write_text(writer, "orderID", wish->id);
    xml_write_text(writer, "serialNumber", wish->serial);
}

static struct error *add_certificate(STACK_OF(X509) * to, const struct xml *element)
{
    X509 *certificate;
    struct error *error = certum_parse_certificate(element, &certificate);

    if (error != NULL || certificate == NULL)
        return error;
    if (sk_X509_num(to) > CERTUM_CHAIN_MAX)
        error = error_new(ERROR_SERVER_ANSWER, "Certum's answer has too many certificates");
    else if (sk_X509_push(to, certificate) <= 0)
        error = error_no_memory();
    if (error != NULL)
        X509_free(certificate);
    return error;
}

static struct error *read_certificates(const struct certum_answer *answer, STACK_OF(X509) * to)
{
    const struct xml *details = xml_child(answer->content, "certificateDetails");
    const struct xml *above = xml_child(xml_child(answer->content, "caBundle"), "X509Cert");
    struct error *error = add_certificate(to, xml_child(details, "X509Cert"));

    if (error == NULL && sk_X509_num(to) == 0)
        error = error_new(ERROR_SERVER_ANSWER, "Certum's answer has no certificate in it");
    for (; error == NULL && above != NULL; above = xml_next(above))
        error = add_certificate(to, above);
    return error;
}

struct error *certum_certificate(struct certum *certum, const char *id, const char *serial,
                                 STACK_OF(X509) * *out)
{
    const struct certificate_wish wish = {id, serial};
    const struct certum_call call = {.operation = "getCertificate",
                                     .what = "the certificate",
                                     .write = write_certificate_wish,
                                     .argument = &wish};
    struct certum_answer answer;
    struct error *error;

    *out = sk_X509_new_null();
    if (*out == NULL)
        return error_no_memory();
    error = certum_call(certum, &call, &answer);
    if (error == NULL)
        error = read_certificates(&answer, *out);
    certum_answer_clear(&answer);
    if (error != NULL) {
        sk_X509_pop_free(*out, X509_free);
        *out = NULL;
    }
    return error;
}

/* ---- revocation -------------------------------------------------------------------------- */

static void write_revocation(struct xml_writer *writer, const void *argument)
{
    const struct certum_revocation *wish = argument;
    char day[16];
    struct tm utc;

    xml_write_open(writer, "revokeCertificateParameters", NULL);
    if (wish->compromised != 0) {
        (void)strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&wish->compromised, &utc));
        xml_write_text(writer, "keyCompromitationDate", day);
    }
    xml_write_text(writer, "note", wish->note);
    xml_write_text(writer, "revocationReason", wish->reason);
    xml_write_text(writer, "serialNumber", wish->serial);
    xml_write_close(writer, "revokeCertificateParameters");
}

struct error *certum_revoke(struct certum *certum, const struct certum_revocation *wish)
{
    const struct certum_call call = {.operation = "revokeCertificate",
                                     .what = "the revocation",
                                     .once = true,
                                     .write = write_revocation,
                                     .argument = wish};

    return certum_call_plainly(certum, &call);
}
