/* SPDX-License-Identifier: BSD-2-Clause */
#include "pkcs11_uri.h"

#include "buffer.h"
#include "uri.h"
#include "uri_text.h"

#include <openssl/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCHEME "pkcs11:"

struct translation {
    struct card_uri uri;      /* without the pin-value */
    const char *slot_from;    /* the attribute that named the slot */
    const char *pin_value;    /* as it stands in the text, still encoded; NULL: none */
    size_t pin_value_length;  /* in characters */
    unsigned long attributes; /* that were there, a bit for each of the table */
};

/* ---- PIV slots ----------------------------------------------------------------------------- */

/*
 * The slots with the name of their purpose in OpenSC's labels of keys, and in both modules'
 * labels of the rest. The number behind a slot in both modules is its place here, from 1 on; the
 * retired ones, 82 to 95, come after these.
 */
static const struct {
    const char *slot, *opensc, *purpose;
} piv_slots[] = {
    {"9a", "PIV AUTH", "PIV Authentication"},
    {"9c", "SIGN", "Digital Signature"},
    {"9d", "KEY MAN", "Key Management"},
    {"9e", "CARD AUTH", "Card Authentication"},
};

#define PIV_SLOTS     (sizeof(piv_slots) / sizeof(piv_slots[0]))
#define RETIRED       0x82
#define RETIRED_SLOTS 20

/* The labels of the retired slots' objects end in a number, from 1 on. */
static const char *const retired_labels[] = {
    "Retired KEY MAN ",                        /* OpenSC: keys */
    "Retired Certificate for Key Management ", /* OpenSC: certificates */
    "Private key for Retired Key ",            /* ykcs11 */
    "Public key for Retired Key ",             /* ykcs11 */
    "X.509 Certificate for Retired Key ",      /* ykcs11 */
};

static const char *const label_beginnings[] = {
    "Certificate for ",       /* OpenSC */
    "X.509 Certificate for ", /* ykcs11, and OpenSC's data objects */
    "Private key for ",       /* ykcs11 */
    "Public key for ",        /* ykcs11 */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The name of the slot with that number, as both modules count, into `slot`; false: none has it. */
static bool slot_by_number(unsigned long number, char slot[3])
{
    if (number < 1 || number > PIV_SLOTS + RETIRED_SLOTS)
        return false;
    if (number <= PIV_SLOTS)
        memcpy(slot, piv_slots[number - 1].slot, 3);
    else
        snprintf(slot, 3, "%02x", (unsigned)(RETIRED + number - PIV_SLOTS - 1));
    return true;
}

/* Whether `name` is a slot's own name, such as 9a. */
static bool slot_by_name(const char *name, char slot[3])
{
    for (unsigned long number = 1; slot_by_number(number, slot); number++)
        if (strcasecmp(name, slot) == 0)
            return true;
    return false;
}

static bool retired_slot_by_label(const char *label, char slot[3])
{
    for (size_t i = 0; i < COUNT(retired_labels); i++) {
        size_t length = strlen(retired_labels[i]);
        char *end;
        unsigned long number;

        if (strncmp(label, retired_labels[i], length) != 0)
            continue;
        number = strtoul(label + length, &end, 10);
        return end > label + length && *end == '\0' && number <= RETIRED_SLOTS &&
               slot_by_number(number == 0 ? 0 : PIV_SLOTS + number, slot);
    }
    return false;
}

static bool is_opensc_key(const char *label, const char *opensc)
{
    size_t length = strlen(opensc);

    return strncmp(label, opensc, length) == 0 &&
           (strcmp(label + length, " key") == 0 || strcmp(label + length, " pubkey") == 0);
}

static bool is_purpose(const char *label, const char *purpose)
{
    for (size_t i = 0; i < COUNT(label_beginnings); i++) {
        size_t length = strlen(label_beginnings[i]);

        if (strncmp(label, label_beginnings[i], length) == 0 &&
            strcmp(label + length, purpose) == 0)
            return true;
    }
    return false;
}

static bool slot_by_label(const char *label, char slot[3])
{
    for (unsigned long i = 0; i < PIV_SLOTS; i++)
        if (is_opensc_key(label, piv_slots[i].opensc) || is_purpose(label, piv_slots[i].purpose))
            return slot_by_number(i + 1, slot);
    return slot_by_name(label, slot) || retired_slot_by_label(label, slot);
}

/* ---- attributes ---------------------------------------------------------------------------- */

/* An attribute's value, decoded: its bytes, with a NUL after them that is not counted. */
struct value {
    const char *name;
    char *bytes;
    size_t length;
};

static struct error *is_text(const struct value *value)
{
    if (value->length == 0)
        return error_new(ERROR_URI, "pkcs11 URI: %s has no value", value->name);
    return uri_check_text("pkcs11", value->name, (const uint8_t *)value->bytes, value->length);
}

static struct error *set_text(const char *text, char **field)
{
    *field = strdup(text);
    return *field == NULL ? error_no_memory() : NULL;
}

static struct error *set_slot(struct translation *translation, const struct value *value,
                              const char *slot)
{
    char **field = &translation->uri.slot;

    if (*field == NULL) {
        translation->slot_from = value->name;
        return set_text(slot, field);
    }
    if (strcmp(*field, slot) == 0)
        return NULL;
    return error_new(ERROR_URI, "pkcs11 URI: %s names the slot %s, but %s names %s", value->name,
                     slot, translation->slot_from, *field);
}

static struct error *set_serial(struct translation *translation, const char *serial)
{
    char **field = &translation->uri.serial;

    if (*field == NULL)
        return set_text(serial, field);
    if (strcmp(*field, serial) == 0)
        return NULL;
    return error_new(ERROR_URI, "pkcs11 URI: serial and token name different cards, %s and %s",
                     *field, serial);
}

static struct error *take_serial(struct translation *translation, const struct value *value)
{
    struct error *error = is_text(value);

    if (error != NULL)
        return error;
    if (strspn(value->bytes, "0") == value->length)
        return error_new(ERROR_URI,
                         "pkcs11 URI: serial=%s is what OpenSC says where it has not "
                         "found the card's serial number: leave it out",
                         value->bytes);
    return set_serial(translation, value->bytes);
}

static struct error *take_token(struct translation *translation, const struct value *value)
{
    static const char yubikey[] = "YubiKey PIV #"; /* ykcs11 */
    struct error *error = is_text(value);

    if (error != NULL)
        return error;
    if (strcmp(value->bytes, "PIV_II") == 0) /* OpenSC, of a card without certificates */
        return set_text("piv", &translation->uri.app);
    if (strncmp(value->bytes, yubikey, strlen(yubikey)) == 0)
        return set_serial(translation, value->bytes + strlen(yubikey));
    return error_new(ERROR_URI,
                     "pkcs11 URI: token=%s is a name that a PKCS#11 module made up, and not on the "
                     "card: leave it out, or name the card by its serial",
                     value->bytes);
}

static struct error *take_reader(struct translation *translation, const struct value *value)
{
    struct error *error = is_text(value);

    return error != NULL ? error : set_text(value->bytes, &translation->uri.reader);
}

static struct error *take_object(struct translation *translation, const struct value *value)
{
    char slot[3];
    struct error *error = is_text(value);

    if (error != NULL)
        return error;
    if (slot_by_label(value->bytes, slot))
        return set_slot(translation, value, slot);
    return set_text(value->bytes, &translation->uri.label);
}

/* An identifier is bytes (RFC 7512 section 2.3), mostly one: a number from 1 on, or the slot's. */
static struct error *take_id(struct translation *translation, const struct value *value)
{
    char slot[3];
    char name[3];

    if (value->length == 1) {
        uint8_t number = (uint8_t)value->bytes[0];

        snprintf(name, sizeof(name), "%02x", number);
        if (slot_by_number(number, slot) || slot_by_name(name, slot))
            return set_slot(translation, value, slot);
    } else if (value->length == 2 && slot_by_name(value->bytes, slot)) {
        return set_slot(translation, value, slot);
    }
    return error_new(ERROR_URI, "pkcs11 URI: id names no slot: there are %%01 to %%04 (9a, 9c, 9d, "
                                "9e) and %%05 to %%18 (82 to 95)");
}

static struct error *take_type(struct translation *translation, const struct value *value)
{
    static const char *const names[] = {
        [CARD_OBJECT_PRIVATE_KEY] = "private",
        [CARD_OBJECT_PUBLIC_KEY] = "public",
        [CARD_OBJECT_CERTIFICATE] = "cert",
    };
    struct error *error = is_text(value);

    if (error != NULL)
        return error;
    for (int i = CARD_OBJECT_PRIVATE_KEY; i <= CARD_OBJECT_CERTIFICATE; i++)
        if (strcmp(names[i], value->bytes) == 0)
            translation->uri.type = (enum card_object_type)i;
    if (translation->uri.type != CARD_OBJECT_ANY)
        return NULL;
    return error_new(ERROR_URI,
                     "pkcs11 URI: no object here is of type \"%s\": there are private, public, "
                     "cert",
                     value->bytes);
}

/* RFC 7512 section 2.4 allows a path without file: as well; `|command` is nothing that we run. */
static struct error *take_pin_source(struct translation *translation, const struct value *value)
{
    struct error *error = is_text(value);
    char *path;

    if (error != NULL)
        return error;
    if (value->bytes[0] == '|')
        return error_new(ERROR_URI, "pkcs11 URI: a command is no pin-source here: there are "
                                    "file:PATH, env:NAME, credential:NAME");
    if (value->bytes[0] != '/')
        return set_text(value->bytes, &translation->uri.pin_source); /* card_uri_parse() checks */
    if (asprintf(&path, "file:%s", value->bytes) < 0)
        return error_no_memory();
    translation->uri.pin_source = path;
    return NULL;
}

static struct error *take_use_last_try(struct translation *translation, const struct value *value)
{
    if (strcmp(value->bytes, "yes") != 0)
        return error_new(ERROR_URI, "pkcs11 URI: use-last-try has to be yes, or not there");
    translation->uri.use_last_try = true;
    return NULL;
}

static struct error *refuse_slot_id(struct translation *translation, const struct value *value)
{
    (void)translation;
    return error_new(ERROR_URI,
                     "pkcs11 URI: %s is a number that a PKCS#11 module gives to a reader: leave it "
                     "out, or name the reader by slot-description",
                     value->name);
}

struct attribute {
    const char *name;
    bool query;
    struct error *(*take)(struct translation *translation, const struct value *value);
};

#define PIN_VALUE "pin-value" /* goes its own way: it is never decoded outside locked memory */

static const struct attribute attributes[] = {
    {"token", false, take_token},
    {"serial", false, take_serial},
    {"slot-description", false, take_reader},
    {"object", false, take_object},
    {"id", false, take_id},
    {"type", false, take_type},
    {"slot-id", false, refuse_slot_id},
    {"slot-manufacturer", false, NULL},
    {"manufacturer", false, NULL},
    {"model", false, NULL},
    {"library-manufacturer", false, NULL},
    {"library-description", false, NULL},
    {"library-version", false, NULL},
    {"pin-source", true, take_pin_source},
    {PIN_VALUE, true, NULL},
    {"use-last-try", true, take_use_last_try},
    {"module-name", true, NULL},
    {"module-path", true, NULL},
};

#define KNOWN                                                                                      \
    "token, serial, slot-description, object, id, type (separated by ;), and after a ? "           \
    "pin-source, pin-value, use-last-try (separated by &)"

/* ---- reading ------------------------------------------------------------------------------- */

/* Undoes the %-encoding; value->bytes is new. Unlike in card: URIs any byte may come out. */
static struct error *decode(const struct uri_pair *pair, struct value *value)
{
    struct error *error;

    value->bytes = malloc(pair->value_length + 1);
    if (value->bytes == NULL)
        return error_no_memory();
    error = uri_decode("pkcs11", value->name, pair->value, pair->value_length,
                       (uint8_t *)value->bytes, &value->length);
    value->bytes[value->length] = '\0';
    return error;
}

static const struct attribute *find_attribute(const struct uri_pair *pair)
{
    for (size_t i = 0; i < COUNT(attributes); i++)
        if (attributes[i].query == pair->query && uri_pair_is_called(pair, attributes[i].name))
            return &attributes[i];
    return NULL;
}

static struct error *take_pair(void *argument, const struct uri_pair *pair)
{
    struct translation *translation = argument;
    const struct attribute *attribute = find_attribute(pair);
    struct value value = {NULL, NULL, 0};
    struct error *error;
    unsigned long bit;

    if (attribute == NULL)
        return uri_unknown_attribute("pkcs11", pair, KNOWN);
    bit = 1UL << (attribute - attributes);
    if ((translation->attributes & bit) != 0)
        return error_new(ERROR_URI, "pkcs11 URI: %s is there twice", attribute->name);
    translation->attributes |= bit;
    if (pair->value == NULL)
        return error_new(ERROR_URI, "pkcs11 URI: %s has no value", attribute->name);
    if (strcmp(attribute->name, PIN_VALUE) == 0) {
        translation->pin_value = pair->value;
        translation->pin_value_length = pair->value_length;
    }
    if (attribute->take == NULL)
        return NULL;
    value.name = attribute->name;
    error = decode(pair, &value);
    if (error == NULL)
        error = attribute->take(translation, &value);
    free(value.bytes);
    return error;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* The PIN is appended as it stood: card_uri_format() would leave it out. */
static struct error *write_pin(const struct translation *translation, const char *card,
                               struct buffer *out)
{
    const char *start = strchr(card, '?') == NULL ? "?" PIN_VALUE "=" : "&" PIN_VALUE "=";
    struct error *error = buffer_append(out, card, strlen(card));

    if (error == NULL && translation->pin_value != NULL) {
        error = buffer_append(out, start, strlen(start));
        if (error == NULL)
            error = buffer_append(out, translation->pin_value, translation->pin_value_length);
    }
    return error != NULL ? error : buffer_append(out, "", 1);
}

static struct error *write_all(const struct translation *translation, char **out)
{
    struct buffer text = {0};
    char *card = NULL;
    struct error *error = card_uri_format(&translation->uri, &card);

    if (error == NULL)
        error = write_pin(translation, card, &text);
    if (error == NULL)
        error = set_text((const char *)text.bytes, out);
    free(card);
    buffer_clear(&text);
    return error;
}

static void clear(struct card_uri *uri)
{
    free(uri->serial);
    free(uri->reader);
    free(uri->app);
    free(uri->slot);
    free(uri->label);
    free(uri->pin_source);
}

/* ---- the public functions ------------------------------------------------------------------ */

bool pkcs11_uri_is_one(const char *text)
{
    return strncasecmp(text, SCHEME, strlen(SCHEME)) == 0;
}

struct error *pkcs11_uri_translate(const char *text, char **out)
{
    struct translation translation = {.pin_value = NULL};
    struct error *error;

    *out = NULL;
    if (!pkcs11_uri_is_one(text))
        return error_new(ERROR_URI, "not a pkcs11 URI: it has to begin with " SCHEME);
    error = uri_split(text + strlen(SCHEME), take_pair, &translation);
    if (error == NULL)
        error = write_all(&translation, out);
    clear(&translation.uri);
    return error;
}

void pkcs11_uri_free(char *uri)
{
    if (uri != NULL)
        OPENSSL_cleanse(uri, strlen(uri));
    free(uri);
}
