/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads by an engine what `openssl` does not, and in ways that it does not:
 *
 *   engine_load ENGINE certificate NAME     prints the certificate (LOAD_CERT_CTRL)
 *   engine_load ENGINE ui NAME PIN          signs, with the PIN from a UI_METHOD of its own
 *   engine_load ENGINE freed NAME           signs with a key whose engine is gone, and then by the
 *                                           engine `pkcs11`, which came with that one
 *   engine_load ENGINE default NAME         signs, as nginx does: the engine is made the default
 * for all that it does, and initialised by that alone
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ui.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool print_certificate(ENGINE *engine, const char *name)
{
    struct {
        const char *name;
        X509 *certificate;
    } request = {name, NULL};
    bool good = ENGINE_ctrl_cmd(engine, "LOAD_CERT_CTRL", 0, &request, NULL, 0) &&
                PEM_write_X509(stdout, request.certificate);

    X509_free(request.certificate);
    return good;
}

static bool sign(EVP_PKEY *key)
{
    static const unsigned char text[] = "text";
    unsigned char signature[1024];
    size_t length = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(context, signature, &length, text, sizeof(text)) == 1;

    EVP_MD_CTX_free(context);
    return good;
}

static bool load_and_sign(ENGINE *engine, const char *name, UI_METHOD *method, void *data)
{
    EVP_PKEY *key = ENGINE_load_private_key(engine, name, method, data);
    bool good = key != NULL && sign(key);

    EVP_PKEY_free(key);
    return good;
}

/* The PIN is what the program gave along: both the method and the data have to arrive. */
static int answer(UI *ui, UI_STRING *string)
{
    fprintf(stderr, "asked: %s\n", UI_get0_output_string(string));
    return UI_set_result(ui, string, UI_get0_user_data(ui)) == 0;
}

static bool sign_with_ui(ENGINE *engine, const char *name, char *pin)
{
    UI_METHOD *method = UI_create_method("engine_load");
    bool good;

    UI_method_set_reader(method, answer);
    good = load_and_sign(engine, name, method, pin);
    UI_destroy_method(method);
    return good;
}

static bool sign_freed(ENGINE *engine, const char *name)
{
    EVP_PKEY *key = ENGINE_load_private_key(engine, name, NULL, NULL);
    ENGINE *other;
    bool good;

    ENGINE_finish(engine);
    ENGINE_remove(engine); /* from libcrypto's list: the last reference */
    good = key != NULL && sign(key);
    EVP_PKEY_free(key);
    other = ENGINE_by_id("pkcs11");
    good = good && ENGINE_init(other) && load_and_sign(other, name, NULL, NULL);
    ENGINE_finish(other);
    ENGINE_free(other);
    return good;
}

int main(int argc, char **argv)
{
    ENGINE *engine = argc < 4 ? NULL : ENGINE_by_id(argv[1]);
    bool as_default = argc >= 4 && strcmp(argv[2], "default") == 0;
    bool good = false;

    if (engine != NULL &&
        (as_default ? ENGINE_set_default(engine, ENGINE_METHOD_ALL) : ENGINE_init(engine))) {
        ENGINE_free(engine); /* there are libcrypto's references still */
        if (strcmp(argv[2], "certificate") == 0)
            good = print_certificate(engine, argv[3]);
        else if (strcmp(argv[2], "ui") == 0 && argc == 5)
            good = sign_with_ui(engine, argv[3], argv[4]);
        else if (strcmp(argv[2], "freed") == 0)
            good = sign_freed(engine, argv[3]);
        else if (as_default)
            good = load_and_sign(engine, argv[3], NULL, NULL);
        if (!as_default && strcmp(argv[2], "freed") != 0)
            ENGINE_finish(engine);
    }
    ERR_print_errors_fp(stderr);
    return good ? 0 : 1;
}
