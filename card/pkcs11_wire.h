/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said between the process that uses a PKCS #11 module and the one that the module runs
 * in. Both are on one machine and of one build, so that numbers and attributes are in its own form.
 *
 * Each side sends frames: four bytes of length, then that many bytes. A request is the number of a
 * call and its arguments; an answer is the CK_RV, the name of the function that returned it, and
 * the results. A number has eight bytes; bytes are a number and that many of them, filled up to a
 * multiple of eight, so that modules find numbers where they may expect them.
 *
 * Linked to the module's process as well, and therefore without libcrypto.
 */
#ifndef CARD_PKCS11_WIRE_H
#define CARD_PKCS11_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest frame, and how long the length before it is. */
#define WIRE_MAX         (256 * 1024)
#define WIRE_LENGTH_SIZE 4

/* What the program finds open when it starts: one way for frames, one for what became of it. */
#define WIRE_DESCRIPTOR         3
#define WIRE_CONTROL_DESCRIPTOR 4

/* A byte on the control descriptor: end at once. (Its end alone leaves a moment's time.) */
#define WIRE_KILL 'k'

/* The last thing that is said on it: how the module's process ended. */
struct wire_ending {
    int32_t signal;    /* that killed it, or 0 */
    int32_t exit_code; /* otherwise */
};

/* Bytes that say "there is no such attribute", in the place of their length. */
#define WIRE_ABSENT UINT64_MAX

enum wire_call {
    WIRE_LOAD = 1,   /* () -> (): loads and initialises the module */
    WIRE_SLOTS,      /* () -> (count, {name, enum wire_token}) */
    WIRE_CHOOSE,     /* (name) -> (enum wire_token): the slot of that name from here on */
    WIRE_OPEN,       /* () -> (label, model, serial, flags, PIN minimum, maximum, count,
                        {mechanism}): a new session, nobody logged in */
    WIRE_CLOSE,      /* () -> (): ends the session */
    WIRE_FLAGS,      /* () -> (flags): the token's, as they are now */
    WIRE_FIND,       /* (template, count, {type}) -> (count, {handle, {value}}) */
    WIRE_LOGIN,      /* (user, there is a PIN, PIN) -> (flags); flags also when refused */
    WIRE_BEGIN,      /* (use, mechanism, key) -> () */
    WIRE_USE,        /* (use, mechanism, key, begun, data) -> (result) */
    WIRE_DERIVE,     /* (mechanism, key, the peer's public key, length) -> (secret) */
    WIRE_GENERATE,   /* (mechanism, public template, private template) -> (public, private) */
    WIRE_CREATE,     /* (template) -> (handle) */
    WIRE_DESTROY,    /* (handle) -> () */
    WIRE_SET_PIN,    /* (there are PINs, old, new) -> (flags); flags also when refused */
    WIRE_INIT_PIN,   /* (there is a PIN, PIN) -> (flags); flags also when refused */
    WIRE_INIT_TOKEN, /* (there is a PIN, PIN, label) -> () */
};

/* What is in a slot: nothing, a token, one that was never initialised. */
enum wire_token {
    WIRE_TOKEN_NONE,
    WIRE_TOKEN_READY,
    WIRE_TOKEN_BLANK,
};

/* What a key is used for: the functions C_Sign..., C_Decrypt... */
enum wire_use {
    WIRE_SIGN = 1,
    WIRE_DECRYPT,
};

/* The name of a call in messages, such as "C_Login". */
const char *wire_call_name(unsigned call);

/* ---- writing ----------------------------------------------------------------------------- */

/* Room for a frame, without its length. Writing beyond its end is remembered and does nothing. */
struct wire_writer {
    uint8_t *bytes;
    size_t capacity;
    size_t length;
    bool overflow;
};

void wire_put_number(struct wire_writer *out, uint64_t number);
void wire_put_bytes(struct wire_writer *out, const void *bytes, size_t length);
void wire_put_text(struct wire_writer *out, const char *text);

/* ---- reading ----------------------------------------------------------------------------- */

/* What is left of a frame. Reading beyond its end is remembered and gives zeros and nothing. */
struct wire_reader {
    const uint8_t *bytes;
    size_t length;
    bool broken;
};

uint64_t wire_get_number(struct wire_reader *in);

/* Points into the frame; *length is 0 where there is nothing. */
const uint8_t *wire_get_bytes(struct wire_reader *in, size_t *length);

/* The same for what may be absent: NULL then. */
const uint8_t *wire_get_attribute(struct wire_reader *in, size_t *length);

/* Copies text and ends it with NUL; what is too long for `size` or has a NUL in it is broken. */
void wire_get_text(struct wire_reader *in, char *out, size_t size);

/* Whether all was there, and nothing is left. */
bool wire_finished(const struct wire_reader *in);

#endif
