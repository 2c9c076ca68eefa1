/* SPDX-License-Identifier: BSD-2-Clause */
/* Readers with a keypad: what they say of themselves, what they are told, what they answer. */
#include "pin_pad.h"
#include "deadline.h"
#include "soft_reader.h"

#include <string.h>
#include <time.h>

#define FEATURES   0x42000000 + 3400
#define VERIFY     0x42330006
#define MODIFY     0x42330007
#define PROPERTIES 0x42330012

/* A reader that gives fixed answers. */
struct reader {
    const uint8_t *features, *properties, *status;
    size_t features_length, properties_length, status_length;
    uint32_t code; /* of the last command */
    uint8_t told[256];
    size_t told_length;
};

static struct error *give(const uint8_t *bytes, size_t length, uint8_t *out, size_t *out_length)
{
    if (bytes == NULL)
        return error_new(ERROR_UNSUPPORTED, "not known");
    assert_true(length <= *out_length);
    if (length > 0)
        memcpy(out, bytes, length);
    *out_length = length;
    return NULL;
}

static struct error *control(void *argument, uint32_t code, const uint8_t *in, size_t in_length,
                             uint8_t *out, size_t *out_length)
{
    struct reader *reader = argument;
    if (code == FEATURES)
        return give(reader->features, reader->features_length, out, out_length);
    if (code == PROPERTIES)
        return give(reader->properties, reader->properties_length, out, out_length);
    reader->code = code;
    assert_true(in_length <= sizeof(reader->told));
    memcpy(reader->told, in, in_length);
    reader->told_length = in_length;
    return give(reader->status, reader->status_length, out, out_length);
}

/* Both live until close() of the transport, in static storage: one at a time. */
static struct card_transport *open_reader(struct reader *reader)
{
    static struct memory_reader memory;
    static struct memory_system system;
    struct card_transport *transport;
    memory = (struct memory_reader){
        .name = "pad", .card_present = true, .control = control, .argument = reader};
    memory_system_init(&system, &memory, 1);
    assert_no_error(system.base.open(&system.base, "pad", &transport));
    return transport;
}

static struct error *read_pad(const uint8_t *features, size_t features_length,
                              const uint8_t *properties, size_t properties_length,
                              struct pin_pad *out)
{
    struct reader reader = {.features = features,
                            .features_length = features_length,
                            .properties = properties,
                            .properties_length = properties_length};
    struct card_transport *transport = open_reader(&reader);
    struct error *error = pin_pad_read(transport, out);
    transport->functions->close(transport);
    return error;
}

#define ALL_FEATURES                                                                               \
    0x06, 0x04, 0x42, 0x33, 0x00, 0x06, 0x07, 0x04, 0x42, 0x33, 0x00, 0x07, 0x12, 0x04, 0x42,      \
        0x33, 0x00, 0x12
static const uint8_t all_features[] = {ALL_FEATURES};

/* ---- what the reader has ----------------------------------------------------------------- */

static void reads_features(void **state)
{
    static const uint8_t twice[] = {0x0A, 0x04, 0x42, 0x33, 0x00, 0x0A, ALL_FEATURES,
                                    0x06, 0x04, 0x00, 0x00, 0x00, 0x01};
    static const uint8_t limits[] = {0x01, 0x02, 0x10, 0x02, 0x06, 0x01, 0x04, 0x07, 0x01, 0x08};
    struct pin_pad pad;
    (void)state;
    assert_no_error(read_pad(twice, sizeof(twice), limits, sizeof(limits), &pad));
    assert_int_equal(pad.verify, VERIFY);
    assert_int_equal(pad.modify, MODIFY);
    assert_int_equal(pad.minimum, 4);
    assert_int_equal(pad.maximum, 8);
    /* Where the lengths are not said. */
    assert_no_error(read_pad(all_features, sizeof(all_features), NULL, 0, &pad));
    assert_int_equal(pad.minimum, 0);
    assert_int_equal(pad.maximum, 15);
    /* No list, an empty one, and one without a keypad in it. */
    assert_no_error(read_pad(NULL, 0, NULL, 0, &pad));
    assert_int_equal(pad.verify, 0);
    assert_no_error(read_pad(all_features, 0, NULL, 0, &pad));
    assert_int_equal(pad.verify, 0);
    assert_no_error(read_pad(all_features + 6, 12, NULL, 0, &pad));
    assert_int_equal(pad.modify, 0);
}

static void refuses_what_no_reader_means(void **state)
{
    static const uint8_t long_entry[] = {0x06, 0x05, 0x42, 0x33, 0x00, 0x06};
    static const struct {
        uint8_t bytes[6];
        size_t length;
    } properties[] = {
        {{0x06}, 1},
        {{0x06, 0x01}, 2},
        {{0x06, 0x02, 0x04, 0x00}, 4},
        {{0x06, 0x00}, 2},
        {{0x01, 0xFF, 0x00}, 3},
        {{0x06, 0x01, 0x09, 0x07, 0x01, 0x08}, 6},
        {{0x06, 0x01, 0x10}, 3}, /* more than a reader takes that does not say how many */
    };
    struct pin_pad pad;
    (void)state;
    for (size_t length = 1; length < sizeof(all_features); length++)
        if (length % 6 != 0)
            assert_error(read_pad(all_features, length, NULL, 0, &pad), ERROR_CARD_ANSWER,
                         "features is malformed");
    assert_error(read_pad(long_entry, sizeof(long_entry), NULL, 0, &pad), ERROR_CARD_ANSWER,
                 "features is malformed");
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        assert_error(read_pad(all_features, sizeof(all_features), properties[i].bytes,
                              properties[i].length, &pad),
                     ERROR_CARD_ANSWER, "properties is malformed");
        assert_int_equal(pad.verify, 0);
    }
}

/* ---- what the reader is told ------------------------------------------------------------- */

static const struct pin_pad usual = {VERIFY, MODIFY, 4, 16};

static struct error *enter(const struct pin_pad *pad, const struct pin_entry *entry,
                           const uint8_t *status, size_t length, struct reader *reader,
                           uint16_t *out)
{
    *reader = (struct reader){.status = status, .status_length = length};
    struct card_transport *transport = open_reader(reader);
    struct error *error = pin_pad_enter(transport, pad, entry, out);
    transport->functions->close(transport);
    return error;
}

static const uint8_t success[] = {0x90, 0x00};

static void tells_how_to_verify(void **state)
{
    const struct pin_entry piv = {
        .ins = 0x20, .p2 = 0x80, .present = true, .block = 8, .minimum = 6, .maximum = 8};
    const struct pin_entry openpgp = {
        .ins = 0x20, .p2 = 0x81, .present = true, .minimum = 6, .maximum = 127};
    /* PC/SC part 10, 2.6.2: numbers in the host's order, which is little-endian where this runs. */
    static const uint8_t padded[] = {
        30, 30, 0x82, 0x08, 0x00, 8,    6,    0x02, 1,    0x09, 0x04, 0x00, 0,    0,    0,    13,
        0,  0,  0,    0x00, 0x20, 0x00, 0x80, 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static const uint8_t unpadded[] = {30, 30,   0x82, 0x00, 0x00, 16,   6,    0x02,
                                       1,  0x09, 0x04, 0x00, 0,    0,    0,    5,
                                       0,  0,    0,    0x00, 0x20, 0x00, 0x81, 0x00};
    struct reader reader;
    uint16_t status;
    (void)state;
    assert_no_error(enter(&usual, &piv, success, sizeof(success), &reader, &status));
    assert_int_equal(status, 0x9000);
    assert_int_equal(reader.code, VERIFY);
    assert_int_equal(reader.told_length, sizeof(padded));
    assert_memory_equal(reader.told, padded, sizeof(padded));
    assert_no_error(enter(&usual, &openpgp, success, sizeof(success), &reader, &status));
    assert_int_equal(reader.told_length, sizeof(unpadded));
    assert_memory_equal(reader.told, unpadded, sizeof(unpadded));
}

static void tells_how_to_change(void **state)
{
    const struct pin_entry both = {.ins = 0x24,
                                   .p2 = 0x80,
                                   .present = true,
                                   .fresh = true,
                                   .block = 8,
                                   .minimum = 6,
                                   .maximum = 8};
    const struct pin_entry fresh = {
        .ins = 0x2C, .p1 = 0x02, .p2 = 0x81, .fresh = true, .minimum = 6, .maximum = 64};
    static const uint8_t two[] = {30,   30, 0x82, 0x08, 0,    0,    8,    8,    6,    0x03,
                                  0x02, 3,  0x09, 0x04, 0,    1,    2,    0,    0,    0,
                                  21,   0,  0,    0,    0x00, 0x24, 0x00, 0x80, 0x10, 0xFF};
    static const uint8_t one[] = {30,   30, 0x82, 0x00, 0,    0,    0,    16,   6,   0x01,
                                  0x02, 2,  0x09, 0x04, 1,    2,    0,    0,    0,   0,
                                  5,    0,  0,    0,    0x00, 0x2C, 0x02, 0x81, 0x00};
    struct reader reader;
    uint16_t status;
    (void)state;
    assert_no_error(enter(&usual, &both, success, sizeof(success), &reader, &status));
    assert_int_equal(reader.code, MODIFY);
    assert_int_equal(reader.told_length, sizeof(two) + 15);
    assert_memory_equal(reader.told, two, sizeof(two));
    assert_no_error(enter(&usual, &fresh, success, sizeof(success), &reader, &status));
    assert_int_equal(reader.told_length, sizeof(one));
    assert_memory_equal(reader.told, one, sizeof(one));
}

/* ---- what the reader answers ------------------------------------------------------------- */

static void takes_answers(void **state)
{
    const struct pin_entry piv = {
        .ins = 0x20, .p2 = 0x80, .present = true, .block = 8, .minimum = 6, .maximum = 8};
    static const struct {
        uint8_t bytes[3];
        size_t length;
        enum error_code code;
        const char *text;
    } cases[] = {
        {{0x64, 0x00}, 2, ERROR_PIN_TIMEOUT, "in 30 seconds"},
        {{0x64, 0x01}, 2, ERROR_PIN_ABORTED, "cancelled"},
        {{0x64, 0x02}, 2, ERROR_PIN_FORMAT, "differ"},
        {{0x64, 0x03}, 2, ERROR_PIN_FORMAT, "6 to 8 digits"},
        {{0x64, 0x80}, 2, ERROR_UNSUPPORTED, "does not serve"},
        {{0x90}, 1, ERROR_TRANSPORT, "1 bytes"},
        {{0}, 0, ERROR_TRANSPORT, "0 bytes"},
        {{0x00, 0x90, 0x00}, 3, ERROR_TRANSPORT, "3 bytes"},
    };
    static const uint8_t wrong[] = {0x63, 0xC2};
    struct reader reader;
    uint16_t status;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_error(enter(&usual, &piv, cases[i].bytes, cases[i].length, &reader, &status),
                     cases[i].code, cases[i].text);
    assert_no_error(enter(&usual, &piv, wrong, sizeof(wrong), &reader, &status));
    assert_int_equal(status, 0x63C2);
    assert_error(enter(&usual, &piv, NULL, 0, &reader, &status), ERROR_UNSUPPORTED,
                 "in the reader's list");
}

static void knows_what_does_not_go(void **state)
{
    const struct pin_pad none = {0};
    const struct pin_pad verifies = {VERIFY, 0, 0, 15};
    const struct pin_pad small = {VERIFY, MODIFY, 4, 5};
    const struct pin_entry change = {.fresh = true, .minimum = 6, .maximum = 8};
    const struct pin_entry certum = {.present = true, .block = 16, .minimum = 4, .maximum = 16};
    (void)state;
    assert_error(pin_pad_check(&none, &change), ERROR_UNSUPPORTED, "no keypad");
    assert_error(pin_pad_check(&verifies, &change), ERROR_UNSUPPORTED, "not change them");
    assert_error(pin_pad_check(&usual, &certum), ERROR_UNSUPPORTED, "padded to 16 bytes");
    assert_error(pin_pad_check(&small, &change), ERROR_UNSUPPORTED, "takes 4 to 5 digits");
    assert_no_error(pin_pad_check(&usual, &change));
}

/* ---- readers that hang ------------------------------------------------------------------- */

struct sleeper {
    struct timespec time;
    atomic_int woken, released;
};

static void sleep_on(void *argument)
{
    struct sleeper *sleeper = argument;
    (void)nanosleep(&sleeper->time, NULL);
    atomic_store(&sleeper->woken, 1);
}

static void released(void *argument)
{
    atomic_store(&((struct sleeper *)argument)->released, 1);
}

static void gives_up_what_does_not_return(void **state)
{
    static struct sleeper quick = {.time = {0, 1000000}};
    static struct sleeper slow = {.time = {2, 0}};
    const struct timespec pause = {0, 50000000};
    bool returned;
    (void)state;
    assert_no_error(deadline_call(sleep_on, released, &quick, 10, &returned));
    assert_true(returned);
    assert_int_equal(atomic_load(&quick.woken), 1);
    assert_int_equal(atomic_load(&quick.released), 0);
    assert_no_error(deadline_call(sleep_on, released, &slow, 1, &returned));
    assert_false(returned);
    assert_int_equal(atomic_load(&slow.woken), 0);
    for (int i = 0; i < 100 && atomic_load(&slow.released) == 0; i++)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(atomic_load(&slow.woken), 1);
    assert_int_equal(atomic_load(&slow.released), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_features),
        cmocka_unit_test(refuses_what_no_reader_means),
        cmocka_unit_test(tells_how_to_verify),
        cmocka_unit_test(tells_how_to_change),
        cmocka_unit_test(takes_answers),
        cmocka_unit_test(knows_what_does_not_go),
        cmocka_unit_test(gives_up_what_does_not_return),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
