/* SPDX-License-Identifier: BSD-2-Clause */
#include "attest.h"
#include "setup.h"
#include "vpcd.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_GOOD       0
#define EXIT_USAGE      2
#define EXIT_STATE      3
#define EXIT_CONNECTION 4

enum option_key {
    OPTION_STATE = 256,
    OPTION_PROFILE,
    OPTION_HOST,
    OPTION_PORT,
    OPTION_LOG,
    OPTION_SERIAL,
    OPTION_LATENCY,
    OPTION_BYTE,
    OPTION_GENERATE,
    OPTION_NO_EXTENDED,
    OPTION_T0,
    OPTION_REMOVE,
    OPTION_GARBAGE,
    OPTION_KEY,
    OPTION_CERTIFICATE,
    OPTION_ATTESTATION_ROOT,
    OPTION_MANAGEMENT,
    OPTION_FIRMWARE,
    OPTION_INIT_ONLY,
    OPTION_UNKNOWN,
    OPTION_HELP,
};

static const struct option options_table[] = {
    {"state", required_argument, NULL, OPTION_STATE},
    {"profile", required_argument, NULL, OPTION_PROFILE},
    {"host", required_argument, NULL, OPTION_HOST},
    {"port", required_argument, NULL, OPTION_PORT},
    {"log", required_argument, NULL, OPTION_LOG},
    {"serial", required_argument, NULL, OPTION_SERIAL},
    {"latency-ms", required_argument, NULL, OPTION_LATENCY},
    {"byte-us", required_argument, NULL, OPTION_BYTE},
    {"generate-seconds", required_argument, NULL, OPTION_GENERATE},
    {"no-extended", no_argument, NULL, OPTION_NO_EXTENDED},
    {"t0", no_argument, NULL, OPTION_T0},
    {"remove-at-ins", required_argument, NULL, OPTION_REMOVE},
    {"garbage-at-ins", required_argument, NULL, OPTION_GARBAGE},
    {"key", required_argument, NULL, OPTION_KEY},
    {"certificate", required_argument, NULL, OPTION_CERTIFICATE},
    {"attestation-root", required_argument, NULL, OPTION_ATTESTATION_ROOT},
    {"management-algorithm", required_argument, NULL, OPTION_MANAGEMENT},
    {"firmware", required_argument, NULL, OPTION_FIRMWARE},
    {"init-only", no_argument, NULL, OPTION_INIT_ONLY},
    {"unknown-card", no_argument, NULL, OPTION_UNKNOWN},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "usage: softcard --state FILE [option ...]\n"
    "A PIV card in software, in a virtual reader of pcscd (Debian: vsmartcard-vpcd).\n"
    "\n"
    "  --state FILE           what the card remembers; made when it is missing\n"
    "  --profile NAME         of a new card: yubikey (5.7, the default) or piv (SP 800-73-4 only)\n"
    "  --serial NUMBER        of a new YubiKey; random by default\n"
    "  --management-algorithm NAME\n"
    "                         of a new card's management key: 3des (plain PIV, and YubiKeys "
    "before\n"
    "                         5.7), aes128, aes192 (a YubiKey 5.7), aes256\n"
    "  --firmware A.B.C       behave like a YubiKey with this firmware (5.7.1)\n"
    "  --host HOST            where vpcd listens (127.0.0.1)\n"
    "  --port PORT            and at which port (35963 is its first reader, 35964 the second)\n"
    "  --log FILE             append a JSON line for each command and event\n"
    "  --latency-ms N         wait so long before each response\n"
    "  --byte-us N            and so long for each byte in either direction\n"
    "  --generate-seconds N   take so much longer to generate a key\n"
    "  --no-extended          refuse extended length APDUs\n"
    "  --t0                   speak T=0: answers are fetched with GET RESPONSE\n"
    "  --remove-at-ins HEX    be pulled out when a command with this INS arrives\n"
    "  --garbage-at-ins HEX   answer commands with this INS with nonsense\n"
    "  --unknown-card         be a card of no known kind\n"
    "  --key SLOT=ALGORITHM[:PIN[:TOUCH]]\n"
    "                         make a key if the slot is empty: rsa1024, rsa2048, rsa3072, "
    "rsa4096,\n"
    "                         p256, p384, ed25519, x25519; PIN policy never, once, always; touch\n"
    "                         policy never, always, cached\n"
    "  --certificate SLOT=SUBJECT[,gzip]\n"
    "                         make a self-signed certificate if the slot has none\n"
    "  --attestation-root FILE\n"
    "                         write the root of the attestation certificates there, in PEM\n"
    "  --init-only            make or complete the state, and exit\n"
    "  --help                 print this\n"
    "\n"
    "A new card has PIN 123456, PUK 12345678 and the management key 0102030405060708, three "
    "times.\n"
    "Exit codes: 0 the connection was closed or the card pulled, 2 wrong usage, 3 state or log "
    "file,\n"
    "4 no connection to vpcd.\n";

#define LIST_MOST 32

struct settings {
    struct soft_card_options card;
    struct soft_vpcd_options vpcd;
    const char *state;
    const char *log;
    const char *profile;
    const char *serial;
    const char *attestation_root;
    const char *management;
    const char *keys[LIST_MOST];
    const char *certificates[LIST_MOST];
    size_t key_count;
    size_t certificate_count;
    bool init_only;
};

static _Noreturn void usage_fail(const char *what, const char *argument)
{
    fprintf(stderr, "softcard: %s '%s'; softcard --help shows how it is called\n", what, argument);
    exit(EXIT_USAGE);
}

static _Noreturn void message_fail(int code, char *message)
{
    fprintf(stderr, "softcard: %s\n", message);
    free(message);
    exit(code);
}

static unsigned long number_parse(const char *text, int base, unsigned long most)
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(text, &end, base);
    if (text[0] == '\0' || text[0] == '-' || *end != '\0' || errno != 0 || number > most)
        usage_fail("not a number, or too large a one:", text);
    return number;
}

static void list_add(const char **list, size_t *count, const char *argument)
{
    if (*count == LIST_MOST)
        usage_fail("too many of this option:", argument);
    list[(*count)++] = argument;
}

static void card_option(struct settings *settings, int key, const char *argument)
{
    switch (key) {
    case OPTION_GENERATE:
        settings->card.generate_seconds = (unsigned)number_parse(argument, 10, 3600);
        break;
    case OPTION_NO_EXTENDED:
        settings->card.extended = false;
        break;
    case OPTION_T0:
        settings->card.t0 = true;
        break;
    case OPTION_UNKNOWN:
        settings->card.unknown = true;
        break;
    case OPTION_KEY:
        list_add(settings->keys, &settings->key_count, argument);
        break;
    case OPTION_CERTIFICATE:
        list_add(settings->certificates, &settings->certificate_count, argument);
        break;
    default:
        fprintf(stderr, "softcard: softcard --help shows how it is called\n");
        exit(EXIT_USAGE);
    }
}

static void reader_option(struct settings *settings, int key, const char *argument)
{
    switch (key) {
    case OPTION_HOST:
        settings->vpcd.host = argument;
        break;
    case OPTION_PORT:
        number_parse(argument, 10, 65535);
        settings->vpcd.port = argument;
        break;
    case OPTION_LATENCY:
        settings->vpcd.latency_ms = (unsigned)number_parse(argument, 10, 60000);
        break;
    case OPTION_BYTE:
        settings->vpcd.byte_us = (unsigned)number_parse(argument, 10, 1000000);
        break;
    case OPTION_REMOVE:
        settings->vpcd.remove_at_ins = (int)number_parse(argument, 16, 0xFF);
        break;
    case OPTION_GARBAGE:
        settings->vpcd.garbage_at_ins = (int)number_parse(argument, 16, 0xFF);
        break;
    default:
        card_option(settings, key, argument);
        break;
    }
}

static void firmware_parse(const char *text)
{
    const char *place = text;

    for (int i = 0; i < 3; i++) {
        char *end;
        unsigned long number = strtoul(place, &end, 10);

        if (end == place || number > 255 || *end != (i < 2 ? '.' : '\0'))
            usage_fail("a firmware is written like 5.7.1, not", text);
        soft_firmware[i] = (uint8_t)number;
        place = end + 1;
    }
}

static void file_option(struct settings *settings, int key, const char *argument)
{
    switch (key) {
    case OPTION_STATE:
        settings->state = argument;
        break;
    case OPTION_PROFILE:
        settings->profile = argument;
        break;
    case OPTION_LOG:
        settings->log = argument;
        break;
    case OPTION_SERIAL:
        number_parse(argument, 10, UINT32_MAX);
        settings->serial = argument;
        break;
    case OPTION_ATTESTATION_ROOT:
        settings->attestation_root = argument;
        break;
    case OPTION_MANAGEMENT:
        settings->management = argument;
        break;
    case OPTION_FIRMWARE:
        firmware_parse(argument);
        break;
    case OPTION_INIT_ONLY:
        settings->init_only = true;
        break;
    case OPTION_HELP:
        fputs(help, stdout);
        exit(EXIT_GOOD);
    default:
        reader_option(settings, key, argument);
        break;
    }
}

static void settings_read(struct settings *settings, int argc, char **argv)
{
    int key;

    while ((key = getopt_long(argc, argv, "", options_table, NULL)) != -1)
        file_option(settings, key, optarg);
    if (optind < argc)
        usage_fail("what is", argv[optind]);
    if (settings->state == NULL) {
        fprintf(stderr,
                "softcard: --state FILE is missing; softcard --help shows how it is called\n");
        exit(EXIT_USAGE);
    }
    if (settings->profile != NULL && strcmp(settings->profile, "piv") != 0 &&
        strcmp(settings->profile, "yubikey") != 0)
        usage_fail("there are the profiles piv and yubikey, not", settings->profile);
}

static uint32_t serial_choose(const struct settings *settings)
{
    uint32_t random;

    if (settings->serial != NULL)
        return (uint32_t)number_parse(settings->serial, 10, UINT32_MAX);
    if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
        abort();
    return 10000000 + random % 20000000;
}

static void state_make(struct soft_card *card, const struct settings *settings)
{
    struct soft_state *state = &card->state;
    bool piv = settings->profile != NULL && strcmp(settings->profile, "piv") == 0;
    char *path = state->path;
    int lock = state->lock;
    char *message;

    soft_state_init(state, piv ? SOFT_PROFILE_PIV : SOFT_PROFILE_YUBIKEY, serial_choose(settings));
    state->path = path;
    state->lock = lock;
    message = soft_setup_issue(state);
    if (message != NULL)
        message_fail(EXIT_STATE, message);
    if (settings->management != NULL)
        message = soft_setup_management(state, settings->management);
    if (message != NULL)
        message_fail(EXIT_USAGE, message);
}

static void state_check(const struct soft_state *state, const struct settings *settings)
{
    const char *profile = state->profile == SOFT_PROFILE_PIV ? "piv" : "yubikey";

    if (settings->profile != NULL && strcmp(settings->profile, profile) != 0)
        usage_fail("this state is of another profile than", settings->profile);
    if (settings->serial != NULL && number_parse(settings->serial, 10, UINT32_MAX) != state->serial)
        usage_fail("this state has another serial number than", settings->serial);
}

static void card_complete(struct soft_card *card, const struct settings *settings)
{
    char *message = NULL;

    for (size_t i = 0; message == NULL && i < settings->key_count; i++)
        message = soft_setup_key(card, settings->keys[i]);
    for (size_t i = 0; message == NULL && i < settings->certificate_count; i++)
        message = soft_setup_certificate(card, settings->certificates[i]);
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
    if (found)
        state_check(&card->state, settings);
    else
        state_make(card, settings);
    card->options = settings->card;
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
                state->profile == SOFT_PROFILE_PIV ? ": a plain PIV card has none" : "");
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
    struct settings settings = {
        .card = {.extended = true},
        .vpcd = {.host = "127.0.0.1", .port = "35963", .remove_at_ins = -1, .garbage_at_ins = -1},
    };
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
