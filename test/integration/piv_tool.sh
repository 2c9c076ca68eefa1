#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# OpenSC's piv-tool on a plain PIV card: name, serial number (the GUID in the CHUID), mutual
# authentication with 9B, generating keys, writing a certificate.
source "$(dirname "$0")/lib.sh"

# generate SLOT:ALGORITHM. Built with OpenSSL 3, piv-tool 0.23 cannot show the public key it got and ends
# with an error of its own; what the card did is in its debug log: the answer came, whole.
generate() {
    OPENSC_DEBUG=9 piv-tool --admin M:9B:03 --genkey "$1" --out public >out 2>debug || true
    expect_in "piv_general_mutual_authenticate: returning with: 0 (Success)" debug
    grep -Eq 'sc_card_ctl: returning with: 0|gen_key unable to gen (RSA|EC key)' debug out ||
        fail "not generated: $(tail -n 20 debug)"
}

export PIV_EXT_AUTH_KEY=$WORK/key.txt
sed 's/../&:/g; s/:$//' <<<"$MANAGEMENT_KEY" >key.txt
pcscd_start
for link in "" --no-extended --t0; do
    rm -f card.state
    card_insert --profile piv ${link:+"$link"}
    piv-tool --name >name
    expect_in "Personal Identity Verification Card" name
    piv-tool --serial >serial
    guid=$(jq -r .guid card.state | sed 's/../& /g' | tr a-f A-F)
    expect_in "$guid" serial

    generate 9A:07
    generate 9C:11
    [[ $(jq -c '[.keys[] | [.slot, .algorithm, .generated]]' card.state) == \
        "[[154,7,true],[156,17,true]]" ]] || fail "keys: $(jq -c .keys card.state)"

    # With a wrong key nothing is generated.
    sed 's/01/11/' key.txt >wrong.txt
    PIV_EXT_AUTH_KEY=$WORK/wrong.txt expect_failure piv-tool --admin M:9B:03 --genkey 9D:07
    [[ $(jq '.keys | length' card.state) == 2 ]] || fail "a key without authentication"

    # A certificate for a key that never left the card: made of the public half, put into another slot.
    card_remove
    card_insert --certificate 9a=/CN=generated ${link:+"$link"}
    pkcs11-tool --module opensc-pkcs11.so --read-object --type cert --id 01 --output-file cert.der
    openssl x509 -inform der -in cert.der -out cert.pem
    # Its exit code here is the number of bytes written, modulo 256: what comes back is what counts.
    piv-tool --admin M:9B:03 --cert 9E --in cert.pem || true
    pkcs11-tool --module opensc-pkcs11.so --read-object --type cert --id 04 --output-file back.der
    cmp cert.der back.der || fail "another certificate came back"
    card_remove
done
