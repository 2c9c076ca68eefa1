/* SPDX-License-Identifier: BSD-2-Clause */
/* The module itself, its slots and tokens, sessions and PINs (PKCS #11 v2.40, 5.4 to 5.6). */
#include "module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX      256
#define MECHANISMS_MAX 1024

/* ---- coming and going -------------------------------------------------------------------- */

/* Why it cannot be loaded is told as the name of a function would be. */
static CK_RV cannot_load(struct module *module, const char *reason)
{
    (void)snprintf(module->reason, sizeof(module->reason) / 2, "dlopen: %s", reason);
    module->function = module->reason;
    return CKR_GENERAL_ERROR;
}

static CK_RV initialize(struct module *module)
{
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
    CK_RV rv = CALL(module, C_Initialize, &arguments);
    if (rv == CKR_CANT_LOCK || rv == CKR_ARGUMENTS_BAD) /* one thread will call */
        rv = CALL(module, C_Initialize, NULL);
    return rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ? CKR_OK : rv;
}

CK_RV module_load(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    CK_FUNCTION_LIST *functions = NULL;
    (void)in;
    (void)out;
    void *library = dlopen(module->path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return cannot_load(module, dlerror());
    CK_C_GetFunctionList get;
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL)
        return cannot_load(module, "it is no PKCS #11 module: it has no C_GetFunctionList");
    module->function = "C_GetFunctionList";
    CK_RV rv = get(&functions);
    if (rv != CKR_OK || functions == NULL)
        return rv != CKR_OK ? rv : CKR_GENERAL_ERROR;
    module->functions = functions;
    rv = initialize(module);
    if (rv != CKR_OK)
        module->functions = NULL;
    return rv;
}

static void end_session(struct module *module)
{
    if (module->has_session)
        (void)CALL(module, C_CloseSession, module->session);
    module->has_session = false;
}

void module_finish(struct module *module)
{
    if (module->functions == NULL)
        return;
    end_session(module);
    (void)CALL(module, C_Finalize, NULL);
}

/* ---- slots ------------------------------------------------------------------------------- */

struct slot {
    CK_SLOT_ID id;
    char name[96];
    enum wire_token token;
};

/* PKCS #11 pads with blanks; some modules with NULs. */
static size_t unpadded(const CK_UTF8CHAR *text, size_t size)
{
    size_t length = strnlen((const char *)text, size);
    while (length > 0 && text[length - 1] == ' ')
        length--;
    return length;
}

/* One that is not initialised has nothing that could be looked for. */
static enum wire_token find_token(struct module *module, CK_SLOT_ID slot,
                                  const CK_SLOT_INFO *information)
{
    CK_TOKEN_INFO token;
    if ((information->flags & CKF_TOKEN_PRESENT) == 0)
        return WIRE_TOKEN_NONE;
    memset(&token, 0, sizeof(token));
    bool blank = CALL(module, C_GetTokenInfo, slot, &token) == CKR_OK &&
                 (token.flags & CKF_TOKEN_INITIALIZED) == 0;
    return blank ? WIRE_TOKEN_BLANK : WIRE_TOKEN_READY;
}

static CK_RV list_slots(struct module *module, struct slot *slots, CK_ULONG *count)
{
    CK_SLOT_ID ids[SLOTS_MAX];
    *count = 0;
    CK_RV rv = CALL(module, C_GetSlotList, CK_FALSE, NULL, count);
    if (rv != CKR_OK)
        return rv;
    *count = SLOTS_MAX;
    rv = CALL(module, C_GetSlotList, CK_FALSE, ids, count);
    if (rv != CKR_OK || *count > SLOTS_MAX)
        return rv != CKR_OK ? rv : CKR_BUFFER_TOO_SMALL;
    for (CK_ULONG i = 0; i < *count; i++) {
        CK_SLOT_INFO information;
        memset(&information, 0, sizeof(information));
        rv = CALL(module, C_GetSlotInfo, ids[i], &information);
        if (rv != CKR_OK)
            return rv;
        size_t length = unpadded(information.slotDescription, sizeof(information.slotDescription));
        slots[i] = (struct slot){.id = ids[i], .token = find_token(module, ids[i], &information)};
        memcpy(slots[i].name, information.slotDescription, length);
    }
    return CKR_OK;
}

/*
 * Slots may have one description (OpenSC's have, where a card has several PINs) or none: then they
 * are counted.
 */
static void name_apart(struct slot *slots, CK_ULONG count)
{
    for (CK_ULONG i = count; i-- > 0;) {
        unsigned number = 1;
        for (CK_ULONG j = 0; j < i; j++)
            if (strcmp(slots[i].name, slots[j].name) == 0)
                number++;
        size_t length = strlen(slots[i].name);
        if (number > 1 || length == 0)
            (void)snprintf(slots[i].name + length, sizeof(slots[i].name) - length, "%s#%u",
                           length == 0 ? "slot " : " ", number);
    }
}

CK_RV module_slots(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    static struct slot slots[SLOTS_MAX];
    CK_ULONG count;
    (void)in;
    CK_RV rv = list_slots(module, slots, &count);
    if (rv != CKR_OK)
        return rv;
    name_apart(slots, count);
    wire_put_number(out, count);
    for (CK_ULONG i = 0; i < count; i++) {
        wire_put_text(out, slots[i].name);
        wire_put_number(out, slots[i].token);
    }
    return CKR_OK;
}

CK_RV module_choose(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    static struct slot slots[SLOTS_MAX];
    char name[sizeof(slots[0].name)];
    CK_ULONG count;
    wire_get_text(in, name, sizeof(name));
    if (!wire_finished(in))
        return CKR_ARGUMENTS_BAD;
    CK_RV rv = list_slots(module, slots, &count);
    if (rv != CKR_OK)
        return rv;
    name_apart(slots, count);
    for (CK_ULONG i = 0; i < count; i++) {
        if (strcmp(slots[i].name, name) != 0)
            continue;
        end_session(module);
        module->slot = slots[i].id;
        wire_put_number(out, slots[i].token);
        return CKR_OK;
    }
    return CKR_SLOT_ID_INVALID;
}

/* ---- the token --------------------------------------------------------------------------- */

static CK_RV put_flags(struct module *module, struct wire_writer *out)
{
    CK_TOKEN_INFO information;
    memset(&information, 0, sizeof(information));
    CK_RV rv = CALL(module, C_GetTokenInfo, module->slot, &information);
    wire_put_number(out, information.flags);
    return rv;
}

CK_RV module_flags(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    (void)in;
    return put_flags(module, out);
}

static CK_RV put_mechanisms(struct module *module, struct wire_writer *out)
{
    static CK_MECHANISM_TYPE mechanisms[MECHANISMS_MAX];
    CK_ULONG count = 0;
    CK_RV rv = CALL(module, C_GetMechanismList, module->slot, NULL, &count);
    if (rv != CKR_OK)
        return rv;
    count = MECHANISMS_MAX;
    rv = CALL(module, C_GetMechanismList, module->slot, mechanisms, &count);
    if (rv != CKR_OK || count > MECHANISMS_MAX)
        return rv != CKR_OK ? rv : CKR_BUFFER_TOO_SMALL;
    wire_put_number(out, count);
    for (CK_ULONG i = 0; i < count; i++)
        wire_put_number(out, mechanisms[i]);
    return CKR_OK;
}

static void put_token(const CK_TOKEN_INFO *information, struct wire_writer *out)
{
    wire_put_bytes(out, information->label,
                   unpadded(information->label, sizeof(information->label)));
    wire_put_bytes(out, information->model,
                   unpadded(information->model, sizeof(information->model)));
    wire_put_bytes(out, information->serialNumber,
                   unpadded(information->serialNumber, sizeof(information->serialNumber)));
    wire_put_number(out, information->flags);
    wire_put_number(out, information->ulMinPinLen);
    wire_put_number(out, information->ulMaxPinLen);
}

/* With a token that cannot be written to, the session is for reading. */
static CK_RV open_session(struct module *module)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    CK_RV rv = CALL(module, C_OpenSession, module->slot, flags, NULL, NULL, &module->session);
    if (rv == CKR_TOKEN_WRITE_PROTECTED)
        rv = CALL(module, C_OpenSession, module->slot, CKF_SERIAL_SESSION, NULL, NULL,
                  &module->session);
    module->has_session = rv == CKR_OK;
    return rv;
}

CK_RV module_open(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    CK_TOKEN_INFO information;
    (void)in;
    end_session(module); /* the only one: whoever was logged in is not any more (5.6) */
    memset(&information, 0, sizeof(information));
    CK_RV rv = CALL(module, C_GetTokenInfo, module->slot, &information);
    if (rv == CKR_OK && (information.flags & CKF_TOKEN_INITIALIZED) != 0)
        rv = open_session(module);
    if (rv != CKR_OK)
        return rv;
    put_token(&information, out);
    return put_mechanisms(module, out);
}

CK_RV module_close(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    (void)in;
    (void)out;
    end_session(module);
    return CKR_OK;
}

/* ---- PINs -------------------------------------------------------------------------------- */

/* NULL has the token ask by a keypad of its own (CKF_PROTECTED_AUTHENTICATION_PATH). */
static CK_UTF8CHAR *get_pin(struct wire_reader *in, bool there, CK_ULONG *length)
{
    size_t size;
    const uint8_t *pin = wire_get_bytes(in, &size);
    *length = there ? size : 0;
    return there ? (CK_UTF8CHAR *)pin : NULL; /* modules only read it */
}

/* The flags tell how many tries are left; they are wanted most after a refusal. */
static CK_RV with_flags(struct module *module, struct wire_writer *out, CK_RV rv)
{
    const char *function = module->function;
    (void)put_flags(module, out); /* zeros where it fails: nothing is known then */
    module->function = function;
    return rv;
}

CK_RV module_login(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    CK_ULONG length;
    CK_USER_TYPE user = wire_get_number(in);
    bool there = wire_get_number(in) != 0;
    CK_UTF8CHAR *pin = get_pin(in, there, &length);
    if (!wire_finished(in))
        return CKR_ARGUMENTS_BAD;
    CK_RV rv = CALL(module, C_Login, module->session, user, pin, length);
    if (rv == CKR_USER_ALREADY_LOGGED_IN && user != CKU_CONTEXT_SPECIFIC)
        rv = CKR_OK;
    return with_flags(module, out, rv);
}

CK_RV module_set_pin(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    CK_ULONG old_length, new_length;
    bool there = wire_get_number(in) != 0;
    CK_UTF8CHAR *old = get_pin(in, there, &old_length);
    CK_UTF8CHAR *new = get_pin(in, there, &new_length);
    if (!wire_finished(in))
        return CKR_ARGUMENTS_BAD;
    CK_RV rv = CALL(module, C_SetPIN, module->session, old, old_length, new, new_length);
    return with_flags(module, out, rv);
}

CK_RV module_init_pin(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    CK_ULONG length;
    bool there = wire_get_number(in) != 0;
    CK_UTF8CHAR *pin = get_pin(in, there, &length);
    if (!wire_finished(in))
        return CKR_ARGUMENTS_BAD;
    return with_flags(module, out, CALL(module, C_InitPIN, module->session, pin, length));
}

CK_RV module_init_token(struct module *module, struct wire_reader *in, struct wire_writer *out)
{
    CK_ULONG length;
    size_t label_length;
    CK_UTF8CHAR label[32];
    (void)out;
    bool there = wire_get_number(in) != 0;
    CK_UTF8CHAR *pin = get_pin(in, there, &length);
    const uint8_t *text = wire_get_bytes(in, &label_length);
    if (!wire_finished(in) || label_length > sizeof(label))
        return CKR_ARGUMENTS_BAD;
    memset(label, ' ', sizeof(label));
    memcpy(label, text, label_length);
    end_session(module);
    return CALL(module, C_InitToken, module->slot, pin, length, label);
}
