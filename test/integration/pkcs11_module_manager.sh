#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The card manager on a token behind a PKCS #11 module (SoftHSM).
source "$(dirname "$0")/lib.sh"
source "$HERE/pkcs11.sh"
: "${REISSUE:?must name reissue}"

token_new one
TOKEN="card:serial=$SERIAL;app=pkcs11?module-path=$SOFTHSM"
printf '%s' "$SO_PIN" >officer
printf 'a longer one' >other
printf 654321 >wrong
printf 12 >short

"$REISSUE" card show "$TOKEN" | tee shown
expect_in "$SERIAL" shown

# A key, its reference, its certificate.
URI=$("$REISSUE" card generate --algorithm P-256 --slot 07 --pin-source file:pin --reference key.pem "$TOKEN" 2>err | grep -o 'card:.*') ||
    fail "generate: $(<err)"
expect_in "slot=07" <(echo "$URI")
"$CARD_TOOL" sign "card:slot=07?module-path=$SOFTHSM&$SOURCE"
openssl req -new -x509 -days 3 -provider default -provider card -key key.pem -passin "pass:$PIN" -subj /CN=07 -out 07.crt
"$REISSUE" card import-cert --pin-source file:pin "$TOKEN" 07.crt
"$REISSUE" card export-cert --slot 07 "$TOKEN" | openssl x509 | diff - <(openssl x509 -in 07.crt)
"$REISSUE" card show --json "$TOKEN" >shown
expect_in '"07"' shown
expect_failure "$REISSUE" card generate --algorithm P-256 --slot 07 --pin-source file:pin "$TOKEN"
expect_in "in use" err
expect_failure "$REISSUE" card generate --algorithm P-256 --slot 08 --pin-source file:wrong "$TOKEN"
expect_in "refused the PIN" err
"$REISSUE" card generate --algorithm RSA-2048 --pin-source file:pin "$TOKEN"

# The PIN changes, and is given anew by the security officer.
expect_failure "$REISSUE" card pin --pin-source file:pin --new-pin-source file:short "$TOKEN"
expect_in "4 to 255" err
expect_failure "$REISSUE" card pin --pin-source file:wrong --new-pin-source file:other "$TOKEN"
"$REISSUE" card pin --pin-source file:pin --new-pin-source file:other "$TOKEN"
"$CARD_TOOL" sign "card:slot=07?module-path=$SOFTHSM&pin-source=file:$WORK/other"
expect_failure "$CARD_TOOL" sign "card:slot=07?module-path=$SOFTHSM&$SOURCE"
expect_failure "$REISSUE" card unblock --puk-source file:wrong --new-pin-source file:pin "$TOKEN"
"$REISSUE" card unblock --puk-source file:officer --new-pin-source file:pin "$TOKEN"
"$CARD_TOOL" sign "card:slot=07?module-path=$SOFTHSM&$SOURCE"

"$REISSUE" card delete --yes --slot 07 --pin-source file:pin "$TOKEN"
expect_failure "$CARD_TOOL" key "card:slot=07?module-path=$SOFTHSM&$SOURCE"
if softhsm_tool --list-objects | grep -q 'ID: *07$'; then fail "something is left: $(softhsm_tool --list-objects)"; fi
