#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# No PIN in any trace, nor in a core file; no leak and no invalid access under valgrind.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)
SECRET=739184 # in no other place than the file and the card

# Under valgrind; or, where the build has sanitizers, which do not go together with it, under those.
checked_openssl() {
    if [[ -n ${SANITIZER_RUNTIME-} ]]; then
        CHECK_LEAKS=detect_leaks=1 openssl "$@"
    else
        valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99 openssl "$@"
    fi
}

pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9c=rsa2048
apdu_send 00A4040005A000000308 "0024008010$(printf %s "$PIN" | xxd -p)ffff$(printf %s $SECRET | xxd -p)ffff" >answers
grep -q 'SW1=0x90, SW2=0x00' <(tail -n 1 answers) || fail "the PIN was not changed: $(<answers)"
echo $SECRET >pin

for slot in 9a 9c; do
    key="card:slot=$slot?pin-source=file:pin"
    checked_openssl req -new "${P[@]}" -key "$key" -subj /CN=x -out request.pem 2>checked.log ||
        fail "memory: $(<checked.log)"
    openssl req -verify -noout -in request.pem
    CARD_TRACE=1 openssl req -new "${P[@]}" -key "$key" -subj /CN=x -out request.pem 2>trace
    expect_in "00 20 00 80" trace
    if grep -Ei "$SECRET|$(printf %s $SECRET | xxd -p)|$(printf %s $SECRET | xxd -p | sed 's/../& /g')" trace; then
        fail "the PIN is in the trace"
    fi
done
openssl storeutl "${P[@]}" "card:?pin-source=file:pin" >list
openssl storeutl "${P[@]}" "card:?pin-value=$SECRET" >>list
if grep $SECRET list; then
    fail "the PIN is in what is printed"
fi

# A build with sanitizers keeps copies of its own, and is not what anybody runs.
[[ -z ${SANITIZER_RUNTIME-} ]] || exit 0

# A core of the process while the PIN is on its way to the card, and while the card signs after it.
card_remove
commands_done() {
    (($(apdu_count) >= $1))
}
for done in 3 4; do # select, public key, tries left; verify
    card_insert --profile yubikey --latency-ms 500
    "${OPENSSL[@]}" req -new "${P[@]}" -key 'card:slot=9a?pin-source=file:pin' -subj /CN=x -out request.pem &
    process=$!
    wait_until 60 "command $done" commands_done $done
    kill -STOP $process # gdb may take longer to start than the card to answer
    gcore -o core $process >gcore.log 2>&1 || fail "gcore: $(<gcore.log)"
    kill -CONT $process
    wait $process
    grep -q request.pem core.$process || fail "that is no core of openssl"
    if grep -q $SECRET core.$process; then
        fail "the PIN is in a core after $(apdu_list)"
    fi
    card_remove
done
