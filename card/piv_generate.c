/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV: making keys. */
#include "piv.h"
#include "public_key.h"

#include <string.h>

/* SP 800-73-4 part 2, 3.3.2, and Yubico's policies. */
#define TAG_CONTROL      0xAC
#define TAG_MECHANISM    0x80
#define TAG_PIN_POLICY   0xAA
#define TAG_TOUCH_POLICY 0xAB
#define TAG_PUBLIC_KEY   0x7F49

static uint8_t encode_policy(enum card_policy policy, bool touch)
{
    switch (policy) {
    case CARD_POLICY_NEVER:
        return 1;
    case CARD_POLICY_ONCE:
        return touch ? 0 : 2;
    case CARD_POLICY_ALWAYS:
        return touch ? 2 : 3;
    case CARD_POLICY_CACHED:
        return touch ? 3 : 0;
    case CARD_POLICY_DEFAULT:
        break;
    }
    return 0;
}

static struct error *append_policy(struct buffer *out, uint8_t tag, enum card_policy policy)
{
    uint8_t byte = encode_policy(policy, tag == TAG_TOUCH_POLICY);
    if (policy == CARD_POLICY_DEFAULT)
        return NULL;
    if (byte == 0)
        return error_new(ERROR_ARGUMENT, "\"once\" is a policy for PINs, \"cached\" for touches");
    return tlv_append(out, tag, &byte, 1);
}

static struct error *make_control(const struct piv_algorithm *algorithm,
                                  const struct card_generate_options *options, struct buffer *out)
{
    struct buffer inner = {0};
    struct error *error = tlv_append(&inner, TAG_MECHANISM, &algorithm->id, 1);
    if (error == NULL)
        error = append_policy(&inner, TAG_PIN_POLICY, options->pin_policy);
    if (error == NULL)
        error = append_policy(&inner, TAG_TOUCH_POLICY, options->touch_policy);
    if (error == NULL)
        error = tlv_append(out, TAG_CONTROL, inner.bytes, inner.length);
    buffer_clear(&inner);
    return error;
}

static struct error *generate_refused(struct apdu_channel *channel, struct piv *piv,
                                      const struct piv_algorithm *algorithm,
                                      const struct card_generate_options *options, uint16_t status)
{
    char names[CARD_ALGORITHMS_TEXT_MAX];
    struct card_algorithms had;
    bool policies =
        options->pin_policy != CARD_POLICY_DEFAULT || options->touch_policy != CARD_POLICY_DEFAULT;
    struct error *error = apdu_refused("to make a key", status);
    if (status == SW_SECURITY_STATUS)
        return error_wrap(error, ERROR_DENIED, "the card wants its management key");
    if (status != SW_WRONG_DATA && status != SW_FUNCTION_NOT_SUPPORTED &&
        status != SW_INCORRECT_P1_P2)
        return error;
    struct error *unlisted = piv_algorithms(channel, piv, NULL, &had);
    card_algorithms_text(&had, names);
    error = error_wrap(error, ERROR_UNSUPPORTED,
                       "this card cannot make keys of the kind %s%s; such cards have %s",
                       algorithm->name, policies ? ", or not with those policies" : "", names);
    error_free(unlisted); /* what the card refused is more important */
    return error;
}

static struct error *generate(struct apdu_channel *channel, struct piv *piv, uint8_t reference,
                              const struct piv_algorithm *algorithm,
                              const struct card_generate_options *options, EVP_PKEY **out)
{
    struct buffer control = {0};
    struct buffer answer = {0};
    struct tlv key;
    uint16_t status = 0;
    struct error *error = make_control(algorithm, options, &control);
    if (error == NULL) {
        struct apdu_command command = {0x00,          PIV_INS_GENERATE, 0x00,           reference,
                                       control.bytes, control.length,   APDU_ANSWER_MAX};
        error = apdu_exchange(channel, &command, &answer, &status);
    }
    if (error == NULL && status != SW_SUCCESS)
        error = generate_refused(channel, piv, algorithm, options, status);
    if (error == NULL)
        error = tlv_require(answer.bytes, answer.length, TAG_PUBLIC_KEY, &key);
    if (error == NULL)
        error = piv_public_key(piv, algorithm, key.value, key.length, out);
    buffer_clear(&control);
    buffer_clear(&answer);
    return error;
}

/*
 * A slot is free where metadata say so. Without metadata, a certificate shows that it is not, and
 * no certificate shows nothing.
 */
struct error *piv_check_free(struct apdu_channel *channel, struct piv *piv, const char *slot)
{
    struct app_key key = {0};
    struct error *error = piv_read_key(channel, piv, slot, &key);
    EVP_PKEY_free(key.public_key);
    if (error != NULL && error_code(error) != ERROR_NOT_FOUND &&
        error_code(error) != ERROR_UNSUPPORTED)
        return error;
    bool empty = error != NULL && error_code(error) == ERROR_NOT_FOUND;
    error_free(error);
    if (!empty)
        return error_new(ERROR_ARGUMENT,
                         "slot %s is in use: choose another, or have its key "
                         "overwritten",
                         slot);
    if (piv->metadata == PIV_ABSENT)
        return error_new(ERROR_ARGUMENT,
                         "slot %s has no certificate, but this card does not show whether it holds "
                         "a key: have it overwritten if you know that it is free",
                         slot);
    return NULL;
}

/* The keys in 9e sign without a PIN (card authentication): nobody gets one of those unasked. */
static bool is_for_anybody(const struct piv_slot *slot)
{
    return piv_slot_pin_policy(slot->reference) == CARD_POLICY_NEVER;
}

static struct error *is_free(struct apdu_channel *channel, struct piv *piv,
                             const struct piv_slot *slot, bool *out)
{
    struct piv_metadata metadata;
    uint16_t status = 0;
    struct error *error = piv_read_metadata(channel, piv, slot->reference, &metadata, &status);
    if (error != NULL)
        return error;
    buffer_clear(&metadata.bytes);
    if (piv->metadata == PIV_ABSENT)
        return error_new(ERROR_UNSUPPORTED, "this card does not show which of its slots are free: "
                                            "name one that you know is (slot=...)");
    *out = status != SW_SUCCESS;
    return NULL;
}

struct error *piv_free_slot(struct apdu_channel *channel, void *state, char slot[APP_SLOT_MAX])
{
    const struct piv_slot *place;
    for (size_t i = 0; (place = piv_slot_at(i)) != NULL; i++) {
        bool found = false;
        struct error *error = is_for_anybody(place) ? NULL : is_free(channel, state, place, &found);
        if (error != NULL)
            return error;
        if (!found)
            continue;
        (void)stpcpy(slot, place->name);
        return NULL;
    }
    return error_new(ERROR_NOT_FOUND, "no slot of the card is free: delete a key, or name the slot "
                                      "whose key may be overwritten");
}

/* What the card is known not to have is refused before anything else is done. */
static struct error *choose_algorithm(struct apdu_channel *channel, struct piv *piv,
                                      const char *slot, const char *name,
                                      const struct piv_algorithm **out)
{
    char names[CARD_ALGORITHMS_TEXT_MAX];
    struct card_algorithms had;
    *out = name == NULL ? NULL : piv_algorithm_named(name);
    struct error *error = piv_algorithms(channel, piv, slot, &had);
    bool good = *out != NULL && (*out)->bits != 1024 &&
                (!had.certain || card_algorithms_have(&had, (*out)->name));
    if (error != NULL || good)
        return error;
    card_algorithms_text(&had, names);
    return error_new(ERROR_UNSUPPORTED, "no key of the kind \"%s\" can be made: this card has %s",
                     name == NULL ? "" : name, names);
}

struct error *piv_generate_key(struct apdu_channel *channel, void *state, const char *slot,
                               const struct card_generate_options *options, struct app_key *out)
{
    const struct piv_algorithm *algorithm;
    const struct piv_slot *place = piv_slot_find(slot);
    *out = (struct app_key){.pin_policy = options->pin_policy,
                            .touch_policy = options->touch_policy,
                            .origin = CARD_ORIGIN_GENERATED};
    struct error *error = choose_algorithm(channel, state, slot, options->algorithm, &algorithm);
    if (error == NULL && !options->overwrite)
        error = piv_check_free(channel, state, slot);
    if (error != NULL)
        return error;
    (void)stpcpy(out->slot, place->name);
    if (out->pin_policy == CARD_POLICY_DEFAULT)
        out->pin_policy = piv_slot_pin_policy(place->reference);
    return generate(channel, state, place->reference, algorithm, options, &out->public_key);
}
