#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue card reset: whom it believes, and what an interruption at any of its commands leaves.
source "$(dirname "$0")/lib.sh"
source "$HERE/card_manager_lib.sh"

pcscd_start
card_insert --serial 12345678 --key 9a=p256 --certificate 9a=/CN=me
manage init --force --new-pin-source file:pin.new --new-puk-source file:puk.new

# Only the card whose serial number is given, and never without a word.
apdu_log_clear
refused 10 "no terminal" reset
refused 10 "no terminal" reset --yes
refused 10 "no terminal" reset --serial 12345678
refused 10 "is not this card" reset --serial 12345679 --yes
expect_equal "$(sent 20) $(sent 2c) $(sent fb)" "0 0 0"

expect_equal "$(json .reset reset --serial 12345678 --yes)" true
expect_equal "$(json '[.cards[0].secrets[].factory] | all' show)" true
expect_equal "$(json '.cards[0].slots | length' show)" 0
manage pin --pin-source file:pin --new-pin-source file:pin.new

# Pulled out at its first try, at the PUK's, at the reset itself: the keys are there, another one does it.
for ins in 20 2c fb; do
    new_card --serial 12345678 --key 9a=p256
    manage pin --pin-source file:pin --new-pin-source file:pin.new
    card_remove
    card_insert --remove-at-ins $ins
    code=0
    timeout 60 "$REISSUE" card reset card:app=piv --serial 12345678 --yes >out 2>err || code=$?
    # vpcd hands an empty answer on, other readers say that the card is gone.
    ((code == 4 || code == 11)) || fail "exit code $code: $(<err)"
    expect_in "reset the card again to finish it" err
    card_was_pulled
    card_insert
    expect_equal "$(json '.cards[0].slots | length' show)" 1
    [[ $ins == 20 ]] || expect_equal "$(json '.cards[0].secrets.pin.tries_left' show)" 0
    [[ $ins != fb ]] || expect_equal "$(json '.cards[0].secrets.puk.tries_left' show)" 0
    # Until the PUK is blocked as well it brings the PIN back.
    if [[ $ins == 2c ]]; then
        manage unblock --puk-source file:puk --new-pin-source file:pin.new
    fi
    manage reset --serial 12345678 --yes
    expect_equal "$(json '.cards[0].slots | length' show)" 0
    expect_equal "$(json '[.cards[0].secrets[].factory] | all' show)" true
done

# Each try that PIN and PUK can have is used up, however many there are: here five and fifteen.
new_card --serial 12345678 --management-algorithm 3des
yubico-piv-tool -r Virtual -a verify-pin -P "$PIN" -a pin-retries --pin-retries 5 --puk-retries 15 "-k$MANAGEMENT_KEY"
expect_equal "$(json '.cards[0].secrets.puk.tries_limit' show)" 15
manage reset --serial 12345678 --yes
expect_equal "$(json '.cards[0].secrets.puk.tries_limit' show)" 3
