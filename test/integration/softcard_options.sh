#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The program around the software card: its options, what it says when they are wrong, its log, and the
# troubles it can play: pulled out, answering nonsense, unknown, slow.
source "$(dirname "$0")/lib.sh"

# expect_exit CODE TEXT ARGUMENT...: the program ends so, and says why.
expect_exit() {
    local code=0 expected=$1 text=$2
    shift 2
    "$SOFTCARD" "$@" >out 2>err || code=$?
    [[ $code == "$expected" ]] || fail "exit code $code, not $expected: softcard $*: $(<err)"
    cat out err >both
    [[ -z $text ]] || expect_in "$text" both
}

# takes_less MILLISECONDS COMMAND...: whether it does; on a busy machine perhaps not at once.
takes_less() {
    local milliseconds=$1 start=${EPOCHREALTIME/[.,]/}
    shift
    "$@" >/dev/null || fail "$*"
    ((${EPOCHREALTIME/[.,]/} - start < milliseconds * 1000))
}

expect_exit 0 "usage: softcard" --help
expect_exit 2 "--state FILE is missing"
expect_exit 2 "softcard --help" --state s --nonsense
expect_exit 2 "profiles yubikey, piv, openpgp and certum" --state s --profile other
expect_exit 2 "not a number" --state s --latency-ms 1x
expect_exit 2 "not a number" --state s --serial -1
expect_exit 2 "does not start with a slot" --state s --init-only --key 77=p256
expect_exit 2 "no such algorithm" --state s --init-only --key 9a=p521
expect_exit 2 "no such algorithm" --state s --init-only --profile piv --key 9a=ed25519
expect_exit 2 "PIN policy" --state s --init-only --key 9a=p256:sometimes
expect_exit 2 "no key in that slot" --state s --init-only --certificate 9a=/CN=x
expect_exit 2 "/CN=name" --state s --init-only --key 9a=p256 --certificate 9a=x
expect_exit 2 "3des, aes128" --state s --init-only --management-algorithm des
[[ ! -e s ]] || fail "a wrong call left a state"
expect_exit 3 "No such file" --state missing/s --init-only
echo "{" >broken
expect_exit 3 "no softcard state" --state broken --init-only
expect_exit 2 "no such algorithm" --state s --init-only --profile openpgp --key sig=x25519
expect_exit 2 "does not start with a slot" --state s --init-only --profile openpgp --key 9a=p256
expect_exit 2 "no OpenPGP application" --state s --init-only --profile piv --key sig=p256
expect_exit 2 "no such key" --state s --init-only --certificate aut=/CN=x
expect_exit 2 "common, secure or 3.5" --state s --certum 3.4
expect_exit 2 "in ec1 to ec15 of p256" --state s --init-only --profile certum --key ec1=ed25519
expect_exit 2 "does not start with a slot" --state s --init-only --profile certum --key rsa16=rsa2048
expect_exit 2 "no Certum application" --state s --init-only --key rsa1=rsa2048
expect_exit 2 "no such key" --state s --init-only --profile certum --certificate ec1=/CN=x
expect_exit 2 "17 or 32 bits" --state s --init-only --exponent-bits 20
expect_exit 2 "TAG=VALUE" --state s --init-only --openpgp-object 5e=6
[[ ! -e s ]] || fail "a wrong call left a state"
# A state from before there was OpenPGP: that application is new, PIV as it was.
expect_exit 0 "" --state old --init-only --key 9a=p256 --key sig=p256
jq 'del(.openpgp)' old >older
expect_exit 0 "" --state older --init-only
[[ $(jq -c .keys old) == "$(jq -c .keys older)" ]] || fail "PIV's keys have changed"
[[ $(jq -c '[.openpgp.keys[].origin]' older) == "[0,0,0]" ]] || fail "the application is not new"
expect_exit 0 "" --state certum --init-only --profile certum --key ec1=p256 --certificate ec1=/CN=x
cp certum before
expect_exit 0 "" --state certum --init-only --key ec1=p384 --certificate ec1=/CN=y
cmp certum before || fail "a key that was there was replaced"
jq '.certum.keys[0].index = 16' certum >broken
expect_exit 3 "no softcard state" --state broken --init-only
jq '.openpgp.passwords = []' old >broken
expect_exit 3 "no softcard state" --state broken --init-only
expect_exit 0 "" --state a --init-only --serial 5
expect_exit 2 "another serial" --state a --init-only --serial 6
expect_exit 2 "another profile" --state a --init-only --profile piv
expect_exit 3 "only a YubiKey has one" --state p --init-only --profile piv --attestation-root root.pem
[[ $(stat -c %a a) == 600 ]] || fail "the state is for everybody to read"
expect_exit 4 "nobody listens" --state a --host no.such.host.invalid

pcscd_start
card_insert --key 9a=p256
# The state is in use.
expect_exit 3 "another softcard" --state card.state --init-only
# Pulled out in the middle of a command: it is counted by nobody and answered by nobody.
card_remove
card_insert --remove-at-ins f7
expect_failure apdu_send 00A4040005A000000308 00F7009A00
card_wait_gone 0
wait "$CARD_PID" || fail "a card that was pulled out exits with $?"
CARD_PID=
[[ $(apdu_list) == "a4:9000" ]] || fail "logged: $(apdu_list)"
[[ $(apdu_log | jq -r 'select(.event == "removed") | .event') == removed ]] || fail "no event: $(apdu_log)"

card_insert --garbage-at-ins f7
for _ in {1..12}; do
    apdu_send 00A4040005A000000308 00F7009A00 00F80000 >>answers
done
[[ $(sed -n '/00 F7 00 9A/,/00 F8/p' answers | sort | uniq -c | wc -l) -gt 4 ]] || fail "always the same: $(<answers)"
card_remove

card_insert --unknown-card
apdu_send 00A4040005A000000308 00CB3FFF035C017E >answers
expect_in "SW1=0x6A, SW2=0x82" answers
expect_in "SW1=0x6D, SW2=0x00" answers
card_remove

card_insert --unknown-aid-6d00
apdu_send 00A4040006D27600012402 00A4040006D27600012401 >answers
expect_in "SW1=0x6D, SW2=0x00" answers
expect_in "SW1=0x90, SW2=0x00" answers
card_remove

# A plain OpenPGP card: RSA attributes with 17 bits of exponent, and not with 32; no PIV; an object as it was
# given; a larger certificate than it holds; a key that takes its time.
card_insert --state pgp.state --profile openpgp --exponent-bits 17 --object-limit 4 --openpgp-object 5e=616263 \
    --generate-seconds 1
apdu_send 00A4040005A000000308 00A4040006D27600012401 00CA005E00 00200083083132333435363738 \
    00DA00C106010800002000 00DA00C106010800001100 00DA7F21050102030405 00DA00C106132B8104000A >answers
expect_in "61 62 63 abc" answers
[[ $(apdu_list) == "a4:6a82 a4:9000 ca:9000 20:9000 da:6a80 da:9000 da:6a84 da:9000" ]] || fail "$(apdu_list)"
start=${EPOCHREALTIME/[.,]/}
apdu_send 00A4040006D27600012401 00200083083132333435363738 0047800002B60000 >answers
((${EPOCHREALTIME/[.,]/} - start >= 1000000)) || fail "a key was there at once"
card_remove

# A PIN sent to the wrong application is an event of its own.
card_insert
apdu_send 00A4040005F000000001 00200080 0020008008313233343536FFFF >answers
[[ $(apdu_log | grep -c dummy-verify) == 1 ]] || fail "the dummy application did not tell: $(apdu_log)"
if grep -q 313233343536 card.log; then fail "the PIN is in the log"; fi
# Taken out and put back, everything volatile is gone, and the tries are as they were.
four=(apdu_send 00A4040005A000000308 00F80000 00F80000 00F80000)
# 10 + 21 bytes of SELECT and its answer, 5 + 6 of the serial number: 42 bytes.
two=(apdu_send 00A4040005A000000308 00F80000)
wait_until 60 "four commands in 1.2 s" takes_less 1200 "${four[@]}"
wait_until 60 "two commands in 0.8 s" takes_less 800 "${two[@]}"
card_remove
card_insert --latency-ms 300
! takes_less 1200 "${four[@]}" || fail "--latency-ms makes four commands no slower"
card_remove
card_insert --byte-us 20000
! takes_less 800 "${two[@]}" || fail "--byte-us makes 42 bytes no slower"
card_remove

# Two cards in two readers, each with its own state and log.
card_insert --serial "$(jq .serial card.state)"
card_insert_second --profile piv
opensc-tool --list-readers >readers
[[ $(grep -c ' Yes ' readers) == 2 ]] || fail "$(<readers)"
opensc-tool --reader "$READER_SECOND" --atr >atr
expect_in "70:6c:61:69:6e:20:50:49:56" atr
opensc-tool --reader "$READER_SECOND" --card-driver default --send-apdu 00A4040005A00000030800 >answers
expect_in "SW1=0x90, SW2=0x00" answers
[[ $(apdu_count) == 0 && $(apdu_count card2.log) == 1 ]] || fail "counted $(apdu_count), $(apdu_count card2.log)"
card_remove
