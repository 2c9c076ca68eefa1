/* SPDX-License-Identifier: BSD-2-Clause */
/* What private keys do (PKCS #11 v2.40, 5.9, 5.11 and 5.13). */
#include "module.h"

#include <string.h>

#define RESULT_MAX 4096 /* bytes: more than any key's signature or block */

static CK_RV begin(struct module *module, enum wire_use use, CK_MECHANISM_TYPE type,
                   CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    switch (use) {
    case WIRE_SIGN:
        return CALL(module, C_SignInit, module->session, &mechanism, key);
    case WIRE_DECRYPT:
        return CALL(module, C_DecryptInit, module->session, &mechanism, key);
    }
    return CKR_ARGUMENTS_BAD;
}

/* For keys that want the PIN between the beginning and the end (CKA_ALWAYS_AUTHENTICATE). */
CK_RV module_begin(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    enum wire_use use = (enum wire_use)wire_get_number(in);
    CK_MECHANISM_TYPE type = wire_get_number(in);
    CK_OBJECT_HANDLE key = wire_get_number(in);
    (void)out;
    return wire_finished(in) ? begin(module, use, type, key) : CKR_ARGUMENTS_BAD;
}

CK_RV module_use(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    CK_BYTE result[RESULT_MAX];
    CK_ULONG length = sizeof(result);
    size_t size;
    enum wire_use use = (enum wire_use)wire_get_number(in);
    CK_MECHANISM_TYPE type = wire_get_number(in);
    CK_OBJECT_HANDLE key = wire_get_number(in);
    bool begun = wire_get_number(in) != 0;
    CK_BYTE *data = (CK_BYTE *)wire_get_bytes(in, &size); /* modules only read it */
    if (!wire_finished(in))
        return CKR_ARGUMENTS_BAD;
    CK_RV rv = begun ? CKR_OK : begin(module, use, type, key);
    if (rv != CKR_OK)
        return rv;
    if (use == WIRE_SIGN)
        rv = CALL(module, C_Sign, module->session, data, size, result, &length);
    else
        rv = CALL(module, C_Decrypt, module->session, data, size, result, &length);
    if (rv == CKR_OK && length > sizeof(result))
        rv = CKR_GENERAL_ERROR; /* a module that says so has written beyond the end, or lies */
    if (rv == CKR_OK)
        wire_put_bytes(out, result, length);
    explicit_bzero(result, sizeof(result));
    return rv;
}

/* The agreed secret becomes an object of this session, which is read and destroyed. */
static CK_RV derive(struct module *module, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
                    CK_ULONG length, struct wire_writer *out)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE kind = CKK_GENERIC_SECRET;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof(class)},   {CKA_KEY_TYPE, &kind, sizeof(kind)},
        {CKA_TOKEN, &no, sizeof(no)},         {CKA_SENSITIVE, &no, sizeof(no)},
        {CKA_EXTRACTABLE, &yes, sizeof(yes)}, {CKA_VALUE_LEN, &length, sizeof(length)},
    };
    CK_BYTE secret[RESULT_MAX];
    CK_ATTRIBUTE value = {CKA_VALUE, secret, sizeof(secret)};
    CK_OBJECT_HANDLE object = 0;
    CK_RV rv = CALL(module, C_DeriveKey, module->session, mechanism, key, template,
                    sizeof(template) / sizeof(template[0]), &object);
    if (rv != CKR_OK)
        return rv;
    rv = CALL(module, C_GetAttributeValue, module->session, object, &value, 1);
    if (rv == CKR_OK && value.ulValueLen > sizeof(secret))
        rv = CKR_GENERAL_ERROR;
    if (rv == CKR_OK)
        wire_put_bytes(out, secret, value.ulValueLen);
    explicit_bzero(secret, sizeof(secret));
    const char *function = module->function;
    (void)CALL(module, C_DestroyObject, module->session, object); /* ends with the session too */
    module->function = function;
    return rv;
}

CK_RV module_derive(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    size_t size;
    CK_ECDH1_DERIVE_PARAMS parameters;
    CK_MECHANISM mechanism = {wire_get_number(in), &parameters, sizeof(parameters)};
    CK_OBJECT_HANDLE key = wire_get_number(in);
    CK_BYTE *point = (CK_BYTE *)wire_get_bytes(in, &size); /* modules only read it */
    /* By position (PKCS #11 2.40, 2.3.5): p11-kit's header names the members differently from 0.25
     * on. */
    parameters = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, size, point};
    CK_ULONG length = wire_get_number(in);
    if (!wire_finished(in))
        return CKR_ARGUMENTS_BAD;
    return derive(module, &mechanism, key, length, out);
}
