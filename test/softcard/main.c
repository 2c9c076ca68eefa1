/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"
#include "setup.h"
#include "setup_openpgp.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void message_fail(int code, char *message)
{
    fprintf(stderr, "softcard: %s\n", message);
    free(message);
    exit(code);
}

static uint32_t serial_choose(const struct settings *settings)
{
    uint32_t random;

    if (settings->serial_given)
        return settings->serial;
    if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
        abort();
    return 10000000 + random % 20000000;
}

static void state_make(struct soft_card *card, const struct settings *settings)
{
    struct soft_state *state = &card->state;
    char *path = state->path;
    int lock = state->lock;
    char *message;

    soft_state_init(state, settings->profile, serial_choose(settings));
    state->path = path;
    state->lock = lock;
    message = soft_setup_issue(state);
    if (message != NULL)
        message_fail(EXIT_STATE, message);
    if (settings->management != NULL)
        message = soft_setup_management(state, settings->management);
    if (message != NULL)
        message_fail(EXIT_USAGE, message);
    soft_setup_pgp_exponent(card);
}

static void state_check(const struct soft_state *state, const struct settings *settings)
{
    if (settings->profile_given && settings->profile != state->profile)
        message_fail(EXIT_USAGE,
                     soft_setup_problem("this state is of another profile than '%s'; name that, or "
                                        "another file",
                                        soft_profile_name(settings->profile)));
    if (settings->serial_given && settings->serial != state->serial)
        message_fail(EXIT_USAGE,
                     soft_setup_problem("this state has another serial number than %u; leave the "
                                        "option out, or name another file",
                                        settings->serial));
}

static void card_complete(struct soft_card *card, const struct settings *settings)
{
    char *message = NULL;

    for (size_t i = 0; message == NULL && i < settings->key_count; i++)
        message = soft_setup_key(card, settings->keys[i]);
    for (size_t i = 0; message == NULL && i < settings->certificate_count; i++)
        message = soft_setup_certificate(card, settings->certificates[i]);
    for (size_t i = 0; message == NULL && i < settings->object_count; i++)
        message = soft_setup_pgp_object(card, settings->objects[i]);
    if (message != NULL)
        message_fail(EXIT_USAGE, message);
    if (!soft_state_save(&card->state)) {
        fprintf(stderr, "softcard: cannot write %s: %s\n", settings->state, strerror(errno));
        exit(EXIT_STATE);
    }
}

static void card_open(struct soft_card *card, const struct settings *settings)
{
    bool found = false;
    char *message = soft_state_lock(&card->state, settings->state);

    if (message == NULL)
        message = soft_state_load(&card->state, &found);
    if (message != NULL)
        message_fail(EXIT_STATE, message);
    card->options = settings->card;
    if (found)
        state_check(&card->state, settings);
    else
        state_make(card, settings);
    card_complete(card, settings);
}

static void root_write(const struct soft_state *state, const char *path)
{
    const uint8_t *place = state->attestation_root.data;
    X509 *root = d2i_X509(NULL, &place, (long)state->attestation_root.length);
    FILE *file = root == NULL ? NULL : fopen(path, "we");
    bool good = file != NULL && PEM_write_X509(file, root) == 1;

    if (file != NULL)
        good = fclose(file) == 0 && good;
    X509_free(root);
    if (!good) {
        fprintf(stderr, "softcard: cannot write the attestation root to %s%s\n", path,
                state->profile == SOFT_PROFILE_YUBIKEY ? "" : ": only a YubiKey has one");
        exit(EXIT_STATE);
    }
}

static int card_serve(struct soft_card *card, const struct settings *settings)
{
    struct soft_log log;
    int connection;
    int result;

    if (soft_log_open(&log, settings->log) != 0) {
        fprintf(stderr, "softcard: cannot write %s: %s\n", settings->log, strerror(errno));
        return EXIT_STATE;
    }
    connection = soft_vpcd_connect(&settings->vpcd);
    if (connection < 0) {
        fprintf(stderr,
                "softcard: nobody listens at %s port %s (%s); start pcscd with vpcd's driver "
                "(Debian: apt-get install pcscd vsmartcard-vpcd)\n",
                settings->vpcd.host, settings->vpcd.port,
                errno == 0 ? "no such host" : strerror(errno));
        soft_log_close(&log);
        return EXIT_CONNECTION;
    }
    result = soft_vpcd_serve(connection, &settings->vpcd, card, &log);
    if (result < 0)
        fprintf(stderr, "softcard: the connection to vpcd broke: %s\n", strerror(errno));
    soft_log_close(&log);
    return result < 0 ? EXIT_CONNECTION : EXIT_GOOD;
}

int main(int argc, char **argv)
{
    static struct soft_card card;
    struct settings settings;
    int result = EXIT_GOOD;

    card.state.lock = -1;
    settings_read(&settings, argc, argv);
    card_open(&card, &settings);
    if (settings.attestation_root != NULL)
        root_write(&card.state, settings.attestation_root);
    if (!settings.init_only)
        result = card_serve(&card, &settings);
    soft_card_free(&card);
    return result;
}
