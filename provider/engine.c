/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine `card`, for programs that load keys through OpenSSL's older interface (engine(3)). It
 * holds no cryptography: it sees to it that the provider `card` is loaded, loads the key by the
 * provider's store, and hands out the EVP_PKEY that it gets. What has the key from then on cannot
 * tell which way it came.
 *
 * This is a module of its own, and shares nothing with the provider's but the reading of names.
 */

/* All of the ENGINE interface is deprecated since OpenSSL 3.0; this file exists to serve it. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "card/pkcs11_uri.h"

#include <openssl/crypto.h>
#include <openssl/dsa.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENGINE_ID   "card"
#define ENGINE_NAME "Keys on smart cards, by the provider \"card\""
#define PROVIDER    "card"

/* mod_ssl takes what is before a key name's first colon for the engine to ask: see below. */
#define PKCS11_ID   "pkcs11"
#define PKCS11_NAME "pkcs11: names of keys on smart cards, by the provider \"card\""

/* ---- errors -------------------------------------------------------------------------------- */

enum reason {
    REASON_NAME = 1,
    REASON_NO_PROVIDER,
    REASON_NOTHING,
    REASON_SEVERAL,
};

static ERR_STRING_DATA library_name[] = {{0, "card engine"}, {0, NULL}};
static ERR_STRING_DATA error_strings[] = {
    {ERR_PACK(0, 0, REASON_NAME), "invalid key name"},
    {ERR_PACK(0, 0, REASON_NO_PROVIDER), "no card provider"},
    {ERR_PACK(0, 0, REASON_NOTHING), "nothing of that name"},
    {ERR_PACK(0, 0, REASON_SEVERAL), "several objects fit"},
    {0, NULL},
};

static int error_library;

static void load_error_strings(void)
{
    error_library = ERR_get_next_error_library();
    ERR_load_strings(error_library, error_strings);
    library_name[0].error = ERR_PACK(error_library, 0, 0);
    ERR_load_strings(error_library, library_name);
}

#define RAISE(...) ERR_raise_data(error_library, __VA_ARGS__)

/* ---- the provider -------------------------------------------------------------------------- */

/* Where libcrypto looks for providers. */
static const char *modules_directory(void)
{
    const char *named = secure_getenv("OPENSSL_MODULES");

    return named != NULL ? named : OPENSSL_info(OPENSSL_INFO_MODULES_DIR);
}

/*
 * The provider, where it was loaded here. It is never unloaded: keys outlive the engine that they
 * were loaded by.
 */
static OSSL_PROVIDER *provider;
static CRYPTO_RWLOCK *provider_lock;

/*
 * Loads the provider. The others stay as they are: without the fallback there would be no default
 * provider in a process that never named one.
 */
static bool load_provider(void)
{
    ERR_set_mark();
    provider = OSSL_PROVIDER_try_load(NULL, PROVIDER, 1);
    ERR_pop_to_mark();
    if (provider != NULL)
        return true;
    RAISE(REASON_NO_PROVIDER,
          "the OpenSSL provider \"" PROVIDER "\" does not load from %s: install " PROVIDER
          ".so there, or name the directory that has it in the environment variable "
          "OPENSSL_MODULES",
          modules_directory());
    provider = OSSL_PROVIDER_try_load(NULL, PROVIDER, 1); /* libcrypto's reasons, after ours */
    return provider != NULL;
}

/* Whether the provider is there, by the program, by its configuration, or by now. */
static bool is_provider_there(void)
{
    bool there;

    if (!CRYPTO_THREAD_write_lock(provider_lock))
        return false;
    there = OSSL_PROVIDER_available(NULL, PROVIDER) || load_provider();
    CRYPTO_THREAD_unlock(provider_lock);
    return there;
}

/* ---- names --------------------------------------------------------------------------------- */

/* An error of the card layer becomes one entry of the queue. */
static void raise_name(struct error *error)
{
    char *description = error_describe(error);

    RAISE(REASON_NAME, "%s", description != NULL ? description : error_message(error));
    free(description);
    error_free(error);
}

/* The card: URI that `name` means, for pkcs11_uri_free(); NULL, and an error in the queue. */
static char *uri_of_name(const char *name)
{
    char *uri = NULL;
    struct error *error = NULL;

    if (name != NULL && pkcs11_uri_is_one(name)) {
        error = pkcs11_uri_translate(name, &uri);
    } else if (name != NULL && strncasecmp(name, "card:", 5) == 0) {
        uri = strdup(name);
        error = uri == NULL ? error_no_memory() : NULL;
    } else {
        error = error_new(ERROR_URI, "the name of a key has to begin with card: or pkcs11:, as in "
                                     "card:slot=9a");
    }
    if (error != NULL)
        raise_name(error);
    return uri;
}

/* ---- loading ------------------------------------------------------------------------------- */

/*
 * The next object of that kind, which is all that the store was told to expect; NULL at the end,
 * or with an error in the queue.
 */
static OSSL_STORE_INFO *next_object(OSSL_STORE_CTX *store, int kind)
{
    while (!OSSL_STORE_eof(store)) {
        OSSL_STORE_INFO *object = OSSL_STORE_load(store);

        if (object == NULL || OSSL_STORE_INFO_get_type(object) == kind)
            return object;
        OSSL_STORE_INFO_free(object);
    }
    return NULL;
}

static OSSL_STORE_INFO *only_object(OSSL_STORE_CTX *store, int kind)
{
    OSSL_STORE_INFO *object = next_object(store, kind);
    OSSL_STORE_INFO *another;

    if (object == NULL) {
        if (!OSSL_STORE_error(store))
            RAISE(REASON_NOTHING, "the card holds nothing of that kind by that name");
        return NULL;
    }
    another = next_object(store, kind);
    if (another == NULL && !OSSL_STORE_error(store))
        return object;
    if (another != NULL)
        RAISE(REASON_SEVERAL, "several objects fit the name, say which slot, as in card:slot=9a");
    OSSL_STORE_INFO_free(another);
    OSSL_STORE_INFO_free(object);
    return NULL;
}

/*
 * The one object of that kind (OSSL_STORE_INFO_...) that `name` stands for. The store asks for a
 * PIN the way that the program gave; where it gave none, the way that OpenSSL asks for the
 * passphrase of a key file.
 */
static OSSL_STORE_INFO *load(const char *name, int kind, UI_METHOD *ui, void *ui_data)
{
    const UI_METHOD *method = ui != NULL ? ui : UI_get_default_method();
    OSSL_STORE_INFO *object = NULL;
    OSSL_STORE_CTX *store;
    char *uri = uri_of_name(name);

    if (uri == NULL || !is_provider_there()) {
        pkcs11_uri_free(uri);
        return NULL;
    }
    store = OSSL_STORE_open(uri, method, ui_data, NULL, NULL);
    if (store != NULL && OSSL_STORE_expect(store, kind))
        object = only_object(store, kind);
    OSSL_STORE_close(store);
    pkcs11_uri_free(uri);
    return object;
}

static EVP_PKEY *load_private_key(ENGINE *engine, const char *name, UI_METHOD *ui, void *ui_data)
{
    OSSL_STORE_INFO *object = load(name, OSSL_STORE_INFO_PKEY, ui, ui_data);
    EVP_PKEY *key = object == NULL ? NULL : OSSL_STORE_INFO_get1_PKEY(object);

    (void)engine;
    OSSL_STORE_INFO_free(object);
    return key;
}

static EVP_PKEY *load_public_key(ENGINE *engine, const char *name, UI_METHOD *ui, void *ui_data)
{
    OSSL_STORE_INFO *object = load(name, OSSL_STORE_INFO_PUBKEY, ui, ui_data);
    EVP_PKEY *key = object == NULL ? NULL : OSSL_STORE_INFO_get1_PUBKEY(object);

    (void)engine;
    OSSL_STORE_INFO_free(object);
    return key;
}

/* ---- commands ------------------------------------------------------------------------------ */

enum command {
    COMMAND_LOAD_CERT_CTRL = ENGINE_CMD_BASE,
    COMMAND_VERBOSE,
};

static const ENGINE_CMD_DEFN commands[] = {
    {COMMAND_LOAD_CERT_CTRL, "LOAD_CERT_CTRL", "Get the certificate of that name",
     ENGINE_CMD_FLAG_INTERNAL},
    /* mod_ssl sends this when it logs at the level debug. What we trace, CARD_TRACE traces. */
    {COMMAND_VERBOSE, "VERBOSE", "Taken, and without effect", ENGINE_CMD_FLAG_NO_INPUT},
    {0, NULL, NULL, 0},
};

/* LOAD_CERT_CTRL's argument, as libp11's engine has it, and the programs that know that one. */
struct certificate_request {
    const char *name;
    X509 *certificate; /* out: the caller's */
};

static int load_certificate(struct certificate_request *request)
{
    OSSL_STORE_INFO *object;

    if (request == NULL || request->certificate != NULL) {
        ERR_raise(error_library, ERR_R_PASSED_INVALID_ARGUMENT);
        return 0;
    }
    object = load(request->name, OSSL_STORE_INFO_CERT, NULL, NULL);
    if (object != NULL)
        request->certificate = OSSL_STORE_INFO_get1_CERT(object);
    OSSL_STORE_INFO_free(object);
    return request->certificate != NULL;
}

static int control(ENGINE *engine, int command, long number, void *pointer, void (*function)(void))
{
    (void)engine;
    (void)number;
    (void)function;
    switch (command) {
    case COMMAND_LOAD_CERT_CTRL:
        return load_certificate(pointer);
    case COMMAND_VERBOSE:
        return 1;
    default:
        ERR_raise(ERR_LIB_ENGINE, ENGINE_R_CTRL_COMMAND_NOT_IMPLEMENTED);
        return 0;
    }
}

/* ---- coming -------------------------------------------------------------------------------- */

/*
 * nginx and mod_ssl make an engine the default for all that it does, and count on it to be
 * initialised by that; libcrypto does so for an engine that has a method to be the default for.
 * OpenSSL's own for DSA changes nothing for anybody. ENGINE_register_all_complete() passes by.
 */
static bool describe(ENGINE *engine, const char *id, const char *name)
{
    return ENGINE_set_id(engine, id) && ENGINE_set_name(engine, name) &&
           ENGINE_set_flags(engine, ENGINE_FLAGS_NO_REGISTER_ALL) &&
           ENGINE_set_DSA(engine, DSA_OpenSSL()) &&
           ENGINE_set_load_privkey_function(engine, load_private_key) &&
           ENGINE_set_load_pubkey_function(engine, load_public_key) &&
           ENGINE_set_cmd_defns(engine, commands) && ENGINE_set_ctrl_function(engine, control);
}

/*
 * Makes the engine known as `pkcs11` too, unless one of that name is loaded already. mod_ssl sends
 * no key name elsewhere than to the engine that its scheme names, and knows no scheme but pkcs11:,
 * whatever SSLCryptoDevice says. The list of engines outlives the one that brought us: this module
 * is therefore linked never to be unloaded.
 */
static void add_pkcs11(void)
{
    ENGINE *engine = ENGINE_new();

    ERR_set_mark();
    if (engine != NULL && describe(engine, PKCS11_ID, PKCS11_NAME))
        ENGINE_add(engine);
    ERR_pop_to_mark();
    ENGINE_free(engine);
}

static void prepare_once(void)
{
    load_error_strings();
    provider_lock = CRYPTO_THREAD_lock_new();
}

/* `id`: the name that was asked for; NULL where the file was. */
static int bind(ENGINE *engine, const char *id)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;

    if (!CRYPTO_THREAD_run_once(&once, prepare_once) || provider_lock == NULL)
        return 0;
    if (id != NULL && strcmp(id, PKCS11_ID) == 0) /* a link of that name, pkcs11.so */
        return describe(engine, PKCS11_ID, PKCS11_NAME);
    if (id != NULL && strcmp(id, ENGINE_ID) != 0)
        return 0;
    add_pkcs11();
    return describe(engine, ENGINE_ID, ENGINE_NAME);
}

/* The entry points, which nothing else of this module stands beside. */
#define EXPORTED __attribute__((visibility("default")))

EXPORTED unsigned long v_check(unsigned long version);
EXPORTED int bind_engine(ENGINE *engine, const char *id, const dynamic_fns *functions);

IMPLEMENT_DYNAMIC_CHECK_FN()
IMPLEMENT_DYNAMIC_BIND_FN(bind)
