/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects on the token (PKCS #11 v2.40, 5.7 and 5.13). */
#include "module.h"

#include <stdlib.h>
#include <string.h>

#define OBJECTS_MAX   4096
#define ATTRIBUTE_MAX 65536 /* a certificate */

bool module_get_template(struct wire_reader *in, struct module_template *out)
{
    uint64_t count = wire_get_number(in);
    *out = (struct module_template){.count = 0};
    if (count > MODULE_ATTRIBUTES_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        size_t length;
        CK_ATTRIBUTE *item = &out->items[out->count++];
        item->type = wire_get_number(in);
        item->pValue = (void *)wire_get_bytes(in, &length); /* modules only read it */
        item->ulValueLen = length;
    }
    return !in->broken;
}

/* ---- finding ----------------------------------------------------------------------------- */

/* What cannot be had (CK_UNAVAILABLE_INFORMATION, or a length that is out of all proportion) is
   absent. */
static void put_attribute(struct module *module, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                          struct wire_writer *out)
{
    CK_ATTRIBUTE attribute = {.type = type};
    uint8_t *value = NULL;
    CK_RV rv = CALL(module, C_GetAttributeValue, module->session, object, &attribute, 1);
    if (rv == CKR_OK && attribute.ulValueLen <= ATTRIBUTE_MAX)
        value = malloc(attribute.ulValueLen + 1);
    if (value != NULL) {
        CK_ULONG size = attribute.ulValueLen;
        attribute.pValue = value;
        rv = CALL(module, C_GetAttributeValue, module->session, object, &attribute, 1);
        if (rv != CKR_OK || attribute.ulValueLen > size) {
            free(value);
            value = NULL;
        }
    }
    if (value != NULL)
        wire_put_bytes(out, value, attribute.ulValueLen);
    else
        wire_put_number(out, WIRE_ABSENT);
    free(value);
}

static CK_RV find_objects(struct module *module, struct module_template *template,
                          CK_OBJECT_HANDLE *objects, CK_ULONG *count)
{
    CK_ULONG found = 0;
    *count = 0;
    CK_RV rv = CALL(module, C_FindObjectsInit, module->session, template->items, template->count);
    if (rv != CKR_OK)
        return rv;
    do {
        found = 0;
        rv = CALL(module, C_FindObjects, module->session, objects + *count, OBJECTS_MAX - *count,
                  &found);
        if (rv == CKR_OK && found > OBJECTS_MAX - *count)
            rv = CKR_GENERAL_ERROR;
        if (rv == CKR_OK)
            *count += found;
    } while (rv == CKR_OK && found > 0 && *count < OBJECTS_MAX);
    const char *function = module->function;
    CK_RV end = CALL(module, C_FindObjectsFinal, module->session);
    if (rv != CKR_OK)
        module->function = function;
    return rv != CKR_OK ? rv : end;
}

CK_RV module_find(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    static CK_OBJECT_HANDLE objects[OBJECTS_MAX];
    CK_ATTRIBUTE_TYPE types[MODULE_ATTRIBUTES_MAX];
    struct module_template template;
    CK_ULONG count;
    if (!module_get_template(in, &template))
        return CKR_ARGUMENTS_BAD;
    uint64_t type_count = wire_get_number(in);
    for (uint64_t i = 0; i < type_count && i < MODULE_ATTRIBUTES_MAX; i++)
        types[i] = wire_get_number(in);
    if (!wire_finished(in) || type_count > MODULE_ATTRIBUTES_MAX)
        return CKR_ARGUMENTS_BAD;
    CK_RV rv = find_objects(module, &template, objects, &count);
    if (rv != CKR_OK)
        return rv;
    wire_put_number(out, count);
    for (CK_ULONG i = 0; i < count; i++) {
        wire_put_number(out, objects[i]);
        for (uint64_t j = 0; j < type_count; j++)
            put_attribute(module, objects[i], types[j], out);
    }
    return CKR_OK;
}

/* ---- making and unmaking ----------------------------------------------------------------- */

CK_RV module_create(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    struct module_template template;
    CK_OBJECT_HANDLE object = 0;
    if (!module_get_template(in, &template) || !wire_finished(in))
        return CKR_ARGUMENTS_BAD;
    CK_RV rv =
        CALL(module, C_CreateObject, module->session, template.items, template.count, &object);
    if (rv == CKR_OK)
        wire_put_number(out, object);
    return rv;
}

CK_RV module_destroy(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    CK_OBJECT_HANDLE object = wire_get_number(in);
    (void)out;
    if (!wire_finished(in))
        return CKR_ARGUMENTS_BAD;
    return CALL(module, C_DestroyObject, module->session, object);
}

CK_RV module_generate(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    CK_MECHANISM mechanism = {.mechanism = wire_get_number(in)};
    struct module_template public, private;
    CK_OBJECT_HANDLE public_key = 0;
    CK_OBJECT_HANDLE private_key = 0;
    if (!module_get_template(in, &public) || !module_get_template(in, &private) ||
        !wire_finished(in))
        return CKR_ARGUMENTS_BAD;
    CK_RV rv = CALL(module, C_GenerateKeyPair, module->session, &mechanism, public.items,
                    public.count, private.items, private.count, &public_key, &private_key);
    if (rv == CKR_OK) {
        wire_put_number(out, public_key);
        wire_put_number(out, private_key);
    }
    return rv;
}
