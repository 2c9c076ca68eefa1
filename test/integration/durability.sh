#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The card's state survives kill -9 at any moment: whatever was answered is remembered, whatever was not
# happened whole or not at all.
source "$(dirname "$0")/lib.sh"

kill_card() {
    kill -9 "$CARD_PID"
    wait "$CARD_PID" 2>/dev/null || true
    CARD_PID=
    card_wait_gone 0
}

generate() {
    yubico-piv-tool --reader Virtual -a generate -s 9a -A ECCP256 "-k$MANAGEMENT_KEY" -o public.pem
}

administrator_is_in() {
    [[ $(apdu_log | grep -c '"ins":"87"') == 2 ]]
}

pcscd_start
card_insert --management-algorithm 3des --generate-seconds 5

# Killed while it generates: the key never was.
cp card.state before
generate 2>generate.err &
generating=$!
wait_until 10 "the administrator" administrator_is_in
sleep 0.2
kill_card
if wait $generating; then fail "generated without a card"; fi
cmp before card.state || fail "the state changed without an answer"
card_insert
apdu_send 00A4040005A000000308 00F7009A00 >answers
expect_in "SW1=0x6A, SW2=0x88" answers

# Killed right after the answer: the key is there.
generate
kill_card
card_insert
point=$(openssl pkey -pubin -in public.pem -outform der | tail -c 65 | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)
apdu_send 00A4040005A000000308 00F7009A00 >answers
grep -v -e Sending -e Received answers | cut -c1-47 | tr -d ' \n' >metadata
expect_in "$point" metadata

# A try that was spent stays spent.
apdu_send 00A4040005A000000308 002000800839393939393939FF >answers
expect_in "SW1=0x63, SW2=0xC2" answers
kill_card
card_insert
apdu_send 00A4040005A000000308 00200080 >answers
expect_in "SW1=0x63, SW2=0xC2" answers

# What makes it survive a power cut, which no kill can show: the new state is on the disk, under its name,
# before the answer leaves. (Without -I 2 strace could not be ended.)
card_remove
cat >traced <<EOF
#!/bin/sh
exec strace -qq -I 2 -o $WORK/trace -e trace=read,write,fsync,rename,sendto $SOFTCARD "\$@"
EOF
chmod +x traced
SOFTCARD=$WORK/traced card_insert
apdu_send 00A4040005A000000308 002000800838383838383838FF >answers
expect_in "SW1=0x63, SW2=0xC1" answers
card_remove
grep -o "^[a-z]*" trace | uniq | paste -sd" " >order
# The command, the temporary file, the directory, the log, the answer.
expect_in "read write fsync rename fsync write sendto" order
card_insert

# Killed at any moment: the state can be read, and holds whatever key was answered.
for i in $(seq 20); do
    rm -f public.pem
    generate >generate.out 2>&1 &
    generating=$!
    sleep "0.0$((RANDOM % 9))$((RANDOM % 10))"
    kill_card
    wait $generating || true
    "$SOFTCARD" --state card.state --init-only || fail "round $i: the state is broken"
    if [[ -s public.pem ]]; then
        openssl pkey -pubin -in public.pem -outform der | tail -c 65 | od -An -v -tx1 | tr -d ' \n' >point
        jq -r '.keys[] | select(.slot == 154) | .private_key' card.state >private
        expect_in "$(<point)" private
    fi
    card_insert
done
