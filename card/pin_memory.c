/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin_memory.h"

#include "lock.h"
#include "pin_store.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#define DIGEST_SIZE 32

/* More than a process can see refused before every card in its readers is blocked; after that the
   oldest is forgotten. */
#define MEMORY_SIZE 64

static struct {
    struct lock lock;
    bool keyed;
    uint8_t key[DIGEST_SIZE];
    uint8_t digests[MEMORY_SIZE][DIGEST_SIZE];
    size_t count; /* of all that were added */
    const struct pin_store *store;
} memory = {.lock = LOCK_INITIALIZER};

static struct error *crypto_error(void)
{
    return error_new(ERROR_INTERNAL, "libcrypto cannot compute HMAC-SHA-256: is its default "
                                     "provider active?");
}

static bool mac_all(EVP_MAC_CTX *context, const char *app, const char *identity, struct secret *pin,
                    uint8_t *out)
{
    size_t length;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    /* The NULs part what is in between. */
    return EVP_MAC_init(context, memory.key, sizeof(memory.key), params) &&
           EVP_MAC_update(context, (const uint8_t *)app, strlen(app) + 1) &&
           EVP_MAC_update(context, (const uint8_t *)identity, strlen(identity) + 1) &&
           EVP_MAC_update(context, secret_bytes(pin), secret_length(pin)) &&
           EVP_MAC_final(context, out, &length, DIGEST_SIZE) && length == DIGEST_SIZE;
}

/* With the lock held. */
static struct error *digest(OSSL_LIB_CTX *libctx, const char *app, const char *identity,
                            struct secret *pin, uint8_t *out)
{
    if (!memory.keyed && RAND_bytes_ex(libctx, memory.key, sizeof(memory.key), 0) != 1)
        return crypto_error();
    memory.keyed = true;
    (void)ERR_set_mark();
    EVP_MAC *mac = EVP_MAC_fetch(libctx, "HMAC", NULL);
    EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    bool good = context != NULL && mac_all(context, app, identity, pin, out);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    (void)ERR_pop_to_mark();
    return good ? NULL : crypto_error();
}

void pin_store_use(const struct pin_store *store)
{
    lock_acquire(&memory.lock);
    memory.store = store;
    if (store != NULL) { /* digests under another key fit nothing any more */
        memcpy(memory.key, store->key, sizeof(memory.key));
        memory.keyed = true;
    }
    lock_release(&memory.lock);
}

bool pin_memory_used(void)
{
    lock_acquire(&memory.lock);
    bool used = memory.count > 0 || memory.store != NULL;
    lock_release(&memory.lock);
    return used;
}

/* With the lock held. */
static struct error *add(const struct pin_refusal *refusal, bool certain)
{
    memcpy(memory.digests[memory.count++ % MEMORY_SIZE], refusal->digest, DIGEST_SIZE);
    return !certain || memory.store == NULL ? NULL
                                            : memory.store->add(memory.store->argument, refusal);
}

struct error *pin_memory_add(OSSL_LIB_CTX *libctx, const char *app, const char *identity,
                             struct secret *pin, bool certain)
{
    uint8_t refused[DIGEST_SIZE];
    const struct pin_refusal refusal = {app, identity, refused};
    lock_acquire(&memory.lock);
    struct error *error = digest(libctx, app, identity, pin, refused);
    if (error == NULL)
        error = add(&refusal, certain);
    lock_release(&memory.lock);
    return error;
}

/* With the lock held. */
static struct error *look(const struct pin_refusal *refusal, enum pin_answer *answer)
{
    bool refused = false;
    for (size_t i = 0; i < memory.count && i < MEMORY_SIZE; i++)
        if (CRYPTO_memcmp(memory.digests[i], refusal->digest, DIGEST_SIZE) == 0)
            *answer = PIN_REFUSED_HERE;
    if (*answer == PIN_REFUSED_HERE || memory.store == NULL)
        return NULL;
    struct error *error = memory.store->look(memory.store->argument, refusal, &refused);
    if (error == NULL && refused)
        *answer = PIN_REFUSED_EARLIER;
    return error;
}

struct error *pin_memory_look(OSSL_LIB_CTX *libctx, const char *app, const char *identity,
                              struct secret *pin, enum pin_answer *answer)
{
    uint8_t wanted[DIGEST_SIZE];
    const struct pin_refusal refusal = {app, identity, wanted};
    *answer = PIN_NOT_REFUSED;
    lock_acquire(&memory.lock);
    struct error *error = digest(libctx, app, identity, pin, wanted);
    if (error == NULL)
        error = look(&refusal, answer);
    lock_release(&memory.lock);
    return error;
}

/* With the lock held. */
static struct error *forget(const char *app, const char *identity)
{
    const struct pin_refusal refusal = {app, identity, NULL};
    return memory.store == NULL ? NULL : memory.store->forget(memory.store->argument, &refusal);
}

struct error *pin_memory_accept(const char *app, const char *identity)
{
    lock_acquire(&memory.lock);
    struct error *error = forget(app, identity);
    lock_release(&memory.lock);
    return error;
}

void pin_memory_drop(OSSL_LIB_CTX *libctx, const char *app, const char *identity,
                     struct secret *pin)
{
    uint8_t wanted[DIGEST_SIZE] = {0};
    lock_acquire(&memory.lock);
    struct error *error = memory.count == 0 ? NULL : digest(libctx, app, identity, pin, wanted);
    for (size_t i = 0; error == NULL && i < memory.count && i < MEMORY_SIZE; i++)
        if (CRYPTO_memcmp(memory.digests[i], wanted, DIGEST_SIZE) == 0)
            OPENSSL_cleanse(memory.digests[i], DIGEST_SIZE);
    if (error == NULL)
        error = forget(app, identity);
    lock_release(&memory.lock);
    error_free(error); /* then it stays refused, until this process ends */
}
