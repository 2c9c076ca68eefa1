#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A stranger's EST server (libest's, from Debian 13 on): a first certificate by a password, and its successor by the
# predecessor's key, on the card.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/est_lib.sh"

NAME=www.example.org
export CARD_PIN=$PIN
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory --batch)

est_make
mkdir est/new
: >est/index.txt
echo 1000 >est/serial
cat >est/ca.cnf <<END
[ca]
default_ca = default
[default]
database = $WORK/est/index.txt
serial = $WORK/est/serial
new_certs_dir = $WORK/est/new
certificate = $WORK/est/ca.pem
private_key = $WORK/est/ca.key
default_md = sha256
default_days = 30
policy = any
copy_extensions = copy
unique_subject = no
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
END
env EST_TRUSTED_CERTS="$WORK/est/ca.pem" EST_CACERTS_RESP="$WORK/est/ca.pem" EST_OPENSSL_CACONFIG="$WORK/est/ca.cnf" \
    estserver -p 8085 -c est/server.pem -k est/server.key -r est -o -v >est/out 2>est/err &
wait_until 30 "the EST server" _port_open 8085

pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9d=p256
first_predecessor
echo estpwd >password # which is built in, as is the user
chmod 600 password
est_config "user = estuser" "password-file = $WORK/password" "ca-fingerprint = $(est_fingerprint)"
expect_reissue 0 start first.crt --ca company --key card:slot=9a "${SECRETS[@]}"
key_works "$NAME"
openssl verify -CAfile est/ca.pem "$(live "$NAME" cert.pem)"

est_config "ca-fingerprint = $(est_fingerprint)"
cp "$(live "$NAME" cert.pem)" old.pem
expect_reissue 0 start "$NAME" --ca company --new-key card:slot=9d --alg P-256 --overwrite-key "${SECRETS[@]}"
expect_in simplereenroll out
key_works "$NAME"
! cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "nothing new"
openssl verify -CAfile est/ca.pem "$(live "$NAME" cert.pem)"
