/* SPDX-License-Identifier: BSD-2-Clause */
#include "soap.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVELOPE "http://schemas.xmlsoap.org/soap/envelope/" /* SOAP 1.1, 4 */

/* The longest words of a Fault that are passed on, in bytes. */
#define WORDS_MAX 300

struct soap {
    struct soap_options options;
    struct http *http;
};

struct error *soap_open(const struct soap_options *options, struct soap **out)
{
    struct soap *soap = calloc(1, sizeof(*soap));
    struct error *error;

    *out = NULL;
    if (soap == NULL)
        return error_no_memory();
    soap->options = *options;
    error = http_open(&options->http, &soap->http);
    if (error != NULL) {
        soap_close(soap);
        return error;
    }
    *out = soap;
    return NULL;
}

void soap_close(struct soap *soap)
{
    if (soap == NULL)
        return;
    http_close(soap->http);
    free(soap);
}

/* ---- the request ------------------------------------------------------------------------- */

static struct error *write_request(const struct soap *soap, const struct soap_call *call,
                                   struct buffer *out)
{
    struct xml_writer writer = {0};
    char name[64], space[256];

    if ((size_t)snprintf(name, sizeof(name), "o:%s", call->operation) >= sizeof(name) ||
        (size_t)snprintf(space, sizeof(space), "xmlns:o=\"%s\"", soap->options.space) >=
            sizeof(space))
        return error_new(ERROR_INTERNAL, "a SOAP operation's name is too long");
    xml_write_open(&writer, "s:Envelope", "xmlns:s=\"" ENVELOPE "\"");
    xml_write_open(&writer, "s:Body", NULL);
    xml_write_open(&writer, name, space);
    call->write(&writer, call->argument);
    xml_write_close(&writer, name);
    xml_write_close(&writer, "s:Body");
    xml_write_close(&writer, "s:Envelope");
    return xml_write_end(&writer, out);
}

/* SOAP 1.1, 6: the header is in quotes. */
static struct error *send_request(struct soap *soap, const struct soap_call *call, const char *body,
                                  struct http_response *response)
{
    char action[320];
    const char *headers[] = {action};
    const struct http_request request = {
        .method = HTTP_POST,
        .url = soap->options.url,
        .allowed = &soap->options.url,
        .allowed_count = 1,
        .accept = "text/xml",
        .content_type = "text/xml; charset=utf-8",
        .body = body,
        .headers = headers,
        .header_count = 1,
        .once = call->once,
        .size_max = XML_SIZE_MAX,
    };

    if ((size_t)snprintf(action, sizeof(action), "SOAPAction: \"%s%s\"", soap->options.space,
                         call->operation) >= sizeof(action))
        return error_new(ERROR_INTERNAL, "a SOAP operation's name is too long");
    return http_exchange(soap->http, &request, response);
}

/* ---- the answer -------------------------------------------------------------------------- */

/* What an HTTP status means that brings no SOAP (SOAP 1.1, 6.2: that is 200, and 500 for a Fault).
 */
static struct error *explain_status(const struct soap *soap, const struct soap_call *call,
                                    long status)
{
    const char *service = soap->options.service;

    if (status == 401 || status == 403)
        return error_new(ERROR_CA_REFUSED,
                         "%s does not let this machine in (HTTP %ld): does the account have the "
                         "interface, and this machine's address among those that may use it?",
                         service, status);
    if (status == 429)
        return error_new(ERROR_RATE_LIMITED, "%s wants to be asked less often: try again later",
                         service);
    if (status >= 500)
        return error_new(call->once ? ERROR_NETWORK : ERROR_CA_TROUBLE,
                         "%s is in trouble (HTTP %ld): try again later", service, status);
    return error_new(ERROR_CA_REFUSED, "%s answers %s with HTTP %ld: is the url right?", service,
                     call->operation, status);
}

static struct error *explain_fault(const struct soap *soap, const struct soap_call *call,
                                   const struct xml *fault)
{
    const char *code = xml_child_text(fault, "faultcode");
    const char *said = xml_child_text(fault, "faultstring");
    const char *local = code == NULL ? NULL : strrchr(code, ':'); /* a prefix may stand before it */
    bool client;
    char *words;
    struct error *error =
        text_clean(said == NULL || said[0] == '\0' ? "no reason" : said, WORDS_MAX, &words);

    if (error != NULL)
        return error;
    local = local == NULL ? code : local + 1;
    client = local != NULL && strncmp(local, "Client", strlen("Client")) == 0;
    if (client)
        error = error_new(ERROR_CA_REFUSED, "%s cannot read our %s, and says: %s",
                          soap->options.service, call->operation, words);
    else
        error = error_new(call->once ? ERROR_NETWORK : ERROR_CA_TROUBLE,
                          "%s failed at %s, and says: %s: try again later", soap->options.service,
                          call->operation, words);
    free(words);
    return error;
}

static struct error *find_content(const struct soap *soap, const struct soap_call *call,
                                  const struct xml *envelope, const struct xml **content)
{
    const struct xml *body = NULL;

    if (strcmp(xml_name(envelope), "Envelope") == 0 &&
        strcmp(xml_namespace(envelope), ENVELOPE) == 0)
        body = xml_child(envelope, "Body");
    *content = xml_child(body, NULL);
    if (*content == NULL)
        return error_new(ERROR_SERVER_ANSWER, "%s answers %s with XML that is no SOAP 1.1",
                         soap->options.service, call->operation);
    if (strcmp(xml_name(*content), "Fault") == 0)
        return explain_fault(soap, call, *content);
    return NULL;
}

static struct error *read_answer(const struct soap *soap, const struct soap_call *call,
                                 const struct http_response *response, struct xml **answer,
                                 const struct xml **content)
{
    bool soap_status = response->status == 200 || response->status == 500;
    struct error *error;

    if (!soap_status)
        return explain_status(soap, call, response->status);
    error = xml_parse(response->body.bytes, response->body.length, answer);
    if (error != NULL && response->status == 500) { /* some other thing's page */
        error_free(error);
        return explain_status(soap, call, response->status);
    }
    if (error != NULL)
        return error_wrap(error, ERROR_SERVER_ANSWER, "%s's answer to %s cannot be used",
                          soap->options.service, call->operation);
    error = find_content(soap, call, *answer, content);
    if (error == NULL && response->status == 500)
        error = explain_status(soap, call, response->status);
    return error;
}

struct error *soap_call(struct soap *soap, const struct soap_call *call, struct xml **answer,
                        const struct xml **content)
{
    struct http_response response = {0};
    struct buffer request = {0};
    struct error *error = write_request(soap, call, &request);

    *answer = NULL;
    *content = NULL;
    if (error != NULL)
        return error;
    error = send_request(soap, call, (const char *)request.bytes, &response);
    buffer_clear(&request);
    if (error == NULL)
        error = read_answer(soap, call, &response, answer, content);
    if (error != NULL) {
        xml_free(*answer);
        *answer = NULL;
        *content = NULL;
    }
    http_response_clear(&response);
    return error;
}
