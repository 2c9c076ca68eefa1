#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue card with a reader that has a keypad: secrets that are set, changed and given there, and where that
# does not go.
source "$(dirname "$0")/lib.sh"
source "$HERE/card_manager_lib.sh"
source "$HERE/pin_pad_lib.sh"

# typed LINE...: what somebody types next; nothing is left of what was before.
typed() {
    pad_clear
    (($# == 0)) || type_at_pad "$@"
}

pcscd_start
card_insert --profile yubikey --serial 12345678

# It is said that there is one.
manage list
expect_in "$READER, with a keypad for PINs" out
expect_equal "$(json '.readers | map(.keypad | tostring) | join(" ")' list)" "true null"
manage show
expect_in "keypad:          the reader's: PINs are typed and changed there" out
expect_equal "$(json '.cards[0].keypad' show)" true

# A new card: its first PIN and PUK are known, and typed all the same; then the new ones, twice.
typed "$PUK $NEW_PUK $NEW_PUK" "$PIN $NEW_PIN $NEW_PIN" "$NEW_PIN"
manage init
expect_entries 3
expect_in "the PUK of a new card is 12345678" out
expect_in "Type the PUK of PIV card 12345678, then the new one twice, at the keypad of the reader \"$READER\"" err
expect_in "Type the PIN of PIV card 12345678, then the new one twice, at the keypad" err
expect_in "keeps behind the PIN" out
expect_equal "$(entries | head -n 1)" \
    "modify 00240081 present, new, again, 6 to 8 digits, block 8, 30 seconds: 9000"
if grep -q -e $NEW_PIN -e $NEW_PUK out err; then fail "a secret is shown"; fi
expect_equal "$(json '.cards[0].secrets | map(.factory) | join(" ")' show)" "false false false"

# The management key behind the PIN: typed, to make a key. One that the card has from a moment ago does not have
# to be typed again; the reference says how its PIN is asked.
opensc-tool --reader "$READER" --reset=warm >/dev/null
typed $NEW_PIN
manage generate --slot 9a --reference key.pem
expect_entries 1
openssl asn1parse -in key.pem | grep -q 'ENUMERATED *:03' || fail "the reference does not tell of the keypad"
opensc-tool --reader "$READER" --reset=warm >/dev/null
typed $NEW_PIN
openssl req -x509 -provider default -provider card -key key.pem -subj /CN=x -out key.crt
expect_entries 1
opensc-tool --reader "$READER" --reset=warm >/dev/null
typed $NEW_PIN
manage import-cert --slot 9a key.crt
expect_entries 1

# The PIN: changed there, and nothing is asked here.
typed "$NEW_PIN $PIN $PIN"
manage pin
expect_entries 1
# Sources go first.
expect_equal "$(json .changed pin --pin-source file:pin --new-pin-source file:pin.new)" PIN
expect_entries 1
# Both there or both here: not one of each.
typed
refused 2 "takes both from there, or neither" pin --pin-source pad: --new-pin-source file:pin
refused 8 "no terminal" pin --pin-source host: --new-pin-source file:pin
expect_entries 0
# New ones that differ, too short ones, second thoughts, nobody: nothing is changed, no try is gone.
typed "$NEW_PIN 111111 222222"
refused 8 "differ" pin
typed "$NEW_PIN 111 111"
refused 8 "too short or too long" pin
typed cancel
refused 8 "cancelled" pin
expect_equal "$(json .error.code pin)" timed-out
expect_equal "$(json '.cards[0].secrets.pin.tries_left' show)" 3
# A wrong one costs a try, once; the last one is kept.
typed "$PIN 111111 111111"
refused 6 "the card refused the PIN (tries left: 2)" pin
expect_entries 1
typed "$PIN 111111 111111"
refused 6 "(tries left: 1)" pin
typed
refused 7 "only one try is left" pin
expect_entries 0
typed "$PIN 111111 111111"
refused 7 "no try is left" pin --use-last-try
# Unblocked by the PUK, which has its tries as well.
typed "$PUK $PIN $PIN"
refused 6 "the card refused the PUK (tries left: 2)" unblock
typed "$NEW_PUK $PIN $PIN"
manage unblock
expect_entries 1
expect_equal "$(entries)" "modify 002c0080 present, new, again, 6 to 8 digits, block 8, 30 seconds: 9000"
expect_in "Type the PUK of PIV card 12345678, then the new PIN twice, at the keypad" err
typed "$NEW_PUK $PUK $PUK"
manage puk
expect_entries 1
# A management key is not for keypads: only the PIN before which it is kept is typed.
typed $PIN
manage management-key
expect_entries 1
refused 8 "serves for a card's PIN, and not here" management-key --new-management-key-source pad:
card_remove

# A reader that can verify, and not change.
echo 06 04 42 33 00 06 >"$PIN_PAD/features"
card_insert
manage show
expect_in "PINs are typed there" out
typed
refused 8 "can verify PINs, but not change them" pin --pin-source pad:
refused 8 "no terminal" pin
expect_entries 0
rm "$PIN_PAD/features"
card_remove

# OpenPGP: its admin PIN, and the resetting code, which is no keypad's.
ADMIN=12345678
NEW_ADMIN=11223344
card_insert --state openpgp.state --profile openpgp --serial 87000001
typed "$PIN $NEW_PIN $NEW_PIN" "$ADMIN $NEW_ADMIN $NEW_ADMIN"
manage init card:app=openpgp
expect_entries 2
expect_equal "$(entries | tail -n 1)" \
    "modify 00240083 present, new, again, 8 to 16 digits, block 0, 30 seconds: 9000"
typed $NEW_ADMIN
manage generate "card:app=openpgp;slot=sig"
expect_entries 1
expect_in "Type the admin PIN of OpenPGP card" err
typed "$NEW_PIN $PIN $PIN"
manage pin card:app=openpgp
printf %s $NEW_ADMIN >admin.pin
printf %s 44332211 >code.new
typed
refused 8 "no terminal" puk card:app=openpgp
manage puk card:app=openpgp --management-key-source file:admin.pin --new-puk-source file:code.new
expect_entries 0
typed "44332211 $NEW_PIN $NEW_PIN"
manage unblock card:app=openpgp
expect_equal "$(entries)" "modify 002c0081 present, new, again, 6 to 16 digits, block 0, 30 seconds: 9000"
typed $NEW_ADMIN "$PIN $PIN"
manage unblock card:app=openpgp --management-key-source pad:
expect_entries 2
expect_equal "$(entries | tail -n 1)" "modify 002c0281 new, again, 6 to 16 digits, block 0, 30 seconds: 9000"
typed "00000000" "$PIN $PIN"
refused 6 "the card refused the admin PIN (tries left: 2)" unblock card:app=openpgp --management-key-source pad:
expect_equal "$(entries | wc -l)" 1
