/* SPDX-License-Identifier: BSD-2-Clause */
/* Carrying CMP messages over HTTP (RFC 9811, 3.1), and keeping the answers. */
#include "cmp_internal.h"
#include "http.h"

#include <openssl/err.h>
#include <string.h>

#define MEDIA_TYPE "application/pkixcmp"

/* ---- messages ---------------------------------------------------------------------------- */

static struct error *encode(const OSSL_CMP_MSG *message, BIO **out)
{
    *out = BIO_new(BIO_s_mem());
    if (*out != NULL && i2d_OSSL_CMP_MSG_bio(*out, message) == 1)
        return NULL;
    BIO_free(*out);
    *out = NULL;
    ERR_clear_error();
    return error_new(ERROR_INTERNAL, "libcrypto cannot write its own CMP message");
}

/* One message, and nothing behind it. */
static OSSL_CMP_MSG *decode(const struct buffer *bytes)
{
    BIO *in = BIO_new_mem_buf(bytes->length > 0 ? (const void *)bytes->bytes : "",
                              (int)bytes->length); /* CMP_MESSAGE_MAX at most */
    OSSL_CMP_MSG *message = in == NULL ? NULL : d2i_OSSL_CMP_MSG_bio(in, NULL);

    if (message != NULL && BIO_pending(in) > 0) {
        OSSL_CMP_MSG_free(message);
        message = NULL;
    }
    BIO_free(in);
    ERR_clear_error();
    return message;
}

static struct error *look_at_status(const struct http_response *response, const char *url)
{
    long status = response->status;

    if (status >= 500)
        return error_new(ERROR_CA_TROUBLE, "%s answers with the HTTP status %ld: try again later",
                         url, status);
    if (status != 200)
        return error_new(ERROR_SERVER_ANSWER,
                         "%s answers with the HTTP status %ld: is url where the CA speaks CMP?",
                         url, status);
    if (response->content_type == NULL || strcmp(response->content_type, MEDIA_TYPE) != 0)
        return error_new(ERROR_SERVER_ANSWER,
                         "%s answers with something else than CMP: is url where the CA speaks it?",
                         url);
    return NULL;
}

static struct error *post(struct cmp *cmp, BIO *body, struct http_response *response)
{
    /* A server that takes one connection at a time must not wait for us on an old one. */
    static const char *const headers[] = {"Connection: close"};
    char *bytes = NULL;
    long length = BIO_get_mem_data(body, &bytes);
    const struct http_request request = {
        .method = HTTP_POST,
        .url = cmp->url,
        .allowed = &cmp->url,
        .allowed_count = 1,
        .accept = MEDIA_TYPE,
        .content_type = MEDIA_TYPE,
        .body = bytes,
        .body_length = (size_t)length,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .once = true,
        .size_max = CMP_MESSAGE_MAX,
    };
    struct error *error = http_exchange(cmp->http, &request, response);

    return error != NULL ? error : look_at_status(response, cmp->url);
}

/* ---- the record -------------------------------------------------------------------------- */

static int type_of(const struct buffer *answer)
{
    OSSL_CMP_MSG *message = decode(answer);
    int type = message == NULL ? -1 : OSSL_CMP_MSG_get_bodytype(message);

    OSSL_CMP_MSG_free(message);
    return type;
}

/* Only the last word after waiting matters: its nonce is what the next request has to name. */
static struct error *add_answer(struct cmp_record *record, const struct buffer *answer)
{
    if (record->count > 0 && type_of(&record->answers[record->count - 1]) == CMP_BODY_POLLREP)
        buffer_clear(&record->answers[--record->count]);
    if (record->count == CMP_ANSWERS_MAX)
        return error_new(ERROR_SERVER_ANSWER, "the CA's answers do not come to an end");
    return buffer_append(&record->answers[record->count++], answer->bytes, answer->length);
}

struct error *cmp_keep_received(struct cmp *cmp, bool ask)
{
    struct error *error = NULL;

    if (cmp->record == NULL || (cmp->received_type < 0 && cmp->record->count == 0))
        return NULL;
    if (cmp->received_type >= 0)
        error = add_answer(cmp->record, &cmp->received);
    cmp->received_type = -1;
    cmp->shown = cmp->record->count;
    cmp->record->asked = ask;
    return error != NULL ? error : cmp->request->keep(cmp->request->argument, cmp->record);
}

/* ---- one exchange ------------------------------------------------------------------------ */

/*
 * Shows libcrypto an answer of the record, as if it had just come. It came for an earlier request,
 * whose nonce it bears; the one that libcrypto has just made goes nowhere, and is therefore not
 * signed. What is sent after the last one is.
 */
static OSSL_CMP_MSG *show_recorded(struct cmp *cmp)
{
    OSSL_CMP_MSG *answer = decode(&cmp->record->answers[cmp->shown++]);
    bool good =
        answer != NULL &&
        OSSL_CMP_CTX_set1_senderNonce(
            cmp->context, OSSL_CMP_HDR_get0_recipNonce(OSSL_CMP_MSG_get0_header(answer))) == 1;

    if (good && cmp->shown == cmp->record->count)
        good = OSSL_CMP_CTX_set_option(cmp->context, OSSL_CMP_OPT_UNPROTECTED_SEND, 0) == 1;
    if (good)
        return answer;
    OSSL_CMP_MSG_free(answer);
    cmp->error = error_new(ERROR_STATE, "the state's record of a CMP transaction is damaged");
    return NULL;
}

/* That a certificate is confirmed counts only where the CA has said so; that a request is refused
   may be said by one who cannot know the client's secret, and therefore not protect it. */
static void allow_unprotected(struct cmp *cmp, const OSSL_CMP_MSG *request)
{
    bool confirms = OSSL_CMP_MSG_get_bodytype(request) == CMP_BODY_CERTCONF;

    (void)OSSL_CMP_CTX_set_option(cmp->context, OSSL_CMP_OPT_UNPROTECTED_ERRORS, confirms ? 0 : 1);
}

static struct error *converse(struct cmp *cmp, const OSSL_CMP_MSG *request, OSSL_CMP_MSG **out)
{
    struct http_response response = {0};
    BIO *body = NULL;
    struct error *error = cmp_keep_received(cmp, true); /* libcrypto goes on: it was good */
    bool first = !cmp->spoken;

    if (error == NULL)
        error = encode(request, &body);
    if (error == NULL) {
        allow_unprotected(cmp, request);
        cmp->spoken = true;
        error = post(cmp, body, &response);
    }
    if (error == NULL && (*out = decode(&response.body)) == NULL)
        error = error_new(ERROR_SERVER_ANSWER, "%s answers with a CMP message that is malformed",
                          cmp->url);
    if (error == NULL) {
        buffer_clear(&cmp->received);
        cmp->received = response.body;
        response.body = (struct buffer){0};
        cmp->received_type = OSSL_CMP_MSG_get_bodytype(*out);
        cmp->forgotten = first && cmp->asked_before && cmp->received_type == CMP_BODY_ERROR;
    }
    http_response_clear(&response);
    BIO_free(body);
    return error;
}

OSSL_CMP_MSG *cmp_transfer(OSSL_CMP_CTX *context, const OSSL_CMP_MSG *request)
{
    struct cmp *cmp = OSSL_CMP_CTX_get_transfer_cb_arg(context);
    OSSL_CMP_MSG *answer = NULL;

    if (cmp->error != NULL)
        return NULL;
    if (cmp->record != NULL && cmp->shown < cmp->record->count)
        return show_recorded(cmp);
    cmp->error = converse(cmp, request, &answer);
    return answer;
}
