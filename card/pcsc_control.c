/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands to the reader itself. A person may be part of the answer, and a reader may hang. */
#include "pcsc_control.h"

#include "deadline.h"

#include <stdlib.h>
#include <string.h>

/* A command, which outlives its caller where the reader does not answer. */
struct control {
    SCARDHANDLE card;
    DWORD control_code;
    uint8_t in[PCSC_CONTROL_MAX];
    size_t in_length;
    uint8_t out[PCSC_CONTROL_MAX];
    DWORD out_length;
    LONG code;
};

static void run(void *argument)
{
    struct control *control = argument;
    control->code =
        SCardControl(control->card, control->control_code, control->in, control->in_length,
                     control->out, sizeof(control->out), &control->out_length);
}

static struct error *take_answer(const struct control *control, uint8_t *out, size_t *out_length)
{
    if (control->code != SCARD_S_SUCCESS) {
        *out_length = 0;
        return NULL;
    }
    if (control->out_length > sizeof(control->out) || control->out_length > *out_length)
        return error_new(ERROR_TRANSPORT, "the reader's answer is too long");
    memcpy(out, control->out, control->out_length);
    *out_length = control->out_length;
    return NULL;
}

struct error *pcsc_control_within(SCARDHANDLE card, uint32_t control_code, const uint8_t *in,
                                  size_t in_length, uint8_t *out, size_t *out_length,
                                  unsigned seconds, LONG *code, bool *lost)
{
    struct error *error = NULL;
    bool returned = true;
    *lost = false;
    *code = SCARD_E_NOT_TRANSACTED;
    if (in_length > PCSC_CONTROL_MAX)
        return error_new(ERROR_ARGUMENT, "%zu bytes are too much for a reader", in_length);
    struct control *control = calloc(1, sizeof(*control));
    if (control == NULL)
        return error_no_memory();
    control->card = card;
    control->control_code = control_code;
    control->in_length = in_length;
    if (in_length > 0)
        memcpy(control->in, in, in_length);
    if (seconds == 0)
        run(control);
    else
        error = deadline_call(run, free, control, seconds, &returned);
    *lost = !returned;
    if (*lost)
        return error_new(ERROR_TRANSPORT,
                         "the reader has not answered in %u seconds: unplug it, and plug it in "
                         "again",
                         seconds);
    if (error == NULL) {
        *code = control->code;
        error = take_answer(control, out, out_length);
    }
    free(control);
    return error;
}
