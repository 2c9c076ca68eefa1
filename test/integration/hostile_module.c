/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PKCS #11 module that is another one (HOSTILE_REAL names it) until the file that HOSTILE_FILE
 * names says what goes wrong: a function and what it does, such as "C_Sign crash".
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST mine;

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

static void crash(void)
{
    (void)raise(SIGSEGV);
}

static void hang(void)
{
    for (;;)
        (void)pause();
}

static void end(void)
{
    exit(0);
}

static void print(void)
{
    (void)printf("%s", "what nobody wants to read\n");
    (void)fflush(stdout);
}

static void close_all(void)
{
    for (int i = 0; i < 64; i++)
        (void)close(i);
}

static void babble(void)
{
    static const char nonsense[] = "\xFF\xFF\xFF\xFF what should be a frame";
    (void)!write(3, nonsense, sizeof(nonsense));
    hang();
}

static void devour(void)
{
    for (;;) {
        char *memory = malloc(1024 * 1024);
        if (memory == NULL)
            abort();
        *(volatile char *)memory = 1; /* a page is enough: what counts is what was asked for */
    }
}

static void multiply(void)
{
    if (fork() == 0)
        hang();
}

static void multiply_and_crash(void)
{
    multiply();
    crash();
}

static const struct {
    const char *name;
    void (*act)(void);
} acts[] = {
    {"crash", crash},   {"abort", abort},
    {"exit", end},      {"hang", hang},
    {"print", print},   {"close", close_all},
    {"babble", babble}, {"devour", devour},
    {"fork", multiply}, {"fork-crash", multiply_and_crash},
};

/* Whether `function` is to do `what`, or anything (which is then put there). */
static int is_named(const char *function, char what[32])
{
    char name[64];
    const char *path = getenv("HOSTILE_FILE");
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    int named =
        file != NULL && fscanf(file, "%63s %31s", name, what) == 2 && strcmp(name, function) == 0;

    if (file != NULL)
        (void)fclose(file);
    return named;
}

static void misbehave(const char *function)
{
    char what[32];

    if (!is_named(function, what))
        return;
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        if (strcmp(acts[i].name, what) == 0)
            acts[i].act();
}

static int says(const char *function, const char *wanted)
{
    char what[32];

    return is_named(function, what) && strcmp(what, wanted) == 0;
}

static CK_RV initialize(void *arguments)
{
    misbehave("C_Initialize");
    return real->C_Initialize(arguments);
}

static CK_RV finalize(void *reserved)
{
    misbehave("C_Finalize");
    return real->C_Finalize(reserved);
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *count)
{
    CK_RV rv = real->C_GetSlotList(present, list, count);

    misbehave("C_GetSlotList");
    if (says("C_GetSlotList", "lengths"))
        *count = 0x7FFFFFFF;
    return rv;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *information)
{
    CK_RV rv = real->C_GetTokenInfo(slot, information);

    misbehave("C_GetTokenInfo");
    if (says("C_GetTokenInfo", "last-try"))
        information->flags |= CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY;
    if (says("C_GetTokenInfo", "locked"))
        information->flags |= CKF_USER_PIN_LOCKED;
    if (says("C_GetTokenInfo", "keypad"))
        information->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    if (says("C_GetTokenInfo", "lengths")) {
        memset(information->label, 0xFF, sizeof(information->label));
        memset(information->serialNumber, '\n', sizeof(information->serialNumber));
    }
    return rv;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG length)
{
    static CK_UTF8CHAR typed[] = "123456"; /* what somebody types at the keypad */

    if (pin == NULL)
        return real->C_Login(session, user, typed, sizeof(typed) - 1);
    misbehave("C_Login");
    return real->C_Login(session, user, pin, length);
}

static CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                 CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    CK_RV rv = real->C_GetAttributeValue(session, object, attributes, count);

    misbehave("C_GetAttributeValue");
    if (says("C_GetAttributeValue", "lengths"))
        attributes[0].ulValueLen = attributes[0].pValue == NULL ? 60000 : 0x7FFFFFFFFFFF;
    return rv;
}

static CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG room,
                          CK_ULONG *count)
{
    CK_RV rv = real->C_FindObjects(session, objects, room, count);

    misbehave("C_FindObjects");
    if (says("C_FindObjects", "lengths"))
        *count = 0x7FFFFFFF;
    return rv;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_length,
                  CK_BYTE *signature, CK_ULONG *length)
{
    misbehave("C_Sign");
    CK_RV rv = real->C_Sign(session, data, data_length, signature, length);
    if (says("C_Sign", "lengths"))
        *length = 0x7FFFFFFF;
    if (says("C_Sign", "short"))
        *length = 1;
    if (says("C_Sign", "wrong"))
        signature[10] ^= 1;
    if (says("C_Sign", "refuse"))
        return CKR_DEVICE_ERROR;
    if (says("C_Sign", "unknown"))
        return CKR_VENDOR_DEFINED | 0x1234;
    return rv;
}

/* A token without the curve that is asked for. */
static CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                               CK_ATTRIBUTE *public_template, CK_ULONG public_count,
                               CK_ATTRIBUTE *private_template, CK_ULONG private_count,
                               CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
    misbehave("C_GenerateKeyPair");
    if (says("C_GenerateKeyPair", "no-curve"))
        return CKR_DOMAIN_PARAMS_INVALID;
    return real->C_GenerateKeyPair(session, mechanism, public_template, public_count,
                                   private_template, private_count, public_key, private_key);
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    CK_C_GetFunctionList get = NULL;
    const char *path = getenv("HOSTILE_REAL");
    void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (library != NULL)
        *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&real) != CKR_OK)
        return CKR_GENERAL_ERROR;
    misbehave("C_GetFunctionList");
    mine = *real;
    mine.C_GetFunctionList = C_GetFunctionList;
    mine.C_Initialize = initialize;
    mine.C_Finalize = finalize;
    mine.C_GetSlotList = get_slot_list;
    mine.C_GetTokenInfo = get_token_info;
    mine.C_Login = login;
    mine.C_GetAttributeValue = get_attribute_value;
    mine.C_FindObjects = find_objects;
    mine.C_Sign = sign;
    mine.C_GenerateKeyPair = generate_key_pair;
    *list = &mine;
    return CKR_OK;
}
