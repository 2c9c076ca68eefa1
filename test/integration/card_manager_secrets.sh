#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue card init, pin, puk, unblock, management-key: what is checked before anything is sent, and
# what a wrong secret costs.
source "$(dirname "$0")/lib.sh"
source "$HERE/card_manager_lib.sh"

pcscd_start
card_insert --serial 12345678

tries() {
    json "[.cards[0].secrets.$1 | .tries_left, .tries_limit] | join(\"/\")" show
}

# ---- the PIN ----------------------------------------------------------------------------------
# Against the rules: said before anything is sent.
printf 12345 >short
printf 123456789 >long
apdu_log_clear
for value in short long; do
    refused 8 "6 to 8 characters" pin --pin-source file:pin --new-pin-source file:$value
    refused 8 "6 to 8 characters" pin --pin-source file:$value --new-pin-source file:pin.new
    refused 8 "6 to 8 characters" puk --puk-source file:puk --new-puk-source file:$value
    refused 8 "6 to 8 characters" unblock --puk-source file:$value --new-pin-source file:pin.new
done
refused 8 "there is no terminal" pin
refused 8 "cannot read" pin --pin-source file:nowhere --new-pin-source file:pin.new
refused 8 "pin-source has to be" pin --pin-source "$PIN" --new-pin-source file:pin.new
! grep -q "$PIN" err || fail "the PIN is in the message"
expect_equal "$(sent 24) $(sent 2c) $(pins_sent)" "0 0 0"

manage pin --pin-source file:pin --new-pin-source file:pin.new
expect_equal "$(sent 24)" 1
NEW=$NEW_PIN expect_apdus 8 "$REISSUE" card pin card:app=piv --pin-source env:NEW --new-pin-source file:pin # see docs/cards.md
expect_equal "$(json .changed pin "card:app=piv?pin-source=file:$WORK/pin" --new-pin-source file:pin.new)" PIN
manage pin --pin-source file:pin.new --new-pin-source file:pin

# A wrong one costs one try, once; the last one is kept.
apdu_log_clear
refused 6 "tries left: 2" pin --pin-source file:wrong --new-pin-source file:pin.new
refused 6 "tries left: 1" pin --pin-source file:wrong --new-pin-source file:pin.new
expect_equal "$(sent 24)" 2
refused 7 "--use-last-try" pin --pin-source file:pin --new-pin-source file:pin.new
expect_equal "$(json .error.code pin --pin-source file:pin --new-pin-source file:pin.new)" last-try
expect_equal "$(sent 24)" 2
manage show
expect_in "one more wrong PIN blocks it" err
refused 7 "blocked" pin --pin-source file:wrong --new-pin-source file:pin.new --use-last-try
expect_equal "$(sent 24)" 3
refused 7 "unblock it" pin --pin-source file:pin --new-pin-source file:pin.new --use-last-try
expect_equal "$(sent 24)" 3
expect_equal "$(tries pin)" 0/3
manage show
expect_in "PIN:             BLOCKED" out

# ---- unblocking, and the PUK ------------------------------------------------------------------
refused 6 "tries left: 2" unblock --puk-source file:wrong --new-pin-source file:pin.new
manage unblock --puk-source file:puk --new-pin-source file:pin.new
expect_equal "$(tries pin) $(tries puk)" "3/3 3/3"
manage pin --pin-source file:pin.new --new-pin-source file:pin
manage puk --puk-source file:puk --new-puk-source file:puk.new
refused 6 "tries left: 2" puk --puk-source file:puk --new-puk-source file:puk.new
manage puk --puk-source file:puk.new --new-puk-source file:puk
refused 9 "does not unblock" unblock --management-key-source factory --new-pin-source file:pin

# The PUK used up: nothing but a reset helps, which is said.
for _ in 1 2 3; do
    "$REISSUE" card puk card:app=piv --puk-source file:wrong --new-puk-source file:puk.new --use-last-try 2>/dev/null && fail "wrong PUK"
done
expect_equal "$(tries puk)" 0/3
apdu_log_clear
refused 7 "reset" puk --puk-source file:puk --new-puk-source file:puk.new --use-last-try
refused 7 "reset" unblock --puk-source file:puk --new-pin-source file:pin --use-last-try
expect_equal "$(json .error.code unblock --puk-source file:puk --new-pin-source file:pin)" blocked
expect_equal "$(sent 24) $(sent 2c)" "0 0"

# ---- the management key -----------------------------------------------------------------------
new_card --serial 12345678
manage management-key --pin-source file:pin
expect_equal "$(json '.cards[0].secrets.admin | [.factory, .behind_pin, .algorithm] | join(" ")' show)" "false true AES-192"
manage generate --slot 9a --pin-source file:pin
refused 6 "refused the management key" generate --slot 9c --management-key-source file:key
refused 6 "tries left: 2" generate --slot 9c --pin-source file:wrong
# Every kind; a random one behind the PIN each time.
for kind in 3DES AES-128 AES-192 AES-256; do
    manage management-key --algorithm $kind --pin-source file:pin
    expect_equal "$(json '.cards[0].secrets.admin | [.behind_pin, .algorithm] | join(" ")' show)" "true $kind"
    manage generate --slot 82 --pin-source file:pin --overwrite-key
done
manage management-key --touch --pin-source file:pin
expect_equal "$(jq .management.touch_policy card.state)" 2
refused 9 "no management key of the kind" management-key --algorithm DES --pin-source file:pin
# One that is named is kept by its owner, and a random one goes to a file, first.
manage management-key --algorithm AES-192 --pin-source file:pin --new-management-key-source file:key
expect_equal "$(json '.cards[0].secrets.admin.behind_pin' show)" false
refused 10 "--out" management-key --no-protect --management-key-source file:key
manage management-key --no-protect --management-key-source file:key --out key.random
expect_equal "$(stat -c %a key.random) $(wc -c <key.random)" "600 48"
refused 10 "exists" management-key --no-protect --management-key-source file:key.random --out key.random
manage generate --slot 83 --management-key-source file:key.random
printf '%s' "${MANAGEMENT_KEY:2}" >key.short
printf 'not hexadecimal' >key.text
refused 8 "hexadecimal digits, not" management-key --management-key-source file:key.random --new-management-key-source file:key.short
refused 8 "hexadecimal" management-key --management-key-source file:key.random --new-management-key-source file:key.text
refused 6 "has 24 bytes" generate --management-key-source file:key.short
# A person's PIN for what needs none is not asked for.
expect_equal "$(json '[.behind_pin, .changed] | join(" ")' management-key --protect --pin-source file:pin \
    --management-key-source file:key.random --new-management-key-source file:key)" "true management key"
manage generate --slot 84 --pin-source file:pin

# Pulled while the management key is replaced: whatever the card has by then, the PIN leads to it.
for ins in db ff; do
    card_remove
    card_insert --remove-at-ins $ins
    expect_failure timeout 60 "$REISSUE" card management-key card:app=piv --pin-source file:pin
    card_was_pulled
    card_insert
    manage generate --slot 85 --pin-source file:pin --overwrite-key
done

# ---- init -------------------------------------------------------------------------------------
refused 10 "in use" init --new-pin-source file:pin.new --new-puk-source file:puk.new
new_card --serial 12345678
refused 8 "6 to 8" init --new-pin-source file:pin.new --new-puk-source file:short
expect_equal "$(json '[.cards[0].secrets[].factory] | all' show)" true
manage init --new-pin-source file:pin.new --new-puk-source file:puk.new
expect_equal "$(json '[.cards[0].secrets[].factory] | any' show)" false
refused 10 "its PIN is not that of a new card" init --new-pin-source file:pin --new-puk-source file:puk
refused 6 "tries left: 2" init --force --new-pin-source file:pin --new-puk-source file:puk \
    --pin-source file:pin.new --puk-source file:wrong
expect_equal "$(json '.set | join(" ")' init --force --new-pin-source file:pin --new-puk-source file:puk \
    --pin-source file:pin.new --puk-source file:puk.new)" "PUK PIN management key"
card_remove
new_card --key 9a=p256
refused 10 "it holds a key" init --new-pin-source file:pin.new --new-puk-source file:puk.new
manage init --force --new-pin-source file:pin.new --new-puk-source file:puk.new
expect_equal "$(json '.cards[0].slots | length' show)" 1
