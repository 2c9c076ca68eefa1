#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The card layer signs in the fewest APDUs, and carries on whatever other processes do to the card.
source "$(dirname "$0")/lib.sh"
: "${CARD_TOOL:?must name the program card_tool}"

printf '%s\n' "$PIN" >pin
SOURCE="pin-source=file:$WORK/pin"

# expect_apdus WHAT NUMBER: since the log was cleared.
expect_apdus() {
    [[ $(apdu_count) == "$2" ]] || fail "$1: $(apdu_count) APDUs instead of $2: $(apdu_list)"
}

# sign URI [COUNT [COMMAND between]]
sign() {
    apdu_log_clear
    "$CARD_TOOL" sign "$@" >signed
    [[ $(grep -c signed signed) == "${2-1}" ]] || fail "sign $*: $(<signed)"
}

# What others do in between: the first selects another application, the second resets the card. (pcscd 2.5
# has been seen, once in hundreds of resets, to tell opensc-tool that there is no card: it tries again.)
OTHER_APPLICATION="opensc-tool --reader '$READER' --card-driver default --send-apdu 00A4040005F000000001 >>other.log 2>&1"
RESET="for try in 1 2 3; do
    opensc-tool --reader '$READER' --card-driver default --reset >>other.log 2>&1 && exit 0
done; exit 1"

pcscd_start
rm -f card.state
card_insert --profile yubikey --key 9a=p256 --key 9c=p256 --key 9d=rsa2048 --key 9e=p384 \
    --key 82=rsa3072 --key 83=rsa4096

sign "card:slot=9a?$SOURCE"
expect_apdus "cold signature, YubiKey" 5
sign "card:slot=9A?$SOURCE" 10
expect_apdus "ten signatures" 14
sign "card:slot=9c?$SOURCE" 10
expect_apdus "ten signatures, PIN always" 23
sign "card:slot=9e" 3
expect_apdus "three signatures, PIN never" 5
sign "card:slot=9d?$SOURCE" 2
expect_apdus "RSA-2048, extended length" 6
sign "card:slot=82?$SOURCE" 2
sign "card:slot=83?$SOURCE" 1

for slot in 9a 9c 9d 9e; do
    sign "card:slot=$slot?$SOURCE" 4 "$OTHER_APPLICATION"
    sign "card:slot=$slot?$SOURCE" 4 "$RESET"
done
sign "card:slot=9a?$SOURCE" 2 "$RESET"
expect_apdus "after a reset" 10
[[ $("$SOFTCARD" --state card.state --init-only >/dev/null; "$CARD_TOOL" pin-status card:app=piv) == *"tries=3"* ||
    $("$CARD_TOOL" pin-status card:app=piv) == "verified=1"* ]] || fail "a try was spent"

"$CARD_TOOL" fork "card:slot=9a?$SOURCE"
"$CARD_TOOL" threads "card:slot=9c?$SOURCE" 8 5 >threads.out
[[ $(grep -c good threads.out) == 8 ]] || fail "$(<threads.out)"
"$CARD_TOOL" threads "card:slot=9a?$SOURCE" 4 20 >threads1.out & one=$!
"$CARD_TOOL" threads "card:slot=9c?$SOURCE" 4 20 >threads2.out & two=$!
for _ in $(seq 10); do eval "$OTHER_APPLICATION"; done
wait $one && wait $two || fail "$(cat threads1.out threads2.out)"
card_remove

# Plain PIV.
card_insert --state piv.state --profile piv --key 9a=p256 --certificate 9a=/CN=nine-a \
    --key 9c=rsa2048 --certificate 9c=/CN=nine-c,gzip
sign "card:slot=9a?$SOURCE"
expect_apdus "cold signature, plain PIV" 6
sign "card:slot=9a?$SOURCE" 10
expect_apdus "ten signatures" 15
sign "card:slot=9c?$SOURCE" 10
expect_apdus "ten signatures, PIN always" 24
sign "card:slot=9a?$SOURCE" 4 "$OTHER_APPLICATION"
sign "card:slot=9c?$SOURCE" 4 "$OTHER_APPLICATION"
sign "card:slot=9c?$SOURCE" 4 "$RESET"
sign "card:slot=9c?$SOURCE" 3 "sleep 1.2; $OTHER_APPLICATION"
card_remove

for options in "--no-extended" "--t0" "--no-extended --t0"; do
    # shellcheck disable=SC2086
    card_insert --state piv.state $options
    sign "card:slot=9a?$SOURCE" 2
    sign "card:slot=9c?$SOURCE" 2
    "$CARD_TOOL" certificates card: >certificates
    [[ $(wc -l <certificates) == 2 ]] || fail "$(<certificates)"
    card_remove
done
