#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# How many commands the card is sent. Real cards take 10 to 100 ms for each.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)

pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9c=rsa2048 --certificate 9a=/CN=x --certificate 9c=/CN=x
echo $PIN >pin
expect_apdus 0 openssl version
expect_apdus 0 openssl list -providers "${P[@]}"
expect_apdus 5 openssl req -new "${P[@]}" -key 'card:slot=9a' -passin pass:$PIN -subj /CN=x
expect_apdus 5 openssl req -new "${P[@]}" -key 'card:slot=9a?pin-source=file:pin' -subj /CN=x
expect_apdus 5 openssl req -new "${P[@]}" -key 'card:slot=9c?pin-source=file:pin' -subj /CN=x
expect_apdus 2 openssl pkey "${P[@]}" -pubin -in 'card:slot=9a' -pubout
card_remove

# A plain PIV card is asked for metadata in vain, and then for the certificate.
card_insert --state "$WORK/plain.state" --profile piv --key 9a=p256 --certificate 9a=/CN=x
expect_apdus 6 openssl req -new "${P[@]}" -key 'card:slot=9a?pin-source=file:pin' -subj /CN=x
card_remove

# Loading the provider starts no thread and opens no socket.
openssl_configuration
OPENSSL_CONF=openssl.cnf strace -f -e trace=clone,clone3,fork,vfork,socket,connect -o calls \
    -E "LD_PRELOAD=${SANITIZER_RUNTIME-}" -E ASAN_OPTIONS=detect_leaks=0 \
    openssl list -providers >providers # (the detection of leaks starts a process)
expect_in "Smart card keys over PC/SC" providers
if grep -E 'clone|fork|socket|connect' calls; then
    fail "the provider started something while it was loaded"
fi
