/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands and answers of any length, over a transport that the test is the other end of. */
#include "apdu_encode.h"
#include "atr.h"
#include "soft_reader.h"
#include "softcard/hex.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In capitals, as the standards write it; the caller frees it. */
static char *hex_of(const uint8_t *bytes, size_t length)
{
    char *text = soft_hex_encode(bytes, length);
    for (char *c = text; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return text;
}

/* What the card is sent, and answers, in hexadecimal; a "*" after an answer repeats it for ever. */
struct script {
    const char *sent, *answer;
};

struct scripted {
    struct memory_reader reader[1];
    struct memory_system system;
    struct card_transport *transport;
    struct apdu_channel *channel;
    const struct script *next;
    int fail_once; /* the transport's error for the first command */
};

static struct error *follow_script(void *argument, const uint8_t *command, size_t length,
                                   uint8_t *response, size_t *response_length)
{
    struct scripted *scripted = argument;
    struct soft_bytes bytes = {0};
    if (scripted->fail_once != 0) {
        int code = scripted->fail_once;
        scripted->fail_once = 0;
        return error_new((enum error_code)code, "as the test wants it");
    }
    assert_non_null(scripted->next->answer);
    char *sent = hex_of(command, length);
    if (scripted->next->sent != NULL)
        assert_string_equal(sent, scripted->next->sent);
    free(sent);
    char answer[2048];
    (void)snprintf(answer, sizeof(answer), "%s", scripted->next->answer);
    size_t end = strlen(answer);
    bool forever = end > 0 && answer[end - 1] == '*';
    if (forever)
        answer[end - 1] = '\0';
    else
        scripted->next++;
    assert_true(soft_hex_decode(answer, &bytes));
    assert_true(bytes.length <= *response_length);
    if (bytes.length > 0)
        memcpy(response, bytes.data, bytes.length);
    *response_length = bytes.length;
    soft_bytes_free(&bytes);
    return NULL;
}

#define ATR_EXTENDED "3BFD1300008131FE158073C021C057597562694B657940"

static struct scripted *play(const char *atr, bool byte_protocol, const struct script *script)
{
    struct soft_bytes bytes = {0};
    struct scripted *scripted = calloc(1, sizeof(*scripted));
    assert_non_null(scripted);
    scripted->next = script;
    struct memory_reader *reader = scripted->reader;
    reader->name = "scripted";
    reader->card_present = true;
    reader->byte_protocol = byte_protocol;
    reader->answer = follow_script;
    reader->argument = scripted;
    assert_true(soft_hex_decode(atr, &bytes));
    memcpy(reader->atr, bytes.data, bytes.length);
    reader->atr_length = bytes.length;
    soft_bytes_free(&bytes);
    memory_system_init(&scripted->system, reader, 1);
    const struct transport_system *system = &scripted->system.base;
    assert_no_error(system->open(system, "scripted", &scripted->transport));
    assert_no_error(scripted->transport->functions->connect(scripted->transport));
    assert_no_error(apdu_channel_new(scripted->transport, &scripted->channel));
    return scripted;
}

static void scripted_stop(struct scripted *scripted)
{
    apdu_channel_free(scripted->channel);
    scripted->transport->functions->close(scripted->transport);
    free(scripted);
}

static void assert_exchange(struct scripted *scripted, const struct apdu_command *command,
                            const char *expected, uint16_t expected_status)
{
    struct buffer answer = {0};
    uint16_t status;
    assert_no_error(apdu_exchange(scripted->channel, command, &answer, &status));
    char *hex = hex_of(answer.bytes, answer.length);
    assert_string_equal(hex, expected);
    assert_int_equal(status, expected_status);
    assert_null(scripted->next->answer); /* all of the script was played */
    free(hex);
    buffer_clear(&answer);
    scripted_stop(scripted);
}

static const uint8_t zeros[APDU_DATA_MAX + 1];

static void encodes_the_four_cases(void **state)
{
    (void)state;
    static const struct {
        size_t length, expected;
        enum apdu_form form;
        const char *encoded;
    } cases[] = {
        {0, 0, APDU_SHORT, "00200080"},
        {0, 0, APDU_SHORT_NO_LE, "0020008000"},
        {0, 8, APDU_SHORT, "0020008008"},
        {0, 256, APDU_SHORT_NO_LE, "0020008000"},
        {2, 0, APDU_SHORT, "00200080020000"},
        {2, 0, APDU_SHORT_NO_LE, "00200080020000"},
        {2, 1000, APDU_SHORT, "0020008002000000"},
        {2, 1000, APDU_SHORT_NO_LE, "00200080020000"},
        {0, 1000, APDU_EXTENDED, "002000800003E8"},
        {2, 0, APDU_EXTENDED, "002000800000020000"},
        {2, 65536, APDU_EXTENDED, "0020008000000200000000"},
    };
    uint8_t out[APDU_ENCODED_MAX];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct apdu_command command = {
            0x00, 0x20, 0x00, 0x80, zeros, cases[i].length, cases[i].expected};
        char *hex = hex_of(out, apdu_encode(&command, cases[i].form, out));
        assert_string_equal(hex, cases[i].encoded);
        free(hex);
    }
    struct apdu_command most = {0, 0, 0, 0, zeros, APDU_DATA_MAX, 65536};
    assert_int_equal(apdu_encode(&most, APDU_EXTENDED, out), APDU_ENCODED_MAX);
}

static void reads_answers_to_reset(void **state)
{
    (void)state;
    static const struct {
        const char *atr;
        bool extended;
    } cases[] = {
        {ATR_EXTENDED, true},                                 /* YubiKey 5 */
        {"3BDA18FF81B1FE751F030031F573C001600090001C", true}, /* OpenPGP card 3.4 */
        {"3BF81300008131FE15597562696B657934D4", false},      /* YubiKey 4 */
        {"3B7F9600008031805843657274756D3031829000", false},
        {"3B", false},
        {"", false},
        {"3BFF", false},
        {"3BFD1300008131FE158073C0", false}, /* cut */
        {"3BF3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct soft_bytes bytes = {0};
        assert_true(soft_hex_decode(cases[i].atr, &bytes));
        uint8_t *exact = malloc(bytes.length + 1);
        assert_non_null(exact);
        uint8_t *from = exact + 1; /* its end is the allocation's */
        if (bytes.length > 0)
            memcpy(from, bytes.data, bytes.length);
        assert_int_equal(atr_extended_length(from, bytes.length), cases[i].extended);
        free(exact);
        soft_bytes_free(&bytes);
    }
}

static void chains_long_commands(void **state)
{
    (void)state;
    static const struct script script[] = {{NULL, "9000"}, {NULL, "9000"}, {NULL, "AABB9000"}, {0}};
    struct apdu_command command = {0x00, 0xDB, 0x3F, 0xFF, zeros, 600, 256};
    struct scripted *scripted = play("3B00", false, script);
    assert_exchange(scripted, &command, "AABB", 0x9000);

    static const struct script refusal[] = {{NULL, "9000"}, {NULL, "6A84"}, {0}};
    assert_exchange(play("3B00", false, refusal), &command, "", 0x6A84);

    static const struct script short_one[] = {{"00DB3FFF02000000", "9000"}, {0}};
    command.length = 2;
    assert_exchange(play("3B00", false, short_one), &command, "", 0x9000);
}

static void marks_the_chain(void **state)
{
    (void)state;
    char first[2 * 260 + 1] = "10DB3FFFFF";
    memset(first + 10, '0', 510);
    first[520] = '\0';
    const struct script script[] = {{first, "9000"}, {"00DB3FFF01000A", "9000"}, {0}};
    struct apdu_command command = {0x00, 0xDB, 0x3F, 0xFF, zeros, 256, 10};
    assert_exchange(play("3B00", false, script), &command, "", 0x9000);
}

static void collects_the_answer(void **state)
{
    (void)state;
    static const struct script rounds[] = {
        {"00CB3FFF010000", "AA6102"}, {"00C0000002", "BBCC6100"}, {"00C0000000", "DD9000"}, {0}};
    struct apdu_command command = {0x00, 0xCB, 0x3F, 0xFF, zeros, 1, 1000};
    assert_exchange(play("3B00", false, rounds), &command, "AABBCCDD", 0x9000);

    static const struct script corrected[] = {
        {"00CB3FFF010000", "AA6105"}, {"00C0000005", "6C02"}, {"00C0000002", "BBCC9000"}, {0}};
    assert_exchange(play("3B00", false, corrected), &command, "AABBCC", 0x9000);

    static const struct script again[] = {
        {"00CB3FFF010000", "6C03"}, {"00CB3FFF010003", "AABBCC9000"}, {0}};
    assert_exchange(play("3B00", false, again), &command, "AABBCC", 0x9000);

    static const struct script t0[] = {{"00CB3FFF0100", "6102"}, {"00C0000002", "AABB9000"}, {0}};
    assert_exchange(play(ATR_EXTENDED, true, t0), &command, "AABB", 0x9000);

    static const struct script warning[] = {
        {"00CB3FFF010000", "AA6101"}, {"00C0000001", "BB6282"}, {0}};
    assert_exchange(play("3B00", false, warning), &command, "AABB", 0x6282);
}

static void corrects_once(void **state)
{
    (void)state;
    static const struct script script[] = {{NULL, "6C03"}, {NULL, "6C03"}, {0}};
    struct apdu_command command = {0x00, 0xCB, 0x3F, 0xFF, zeros, 1, 1000};
    assert_exchange(play("3B00", false, script), &command, "", 0x6C03);
}

static void falls_back_to_short(void **state)
{
    (void)state;
    static const struct script script[] = {
        {"00CB3FFF0000010003E8", "6700"}, {"00CB3FFF010000", "AA9000"}, {0}};
    struct apdu_command command = {0x00, 0xCB, 0x3F, 0xFF, zeros, 1, 1000};
    assert_exchange(play(ATR_EXTENDED, false, script), &command, "AA", 0x9000);

    static const struct script refused[] = {{"00CB3FFF010000", "AA9000"}, {0}};
    struct scripted *scripted = play(ATR_EXTENDED, false, refused);
    scripted->fail_once = ERROR_TRANSPORT;
    assert_exchange(scripted, &command, "AA", 0x9000);

    static const struct script accepted[] = {{"00CB3FFF0000010003E8", "AA9000"}, {0}};
    assert_exchange(play(ATR_EXTENDED, false, accepted), &command, "AA", 0x9000);
}

static void corrects_long_commands(void **state)
{
    (void)state;
    static const struct script script[] = {{NULL, "6C02"}, {NULL, "AABB9000"}, {0}};
    struct apdu_command command = {0x00, 0x87, 0x07, 0x9A, zeros, 266, 272};
    assert_exchange(play(ATR_EXTENDED, false, script), &command, "AABB", 0x9000);
}

static void assert_fails(const char *answer, enum error_code code, const char *text)
{
    struct script script[2] = {{NULL, answer}, {0}};
    struct apdu_command command = {0x00, 0xCB, 0x3F, 0xFF, zeros, 1, 1000};
    struct scripted *scripted = play("3B00", false, script);
    struct buffer received = {0};
    uint16_t status;
    assert_error(apdu_exchange(scripted->channel, &command, &received, &status), code, text);
    buffer_clear(&received);
    scripted_stop(scripted);
}

static void gives_up_on_endless_answers(void **state)
{
    (void)state;
    char full[2 * 256 + 6];
    memset(full, 'A', 512);
    strcpy(full + 512, "6100*");
    assert_fails("6100*", ERROR_CARD_ANSWER, "does not end");
    assert_fails("AA6101*", ERROR_CARD_ANSWER, "does not end");
    assert_fails(full, ERROR_CARD_ANSWER, "does not end");
    assert_fails("", ERROR_CARD_ANSWER, "no status");
    assert_fails("90", ERROR_CARD_ANSWER, "no status");
}

static void refuses_what_is_too_long(void **state)
{
    (void)state;
    struct apdu_command command = {0x00, 0xDB, 0x3F, 0xFF, zeros, APDU_DATA_MAX + 1, 0};
    struct scripted *scripted = play(ATR_EXTENDED, false, NULL);
    struct buffer received = {0};
    uint16_t status;
    assert_error(apdu_exchange(scripted->channel, &command, &received, &status), ERROR_ARGUMENT,
                 "too much");
    scripted_stop(scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_the_four_cases),      cmocka_unit_test(reads_answers_to_reset),
        cmocka_unit_test(chains_long_commands),        cmocka_unit_test(marks_the_chain),
        cmocka_unit_test(collects_the_answer),         cmocka_unit_test(corrects_once),
        cmocka_unit_test(falls_back_to_short),         cmocka_unit_test(corrects_long_commands),
        cmocka_unit_test(gives_up_on_endless_answers), cmocka_unit_test(refuses_what_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
