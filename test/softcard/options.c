/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include "attest.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    OPTION_UNKNOWN_AID,
    OPTION_ANSWER_MOST,
    OPTION_NO_KDF,
    OPTION_P521,
    OPTION_EXPONENT,
    OPTION_OBJECT_MOST,
    OPTION_OBJECT,
    OPTION_CERTUM,
    OPTION_UNINITIALISED,
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
    {"unknown-aid-6d00", no_argument, NULL, OPTION_UNKNOWN_AID},
    {"answer-limit", required_argument, NULL, OPTION_ANSWER_MOST},
    {"no-kdf", no_argument, NULL, OPTION_NO_KDF},
    {"p521", no_argument, NULL, OPTION_P521},
    {"exponent-bits", required_argument, NULL, OPTION_EXPONENT},
    {"object-limit", required_argument, NULL, OPTION_OBJECT_MOST},
    {"openpgp-object", required_argument, NULL, OPTION_OBJECT},
    {"certum", required_argument, NULL, OPTION_CERTUM},
    {"uninitialised", no_argument, NULL, OPTION_UNINITIALISED},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "usage: softcard --state FILE [option ...]\n"
    "A PIV, OpenPGP or Certum card in software, in a virtual reader of pcscd (Debian: "
    "vsmartcard-vpcd).\n"
    "\n"
    "  --state FILE           what the card remembers; made when it is missing\n"
    "  --profile NAME         of a new card: yubikey (5.7, PIV and OpenPGP; the default), piv\n"
    "                         (SP 800-73-4 only), openpgp (OpenPGP card 3.4 only) or certum\n"
    "                         (cryptoCertum 3.6)\n"
    "  --serial NUMBER        of a new card; random by default\n"
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
    "  --unknown-aid-6d00     answer 6D00, not 6A82, to SELECT of an unknown application\n"
    "  --object-limit BYTES   hold no larger certificate (OpenPGP) or data object (PIV)\n"
    "  --answer-limit BYTES   answer with no more at once, whatever was asked for\n"
    "  --no-kdf               have no KDF-DO in OpenPGP, as older cards\n"
    "  --p521                 have P-521 in PIV, too, and list it if profile is piv\n"
    "  --exponent-bits N      17 or 32: what RSA attributes must say (OpenPGP); a YubiKey's 17\n"
    "  --key SLOT=ALGORITHM[:PIN[:TOUCH]]\n"
    "                         make a key if the slot is empty: rsa1024, rsa2048, rsa3072, "
    "rsa4096,\n"
    "                         p256, p384, ed25519, x25519; PIN policy never, once, always; touch\n"
    "                         policy never, always, cached\n"
    "  --key sig|dec|aut=ALGORITHM\n"
    "                         make an OpenPGP key if there is none: rsa2048, rsa3072, rsa4096, "
    "p256,\n"
    "                         p384, p521, secp256k1, brainpool256, brainpool384, brainpool512,\n"
    "                         ed25519 (sig, aut), x25519 (dec)\n"
    "  --key rsaN|ecN=ALGORITHM\n"
    "                         make a Certum key, N from 1 to 15, if there is none: rsa1024, "
    "rsa2048,\n"
    "                         rsa3072, rsa4096; p256, p384, p521\n"
    "  --certificate SLOT=SUBJECT[,gzip]\n"
    "                         make a self-signed certificate if the slot has none\n"
    "  --openpgp-object TAG=HEX\n"
    "                         set an OpenPGP data object, unchecked; empty takes it away\n"
    "  --certum KIND          common (3.6 with that profile), secure (only the other one), 3.5\n"
    "  --uninitialised        a new Certum card has no PIN and no PUK\n"
    "  --attestation-root FILE\n"
    "                         write the root of the attestation certificates there, in PEM\n"
    "  --init-only            make or complete the state, and exit\n"
    "  --help                 print this\n"
    "\n"
    "A new card has PIN 123456, PUK 12345678 and the management key 0102030405060708, three "
    "times;\n"
    "OpenPGP's PINs are 123456 and 12345678 (administrator).\n"
    "Exit codes: 0 the connection was closed or the card pulled, 2 wrong usage, 3 state or log "
    "file,\n"
    "4 no connection to vpcd.\n";

static _Noreturn void usage_fail(const char *what, const char *argument)
{
    fprintf(stderr, "softcard: %s '%s'; softcard --help shows how it is called\n", what, argument);
    exit(EXIT_USAGE);
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

static void certum_option(struct settings *settings, const char *argument)
{
    if (strcmp(argument, "common") == 0)
        settings->card.certum_make = SOFT_CERTUM_COMMON;
    else if (strcmp(argument, "secure") == 0)
        settings->card.certum_make = SOFT_CERTUM_SECURE;
    else if (strcmp(argument, "3.5") == 0)
        settings->card.certum_make = SOFT_CERTUM_35;
    else
        usage_fail("a Certum card is common, secure or 3.5, not", argument);
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
    case OPTION_UNKNOWN_AID:
        settings->card.unknown_aid_6d00 = true;
        break;
    case OPTION_OBJECT_MOST:
        settings->card.object_most = number_parse(argument, 10, 3052);
        break;
    case OPTION_ANSWER_MOST:
        settings->card.answer_most = number_parse(argument, 10, 65535);
        break;
    case OPTION_NO_KDF:
        settings->card.no_kdf = true;
        break;
    case OPTION_P521:
        settings->card.p521 = true;
        break;
    case OPTION_EXPONENT:
        settings->card.exponent_bits = (uint8_t)number_parse(argument, 10, 32);
        if (settings->card.exponent_bits != 17 && settings->card.exponent_bits != 32)
            usage_fail("exponents have 17 or 32 bits, not", argument);
        break;
    case OPTION_CERTUM:
        certum_option(settings, argument);
        break;
    case OPTION_UNINITIALISED:
        settings->uninitialised = true;
        break;
    case OPTION_OBJECT:
        list_add(settings->objects, &settings->object_count, argument);
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
        settings->profile_given = true;
        if (!soft_profile_find(argument, &settings->profile))
            usage_fail("there are the profiles yubikey, piv, openpgp and certum, not", argument);
        break;
    case OPTION_LOG:
        settings->log = argument;
        break;
    case OPTION_SERIAL:
        settings->serial = (uint32_t)number_parse(argument, 10, UINT32_MAX);
        settings->serial_given = true;
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

void settings_read(struct settings *settings, int argc, char **argv)
{
    int key;

    *settings = (struct settings){
        .profile = SOFT_PROFILE_YUBIKEY,
        .card = {.extended = true},
        .vpcd = {.host = "127.0.0.1", .port = "35963", .remove_at_ins = -1, .garbage_at_ins = -1},
    };
    while ((key = getopt_long(argc, argv, "", options_table, NULL)) != -1)
        file_option(settings, key, optarg);
    if (optind < argc)
        usage_fail("what is", argv[optind]);
    if (settings->state == NULL) {
        fprintf(stderr,
                "softcard: --state FILE is missing; softcard --help shows how it is called\n");
        exit(EXIT_USAGE);
    }
}
