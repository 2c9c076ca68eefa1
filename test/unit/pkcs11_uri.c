/* SPDX-License-Identifier: BSD-2-Clause */
/* pkcs11: URIs, said as card: URIs, which the reader of those accepts. */
#include "card/pkcs11_uri.h"
#include "card/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void is_translated(const char *pkcs11, const char *card)
{
    struct card_uri *parsed;
    char *text;

    assert_null(pkcs11_uri_translate(pkcs11, &text));
    assert_string_equal(text, card);
    assert_null(card_uri_parse(text, &parsed));
    card_uri_free(parsed);
    pkcs11_uri_free(text);
}

/* Refused, with a message that has `says` in it. */
static void is_refused(const char *pkcs11, const char *says)
{
    char *text = (char *)1;
    struct error *error = pkcs11_uri_translate(pkcs11, &text);

    assert_non_null(error);
    assert_null(text);
    assert_int_equal(error_code(error), ERROR_URI);
    if (strstr(error_message(error), says) == NULL)
        fail_msg("%s: \"%s\" is not in \"%s\"", pkcs11, says, error_message(error));
    assert_null(strstr(error_message(error), "123456"));
    error_free(error);
}

static void attributes_are_translated(void **state)
{
    (void)state;
    is_translated("pkcs11:", "card:");
    is_translated("PKCS11:type=public;;", "card:type=public");
    is_translated("pkcs11:serial=12345678", "card:serial=12345678");
    is_translated("pkcs11:type=cert;id=%01;serial=A1;slot-description=My%20Reader%3b%200",
                  "card:serial=A1;reader=My%20Reader%3B%200;slot=9a;type=cert");
    is_translated("pkcs11:model=PKCS%2315%20emulated;manufacturer=piv_II;token=PIV_II;id=%02",
                  "card:app=piv;slot=9c");
    is_translated("pkcs11:token=YubiKey%20PIV%20%2387;library-version=2.7;slot-manufacturer=x",
                  "card:serial=87");
    is_translated("pkcs11:token=YubiKey%20PIV%20%2387;serial=87", "card:serial=87");
    is_translated("pkcs11:object=my%20key;type=private", "card:label=my%20key;type=private");
}

/* Every slot, by its number, its own name, and what it is called by OpenSC and ykcs11. */
static void slots_are_found(void **state)
{
    static const char *const names[24] = {"9a", "9c", "9d", "9e", "82", "83", "84", "85",
                                          "86", "87", "88", "89", "8a", "8b", "8c", "8d",
                                          "8e", "8f", "90", "91", "92", "93", "94", "95"};
    char pkcs11[80], card[80];

    (void)state;
    for (unsigned i = 0; i < 24; i++) {
        snprintf(card, sizeof(card), "card:slot=%s", names[i]);
        snprintf(pkcs11, sizeof(pkcs11), "pkcs11:id=%%%02x", i + 1);
        is_translated(pkcs11, card);
        snprintf(pkcs11, sizeof(pkcs11), "pkcs11:id=%%%s", names[i]);
        is_translated(pkcs11, card);
        snprintf(pkcs11, sizeof(pkcs11), "pkcs11:id=%s", names[i]);
        is_translated(pkcs11, card);
        snprintf(pkcs11, sizeof(pkcs11), "pkcs11:object=%s;id=%%%02X", names[i], i + 1);
        is_translated(pkcs11, card);
    }
    is_translated("pkcs11:id=9C", "card:slot=9c");
}

static void labels_are_found(void **state)
{
    (void)state;
    is_translated("pkcs11:object=PIV%20AUTH%20key", "card:slot=9a");
    is_translated("pkcs11:object=PIV%20AUTH%20pubkey", "card:slot=9a");
    is_translated("pkcs11:object=SIGN key", "card:slot=9c");
    is_translated("pkcs11:object=KEY%20MAN%20key", "card:slot=9d");
    is_translated("pkcs11:object=CARD%20AUTH%20key", "card:slot=9e");
    is_translated("pkcs11:object=Certificate%20for%20Digital%20Signature", "card:slot=9c");
    is_translated("pkcs11:object=X.509%20Certificate%20for%20Key%20Management", "card:slot=9d");
    is_translated("pkcs11:object=Private%20key%20for%20PIV%20Authentication", "card:slot=9a");
    is_translated("pkcs11:object=Public%20key%20for%20Card%20Authentication", "card:slot=9e");
    is_translated("pkcs11:object=Retired%20KEY%20MAN%201", "card:slot=82");
    is_translated("pkcs11:object=Retired%20Certificate%20for%20Key%20Management%2020",
                  "card:slot=95");
    is_translated("pkcs11:object=Private%20key%20for%20Retired%20Key%207", "card:slot=88");
    is_translated("pkcs11:object=Retired%20KEY%20MAN%2021", "card:label=Retired%20KEY%20MAN%2021");
    is_translated("pkcs11:object=Retired%20KEY%20MAN%200", "card:label=Retired%20KEY%20MAN%200");
    is_translated("pkcs11:object=Retired%20KEY%20MAN%201x", "card:label=Retired%20KEY%20MAN%201x");
    is_translated("pkcs11:object=SIGN", "card:label=SIGN");
}

static void queries_are_translated(void **state)
{
    (void)state;
    is_translated("pkcs11:?pin-source=/etc/pin", "card:?pin-source=file:/etc/pin");
    is_translated("pkcs11:id=%01?pin-source=file:/etc/pin&module-name=opensc",
                  "card:slot=9a?pin-source=file:/etc/pin");
    is_translated("pkcs11:?pin-source=env:PIN&use-last-try=yes",
                  "card:?pin-source=env:PIN&use-last-try=yes");
    is_translated("pkcs11:?module-path=/usr/lib/x.so&pin-value=12%3D456",
                  "card:?pin-value=12%3D456");
    is_translated("pkcs11:?pin-value=123456&use-last-try=yes",
                  "card:?use-last-try=yes&pin-value=123456");
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    is_refused("", "begin with pkcs11:");
    is_refused("card:", "begin with pkcs11:");
    is_refused("pkcs11", "begin with pkcs11:");
    is_refused("pkcs11:slot=9a", "called \"slot\"");
    is_refused("pkcs11:id", "id has no value");
    is_refused("pkcs11:serial=", "serial has no value");
    is_refused("pkcs11:id=", "id names no slot");
    is_refused("pkcs11:id=%00", "id names no slot");
    is_refused("pkcs11:id=%19", "id names no slot");
    is_refused("pkcs11:id=%01%02", "id names no slot");
    is_refused("pkcs11:id=%9a%00", "id names no slot");
    is_refused("pkcs11:id=%1", "%");
    is_refused("pkcs11:id=%", "%");
    is_refused("pkcs11:id=%g1", "%");
    is_refused("pkcs11:id=%01;id=%01", "id is there twice");
    is_refused("pkcs11:model=a;model=b", "model is there twice");
    is_refused("pkcs11:id=%01;object=SIGN%20key", "object names the slot 9c, but id names 9a");
    is_refused("pkcs11:serial=1;token=YubiKey%20PIV%20%232", "different cards");
    is_refused("pkcs11:serial=00000000", "leave it out");
    is_refused("pkcs11:token=on-card", "token=on-card");
    is_refused("pkcs11:slot-id=0", "slot-description");
    is_refused("pkcs11:type=data", "\"data\"");
    is_refused("pkcs11:serial=1%002", "control character");
    is_refused("pkcs11:object=a%0ab", "control character");
    is_refused("pkcs11:a%0ab\nc", "control character");
}

/* What may be a PIN is not shown: is_refused() looks for it. */
static void bad_queries_are_refused(void **state)
{
    (void)state;
    is_refused("pkcs11:pin-value=123456", "called \"pin-value\"");
    is_refused("pkcs11:?pin=123456", "called \"pin\"");
    is_refused("pkcs11:?pin-value", "pin-value has no value");
    is_refused("pkcs11:?pin-value=123456&pin-value=123456", "pin-value is there twice");
    is_refused("pkcs11:?pin-source=|echo%20123456", "command");
    is_refused("pkcs11:?pin-source=", "pin-source has no value");
    is_refused("pkcs11:?use-last-try", "use-last-try has no value");
    is_refused("pkcs11:?use-last-try=123456", "use-last-try has to be yes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_are_translated), cmocka_unit_test(slots_are_found),
        cmocka_unit_test(labels_are_found),          cmocka_unit_test(queries_are_translated),
        cmocka_unit_test(nonsense_is_refused),       cmocka_unit_test(bad_queries_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
