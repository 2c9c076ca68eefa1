/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reader whose word on its keypad is the input, and so is what comes of an entry. The first byte
 * says what is to be typed, and each answer is a length byte and that many bytes.
 */
#include "fuzz_card.h"
#include "pin_pad.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct error *control(void *argument, uint32_t code, const uint8_t *in, size_t in_length,
                             uint8_t *out, size_t *out_length)
{
    struct fuzz_input *input = argument;
    (void)code;
    (void)in;
    (void)in_length;
    if (input->left == 0)
        return error_new(ERROR_UNSUPPORTED, "the input is used up");
    size_t size = *input->next++;
    input->left--;
    return fuzz_take(input, size, out, out_length);
}

static struct pin_entry entry_of(uint8_t choice)
{
    return (struct pin_entry){
        .ins = 0x20,
        .present = (choice & 1) != 0,
        .fresh = (choice & 2) != 0,
        .block = (choice & 4) != 0 ? 8 : 0,
        .minimum = 6,
        .maximum = (choice & 8) != 0 ? 8 : 127,
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_reader reader = {.name = "fuzz", .card_present = true, .control = control};
    struct memory_system system;
    struct card_transport *transport = NULL;
    struct pin_pad pad;
    uint16_t status;
    if (size == 0)
        return 0;
    struct fuzz_input input = {data + 1, size - 1, data[0]};
    const struct pin_entry entry = entry_of(data[0]);
    reader.argument = &input;
    memory_system_init(&system, &reader, 1);
    error_free(system.base.open(&system.base, "fuzz", &transport));
    if (transport == NULL)
        return 0;
    error_free(pin_pad_read(transport, &pad));
    error_free(pin_pad_enter(transport, &pad, &entry, &status));
    transport->functions->close(transport);
    return 0;
}
