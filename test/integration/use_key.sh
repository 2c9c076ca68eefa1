#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Decryption, shared secrets and Ed25519 signatures, many in one process: in the fewest commands, with
# copied contexts, and whatever other processes do to the card meanwhile.
source "$(dirname "$0")/lib.sh"
: "${USE_KEY:?must name the program use_key}"

export CARD_PIN=$PIN
OTHER_APPLICATION="opensc-tool --reader '$READER' --card-driver default --send-apdu 00A4040005F000000001 >>other.log 2>&1"
FORGET_PIN="opensc-tool --reader '$READER' --card-driver default --send-apdu 00A4040005A000000308 --send-apdu 0020FF80 >>other.log 2>&1"
RESET="opensc-tool --reader '$READER' --card-driver default --reset >>other.log 2>&1"

# use SLOT COUNT [COMMAND]
use() {
    local slot=$1
    shift
    apdu_log_clear
    "$USE_KEY" "card:slot=$slot?pin-source=env:CARD_PIN" "$@" >used 2>err || fail "slot $slot, $*: $(<err)"
    expect_in "$1 times" used
}

# expect_count WHAT NUMBER: of commands since the key was loaded
expect_count() {
    [[ $(apdu_count) == "$2" ]] || fail "$1: $(apdu_count) commands instead of $2: $(apdu_list)"
}

pcscd_start
card_insert --profile yubikey --key 9a=rsa2048 --key 9c=p384 --key 9d=p256 --key 9e=rsa3072 \
    --key 82=ed25519 --key 83=x25519 --key 84=rsa2048:always

for slot in 9a 9d 82 83; do
    use $slot 10
    expect_count "ten uses of slot $slot" 14 # select, metadata, tries, PIN, and the ten
done
use 9c 10
expect_count "ten uses, PIN always" 23
use 9e 10
expect_count "ten uses, PIN never" 12
use 84 5
expect_count "five uses, PIN always" 13
use 9a 1 # and bad input

for slot in 9a 9c 9d 9e 82 83 84; do
    use $slot 3 "$OTHER_APPLICATION"
    use $slot 3 "$FORGET_PIN"
    use $slot 3 "$RESET"
done
apdu_send 00A4040005A000000308 00200080 >answers
grep -q "SW1=0x63, SW2=0xC3\|SW1=0x90" answers || fail "a try was spent: $(<answers)"
card_remove

for options in "--no-extended" "--t0" "--no-extended --t0"; do
    # shellcheck disable=SC2086
    card_insert $options
    for slot in 9a 9d 82 83; do
        use $slot 2
    done
    card_remove
done
