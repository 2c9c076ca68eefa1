#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue card with a person at a terminal: what is asked, what is not shown, what a slip of the finger
# does; and what is never asked of nobody.
source "$(dirname "$0")/lib.sh"
source "$HERE/card_manager_lib.sh"

# person CODE "TEXT=ANSWER"... -- ARGUMENT...: what was on the screen is in $WORK/screen.
person() {
    local code=$1 got=0
    shift
    local script=()
    while [[ $1 != -- ]]; do
        script+=("$1")
        shift
    done
    shift
    in_piv "$@"
    timeout 60 python3 "$HERE/person.py" "${script[@]}" -- "$REISSUE" card "${ARGUMENTS[@]}" >screen 2>err || got=$?
    ((got == code)) || fail "exit code $got, not $code: reissue card $*: $(cat screen err)"
}

# never PIN...: none of these is on the screen.
never() {
    local secret
    for secret in "$@"; do
        ! grep -q -- "$secret" screen || fail "$secret is on the screen: $(<screen)"
    done
}

pcscd_start
card_insert --serial 99887766

# Two applications: which one is meant is asked, and what is typed wrong changes nothing.
for answer in 0 3 x 1x ""; do
    got=0
    timeout 60 python3 "$HERE/person.py" "Type its number: =$answer" -- "$REISSUE" card pin >screen || got=$?
    ((got == 10)) || fail "exit code $got for '$answer': $(<screen)"
    expect_in "  1  PIV: card:serial=99887766;app=piv" screen
    expect_in "  2  OpenPGP: card:serial=000699887766;app=openpgp" screen
done
apdu_log_clear
timeout 60 python3 "$HERE/person.py" "Type its number: =2" "PIN of OpenPGP card 000699887766: =$PIN" \
    "New PIN (6 to 127 characters) of OpenPGP card 000699887766: =$NEW_PIN" "Verifying=$NEW_PIN" -- \
    "$REISSUE" card pin >screen
never $NEW_PIN
timeout 60 python3 "$HERE/person.py" "Type its number: =2" "admin PIN of OpenPGP card 000699887766: =12345678" -- \
    "$REISSUE" card generate >screen
expect_in "card:serial=000699887766;app=openpgp;slot=sig" screen
expect_failure timeout 60 python3 "$HERE/person.py" -- "$REISSUE" card pin --json
expect_in '"code":"ambiguous"' out
expect_failure setsid "$REISSUE" card pin </dev/null
expect_in "card:serial=99887766;app=piv or card:serial=000699887766;app=openpgp" err

# A new card: PIN and PUK are typed twice, the rules are in the question, the management key is not asked for.
person 0 "New PIN (6 to 8 characters) of PIV card 99887766: =$NEW_PIN" "Verifying=$NEW_PIN" \
    "New PUK (6 to 8 characters) of PIV card 99887766: =$NEW_PUK" "Verifying=$NEW_PUK" -- init
never $NEW_PIN $NEW_PUK
expect_in "kept behind the PIN" <("$REISSUE" card show card:app=piv)

# Not the same twice, too short, nothing: nothing is changed, nothing is sent.
apdu_log_clear
person 8 "PIN of PIV card 99887766: =$NEW_PIN" "New PIN=111111" "Verifying=222222" -- pin
expect_in "not the same twice" screen
person 8 "PIN of PIV card 99887766: =$NEW_PIN" "New PIN=111" "Verifying=111" -- pin
expect_in "6 to 8 characters" screen
expect_equal "$(sent 24)" 0
person 0 "PIN of PIV card 99887766: =$NEW_PIN" "New PIN=$PIN" "Verifying=$PIN" -- pin
never $NEW_PIN $PIN
person 6 "PIN of PIV card 99887766: =000000" "New PIN=$NEW_PIN" "Verifying=$NEW_PIN" -- pin
expect_in "tries left: 2" screen
expect_equal "$(sent 24)" 2

# The PIN that leads to the management key; progress while the card works.
card_remove
card_insert --generate-seconds 3
person 0 "PIN of PIV card 99887766: =$PIN" -- generate
expect_in "making a key (P-256) on the card: 2 s" screen
expect_in "card:serial=99887766;app=piv;slot=9a;type=private" screen
never $PIN
# Questions go to the terminal, and what is printed where it belongs: JSON stays JSON.
person 0 "PIN of PIV card 99887766: =$PIN" -- generate --json --slot 9c
sed -n '/^{/,/^}/p' screen | jq -e '.slot == "9c"' >/dev/null || fail "no JSON: $(<screen)"

# Deleting asks for a yes.
person 10 "Type yes: =no" -- delete --slot 9c
expect_in "nothing was changed" screen
person 0 "Type yes: =yes" "PIN of PIV card 99887766: =$PIN" -- delete --slot 9c
expect_equal "$(json '.cards[0].slots | map(.slot) | join(" ")' show)" 9a

# Unblocking; the PUK.
for _ in 1 2 3; do
    "$REISSUE" card pin card:app=piv --pin-source file:wrong --new-pin-source file:pin --use-last-try >out 2>err </dev/null && fail "wrong PIN"
done
person 7 -- pin
expect_in "unblock it" screen
person 0 "PUK of PIV card 99887766: =$NEW_PUK" "New PIN=$NEW_PIN" "Verifying=$NEW_PIN" -- unblock
person 0 "PUK of PIV card 99887766: =$NEW_PUK" "New PUK=$PUK" "Verifying=$PUK" -- puk
never $NEW_PUK $PUK

# A reset wants the serial number typed.
person 10 "type 99887766: =99887767" -- reset
expect_in "is not this card" screen
expect_equal "$(json '.cards[0].slots | length' show)" 1
person 0 "type 99887766: =99887766" -- reset
expect_equal "$(json '.cards[0].slots | length' show)" 0

# Where everything is answered nobody is asked, terminal or not.
person 0 -- init --new-pin-source file:pin.new --new-puk-source file:puk.new
person 0 -- generate --pin-source file:pin.new
person 0 -- reset --serial 99887766 --yes
