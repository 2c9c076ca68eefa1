/* SPDX-License-Identifier: BSD-2-Clause */
/* The module, and what each request has it do. */
#ifndef CARD_PKCS11_HELPER_MODULE_H
#define CARD_PKCS11_HELPER_MODULE_H

#include "../pkcs11_wire.h"

#include <p11-kit/pkcs11.h>

struct module {
    const char *path;
    CK_FUNCTION_LIST *functions; /* NULL until it is loaded */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
    bool has_session;
    const char *function; /* the one that was called last, for messages */
    char reason[512];     /* why the module could not be loaded */
};

/* Calls a function of the module's and keeps its name. */
#define CALL(module, name, ...) ((module)->function = #name, (module)->functions->name(__VA_ARGS__))

/*
 * Does what a request says: arguments from `in`, results to `out`. Returns what the module returned
 * last, CKR_ARGUMENTS_BAD for a request that makes no sense, or CKR_HOST_MEMORY.
 */
typedef CK_RV module_call(struct module *module, struct wire_reader *in, struct wire_writer *out);

/* module_token.c */
module_call module_load, module_slots, module_choose, module_open, module_close, module_flags,
    module_login, module_set_pin, module_init_pin, module_init_token;

/* module_objects.c */
module_call module_find, module_create, module_destroy, module_generate;

/* module_use.c */
module_call module_begin, module_use, module_derive;

/* Ends the session and the module's work. */
void module_finish(struct module *module);

/* Attributes in a request, whose values stay in it. */
#define MODULE_ATTRIBUTES_MAX 32

struct module_template {
    CK_ATTRIBUTE items[MODULE_ATTRIBUTES_MAX];
    CK_ULONG count;
};

/* False where there are too many, or they are cut short. */
bool module_get_template(struct wire_reader *in, struct module_template *out);

#endif
