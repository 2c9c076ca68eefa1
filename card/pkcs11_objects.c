/* SPDX-License-Identifier: BSD-2-Clause */
/* PKCS #11: objects on the token, and the slots that their CKA_IDs are. */
#include "hex.h"
#include "pkcs11.h"

#include <stdlib.h>
#include <string.h>

static const char empty_id[] = "-";

/* ---- slots ------------------------------------------------------------------------------- */

bool pkcs11_slot_name(const char *text, char out[APP_SLOT_MAX])
{
    size_t length = strlen(text);
    bool empty = strcmp(text, empty_id) == 0;
    if (!empty && (length == 0 || length % 2 != 0 || length > (size_t)2 * PKCS11_ID_MAX))
        return false;
    for (size_t i = 0; !empty && i < length; i++) {
        if (hex_digit(text[i]) < 0)
            return false;
        out[i] = "0123456789abcdef"[hex_digit(text[i])];
    }
    if (empty)
        out[0] = empty_id[0];
    out[length] = '\0';
    return true;
}

struct pkcs11_value pkcs11_slot_id(const char *slot, uint8_t id[PKCS11_ID_MAX])
{
    struct pkcs11_value value = {id, 0};
    if (strcmp(slot, empty_id) != 0)
        value.length = strlen(slot) / 2;
    for (size_t i = 0; i < value.length; i++)
        id[i] = (uint8_t)(hex_digit(slot[2 * i]) << 4 | hex_digit(slot[2 * i + 1]));
    return value;
}

/* False for an ID that is too long to be spelled. */
static bool spell_id(const struct pkcs11_value *id, char slot[APP_SLOT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    if (id->length > PKCS11_ID_MAX)
        return false;
    if (id->length == 0)
        (void)stpcpy(slot, empty_id);
    for (size_t i = 0; i < id->length; i++) {
        slot[2 * i] = digits[id->bytes[i] >> 4];
        slot[2 * i + 1] = digits[id->bytes[i] & 0x0F];
        slot[2 * i + 2] = '\0';
    }
    return true;
}

/* ---- templates --------------------------------------------------------------------------- */

void pkcs11_put_attribute(struct pkcs11 *token, CK_ATTRIBUTE_TYPE type, const void *bytes,
                          size_t length)
{
    wire_put_number(&token->call->request, type);
    wire_put_bytes(&token->call->request, bytes, length);
}

void pkcs11_put_number(struct pkcs11 *token, CK_ATTRIBUTE_TYPE type, CK_ULONG number)
{
    pkcs11_put_attribute(token, type, &number, sizeof(number));
}

void pkcs11_put_truth(struct pkcs11 *token, CK_ATTRIBUTE_TYPE type, bool truth)
{
    CK_BBOOL value = truth ? CK_TRUE : CK_FALSE;
    pkcs11_put_attribute(token, type, &value, sizeof(value));
}

void pkcs11_put_identity(struct pkcs11 *token, const char *slot)
{
    uint8_t bytes[PKCS11_ID_MAX];
    const struct pkcs11_value id = pkcs11_slot_id(slot, bytes);
    pkcs11_put_truth(token, CKA_TOKEN, true);
    pkcs11_put_attribute(token, CKA_ID, id.bytes, id.length);
    pkcs11_put_attribute(token, CKA_LABEL, slot, strlen(slot));
}

/* ---- finding ----------------------------------------------------------------------------- */

/* What is looked for; a NULL is not looked at. */
struct wanted {
    CK_OBJECT_CLASS class;
    const struct pkcs11_value *id;
    const char *label;
};

/* Not every module finds an empty ID by its template: those are looked through. */
static bool id_in_template(const struct wanted *wanted)
{
    return wanted->id != NULL && wanted->id->length > 0;
}

/* The objects, and of each its CKA_ID and those attributes. */
static struct error *find(struct apdu_channel *channel, struct pkcs11 *token,
                          const struct wanted *wanted, const CK_ATTRIBUTE_TYPE *types,
                          size_t type_count, uint64_t *count)
{
    struct wire_writer *request = &token->call->request;
    pkcs11_call_begin(token->call, WIRE_FIND);
    wire_put_number(request, 1U + id_in_template(wanted) + (wanted->label != NULL));
    pkcs11_put_number(token, CKA_CLASS, wanted->class);
    if (id_in_template(wanted))
        pkcs11_put_attribute(token, CKA_ID, wanted->id->bytes, wanted->id->length);
    if (wanted->label != NULL)
        pkcs11_put_attribute(token, CKA_LABEL, wanted->label, strlen(wanted->label));
    wire_put_number(request, type_count + 1);
    wire_put_number(request, CKA_ID);
    for (size_t i = 0; i < type_count; i++)
        wire_put_number(request, types[i]);
    struct error *error = pkcs11_call_make(token->call, apdu_channel_transport(channel));
    *count = error == NULL ? wire_get_number(&token->call->results) : 0;
    return error;
}

/* The next one of those; false where there is none. */
static bool next_object(struct pkcs11 *token, uint64_t *count, const struct pkcs11_value *id,
                        size_t type_count, struct pkcs11_object *object,
                        struct pkcs11_value *its_id)
{
    struct wire_reader *results = &token->call->results;
    while (*count > 0 && !results->broken) {
        (*count)--;
        object->handle = wire_get_number(results);
        its_id->bytes = wire_get_attribute(results, &its_id->length);
        for (size_t i = 0; i < type_count; i++)
            object->values[i].bytes = wire_get_attribute(results, &object->values[i].length);
        if (results->broken)
            return false;
        if (id == NULL || (id->length == its_id->length &&
                           (id->length == 0 || memcmp(id->bytes, its_id->bytes, id->length) == 0)))
            return true;
    }
    return false;
}

struct error *pkcs11_find_object(struct apdu_channel *channel, struct pkcs11 *token,
                                 CK_OBJECT_CLASS class, const char *slot,
                                 const CK_ATTRIBUTE_TYPE *types, size_t type_count,
                                 struct pkcs11_object *out)
{
    uint8_t bytes[PKCS11_ID_MAX];
    uint64_t count;
    struct pkcs11_value its_id;
    const struct pkcs11_value id = pkcs11_slot_id(slot, bytes);
    const struct wanted wanted = {class, &id, NULL};
    *out = (struct pkcs11_object){0};
    struct error *error = find(channel, token, &wanted, types, type_count, &count);
    if (error != NULL || next_object(token, &count, &id, type_count, out, &its_id))
        return error;
    error = pkcs11_call_check(token->call);
    return error != NULL
               ? error
               : error_new(ERROR_NOT_FOUND, "the token has no such object with the ID %s", slot);
}

struct error *pkcs11_find_handles(struct apdu_channel *channel, struct pkcs11 *token,
                                  CK_OBJECT_CLASS class, const char *slot,
                                  CK_OBJECT_HANDLE **handles, size_t *count)
{
    uint8_t bytes[PKCS11_ID_MAX];
    uint64_t left;
    struct pkcs11_value its_id;
    struct pkcs11_object object;
    const struct pkcs11_value id = pkcs11_slot_id(slot, bytes);
    const struct wanted wanted = {class, &id, NULL};
    *handles = NULL;
    *count = 0;
    struct error *error = find(channel, token, &wanted, NULL, 0, &left);
    if (error == NULL) {
        /* Each takes two numbers at least. */
        *handles = calloc(token->call->results.length / 16 + 1, sizeof(**handles));
        if (*handles == NULL)
            return error_no_memory();
    }
    while (error == NULL && next_object(token, &left, &id, 0, &object, &its_id))
        (*handles)[(*count)++] = object.handle;
    return error != NULL ? error : pkcs11_call_check(token->call);
}

/* ---- lists ------------------------------------------------------------------------------- */

bool pkcs11_hides(const void *state)
{
    const struct pkcs11 *token = state;
    return !token->logged_in && (token->flags & CKF_LOGIN_REQUIRED) != 0;
}

static bool is_listed(const struct app_slot_list *list, const char *slot)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i], slot) == 0)
            return true;
    return false;
}

static struct error *list_class(struct apdu_channel *channel, struct pkcs11 *token,
                                CK_OBJECT_CLASS class, const char *label, struct app_slot_list *out)
{
    uint64_t count;
    char slot[APP_SLOT_MAX];
    struct pkcs11_value id;
    struct pkcs11_object object;
    const struct wanted wanted = {class, NULL, label};
    struct error *error = find(channel, token, &wanted, NULL, 0, &count);
    while (error == NULL && next_object(token, &count, NULL, 0, &object, &id))
        if (spell_id(&id, slot) && !is_listed(out, slot))
            error = app_slot_list_add(out, slot);
    return error != NULL ? error : pkcs11_call_check(token->call);
}

/* Private keys, where they are shown; public keys and certificates stand for those that are not. */
struct error *pkcs11_slots_with_label(struct apdu_channel *channel, void *state, const char *label,
                                      struct app_slot_list *out)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_CERTIFICATE};
    struct pkcs11 *token = state;
    struct error *error = NULL;
    for (size_t i = 0; error == NULL && i < sizeof(classes) / sizeof(classes[0]); i++)
        error = list_class(channel, token, classes[i], label, out);
    return error;
}

struct error *pkcs11_slots_in_use(struct apdu_channel *channel, void *state,
                                  struct app_slot_list *out)
{
    return pkcs11_slots_with_label(channel, state, NULL, out);
}

struct error *pkcs11_read_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                      struct buffer *der)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_VALUE};
    struct pkcs11 *token = state;
    struct pkcs11_object object;
    struct error *error =
        pkcs11_find_object(channel, token, CKO_CERTIFICATE, slot, types, 1, &object);
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND)
        return error_wrap(error, ERROR_NOT_FOUND, "slot %s of the token \"%s\" has no certificate",
                          slot, token->label);
    if (error == NULL && object.values[0].length == 0)
        error = error_new(ERROR_NOT_FOUND, "the certificate in slot %s has no content", slot);
    return error != NULL ? error
                         : buffer_append(der, object.values[0].bytes, object.values[0].length);
}
