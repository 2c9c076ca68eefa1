#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Many threads and processes sign with one card at once, while others select another application on it
# or reset it: every signature verifies.
source "$(dirname "$0")/lib.sh"

# sign_everywhere [reset]: two processes of eight threads each, on three keys, and somebody in between.
sign_everywhere() {
    "$SELECT_OTHER" "$READER" 250 "$@" >visits &
    local other=$! key processes=()
    for key in 9a 9c 9e; do
        "$SIGN_THREADS" "card:slot=$key?pin-source=env:CARD_PIN" 8 12 >"threads.$key" 2>"errors.$key" &
        processes+=($!)
        "$SIGN_THREADS" "card:slot=$key?pin-source=env:CARD_PIN" 8 12 >"threads2.$key" 2>"errors2.$key" &
        processes+=($!)
    done
    for process in "${processes[@]}"; do
        wait "$process" || fail "a process that signs: $(cat errors*)"
    done
    [[ $(cat threads*.9? | grep -c "96 signatures verified") == 6 ]] || fail "$(cat threads*.9?)"
    kill $other || fail "the other program was done before the signatures were"
    wait $other || fail "the program in between"
}

pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9c=p256 --key 9e=rsa2048
export CARD_PIN=$PIN
"$SIGN_THREADS" 'card:slot=9a?pin-source=env:CARD_PIN' 8 50 >alone
expect_in "400 signatures verified" alone
sign_everywhere
sign_everywhere reset

# What two commands cannot exclude (see docs/card.7, SECURITY CONSIDERATIONS): a process may show its PIN
# to an application that was selected in the instant between its own transactions. Once, and no more: it
# selects for itself from then on. Hundreds of PINs were sent.
verifies=$(apdu_log | grep -c '"ins":"20"')
((verifies > 100)) || fail "only $verifies PINs were sent: nothing was tried"
foreign=$(apdu_log | grep -c dummy-verify || true)
((foreign <= 12)) || fail "$foreign of $verifies PINs were sent to another application, by 12 processes"
echo "$foreign of $verifies PINs went to another application"
