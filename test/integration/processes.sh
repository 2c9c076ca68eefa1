#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Processes that fork, are killed and end, with a key that they loaded: no crash, no hang, and, where the
# sanitizers run, no leak.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)

# ends WHAT [argument ...]: by itself, in time, with exit code 0, and the card serves the next one.
ends() {
    local code=0
    timeout --kill-after=2 100 env LD_PRELOAD="${PRELOAD-}" "$PROCESSES" "$1" key.pem "${@:2}" >out 2>err || code=$?
    ((code == 0)) || fail "processes $*: exit code $code: $(head -c 3000 err)"
    [[ ! -s err ]] || fail "processes $*: $(head -c 3000 err)"
}

signatures() {
    apdu_log | jq -r 'select(.ins == "87") | .sw' | grep -c '^9000$' || true
}

pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9a=p256 --latency-ms 2
echo $PIN >pin
openssl pkey "${P[@]}" -in 'card:slot=9a?pin-source=file:pin' -out key.pem
cp "$HERE/../../examples/openssl.cnf" openssl.cnf
export OPENSSL_CONF=$PWD/openssl.cnf

# 16 children and a grandchild with 5 each, the master with 6.
apdu_log_clear
ends fork
[[ $(signatures) == 91 ]] || fail "$(signatures) signatures, not 91"
# What libpcsclite holds of the master's connection cannot be given back by a child: it would hang up on the
# master. It is some hundred bytes, once in a child; while libpcsclite stays loaded they are no leak.
apdu_log_clear
PRELOAD=libpcsclite.so.1 ends fork-after-use
[[ $(signatures) == 92 ]] || fail "$(signatures) signatures, not 92"
ends kill
for how in contexts unload cleanup exit-from-thread _exit _exit-while-signing nothing; do
    apdu_log_clear
    ends $how
    (($(signatures) > 0)) || fail "$how: nothing was signed"
done
apdu_log_clear
ends dlclose "$SIGN_LIBRARY"
[[ $(signatures) == 3 ]] || fail "$(signatures) signatures, not 3"
