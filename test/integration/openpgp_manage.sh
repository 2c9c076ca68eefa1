#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue card with OpenPGP cards: what is shown, secrets that change, keys and certificates, the reset.
source "$(dirname "$0")/lib.sh"
source "$HERE/card_manager_lib.sh"

CARD=card:app=openpgp
echo 12345678 >admin-pin
echo geheim-administrator >admin-pin.new

pcscd_start
for profile in yubikey openpgp; do
    new_card --profile $profile --serial 12345678
    manage list
    expect_in "OpenPGP" out
    manage show $CARD
    expect_in "OpenPGP" out
    manage generate $CARD --slot sig --algorithm P-256 --management-key-source file:admin-pin
    manage pin $CARD --pin-source file:pin --new-pin-source file:pin.new
    "$CARD_TOOL" sign "$CARD;slot=sig?pin-source=file:pin.new"
    refused 6 "tries left: 2" pin $CARD --pin-source file:wrong --new-pin-source file:pin
    openssl req -x509 -provider default -provider card -key "$CARD;slot=sig?pin-source=file:pin.new" -subj /CN=x -out x.pem
    manage import-cert x.pem $CARD --slot sig --management-key-source file:admin-pin
    manage show $CARD
    expect_in "CN=x" out
    # The reset code, set and used; then the admin PIN does the same, and changes itself.
    printf 'resetting code' >code
    manage puk $CARD --new-puk-source file:code --management-key-source file:admin-pin
    for _ in 1 2 3; do
        apdu_send 00A4040006D27600012401 0020008106393939393939 >answers
    done
    refused 7 "blocked" pin $CARD --pin-source file:pin.new --new-pin-source file:pin
    manage unblock $CARD --puk-source file:code --new-pin-source file:pin
    "$CARD_TOOL" sign "$CARD;slot=sig?pin-source=file:pin"
    manage unblock $CARD --management-key-source file:admin-pin --new-pin-source file:pin.new
    "$CARD_TOOL" sign "$CARD;slot=sig?pin-source=file:pin.new"
    # A key that was deleted is gone, with its certificate, and a new one takes the slot unasked.
    refused 10 "in use" generate $CARD --slot sig --algorithm P-384 --management-key-source file:admin-pin
    manage delete $CARD --slot sig --yes --management-key-source file:admin-pin
    refused 5 "empty" delete $CARD --slot sig --key-only --yes --management-key-source file:admin-pin
    manage generate $CARD --slot sig --algorithm P-384 --management-key-source file:admin-pin
    "$CARD_TOOL" sign "$CARD;slot=sig?pin-source=file:pin.new"
    manage reset $CARD --serial "$(json '.cards[0].serial' show $CARD)" --yes
    expect_equal "$(json '.cards[0].secrets.pin.tries_left' show $CARD)" 3
    expect_failure "$CARD_TOOL" sign "$CARD;slot=sig?pin-source=file:pin"
    expect_in "slot sig is empty" err
    manage generate $CARD --slot aut --algorithm RSA-2048 --management-key-source factory
    "$CARD_TOOL" sign "$CARD;slot=aut?pin-source=file:pin"
    # Both slots that sign are in use by then: the card is full.
    manage generate $CARD --algorithm P-256 --management-key-source factory
    expect_equal "$(json '.error.code' generate $CARD --management-key-source factory)" not-found
    refused 5 "neither slot sig nor slot aut is free" generate $CARD --management-key-source factory
done

# A reset that is cut short by pulling the card, while its PINs are blocked, before it is terminated, before it is
# activated: another one finishes it. A terminated card tells no serial number, and goes by its reader.
for ins in 20 e6 44; do
    card_remove
    rm -f card.state
    card_insert --profile openpgp --serial 7 --key sig=p256 --remove-at-ins $ins
    code=0
    timeout 60 "$REISSUE" card reset $CARD --serial fffe00000007 --yes >out 2>err || code=$?
    ((code == 4 || code == 11)) || fail "exit code $code: $(<err)"
    expect_in "reset the card again to finish it" err
    card_was_pulled
    card_insert
    name=fffe00000007
    [[ $ins != 44 ]] || name=$READER
    manage reset $CARD --serial "$name" --yes
    expect_equal "$(json '.cards[0] | [(.slots | length), .secrets.pin.tries_left] | join(" ")' show $CARD)" "0 3"
done
