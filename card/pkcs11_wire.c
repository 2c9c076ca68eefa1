/* SPDX-License-Identifier: BSD-2-Clause */
#include "pkcs11_wire.h"

#include <string.h>

const char *wire_call_name(unsigned call)
{
    static const char *const names[] = {
        [WIRE_LOAD] = "C_Initialize",          [WIRE_SLOTS] = "C_GetSlotList",
        [WIRE_CHOOSE] = "C_GetSlotInfo",       [WIRE_OPEN] = "C_OpenSession",
        [WIRE_CLOSE] = "C_CloseSession",       [WIRE_FLAGS] = "C_GetTokenInfo",
        [WIRE_FIND] = "C_FindObjects",         [WIRE_LOGIN] = "C_Login",
        [WIRE_BEGIN] = "C_SignInit",           [WIRE_USE] = "C_Sign",
        [WIRE_DERIVE] = "C_DeriveKey",         [WIRE_CREATE] = "C_CreateObject",
        [WIRE_GENERATE] = "C_GenerateKeyPair", [WIRE_DESTROY] = "C_DestroyObject",
        [WIRE_SET_PIN] = "C_SetPIN",           [WIRE_INIT_PIN] = "C_InitPIN",
        [WIRE_INIT_TOKEN] = "C_InitToken",
    };
    const char *name = call < sizeof(names) / sizeof(names[0]) ? names[call] : NULL;
    return name == NULL ? "an unknown call" : name;
}

#define UNIT sizeof(uint64_t)

/* What bytes are filled up with. */
static size_t filling(uint64_t length)
{
    return (size_t)((UNIT - length % UNIT) % UNIT);
}

/* ---- writing ----------------------------------------------------------------------------- */

static void put(struct wire_writer *out, const void *bytes, size_t length)
{
    if (out->overflow || length > out->capacity - out->length) {
        out->overflow = true;
        return;
    }
    if (length > 0)
        memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
}

void wire_put_number(struct wire_writer *out, uint64_t number)
{
    put(out, &number, sizeof(number));
}

void wire_put_bytes(struct wire_writer *out, const void *bytes, size_t length)
{
    static const uint8_t zeros[UNIT];
    wire_put_number(out, length);
    put(out, bytes, length);
    put(out, zeros, filling(length));
}

void wire_put_text(struct wire_writer *out, const char *text)
{
    wire_put_bytes(out, text, strlen(text));
}

/* ---- reading ----------------------------------------------------------------------------- */

static const uint8_t *get(struct wire_reader *in, uint64_t length)
{
    if (in->broken || length > in->length) {
        in->broken = true;
        return NULL;
    }
    const uint8_t *bytes = in->bytes;
    in->bytes += length;
    in->length -= (size_t)length;
    return bytes;
}

uint64_t wire_get_number(struct wire_reader *in)
{
    uint64_t number = 0;
    const uint8_t *bytes = get(in, sizeof(number));
    if (bytes != NULL)
        memcpy(&number, bytes, sizeof(number));
    return number;
}

static const uint8_t *get_filled(struct wire_reader *in, uint64_t wanted, size_t *length)
{
    const uint8_t *bytes = get(in, wanted);
    if (get(in, filling(wanted)) == NULL)
        bytes = NULL;
    *length = bytes == NULL ? 0 : (size_t)wanted;
    return bytes;
}

const uint8_t *wire_get_bytes(struct wire_reader *in, size_t *length)
{
    return get_filled(in, wire_get_number(in), length);
}

const uint8_t *wire_get_attribute(struct wire_reader *in, size_t *length)
{
    uint64_t wanted = wire_get_number(in);
    *length = 0;
    return wanted == WIRE_ABSENT ? NULL : get_filled(in, wanted, length);
}

void wire_get_text(struct wire_reader *in, char *out, size_t size)
{
    size_t length;
    const uint8_t *bytes = wire_get_bytes(in, &length);
    out[0] = '\0';
    if (length >= size || (bytes != NULL && memchr(bytes, '\0', length) != NULL))
        in->broken = true;
    if (bytes == NULL || in->broken)
        return;
    memcpy(out, bytes, length);
    out[length] = '\0';
}

bool wire_finished(const struct wire_reader *in)
{
    return !in->broken && in->length == 0;
}
