#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# EST: the CA known by its fingerprint first, and by its own certificates from then on; a first certificate by a
# password, its successor by the predecessor's key on the card in TLS; what the CA wants in requests; waiting from
# process to process.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/est_lib.sh"

NAME=www.example.org
export CARD_PIN=$PIN
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory --batch)

est_make
est_start
pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9d=p256
first_predecessor
echo correct-horse >password
chmod 600 password

# ---- by a password, from a server that is known by the CA's fingerprint ------------------------------------

for method in basic digest; do
    echo "$method alice correct-horse" >est/password
    rm -rf state
    est_config "user = alice" "password-file = $WORK/password" "ca-fingerprint = $(est_fingerprint)"
    expect_reissue 0 config check
    est_forget
    expect_reissue 0 start first.crt --ca company --key card:slot=9a "${SECRETS[@]}"
    [[ $(est_said) == "cacerts sent:200 cacerts sent:200 csrattrs sent:204 simpleenroll sent:401 simpleenroll sent:200" ]] ||
        fail "$(est_said)"
    key_works "$NAME"
    cmp <(openssl x509 -in est/ca.pem) <(openssl x509 -in state/est/company-*.pem) || fail "another CA is trusted"
done
echo wrong >password
expect_reissue 13 start first.crt --ca company --new-key wrong.key --name wrong --batch
expect_in "does not know who asks" err
expect_reissue 0 cancel "$(open_jobs)"

# ---- by the predecessor's key, on the card -----------------------------------------------------------------

est_config "ca-fingerprint = $(est_fingerprint)"
est_forget
cp "$(live "$NAME" cert.pem)" old.pem
expect_reissue 0 start "$NAME" --ca company --new-key card:slot=9d --alg P-256 --overwrite-key "${SECRETS[@]}"
[[ $(est_said) == "cacerts sent:200 csrattrs sent:204 simplereenroll sent:200" ]] || fail "$(est_said)"
key_works "$NAME"
! cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "nothing new"
openssl verify -CAfile est/ca.pem "$(live "$NAME" cert.pem)"
openssl storeutl -provider default -provider card -certs card:slot=9d | openssl x509 | cmp - <(openssl x509 -in "$(live "$NAME" cert.pem)")

# Other names are another request; a client's certificate in a file asks for it.
est_certify /CN=operator operator
est_stop
est_start department
est_config "ca-fingerprint = $(est_fingerprint)" "client-certificate = $WORK/operator.pem" \
    "client-key = $WORK/operator.key" "label = department"
est_forget
expect_reissue 0 start first.crt --ca company --new-key file.key --name file --batch
[[ $(est_said) == *"simpleenroll sent:200" ]] || fail "$(est_said)"
key_works file
est_config "ca-file = $WORK/est/ca.pem" "client-certificate = $WORK/operator.pem" "client-key = $WORK/operator.key"
expect_reissue 13 start first.crt --ca company --new-key label.key --name label --batch
expect_in "are url and label right" err
expect_reissue 0 cancel "$(open_jobs)"
est_stop
est_start

# It cannot revoke, and says so before anything is started; nor is anything asked for nobody.
expect_reissue 9 start "$NAME" --ca company --new-key none.key --revoke now --batch
expect_in "cannot be asked to revoke" err
est_config "ca-file = $WORK/est/ca.pem"
expect_reissue 2 start first.crt --ca company --new-key none.key --name none --batch
expect_in "client-certificate" err
[[ ! -e none.key ]] || fail "a key was made for nothing"

# ---- another server ----------------------------------------------------------------------------------------

# One that does not have the certificate with the fingerprint; one whose certificate is not by the CA that is known.
rm -rf state
est_config "ca-fingerprint = $(est_fingerprint | tr 0-9 1-90)" "client-certificate = $WORK/operator.pem" "client-key = $WORK/operator.key"
expect_reissue 14 start first.crt --ca company --new-key other.key --name other --batch
expect_in "it is another server, or the fingerprint is wrong" err
est_config "ca-file = $WORK/est/other.pem" "client-certificate = $WORK/operator.pem" "client-key = $WORK/operator.key"
expect_reissue 14 start first.crt --ca company --new-key other2.key --name other2 --batch
expect_in "cannot show that it is that server" err
for job in $(open_jobs); do
    expect_reissue 0 cancel "$job"
done

# ---- what the CA wants in requests -------------------------------------------------------------------------

est_config "ca-file = $WORK/est/ca.pem" "client-certificate = $WORK/operator.pem" "client-key = $WORK/operator.key"
# csrattrs OPENSSL-CONFIGURATION-LINE...
csrattrs() {
    { printf 'asn1=SEQUENCE:wishes\n[wishes]\n'; printf '%s\n' "$@"; } >wishes.cnf
    openssl asn1parse -genconf wishes.cnf -noout -out est/csrattrs.der
}
csrattrs 'one=OID:challengePassword' 'two=SEQUENCE:ec' '[ec]' 'name=OID:id-ecPublicKey' 'values=SET:curve' '[curve]' 'one=OID:secp384r1'
expect_reissue 13 start first.crt --ca company --new-key p256.key --alg P-256 --name wishes --batch
expect_in "an EC key on the curve secp384r1" err
expect_reissue 0 cancel "$(open_jobs)"
expect_reissue 0 start first.crt --ca company --new-key p384.key --alg P-384 --name wishes --batch
expect_in "does not have: challengePassword" out
rm est/csrattrs.der

# ---- waiting, from process to process ----------------------------------------------------------------------

behave "wait 2 3600"
est_forget
expect_reissue 12 start first.crt --ca company --new-key waiting.key --name waiting --batch
expect_in "waits for the CA" out
expect_reissue 12 resume --batch
expect_reissue 0 resume --batch
[[ $(est_said) == "cacerts sent:200 csrattrs sent:204 simpleenroll sent:202 simpleenroll sent:202 simpleenroll sent:200" ]] ||
    fail "$(est_said)"
key_works waiting
behave "wait 1 1"
expect_reissue 0 start first.crt --ca company --new-key waiting2.key --name waiting2 --wait=20s --batch
key_works waiting2

# ---- another card ------------------------------------------------------------------------------------------

# The predecessor's key asks, in TLS: not that of another card. What came for the new one is not put on it either.
expect_reissue 0 start first.crt --ca company --key card:slot=9d "${SECRETS[@]}"
est_config "ca-file = $WORK/est/ca.pem"
behave "wait 1 3600"
expect_reissue 12 start "$NAME" --ca company --new-key card:slot=9a --alg P-256 --overwrite-key "${SECRETS[@]}"
cp "$(live "$NAME" cert.pem)" old.pem
card_remove
expect_reissue 4 resume "${SECRETS[@]}"
card_insert --profile yubikey --state "$WORK/other.state" --key 9a=p256 --key 9d=p256
expect_reissue 10 resume "${SECRETS[@]}" # the name of the old key, card:slot=9d, fits this card as well
expect_in "is not the one that the certificate is for" err
cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "another certificate is in use"
card_remove
card_insert
expect_reissue 0 resume "${SECRETS[@]}"
key_works "$NAME"
