#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A certificate authority, a time stamp authority, an OCSP responder and mail, with examples/ca.cnf.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

# judge COMMAND...: openssl as others have it, without the provider.
judge() {
    stranger /usr/bin/openssl "$@" >judge.out 2>&1 || fail "openssl $*: $(<judge.out)"
}

program_install
pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9a=p256 --key 9c=rsa2048 --key 82=rsa2048
cp "$EXAMPLES/ca.cnf" .
export OPENSSL_CONF=$PWD/ca.cnf
mkdir certs
: >index.txt
echo 01 >crlnumber
echo 01 >tsa-serial
(umask 077 && echo $PIN >ca.pin)
SIGNER='card:slot=82?pin-source=file:ca.pin'
cat >req.cnf <<'CONFIGURATION'
[req]
distinguished_name = dn
[dn]
CONFIGURATION

openssl req -x509 -config req.cnf -provider default -provider card -key 'card:slot=9c?pin-source=file:ca.pin' \
    -subj "/CN=Card CA" -days 30 -out ca.pem -addext basicConstraints=critical,CA:TRUE

# issue NAME KEY [EXTENSION ...]: a request, and the certificate by `openssl ca` from it, one signature.
issue() {
    openssl req -new -config req.cnf -provider default -provider card -key "$2" -subj "/CN=$1" "${@:3}" -out "$1.csr"
    expect_signed 1 openssl ca -config ca.cnf -batch -notext -create_serial -in "$1.csr" -out "$1.pem" 2>ca.err
    judge verify -CAfile ca.pem "$1.pem"
}

stranger /usr/bin/openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out leaf.key
issue leaf leaf.key -addext subjectAltName=DNS:leaf
issue tsa 'card:slot=9a?pin-source=file:ca.pin' -addext extendedKeyUsage=critical,timeStamping
issue mail "$SIGNER" -addext extendedKeyUsage=emailProtection
issue ocsp "$SIGNER" -addext extendedKeyUsage=OCSPSigning

# Revocation: by CRL and by OCSP.
openssl ca -config ca.cnf -revoke leaf.pem 2>ca.err
expect_signed 1 openssl ca -config ca.cnf -gencrl -out crl.pem 2>ca.err
judge crl -in crl.pem -CAfile ca.pem -noout
expect_failure stranger /usr/bin/openssl verify -CAfile ca.pem -CRLfile crl.pem -crl_check leaf.pem
expect_in "certificate revoked" err
judge verify -CAfile ca.pem -CRLfile crl.pem -crl_check tsa.pem
judge ocsp -issuer ca.pem -cert leaf.pem -cert tsa.pem -reqout request.ocsp
expect_signed 1 openssl ocsp -index index.txt -CA ca.pem -rsigner ocsp.pem -rkey "$SIGNER" -reqin request.ocsp \
    -respout answer.ocsp
judge ocsp -issuer ca.pem -cert leaf.pem -cert tsa.pem -respin answer.ocsp -CAfile ca.pem -no_nonce
expect_in "leaf.pem: revoked" judge.out
expect_in "tsa.pem: good" judge.out

# The responder as a server on loopback, for two questions.
openssl ocsp -index index.txt -CA ca.pem -rsigner ocsp.pem -rkey "$SIGNER" -port 2560 -nrequest 2 2>ocsp.err &
responder=$!
wait_until 10 "the OCSP responder to listen" program_listens 2560
for _ in 1 2; do
    expect_signed 1 judge ocsp -issuer ca.pem -cert tsa.pem -url http://127.0.0.1:2560/ -CAfile ca.pem
    expect_in "tsa.pem: good" judge.out
done
wait $responder

# A time stamp.
openssl pkey -in 'card:slot=9a?pin-source=file:ca.pin' -out tsa.key
echo "what was there at that time" >text
judge ts -query -data text -sha256 -cert -out request.tsq
expect_signed 1 openssl ts -reply -config ca.cnf -section card_tsa -queryfile request.tsq -out answer.tsr 2>ts.err
judge ts -verify -queryfile request.tsq -in answer.tsr -CAfile ca.pem

# Mail, and CMS with PSS and by the elliptic curve key.
expect_signed 1 openssl smime -sign -in text -signer mail.pem -inkey "$SIGNER" -text -out mail.eml
judge smime -verify -in mail.eml -CAfile ca.pem
expect_signed 1 openssl cms -sign -in text -signer mail.pem -inkey "$SIGNER" -keyopt rsa_padding_mode:pss -out pss.eml
judge cms -verify -in pss.eml -CAfile ca.pem
expect_signed 1 openssl cms -sign -binary -nodetach -in text -signer tsa.pem \
    -inkey 'card:slot=9a?pin-source=file:ca.pin' -md sha384 -outform DER -out ec.cms
judge cms -verify -inform DER -in ec.cms -CAfile ca.pem -purpose any
sed -i 's/^what was/what wasn/' mail.eml
expect_failure stranger /usr/bin/openssl smime -verify -in mail.eml -CAfile ca.pem
