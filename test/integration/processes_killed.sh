#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Processes die in the middle of transactions, and pcscd is slow to notice: it gives the reader away between
# two of the steps by which it takes it back (card/transport_pcsc.c). All the same nobody waits for ever.
source "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2086 # none, or one word
pcscd_start ${PCSCD_OPTIONS-} --debug
card_insert --profile yubikey --serial 12345678 --key 9a=p256 --latency-ms 2
echo $PIN >pin
openssl pkey -provider default -provider card -in 'card:slot=9a?pin-source=file:pin' -out key.pem

# Each line of pcscd's log takes its time, which makes the gap of some microseconds a wide one. (Without -I 2
# strace could not be ended.)
strace -f -qq -I 2 -o /dev/null -e trace=write -e inject=write:delay_enter=3000 -p "$PCSCD_PID" &
TRACER=$!
wait_until 10 "strace" grep -q "^TracerPid:[[:space:]]*$TRACER\$" "/proc/$PCSCD_PID/status"
OPENSSL_CONF=$EXAMPLES/openssl.cnf timeout 120 "$PROCESSES" kill key.pem 2>err ||
    fail "exit code $?: $(head -c 3000 err)"
kill $TRACER
