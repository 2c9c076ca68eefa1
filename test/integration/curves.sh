#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every curve that a card knows: made by `openssl` and by reissue, used for requests, CMS and TLS. What the
# card lacks is refused with a list of what it has.
source "$(dirname "$0")/lib.sh"
source "$HERE/reissue_lib.sh"
source "$HERE/pkcs11.sh"

P=(-provider default -provider card)
PORT=4433
CURVES=(P-521 secp256k1 brainpoolP256r1 brainpoolP384r1 brainpoolP512r1)
export CARD_PIN=$PIN
export REISSUE_ADMIN=12345678

# make CURVE SLOT REFERENCE: by openssl genpkey, over what is there.
make() {
    openssl genpkey "${P[@]}" -propquery '?provider=card' -algorithm EC -pkeyopt "ec_paramgen_curve:$1" \
        -pkeyopt "card-uri:card:app=$APPLICATION;slot=$2?pin-source=env:CARD_PIN" \
        -pkeyopt "management-key-source:$ADMIN" -pkeyopt overwrite-key:yes -out "$3" || return
    expect_in "BEGIN CARD KEY REFERENCE" "$3"
}

# certify REFERENCE CERTIFICATE: a request and a certificate by that key, both checked by the default provider.
certify() {
    openssl req -new "${P[@]}" -key "$1" -passin env:CARD_PIN -subj /CN=x -out request.pem
    openssl req -verify -noout -in request.pem 2>verdict || fail "$1: $(<verdict)"
    openssl req -x509 "${P[@]}" -key "$1" -passin env:CARD_PIN -subj "/CN=$1" -out "$2"
}

# on_curve CERTIFICATE CURVE: the certificate names the curve, and does not spell its parameters out.
on_curve() {
    openssl x509 -in "$1" -noout -text >text
    grep -Eq "(NIST CURVE|ASN1 OID): $2" text || fail "$1 is not on $2: $(<text)"
}

# handshake CERTIFICATE REFERENCE OPTION...: both sides with these options.
handshake() {
    local certificate=$1 reference=$2 server
    shift 2
    rm -f server.log
    "${OPENSSL[@]}" s_server -accept 127.0.0.1:$PORT -naccept 1 -www "${P[@]}" -key "$reference" -pass env:CARD_PIN \
        -cert "$certificate" "$@" >server.log 2>&1 &
    server=$!
    wait_until 20 "s_server to listen" grep -q ACCEPT server.log
    openssl s_client -connect 127.0.0.1:$PORT -CAfile "$certificate" -verify_return_error "$@" \
        <<<$'GET / HTTP/1.0\r\n\r' >client.log 2>&1 || fail "$reference: $(tail -n 25 client.log) $(<server.log)"
    expect_in "Verification: OK" client.log
    wait $server
}

# refused LIST COMMAND...: fails, and the first error is ours and lists that.
refused() {
    local list=$1
    shift
    expect_failure "$@"
    grep ':error:' err | head -n 1 | grep -Fq "$list" || fail "$*: not '$list': $(<err)"
}

pcscd_start
echo "text to sign" >message

# ---- OpenPGP: all of them -------------------------------------------------------------------------------

card_insert --profile openpgp --serial 5
APPLICATION=openpgp ADMIN=env:REISSUE_ADMIN
for curve in "${CURVES[@]}"; do
    make "$curve" sig sig.ref
    certify sig.ref sig.crt
    on_curve sig.crt "$curve"
    # Several hashes: shorter and longer ones than the curve's order.
    for digest in sha1 sha512; do
        openssl cms -sign "${P[@]}" -in message -md $digest -signer sig.crt -inkey sig.ref -passin env:CARD_PIN \
            -nodetach -out signed.cms
        openssl cms -verify -in signed.cms -CAfile sig.crt -purpose any -out /dev/null 2>verdict ||
            fail "$curve $digest: $(<verdict)"
    done
    # TLS 1.3 has names for NIST's curves; for brainpool's OpenSSL has them from 3.2 on. 1.2 does without.
    handshake sig.crt sig.ref -tls1_2 -groups "$curve:P-256"
    [[ $curve != P-521 ]] || handshake sig.crt sig.ref -tls1_3
    # Mail for it, decrypted by key agreement.
    openssl genpkey "${P[@]}" -propquery '?provider=card' -algorithm EC -pkeyopt "ec_paramgen_curve:$curve" \
        -pkeyopt "card-uri:card:app=openpgp;slot=dec?pin-source=env:CARD_PIN" \
        -pkeyopt management-key-source:env:REISSUE_ADMIN -out dec.ref
    openssl req -x509 "${P[@]}" -key sig.ref -passin env:CARD_PIN -subj /CN=ca -out ca.crt
    openssl pkey "${P[@]}" -in dec.ref -pubout -out dec.pub
    openssl x509 -new "${P[@]}" -subj /CN=dec -force_pubkey dec.pub -CA ca.crt -CAkey sig.ref -passin env:CARD_PIN \
        -out dec.crt
    openssl cms -encrypt -aes-128-cbc -in message -recip dec.crt -out encrypted.cms
    openssl cms -decrypt "${P[@]}" -in encrypted.cms -recip dec.crt -inkey dec.ref -passin env:CARD_PIN -out decrypted
    cmp <(tr -d '\r' <decrypted) message
    "$REISSUE" card delete card:slot=dec --yes --key-only --management-key-source env:REISSUE_ADMIN >deleted
done
# In the other ways that people make keys.
openssl_configuration "generate = card:app=openpgp;slot=sig?pin-source=env:CARD_PIN" \
    "management-key-source = env:REISSUE_ADMIN" "overwrite-key = yes"
echo "default_properties = ?provider=card" >>openssl.cnf
OPENSSL_CONF=openssl.cnf openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1 -nodes -keyout k.pem \
    -subj /CN=x -out request.pem 2>err
expect_in "BEGIN CARD KEY REFERENCE" k.pem
openssl req -verify -noout -text -in request.pem >text 2>&1
expect_in "ASN1 OID: brainpoolP256r1" text
OPENSSL_CONF=openssl.cnf openssl ecparam -name secp256k1 -genkey -noout -out k.pem
expect_in "BEGIN CARD KEY REFERENCE" k.pem
"$REISSUE" card generate card:slot=aut --algorithm brainpoolp384R1 --management-key-source env:REISSUE_ADMIN \
    --reference aut.ref >uri
certify aut.ref aut.crt
on_curve aut.crt brainpoolP384r1
# A successor on the curve that its predecessor is on.
printf '[reissue]\nstate = %s\n' "$WORK/state" >reissue.conf
SECRETS=(--pin-source env:CARD_PIN --management-key-source "$ADMIN" --batch --json)
expect_reissue 12 start aut.crt --new-key card:slot=aut --overwrite-key --name like "${SECRETS[@]}"
openssl req -in "$WORK/state/jobs/$(jq -r .job out)/request.csr" -verify -noout -text >text 2>&1
expect_in "ASN1 OID: brainpoolP384r1" text
expect_reissue 12 start aut.crt --new-key card:slot=aut --overwrite-key --alg secp256k1 --name other "${SECRETS[@]}"
openssl req -in "$WORK/state/jobs/$(jq -r .job out)/request.csr" -verify -noout -text >text 2>&1
expect_in "ASN1 OID: secp256k1" text
expect_reissue 12 start aut.crt --new-key new.key --name file --batch
openssl pkey -in new.key -noout -text >text
expect_in "ASN1 OID: brainpoolP384r1" text
expect_reissue 10 start aut.crt --new-key card: --alg P-192 --name no "${SECRETS[@]}"
expect_in "brainpoolP512r1 and Ed25519" err
refused "P-521, secp256k1, brainpoolP256r1" make P-224 sig refused.ref
card_remove

# ---- PIV: P-521 on cards that have it ----------------------------------------------------------------------

APPLICATION=piv ADMIN=factory
card_insert --state piv.state --profile piv --p521
make P-521 9a 9a.ref
certify 9a.ref 9a.crt
on_curve 9a.crt P-521
for digest in sha1 sha256 sha384 sha512 sha3-512; do
    openssl dgst "${P[@]}" -$digest -sign 9a.ref -passin env:CARD_PIN -out signature message
    openssl x509 -in 9a.crt -noout -pubkey >9a.pub
    openssl dgst -$digest -verify 9a.pub -signature signature message >verdict || fail "$digest: $(<verdict)"
done
handshake 9a.crt 9a.ref -tls1_3
"$REISSUE" card show card:app=piv >shown
expect_in "RSA-2048, P-256, P-384, P-521" shown
"$REISSUE" card import-cert card:slot=9a --management-key-source factory 9a.crt >shown
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out peer.pem
openssl pkey -in peer.pem -pubout -out peer.pub
openssl pkeyutl -derive "${P[@]}" -inkey 'card:slot=9a?pin-source=env:CARD_PIN' -peerkey peer.pub -out secret
openssl pkeyutl -derive -inkey peer.pem -peerkey 9a.pub | cmp - secret
card_remove

# ---- what a card lacks --------------------------------------------------------------------------------------

card_insert --state lacks.state --profile piv
refused "such cards have RSA-2048, P-256, P-384" make P-521 9a refused.ref
card_remove
card_insert --state yubikey.state --profile yubikey
refused "this card has RSA-2048, RSA-3072, RSA-4096, P-256, P-384, Ed25519, X25519" make brainpoolP256r1 9a refused.ref
expect_failure "$REISSUE" card generate card:app=piv --algorithm secp256k1
expect_in "it has RSA-2048, RSA-3072, RSA-4096, P-256, P-384, Ed25519, X25519" err
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory --batch)
expect_reissue 9 start aut.crt --new-key card:app=piv --name lacking "${SECRETS[@]}"
expect_in "but RSA-2048, RSA-3072, RSA-4096, P-256, P-384, Ed25519, X25519: choose" err
card_remove

# ---- PKCS #11: which curves a token has shows when it makes a key ------------------------------------------------

token_new one
for curve in "${CURVES[@]}"; do
    "$REISSUE" card generate "card:app=pkcs11?module-path=$SOFTHSM" --slot 01 --overwrite-key --algorithm "$curve" \
        --pin-source file:pin --reference token.ref >uri
    certify token.ref token.crt
    on_curve token.crt "$curve"
    for digest in sha1 sha512; do
        openssl dgst "${P[@]}" -$digest -sign token.ref -passin env:CARD_PIN -out signature message
        openssl x509 -in token.crt -noout -pubkey >token.pub
        openssl dgst -$digest -verify token.pub -signature signature message >verdict || fail "$curve $digest: $(<verdict)"
    done
    rm token.ref
done
echo "C_GenerateKeyPair no-curve" >hostile
HOSTILE_REAL=$SOFTHSM HOSTILE_FILE=$WORK/hostile expect_failure "$REISSUE" card generate \
    "card:app=pkcs11?module-path=$HOSTILE_MODULE" --slot 02 --algorithm brainpoolP256r1 --pin-source file:pin
expect_in "makes no brainpoolP256r1 keys; by what it says of itself it may make RSA-2048" err
expect_in "P-521, secp256k1, brainpoolP256r1" err
