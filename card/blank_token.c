/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tokens behind a PKCS #11 module that were never initialised (PKCS #11 v2.40, 5.5). They have no
 * serial number yet, so that no search finds them, and there is no session with them.
 */
#include "card_internal.h"
#include "manage.h"
#include "pkcs11.h"

#include <stdlib.h>
#include <string.h>

/* CK_TOKEN_INFO, 3.2. */
#define LABEL_MAX 32

/* ---- which there are --------------------------------------------------------------------- */

static bool fits(const struct transport_reader *reader, const struct card_uri *uri)
{
    return reader->blank && uri->serial == NULL &&
           (uri->reader == NULL || strcmp(uri->reader, reader->name) == 0);
}

static struct error *take_name(const struct transport_reader_list *readers,
                               const struct card_uri *uri, char **out)
{
    for (size_t i = 0; i < readers->count; i++) {
        const struct transport_reader *reader = &readers->items[i];
        if (!fits(reader, uri))
            continue;
        if (*out != NULL)
            return error_new(ERROR_AMBIGUOUS,
                             "there are several tokens that were never initialised: name the slot "
                             "of one by reader=, such as \"%s\" or \"%s\"",
                             *out, reader->name);
        *out = strdup(reader->name);
        if (*out == NULL)
            return error_no_memory();
    }
    return *out != NULL ? NULL : error_new(ERROR_NOT_FOUND, "every token is initialised already");
}

static struct error *find_name(const struct transport_system *system, const struct card_uri *uri,
                               char **out)
{
    struct transport_reader_list readers;
    *out = NULL;
    struct error *error = system->list(system, &readers);
    if (error == NULL)
        error = take_name(&readers, uri, out);
    transport_reader_list_clear(&readers);
    if (error != NULL) {
        free(*out);
        *out = NULL;
    }
    return error;
}

/* ---- speaking to one --------------------------------------------------------------------- */

typedef struct error *token_operation(struct apdu_channel *channel, struct pkcs11 *token,
                                      void *argument);

static struct error *run_connected(struct card_transport *transport, OSSL_LIB_CTX *libctx,
                                   token_operation *operation, void *argument)
{
    struct apdu_channel *channel = NULL;
    void *state = NULL;
    bool found;
    struct error *error = transport->functions->connect(transport);
    if (error == NULL)
        error = apdu_channel_new(transport, &channel);
    if (error != NULL)
        return error;
    error = pkcs11_select(channel, libctx, &state, &found);
    const struct pkcs11 *token = state;
    if (error != NULL && token != NULL && token->blank) {
        error_free(error); /* it says just that */
        error = NULL;
    } else if (error == NULL) {
        error = error_new(ERROR_ARGUMENT, "the token \"%s\" is initialised already", token->label);
    }
    if (error == NULL)
        error = operation(channel, state, argument);
    pkcs11_app.free_state(state);
    apdu_channel_free(channel);
    return error;
}

static struct error *run(const struct transport_system *system, OSSL_LIB_CTX *libctx,
                         const char *reader, token_operation *operation, void *argument)
{
    struct card_transport *transport;
    struct error *error = system->open(system, reader, &transport);
    if (error != NULL)
        return error;
    error = run_connected(transport, libctx, operation, argument);
    transport->functions->close(transport);
    return error;
}

static struct error *read_rules(struct apdu_channel *channel, struct pkcs11 *token, void *argument)
{
    struct card_blank_token *out = argument;
    (void)channel;
    if ((token->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0)
        return error_new(ERROR_UNSUPPORTED,
                         "the token in the slot \"%s\" takes its PINs by a keypad of its own: "
                         "initialise it with the vendor's tool",
                         out->reader);
    pkcs11_pin_lengths(token, &out->pin_minimum, &out->pin_maximum);
    return NULL;
}

struct error *card_find_blank_token(struct card_context *context, const struct card_uri *uri,
                                    struct card_blank_token *out)
{
    const struct transport_system *system;
    *out = (struct card_blank_token){0};
    struct error *error = context_system(context, uri, &system);
    if (error != NULL)
        return error;
    error = find_name(system, uri, &out->reader);
    if (error == NULL)
        error = run(system, context->libctx, out->reader, read_rules, out);
    context_system_free(system);
    if (error != NULL)
        card_blank_token_clear(out);
    return error;
}

void card_blank_token_clear(struct card_blank_token *token)
{
    free(token->reader);
    *token = (struct card_blank_token){0};
}

/* ---- initialising it --------------------------------------------------------------------- */

struct setup {
    const struct card_token_setup *wanted;
    char serial[sizeof(((struct pkcs11 *)0)->serial)];
};

/* The PIN is given by the security officer, as an unblocked one is. */
static struct error *init_pin(struct apdu_channel *channel, struct pkcs11 *token,
                              const struct card_token_setup *wanted)
{
    const struct app_change change = {
        .which = CARD_SECRET_PUK, .proof = wanted->officer, .new_value = wanted->pin};
    int tries_left;
    struct error *error = pkcs11_unblock_pin(channel, token, &change, &tries_left);
    return error == NULL
               ? NULL
               : error_wrap(
                     error, error_code(error),
                     "the token \"%s\" was initialised, but has no PIN yet: say reissue card "
                     "init once more, with its serial number (%s)",
                     token->label, token->serial);
}

static struct error *initialise(struct apdu_channel *channel, struct pkcs11 *token, void *argument)
{
    struct setup *setup = argument;
    void *state = token;
    bool found;
    struct error *error =
        pkcs11_init_token(channel, token, setup->wanted->officer, setup->wanted->label);
    if (error == NULL)
        error = pkcs11_select(channel, token->libctx, &state, &found);
    if (error == NULL)
        error = init_pin(channel, token, setup->wanted);
    if (error == NULL)
        (void)stpcpy(setup->serial, token->serial);
    return error;
}

struct error *card_initialise_token(struct card_context *context, const struct card_uri *uri,
                                    const char *reader, const struct card_token_setup *wanted,
                                    char **out)
{
    const struct transport_system *system;
    struct setup setup = {.wanted = wanted};
    *out = NULL;
    if (strlen(wanted->label) > LABEL_MAX)
        return error_new(ERROR_ARGUMENT, "a token's label has at most %d bytes", LABEL_MAX);
    struct error *error = context_system(context, uri, &system);
    if (error != NULL)
        return error;
    error = run(system, context->libctx, reader, initialise, &setup);
    if (error == NULL) {
        const struct card_uri made = {.serial = setup.serial[0] == '\0' ? NULL : setup.serial,
                                      .reader = setup.serial[0] == '\0' ? (char *)reader : NULL,
                                      .app = (char *)pkcs11_app.name,
                                      .module_path = (char *)system->module};
        error = card_uri_format(&made, out);
    }
    context_system_free(system);
    return error;
}
