/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP: who made the card, and the reset of all of it. Sections 4.2.1, 7.2.16 and 7.2.17. */
#include "openpgp.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define INS_VERSION   0xF1 /* Yubico */
#define YUBICO        0x0006
#define WASTE_LENGTH  8
#define ATTEMPTS_MOST 300 /* 99 tries are the most that a YubiKey can be set to */

/* ---- the maker --------------------------------------------------------------------------- */

/* Who got which number from the FSFE, as GnuPG lists them. */
static const struct {
    uint16_t number;
    const char *name;
} manufacturers[] = {
    {0x0001, "PPC Card Systems"},
    {0x0002, "Prism"},
    {0x0003, "OpenFortress"},
    {0x0004, "Wewid"},
    {0x0005, "ZeitControl"},
    {YUBICO, "YubiKey"},
    {0x0007, "OpenKMS"},
    {0x0008, "LogoEmail"},
    {0x0009, "Fidesmo"},
    {0x000A, "VivoKey"},
    {0x000B, "Feitian"},
    {0x000D, "Dangerous Things"},
    {0x000E, "Excelsecu"},
    {0x000F, "Nitrokey"},
    {0x002A, "Magrathea"},
    {0x0042, "GnuPG"},
    {0x1337, "Warsaw Hackerspace"},
    {0xF517, "FSIJ (Gnuk)"},
};

static const char *manufacturer_name(uint16_t number)
{
    for (size_t i = 0; i < sizeof(manufacturers) / sizeof(manufacturers[0]); i++)
        if (manufacturers[i].number == number)
            return manufacturers[i].name;
    return NULL;
}

/* In binary-coded decimal, says Yubico's own yubikit/openpgp.py. */
static unsigned from_bcd(uint8_t byte)
{
    return (unsigned)(byte >> 4) * 10 + (byte & 0x0F);
}

static struct error *read_version(struct apdu_channel *channel, struct card_make *out)
{
    struct apdu_command command = {0x00, INS_VERSION, 0x00, 0x00, NULL, 0, 256};
    struct buffer answer = {0};
    uint16_t status;
    struct error *error = apdu_exchange(channel, &command, &answer, &status);
    out->version_known = error == NULL && status == SW_SUCCESS && answer.length == 3;
    for (size_t i = 0; out->version_known && i < 3; i++)
        out->version[i] = from_bcd(answer.bytes[i]);
    buffer_clear(&answer);
    return error;
}

struct error *openpgp_make(struct apdu_channel *channel, void *state, struct card_make *out)
{
    const struct openpgp *openpgp = state;
    uint16_t number = (uint16_t)(openpgp->aid[8] << 8 | openpgp->aid[9]);
    const char *name = manufacturer_name(number);
    if (openpgp->terminated)
        return NULL;
    if (name != NULL)
        (void)snprintf(out->name, sizeof(out->name), "%s", name);
    else
        (void)snprintf(out->name, sizeof(out->name), "manufacturer %04X", number);
    return number == YUBICO ? read_version(channel, out) : NULL;
}

/* ---- reset ------------------------------------------------------------------------------- */

/* One try with a password that nobody chose. Should it be right, others are tried. */
static struct error *waste_try(struct apdu_channel *channel, const struct openpgp *openpgp,
                               uint8_t reference, uint16_t *status)
{
    uint8_t password[WASTE_LENGTH];
    struct apdu_command command = {0x00,     OPENPGP_INS_VERIFY, 0x00, reference,
                                   password, sizeof(password),   0};
    if (RAND_bytes_ex(openpgp->libctx, password, sizeof(password), 0) != 1)
        return error_new(ERROR_INTERNAL, "libcrypto has no random numbers");
    for (size_t i = 0; i < sizeof(password); i++)
        password[i] = (uint8_t)('0' + password[i] % 10);
    struct error *error = apdu_send(channel, &command, status);
    return error;
}

/* Uses up a password's tries: a card whose admin PIN nobody knows can be terminated then. */
static struct error *block(struct apdu_channel *channel, const struct openpgp *openpgp,
                           uint8_t reference)
{
    uint16_t status = 0;
    for (int i = 0; i < ATTEMPTS_MOST; i++) {
        struct error *error = waste_try(channel, openpgp, reference, &status);
        if (error != NULL || status == SW_AUTHENTICATION_BLOCKED || status == SW_WARNING_COUNTER)
            return error;
        if (status != SW_SUCCESS && status != SW_SECURITY_STATUS &&
            (status & 0xFFF0) != SW_WARNING_COUNTER)
            break;
    }
    return apdu_refused("using up the tries of its PINs", status);
}

static struct error *send_simple(struct apdu_channel *channel, uint8_t ins, const char *what)
{
    struct apdu_command command = {0x00, ins, 0x00, 0x00, NULL, 0, 0};
    uint16_t status;
    struct error *error = apdu_send(channel, &command, &status);
    return error != NULL || status == SW_SUCCESS ? error : apdu_refused(what, status);
}

static struct error *block_both(struct apdu_channel *channel, const struct openpgp *openpgp)
{
    struct error *error = block(channel, openpgp, OPENPGP_PW1_SIGN);
    return error != NULL ? error : block(channel, openpgp, OPENPGP_PW3);
}

/* As long as nothing was changed. */
static struct error *authorise(struct apdu_channel *channel, struct openpgp *openpgp,
                               const struct app_admin *admin)
{
    if (!openpgp->life_cycle)
        return error_new(ERROR_UNSUPPORTED,
                         "this OpenPGP card cannot be reset: it says that it has no life cycle; "
                         "nothing was changed");
    return admin == NULL ? NULL : openpgp_authenticate_admin(channel, openpgp, admin);
}

/* What was known of the card is not true any more. */
static struct error *start_afresh(struct apdu_channel *channel, void *state)
{
    const struct openpgp *openpgp = state;
    bool found = false;
    struct error *error = openpgp_app.select(channel, openpgp->libctx, &state, &found);
    if (error == NULL && !found)
        error = error_new(ERROR_CARD_ANSWER, "the card was reset, and has no OpenPGP application "
                                             "any more");
    return error;
}

/* A card that was terminated before, and not activated, is activated. Without the admin PIN it has
   to have no try left for either PIN. */
struct error *openpgp_reset(struct apdu_channel *channel, void *state,
                            const struct app_admin *admin)
{
    struct openpgp *openpgp = state;
    const struct app_admin *known = admin != NULL && admin->secret != NULL ? admin : NULL;
    bool terminated = openpgp->terminated;
    struct error *error = terminated ? NULL : authorise(channel, openpgp, known);
    if (error != NULL)
        return error;
    if (!terminated && known == NULL)
        error = block_both(channel, openpgp);
    if (error == NULL && !terminated)
        error = send_simple(channel, OPENPGP_INS_TERMINATE, "its reset (TERMINATE DF)");
    if (error == NULL)
        error = send_simple(channel, OPENPGP_INS_ACTIVATE, "its reset (ACTIVATE FILE)");
    if (error == NULL)
        return start_afresh(channel, state);
    return error_wrap(error, error_code(error),
                      "the reset was not finished: by now PIN and admin PIN may be blocked; reset "
                      "the card again to finish it");
}
