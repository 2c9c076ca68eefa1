/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is made of a libpcsclite that loses readers while it is asked. The functions here take the
 * place of its own.
 */
#include "card/pcsc_readers.h"
#include "expect.h"

#include <stdlib.h>
#include <string.h>

static const char names[] = "First 00 00\0Second 00 01\0";
static const LONG *codes; /* of the looks, one after another; SCARD_S_SUCCESS stays */
static unsigned established, released, looks;

LONG SCardEstablishContext(DWORD scope, LPCVOID first, LPCVOID second, LPSCARDCONTEXT context)
{
    (void)scope;
    (void)first;
    (void)second;
    *context = ++established;
    return SCARD_S_SUCCESS;
}

LONG SCardReleaseContext(SCARDCONTEXT context)
{
    assert_int_equal(context, established); /* one at a time */
    released++;
    return SCARD_S_SUCCESS;
}

LONG SCardListReaders(SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD length)
{
    char *copy = malloc(sizeof(names));

    (void)groups;
    assert_int_equal(context, established);
    assert_int_equal(*length, SCARD_AUTOALLOCATE);
    assert_non_null(copy);
    memcpy(copy, names, sizeof(names));
    memcpy(readers, &copy, sizeof(copy));
    return SCARD_S_SUCCESS;
}

LONG SCardFreeMemory(SCARDCONTEXT context, LPCVOID memory)
{
    (void)context;
    free((void *)(uintptr_t)memory);
    return SCARD_S_SUCCESS;
}

LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states,
                          DWORD count)
{
    LONG code = *codes;

    looks++;
    assert_int_equal(context, established);
    assert_int_equal(timeout, 0);
    assert_int_equal(count, 2);
    assert_string_equal(states[0].szReader, "First 00 00");
    assert_string_equal(states[1].szReader, "Second 00 01");
    states[0].dwEventState = SCARD_STATE_CHANGED | SCARD_STATE_EMPTY;
    states[1].dwEventState = SCARD_STATE_CHANGED | SCARD_STATE_PRESENT | SCARD_STATE_INUSE;
    if (code != SCARD_S_SUCCESS)
        codes++;
    return code;
}

/* The list, after so many looks; each had a context of its own. */
static void lists_after(const LONG *answers, unsigned wanted_looks)
{
    struct transport_reader_list readers;

    codes = answers;
    established = released = looks = 0;
    expect_good(pcsc_list_readers(&transport_pcsc, &readers));
    assert_int_equal(looks, wanted_looks);
    assert_int_equal(established, wanted_looks);
    assert_int_equal(released, wanted_looks);
    assert_int_equal(readers.count, 2);
    assert_string_equal(readers.items[0].name, "First 00 00");
    assert_false(readers.items[0].card_present);
    assert_string_equal(readers.items[1].name, "Second 00 01");
    assert_true(readers.items[1].card_present);
    transport_reader_list_clear(&readers);
}

static void in_one_look(void **state)
{
    (void)state;
    lists_after((const LONG[]){SCARD_S_SUCCESS}, 1);
}

static void again_in_another_context(void **state)
{
    (void)state;
    lists_after((const LONG[]){SCARD_E_UNKNOWN_READER, SCARD_S_SUCCESS}, 2);
    lists_after((const LONG[]){SCARD_E_UNSUPPORTED_FEATURE, SCARD_S_SUCCESS}, 2);
    lists_after((const LONG[]){SCARD_E_UNSUPPORTED_FEATURE, SCARD_E_UNKNOWN_READER,
                               SCARD_E_UNKNOWN_READER, SCARD_S_SUCCESS},
                4);
}

static void fails_with(LONG code, enum error_code wanted, const char *text, bool again)
{
    LONG answers[100];
    struct transport_reader_list readers;

    for (size_t i = 0; i < 100; i++)
        answers[i] = code;
    codes = answers;
    established = released = looks = 0;
    expect_error(pcsc_list_readers(&transport_pcsc, &readers), wanted, text);
    assert_int_equal(established, released);
    assert_true(again ? looks > 1 : looks == 1);
    assert_int_equal(readers.count, 0);
}

static void not_for_ever(void **state)
{
    (void)state;
    fails_with(SCARD_E_UNKNOWN_READER, ERROR_TRANSPORT, "PC/SC fails", true);
    fails_with(SCARD_F_COMM_ERROR, ERROR_TRANSPORT, "PC/SC fails", false);
    fails_with(SCARD_E_NO_SERVICE, ERROR_NO_SERVICE, "pcscd", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_one_look),
        cmocka_unit_test(again_in_another_context),
        cmocka_unit_test(not_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
