#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Yubico's own tool believes the card to be a YubiKey. Its management key is 3DES here, since version 2.2
# of the tool knows nothing else; selfsign-certificate and request-certificate of that version fail on
# the host's side with today's OpenSSL, so certificates are made by openssl.
source "$(dirname "$0")/lib.sh"

tool() {
    yubico-piv-tool --reader Virtual "$@" 2>&1
}

# certificate PUBLIC OUT: by a CA of our own, for a key that is somewhere else.
certificate() {
    openssl req -new -key ca.key -subj /CN=leaf -config /dev/null -out leaf.csr
    openssl x509 -req -in leaf.csr -force_pubkey "$1" -CA ca.pem -CAkey ca.key -days 30 -out "$2" 2>/dev/null
}

# expect_tool_failure TEXT ARGUMENT...: it fails, and says why.
expect_tool_failure() {
    local text=$1
    shift
    expect_failure yubico-piv-tool --reader Virtual "$@"
    expect_in "$text" err
}

keys_and_certificates() {
    local slot algorithm
    for slot in 9a:ECCP256 9c:RSA2048 9d:ECCP384 82:RSA1024; do
        algorithm=${slot#*:}
        slot=${slot%:*}
        tool -a generate -s "$slot" -A "$algorithm" "-k$MANAGEMENT_KEY" -o public.pem
        certificate public.pem leaf.pem
        tool -a import-certificate -s "$slot" -i leaf.pem "-k$MANAGEMENT_KEY"
        tool -a read-certificate -s "$slot" -o back.pem
        cmp <(openssl x509 -in leaf.pem) <(openssl x509 -in back.pem) || fail "another certificate"
        tool -a verify-pin -P "$PIN" -a test-signature -s "$slot" -i leaf.pem >signed
        expect_in "Successful" signed
        tool -a attest -s "$slot" -o attestation.pem
        tool -a read-certificate -s f9 -o f9.pem
        openssl verify -CAfile root.pem -untrusted f9.pem attestation.pem
        cmp <(openssl x509 -in attestation.pem -noout -pubkey) public.pem || fail "another key attested"
    done
}

imported_key() {
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out imported.key 2>/dev/null
    openssl pkey -in imported.key -pubout -out imported.pub
    certificate imported.pub imported.pem
    tool -a import-key -s 9e -i imported.key "-k$MANAGEMENT_KEY"
    tool -a import-certificate -s 9e -i imported.pem "-k$MANAGEMENT_KEY"
    tool -a test-signature -s 9e -i imported.pem >signed
    expect_in "Successful" signed
    expect_tool_failure "Failed to attest" -a attest -s 9e
}

references() {
    tool -a change-pin -P "$PIN" -N 654321
    expect_tool_failure "2 tries left" -a verify-pin -P "$PIN"
    tool -a verify-pin -P 654321
    expect_tool_failure "2 tries left" -a verify-pin -P 111111
    expect_tool_failure "1 tries left" -a verify-pin -P 111111
    expect_tool_failure "blocked" -a verify-pin -P 111111
    expect_tool_failure "blocked" -a verify-pin -P 654321
    tool -a unblock-pin -P "$PUK" -N "$PIN"
    tool -a verify-pin -P "$PIN"
    tool -a change-puk -P "$PUK" -N 87654321
    tool -a verify-pin -P "$PIN" "-k$MANAGEMENT_KEY" -a pin-retries --pin-retries 5 --puk-retries 4
    tool -a status >status
    expect_in "PIN tries left:	5" status
}

management() {
    local new=a1a2a3a4a5a6a7a8b1b2b3b4b5b6b7b8c1c2c3c4c5c6c7c8
    tool -a set-mgm-key "-k$MANAGEMENT_KEY" -n "$new"
    expect_tool_failure "Failed authentication" -a set-chuid "-k$MANAGEMENT_KEY"
    tool -a set-chuid "-k$new"
    tool -a set-ccc "-k$new"
    tool -a status >status
    if grep -q "No data available" status; then fail "CHUID or CCC was not written: $(cat status)"; fi
}

blocked_and_reset() {
    expect_tool_failure "Reset failed" -a reset
    for reference in verify-pin change-puk; do
        for _ in 1 2 3 4 5; do
            yubico-piv-tool --reader Virtual -a $reference -P 99999999 -N 99999999 >>tool.err 2>&1 || true
        done
    done
    tool -a reset
    [[ $(jq -c '[.keys[].slot]' card.state) == "[249]" ]] || fail "keys are left after a reset"
    tool -a verify-pin -P "$PIN"
}

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -config /dev/null 2>/dev/null
pcscd_start
for link in "" --no-extended; do
    rm -f card.state
    card_insert --profile yubikey --serial 7654321 --management-algorithm 3des \
        --attestation-root root.pem ${link:+"$link"}
    tool -a version -a status >status
    expect_in " version 5.7.1 found." status # "Application", and since 2.7.3 "Firmware"
    expect_in "Serial Number:	7654321" status
    keys_and_certificates
    imported_key
    references
    management
    blocked_and_reset
    card_remove
done
