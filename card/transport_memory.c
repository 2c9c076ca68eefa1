/* SPDX-License-Identifier: BSD-2-Clause */
#include "transport_memory.h"

#include <stdlib.h>
#include <string.h>

struct memory_transport {
    struct card_transport base;
    struct memory_reader *reader;
};

static struct memory_reader *reader_of(struct card_transport *transport)
{
    return ((struct memory_transport *)transport)->reader;
}

static struct error *memory_connect(struct card_transport *transport)
{
    struct memory_reader *reader = reader_of(transport);
    if (!reader->card_present)
        return error_new(ERROR_NO_CARD, "no card in the reader \"%s\": insert it", reader->name);
    reader->connects++;
    memcpy(transport->atr, reader->atr, reader->atr_length);
    transport->atr_length = reader->atr_length;
    transport->byte_protocol = reader->byte_protocol;
    return NULL;
}

static struct error *memory_begin(struct card_transport *transport)
{
    struct memory_reader *reader = reader_of(transport);
    reader->transactions++;
    return reader->begun == NULL ? NULL : reader->begun(reader->argument);
}

static struct error *memory_transmit(struct card_transport *transport, const uint8_t *command,
                                     size_t command_length, uint8_t *response,
                                     size_t *response_length)
{
    struct memory_reader *reader = reader_of(transport);
    reader->exchanges++;
    return reader->answer(reader->argument, command, command_length, response, response_length);
}

static struct error *memory_control(struct card_transport *transport, uint32_t code,
                                    const uint8_t *in, size_t in_length, uint8_t *out,
                                    size_t *out_length, unsigned seconds)
{
    struct memory_reader *reader = reader_of(transport);
    (void)seconds;
    if (reader->control == NULL)
        return error_new(ERROR_UNSUPPORTED, "the reader \"%s\" takes no commands", reader->name);
    return reader->control(reader->argument, code, in, in_length, out, out_length);
}

static void memory_end(struct card_transport *transport)
{
    struct memory_reader *reader = reader_of(transport);
    if (reader->ended != NULL)
        reader->ended(reader->argument);
}

static void memory_close(struct card_transport *transport)
{
    reader_of(transport)->closes++;
    free(transport);
}

static void memory_abandon(struct card_transport *transport)
{
    reader_of(transport)->abandons++;
    free(transport);
}

static const struct card_transport_functions memory_functions = {
    memory_connect, memory_begin, memory_transmit, memory_control,
    memory_end,     memory_close, memory_abandon,
};

static struct error *memory_list(const struct transport_system *base,
                                 struct transport_reader_list *out)
{
    const struct memory_system *system = (const struct memory_system *)base;
    *out = (struct transport_reader_list){0};
    struct error *error = system->list_error == NULL ? NULL : system->list_error();
    for (size_t i = 0; error == NULL && i < system->count; i++)
        error = transport_reader_list_add(out, system->readers[i].name,
                                          system->readers[i].card_present);
    if (error != NULL)
        transport_reader_list_clear(out);
    return error;
}

static struct error *memory_open(const struct transport_system *base, const char *name,
                                 struct card_transport **out)
{
    const struct memory_system *system = (const struct memory_system *)base;
    *out = NULL;
    size_t i = 0;
    while (i < system->count && strcmp(system->readers[i].name, name) != 0)
        i++;
    if (i == system->count)
        return error_new(ERROR_NO_READER, "no reader \"%s\"", name);
    struct memory_transport *transport = calloc(1, sizeof(*transport));
    if (transport == NULL)
        return error_no_memory();
    transport->base.functions = &memory_functions;
    transport->reader = &system->readers[i];
    *out = &transport->base;
    return NULL;
}

void memory_system_init(struct memory_system *system, struct memory_reader *readers, size_t count)
{
    *system = (struct memory_system){
        .base = {.list = memory_list, .open = memory_open},
        .readers = readers,
        .count = count,
    };
}
