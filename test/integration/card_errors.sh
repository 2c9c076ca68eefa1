#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What can be wrong: each is one line that says what to do, and no try is spent in vain.
source "$(dirname "$0")/lib.sh"
: "${CARD_TOOL:?must name the program card_tool}"

printf '%s\n' "$PIN" >pin
printf '654321' >wrong
printf '12345' >short
printf '123456789' >long
: >empty
head -c 600 /dev/zero | tr '\0' 1 >huge
SOURCE="pin-source=file:$WORK/pin"

# refused CODE TEXT COMMAND...: fails with that error, in one line that has that text.
refused() {
    local code=$1 text=$2
    shift 2
    expect_failure "$CARD_TOOL" "$@"
    [[ $(wc -l <err) == 1 ]] || fail "not one line: $(<err)"
    [[ $(<err) == "$code: "* ]] || fail "error $code expected: $(<err)"
    expect_in "$text" err
    if grep -q -e "$PIN" -e 654321 err; then fail "a PIN is shown: $(<err)"; fi
    cat err
}

tries() {
    "$CARD_TOOL" pin-status card:app=piv | sed 's/.*tries=//'
}

# error.h: codes by number.
ARGUMENT=3 URI=4 NO_SERVICE=5 NO_READER=6 NO_CARD=7 UNKNOWN_CARD=8 CARD_REMOVED=9 NOT_FOUND=15
AMBIGUOUS=16 OTHER_KEY=17 PIN_SOURCE=21 PIN_FORMAT=22 PIN_WRONG=23
PIN_LAST_TRY=24 PIN_BLOCKED=25

refused $NO_SERVICE "systemctl start pcscd" key card:
refused $URI 'no attribute is called "slut"' key card:slut=9a
refused $URI "%" key "card:slot=9%z"
refused $URI "pin-source" key "card:?pin-source=$PIN"
refused $NOT_FOUND "9a, 9c, 9d, 9e" key card:slot=77
refused $ARGUMENT "module-path" key card:app=pkcs11

pcscd_start
refused $NO_CARD "insert" key card:slot=9a
refused $NO_READER "Virtual PCD 00 00" key card:reader=x

card_insert --unknown-card
refused $UNKNOWN_CARD "ATR 3B" key card:slot=9a
card_remove

rm -f card.state
card_insert --profile yubikey --serial 87000001 --key 9a=p256 --key 9c=p256 --certificate 9a=/CN=x
refused $AMBIGUOUS "card:serial=87000001;app=piv;slot=9a;type=private or card:serial=87000001;app=piv;slot=9c;type=private" key card:
refused $NOT_FOUND "slot 9d is empty" key card:slot=9d
refused $NO_CARD "insert the one with 1" key "card:serial=1;slot=9a"
"$CARD_TOOL" key "card:serial=87000001;slot=9a" >/dev/null
"$CARD_TOOL" key "card:reader=$READER;slot=9a" >/dev/null
[[ $("$CARD_TOOL" card card:app=piv) == 87000001 ]] || fail "serial"

for slot in 9a 9c; do
    refused $PIN_SOURCE "nobody to ask" sign "card:slot=$slot"
    refused $PIN_SOURCE "$WORK/none: No such file" sign "card:slot=$slot?pin-source=file:$WORK/none"
    refused $PIN_SOURCE "directory" sign "card:slot=$slot?pin-source=file:$WORK"
    refused $PIN_SOURCE "it is empty" sign "card:slot=$slot?pin-source=file:$WORK/empty"
    refused $PIN_SOURCE "too long" sign "card:slot=$slot?pin-source=file:$WORK/huge"
    refused $PIN_SOURCE "NOT_THERE" sign "card:slot=$slot?pin-source=env:NOT_THERE"
    refused $PIN_SOURCE "CREDENTIALS_DIRECTORY" sign "card:slot=$slot?pin-source=credential:pin"
    refused $PIN_FORMAT "6 to 8" sign "card:slot=$slot?pin-source=file:$WORK/short"
    refused $PIN_FORMAT "6 to 8" sign "card:slot=$slot?pin-source=file:$WORK/long"
done
[[ $(tries) == 3 ]] || fail "a try was spent"
export CREDENTIALS_DIRECTORY=$WORK CARD_PIN=$PIN
"$CARD_TOOL" sign "card:slot=9a?pin-source=credential:pin"
"$CARD_TOOL" sign "card:slot=9a?pin-source=env:CARD_PIN"
"$CARD_TOOL" sign "card:slot=9a?pin-value=$PIN"
opensc-tool --reader "$READER" --card-driver default --reset >/dev/null

apdu_log_clear
refused $PIN_WRONG "tries left: 2" sign "card:slot=9a?pin-source=file:$WORK/wrong" 5
[[ $(tries) == 2 ]] || fail "not one try"
refused $PIN_WRONG "tries left: 1" threads "card:slot=9c?pin-source=file:$WORK/wrong" 8 3
cat out
grep -q good out && fail "signed with a wrong PIN"
[[ $(tries) == 1 ]] || fail "not one try: 8 threads"
refused $PIN_LAST_TRY "use-last-try=yes" sign "card:slot=9a?$SOURCE"
[[ $(tries) == 1 ]] || fail "the last try was spent"
"$CARD_TOOL" sign "card:slot=9a?$SOURCE&use-last-try=yes"
opensc-tool --reader "$READER" --card-driver default --reset >/dev/null
[[ $(tries) == 3 ]] || fail "the tries did not come back"
for left in 2 1; do
    refused $PIN_WRONG "tries left: $left" sign "card:slot=9a?pin-source=file:$WORK/wrong"
done
refused $PIN_BLOCKED "PUK" sign "card:slot=9a?pin-source=file:$WORK/wrong&use-last-try=yes"
refused $PIN_BLOCKED "PUK" sign "card:slot=9a?$SOURCE"
card_remove

# Pulled out during the signature, while idle, and put back; another card instead.
rm -f card.state
card_insert --profile yubikey --key 9a=p256 --remove-at-ins 87
refused $CARD_REMOVED "taken out while it was to sign" sign "card:slot=9a?$SOURCE"
export CARD_PID=
card_insert

# hook COMMAND: what card_tool runs in between: lib.sh's functions, in this shell, by two pipes.
mkfifo ask answer
in_between() {
    read -r _ <ask
    "$@"
    echo gone >answer
}
HOOK="echo go >$WORK/ask; read -r _ <$WORK/answer"
put_back() { card_remove; card_insert "$@"; }

"$CARD_TOOL" sign "card:slot=9a?$SOURCE" 2 "$HOOK" >out 2>err & signer=$!
in_between put_back
wait $signer || fail "after the card was put back: $(<err)"
[[ $(grep -c signed out) == 2 ]] || fail "$(<out)"
[[ $(apdu_list) == "a4:9000 f7:9000 f7:9000 20:9000 87:9000" ]] || fail "put back: $(apdu_list)"

"$CARD_TOOL" sign "card:slot=9a?$SOURCE" 2 "$HOOK" >out 2>err & signer=$!
in_between card_remove
if wait $signer; then fail "signed without a card"; fi
expect_in "$NO_CARD: cannot sign with the key in slot 9a" err
expect_in "insert the PIV card" err
cat err
card_insert

"$CARD_TOOL" sign "card:slot=9a?$SOURCE" 2 "$HOOK" >out 2>err & signer=$!
rm -f other.state
in_between put_back --state other.state --profile yubikey --key 9a=p256
if wait $signer; then fail "signed with another card"; fi
expect_in "$OTHER_KEY: " err
cat err
[[ $(apdu_list) != *"20:"* ]] || fail "another card was sent the PIN: $(apdu_list)"
card_remove

# pcscd restarted in between.
card_insert
restart() { pcscd_stop; pcscd_start; card_insert; }
"$CARD_TOOL" sign "card:slot=9a?$SOURCE" 2 "$HOOK" >out 2>err & signer=$!
in_between restart
wait $signer || fail "after pcscd was restarted: $(<err)"
card_remove

# Nonsense from the card, on each command of a signature.
garbage() {
    expect_failure "$CARD_TOOL" sign "card:slot=9a?$SOURCE"
    echo "garbage: $(<err)"
    [[ $(wc -l <err) == 1 ]] || fail "not one line: $(<err)"
    card_remove
}
for ins in a4 f7 20 87; do
    card_insert --garbage-at-ins $ins
    garbage
done

# Plain PIV.
PLAIN="--state plain.state --profile piv --key 9a=p256 --key 9d=p256 --certificate 9d=/CN=d"
# shellcheck disable=SC2086
card_insert $PLAIN
refused $NOT_FOUND "store one for the key" key card:slot=9a
"$CARD_TOOL" key card: >out
expect_in "slot=9d" out
card_remove
# shellcheck disable=SC2086
card_insert $PLAIN --certificate 9a=/CN=a --garbage-at-ins cb
garbage
