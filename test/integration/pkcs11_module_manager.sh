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

# ---- new tokens -------------------------------------------------------------------------------------------

MODULE="card:?module-path=$SOFTHSM"
# fresh SECRET LABEL: a token is initialised in the slot that is free, with that PIN of the security officer.
fresh() {
    "$REISSUE" card init "$MODULE" --new-puk-source "file:$1" --new-pin-source file:pin --label "$2" --json >made
    FRESH=$(jq -r .card made)
}
expect_failure "$REISSUE" card init "$MODULE" --new-puk-source file:short --new-pin-source file:pin
expect_in "4 to 255 characters" err
expect_failure "$REISSUE" card init "$MODULE" --new-puk-source file:officer --new-pin-source file:pin \
    --label "a label of more than 32 characters"
expect_in "at most 32" err
softhsm2-util --show-slots >slots
[[ $(grep -c 'Initialized: *yes' slots) == 1 ]] || fail "refused, and yet initialised: $(<slots)"
fresh officer fresh
# Others see the very token: its label, its PIN, its security officer's.
pkcs11-tool --module "$SOFTHSM" --token-label fresh --login --pin "$PIN" --keypairgen --key-type EC:prime256v1 --id 01 >/dev/null
pkcs11-tool --module "$SOFTHSM" --token-label fresh --login --login-type so --so-pin "$SO_PIN" --init-pin --pin 0000 >/dev/null
"$CARD_TOOL" sign "${FRESH%\?*};slot=01?${FRESH#*\?}&pin-source=env:ZEROS" 2>err && fail "without a PIN"
ZEROS=0000 "$CARD_TOOL" sign "${FRESH%\?*};slot=01?${FRESH#*\?}&pin-source=env:ZEROS"
expect_failure "$REISSUE" card init "$FRESH" --new-puk-source file:officer --new-pin-source file:pin
expect_in "it has a PIN already" err
# A token that has an officer, and nobody else yet.
pkcs11-tool --module "$SOFTHSM" --init-token --slot-index 2 --label half --so-pin "$SO_PIN" >/dev/null
HALF="card:serial=$(softhsm2-util --show-slots | grep -B 3 "Label: *half *\$" | awk '/Serial number/ { print $3 }')?module-path=$SOFTHSM"
expect_in "not initialised: reissue card init" <("$REISSUE" card show "$HALF")
expect_failure "$REISSUE" card init "$HALF" --puk-source file:wrong --new-pin-source file:pin
"$REISSUE" card init "$HALF" --puk-source file:officer --new-pin-source file:pin
"$REISSUE" card generate "$HALF" --pin-source file:pin --slot 02 >uri
"$CARD_TOOL" sign "${HALF%\?*};slot=02?module-path=$SOFTHSM&$SOURCE"
# With a person at a terminal: both PINs twice, none of them on the screen.
timeout 60 python3 "$HERE/person.py" "New PIN of the security officer (4 to 255 characters)=$SO_PIN" "Verifying=$SO_PIN" \
    "New PIN (4 to 255 characters) of the token in=$PIN" "Verifying=$PIN" -- "$REISSUE" card init "$MODULE" --label typed >screen
expect_in 'the token "typed" is initialised' screen
if grep -Eq "$SO_PIN|$PIN" screen; then fail "a PIN is on the screen: $(<screen)"; fi

# Its security officer empties a token.
SERIAL=${HALF#*serial=} SERIAL=${SERIAL%%\?*}
expect_failure "$REISSUE" card reset "$HALF" --serial "$SERIAL" --yes
expect_in "--puk-source" err
expect_failure "$REISSUE" card reset "$HALF" --serial "$SERIAL" --yes --puk-source file:wrong
"$CARD_TOOL" sign "${HALF%\?*};slot=02?module-path=$SOFTHSM&$SOURCE"
"$REISSUE" card reset "$HALF" --serial "$SERIAL" --yes --puk-source file:officer
expect_in "not initialised: reissue card init" <("$REISSUE" card show "$HALF")
"$REISSUE" card init "$HALF" --puk-source file:officer --new-pin-source file:pin
expect_in "no keys and no certificates" <("$REISSUE" card show "$HALF")
wait_until 10 "no module's process to be left" no_helpers
