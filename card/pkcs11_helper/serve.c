/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve.h"

#include "module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static module_call *const calls[] = {
    [WIRE_LOAD] = module_load,
    [WIRE_SLOTS] = module_slots,
    [WIRE_CHOOSE] = module_choose,
    [WIRE_OPEN] = module_open,
    [WIRE_CLOSE] = module_close,
    [WIRE_FLAGS] = module_flags,
    [WIRE_FIND] = module_find,
    [WIRE_LOGIN] = module_login,
    [WIRE_BEGIN] = module_begin,
    [WIRE_USE] = module_use,
    [WIRE_DERIVE] = module_derive,
    [WIRE_GENERATE] = module_generate,
    [WIRE_CREATE] = module_create,
    [WIRE_DESTROY] = module_destroy,
    [WIRE_SET_PIN] = module_set_pin,
    [WIRE_INIT_PIN] = module_init_pin,
    [WIRE_INIT_TOKEN] = module_init_token,
};

static bool read_all(int descriptor, void *out, size_t length)
{
    for (uint8_t *at = out; length > 0;) {
        ssize_t count = read(descriptor, at, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        at += count;
        length -= (size_t)count;
    }
    return true;
}

static bool write_all(int descriptor, const void *in, size_t length)
{
    for (const uint8_t *at = in; length > 0;) {
        ssize_t count = write(descriptor, at, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        at += count;
        length -= (size_t)count;
    }
    return true;
}

static bool receive(int descriptor, uint8_t *frame, uint32_t *length)
{
    return read_all(descriptor, length, sizeof(*length)) && *length <= WIRE_MAX &&
           read_all(descriptor, frame, *length);
}

/*
 * The results are there before it is known what the module returned: they are written behind the
 * place for it, which is as long as its function's name is.
 */
static void answer(struct module *module, const uint8_t *request, uint32_t length,
                   struct wire_writer *out)
{
    static uint8_t results[WIRE_MAX];
    struct wire_reader in = {request, length, false};
    struct wire_writer written = {results, sizeof(results) - 256, 0, false};
    uint64_t call = wire_get_number(&in);
    bool known = call < sizeof(calls) / sizeof(calls[0]) && calls[call] != NULL &&
                 (call == WIRE_LOAD) == (module->functions == NULL);
    module->function = "the request";
    CK_RV rv = known ? calls[call](module, &in, &written) : CKR_ARGUMENTS_BAD;
    if (rv == CKR_OK && written.overflow)
        rv = CKR_BUFFER_TOO_SMALL;
    wire_put_number(out, rv);
    wire_put_text(out, module->function);
    if (!written.overflow && out->capacity - out->length >= written.length) {
        memcpy(out->bytes + out->length, results, written.length);
        out->length += written.length;
    }
    explicit_bzero(results, sizeof(results));
}

int serve(int descriptor, const char *path)
{
    static _Alignas(uint64_t) uint8_t request[WIRE_MAX];
    static uint8_t frame[WIRE_LENGTH_SIZE + WIRE_MAX];
    struct module module = {.path = path};
    uint32_t length;
    while (receive(descriptor, request, &length)) {
        struct wire_writer out = {frame + WIRE_LENGTH_SIZE, WIRE_MAX, 0, false};
        answer(&module, request, length, &out);
        explicit_bzero(request, length);
        length = (uint32_t)out.length;
        memcpy(frame, &length, sizeof(length));
        if (!write_all(descriptor, frame, WIRE_LENGTH_SIZE + out.length))
            break;
        explicit_bzero(frame, WIRE_LENGTH_SIZE + out.length);
    }
    module_finish(&module);
    return EXIT_SUCCESS;
}
