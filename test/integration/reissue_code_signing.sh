#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A code-signing certificate, and one for mail, both on a card, taken to their successors on the same card by a CA that a
# person carries requests to: rules told before, the card's statement about its new key beside the request, the old
# certificates neither revoked nor taken away; in the end osslsigncode signs with the new key, and both keys decrypt.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/executable.sh"

export CARD_PIN=$PIN
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory --batch)
P=(-provider default -provider card)

make_ca
make_config
echo "$PIN" >pin
chmod 600 pin
pcscd_start
card_insert --profile yubikey --key 9c=rsa3072 --key 9d=rsa2048

# sign REQUEST CERTIFICATE DAYS: what the CA does.
sign() {
    openssl x509 -req -in "$1" -CA ca.pem -CAkey ca.key -copy_extensions copyall -days "$3" -out "$2" 2>/dev/null
}

# on_card SLOT SUBJECT EXTENSION...: a certificate for the slot's key, on the card.
on_card() {
    local slot=$1 subject=$2 extensions=()
    shift 2
    for extension in "$@"; do
        extensions+=(-addext "$extension")
    done
    openssl req -new "${P[@]}" -key "card:slot=$slot?pin-source=file:$WORK/pin" -subj "$subject" "${extensions[@]}" -out "$slot.csr"
    sign "$slot.csr" "$slot.pem" 365
    "$REISSUE" card import-cert --slot "$slot" --management-key-source factory card:app=piv "$slot.pem" >import.out
}
on_card 9c "/C=PL/O=Example/CN=Example Publisher" keyUsage=critical,digitalSignature extendedKeyUsage=codeSigning
on_card 9d "/CN=Alice/emailAddress=alice@example.org" keyUsage=critical,keyEncipherment,digitalSignature \
    extendedKeyUsage=emailProtection subjectAltName=email:alice@example.org

# start_job CERTIFICATE OPTION...: leaves the job's name in JOB, the request in REQUEST, the new key's slot in SLOT.
start_job() {
    expect_reissue 12 start "$@" --json "${SECRETS[@]}"
    JOB=$(jq -r .job out)
    REQUEST=$WORK/state/jobs/$JOB/request.csr
    SLOT=$(jq -r .key out | sed 's/.*slot=\([0-9a-f]*\).*/\1/')
}

# ---- rules -------------------------------------------------------------------------------------------------

expect_reissue 12 start card:slot=9c --new-key code.key --alg RSA-2048 --name rules "${SECRETS[@]}"
expect_in "at least 3072 are needed for code signing" out
expect_in "has to be on hardware" out
expect_reissue 0 cancel "$(open_jobs)"

# ---- a publisher -------------------------------------------------------------------------------------------

start_job card:slot=9c --new-key card: --alg RSA-3072 --name publisher
[[ $SLOT != 9c ]] || fail "the old key was overwritten"
openssl req -in "$REQUEST" -noout -text | grep -q "Code Signing" || fail "not for code signing"
STATEMENT=$WORK/state/jobs/$JOB/attestation.pem
cmp <(openssl x509 -in "$STATEMENT" -noout -pubkey) <(openssl req -in "$REQUEST" -noout -pubkey) ||
    fail "the statement is about another key"
tac "$STATEMENT" | sed '/BEGIN/q' | tac >issuer.pem
openssl verify -partial_chain -trusted issuer.pem "$STATEMENT" || fail "the card did not sign it"
sign "$REQUEST" publisher.pem 900
expect_reissue 0 resume "$JOB" --cert publisher.pem "${SECRETS[@]}"
expect_in "lasts 900 days" out
cmp <(openssl storeutl "${P[@]}" -certs card:slot=9c | openssl x509) 9c.pem || fail "the old certificate is gone"
expect_reissue 0 status
[[ -z $(open_jobs) ]] || fail "something is owed"

# The live key reference, with its PIN's source, signs.
make_executable program.exe
openssl pkey "${P[@]}" -in "card:slot=$SLOT?pin-source=file:$WORK/pin" -out publisher.key
OPENSSL_CONF=$WORK/openssl.cnf
openssl_configuration
export OPENSSL_CONF
osslsigncode sign -key publisher.key -certs "$(live publisher fullchain.pem)" -h sha256 -in program.exe -out signed.exe >sign.out 2>&1 ||
    fail "osslsigncode sign: $(<sign.out)"
osslsigncode verify -CAfile ca.pem -ignore-timestamp -in signed.exe >verify.out 2>&1 || fail "osslsigncode verify: $(<verify.out)"
serial=$(openssl x509 -in publisher.pem -noout -serial)
expect_in "${serial#*=}" verify.out
export OPENSSL_CONF=/dev/null

# ---- mail --------------------------------------------------------------------------------------------------

# encrypt_for CERTIFICATE OUT
encrypt_for() {
    echo "for $1" | openssl cms -encrypt -aes256 -outform DER -out "$2" "$1"
}
# decrypts FILE CERTIFICATE SLOT
decrypts() {
    openssl cms -decrypt "${P[@]}" -inform DER -in "$1" -recip "$2" -inkey "card:slot=$3?pin-source=file:$WORK/pin" -out plain ||
        fail "$3 does not decrypt $1"
    expect_in "for $2" plain
}
encrypt_for 9d.pem old.cms
start_job card:slot=9d --new-key card: --alg RSA-2048 --name mail
[[ ! -e $WORK/state/jobs/$JOB/attestation.pem ]] || fail "a statement that nobody needs"
sign "$REQUEST" mail.pem 365
expect_reissue 0 resume "$JOB" --cert mail.pem "${SECRETS[@]}"
encrypt_for mail.pem new.cms
decrypts old.cms 9d.pem 9d
decrypts new.cms mail.pem "$SLOT"
