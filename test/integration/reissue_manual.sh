#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The CA that a person speaks to: the request goes out as a file, and what comes back, in whatever form, is
# checked, stored, and installed on the card. Nothing but the right certificate on the right card does.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

export NAME=www.example.org
export CARD_PIN=$PIN
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory --batch)

make_ca
make_config
pcscd_start
card_insert --profile yubikey --key 9a=p256 --certificate "9a=/CN=$NAME" --key 9c=rsa2048

# sign REQUEST CERTIFICATE [DAYS]: what the CA does.
sign() {
    openssl x509 -req -in "$1" -CA ca.pem -CAkey ca.key -copy_extensions copyall -days "${3:-30}" -out "$2" 2>/dev/null
}

# start_job OPTION...: leaves the job's name in JOB, and its request in REQUEST.
start_job() {
    expect_reissue 12 start "$@" --json "${SECRETS[@]}"
    JOB=$(jq -r .job out)
    REQUEST=$WORK/state/jobs/$JOB/request.csr
    openssl req -in "$REQUEST" -noout -verify 2>/dev/null || fail "the request does not verify"
}

# ---- a new key in a free slot ------------------------------------------------------------------------

start_job card:slot=9a --new-key card: --alg RSA-2048
[[ $(jq -r .key out) == *slot=9d* ]] || fail "not in the first free slot: $(jq -r .key out)"
grep -q "resume $JOB --cert" <(jq -r .waits_for out) || fail "does not say what to do: $(<out)"
expect_reissue 0 status
expect_in "$JOB" out
expect_in "waits for the certificate" out

# What does not fit is refused, and makes room for what does: another key's, one that has expired, and rubbish.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -subj "/CN=$NAME" -out other.pem 2>/dev/null
expect_reissue 10 resume "$JOB" --cert other.pem "${SECRETS[@]}"
expect_in "none of the certificates is for this key: is it the answer to another request?" err
echo rubbish >rubbish
expect_reissue 10 resume "$JOB" --cert rubbish "${SECRETS[@]}"
expect_in "there is no certificate in rubbish" err
sign "$REQUEST" expired.pem 0 # OpenSSL 3.5 makes none that ends before it begins
sleep 1.1
expect_reissue 13 resume "$JOB" --cert expired.pem "${SECRETS[@]}"
expect_in "not valid any more" err
expect_reissue 5 resume "$JOB" --cert /nowhere "${SECRETS[@]}"
expect_reissue 12 resume "$JOB" "${SECRETS[@]}"

# PKCS #7, with the CA's own certificate in it.
sign "$REQUEST" new.pem
openssl crl2pkcs7 -nocrl -certfile new.pem -certfile ca.pem -outform DER -out new.p7b
expect_reissue 0 resume "$JOB" --cert new.p7b --json "${SECRETS[@]}"
[[ $(jq -r .step out) == "done" ]] || fail "$(<out)"
cmp <(openssl x509 -in new.pem) <(openssl x509 -in "$(live "$NAME" cert.pem)") || fail "another certificate is live"
key_works "$NAME"
openssl storeutl -provider default -provider card -certs card:slot=9d | openssl x509 | cmp - <(openssl x509 -in new.pem)
grep -q "CARD KEY REFERENCE" "$(live "$NAME" privkey.pem)" || fail "no reference"
[[ $(stat -c %a "$(live "$NAME" privkey.pem)") == 600 ]] || fail "the key's file is $(stat -c %a "$(live "$NAME" privkey.pem)")"
expect_reissue 10 resume "$JOB" "${SECRETS[@]}"

# ---- the same key again, DER by the standard input -----------------------------------------------------

start_job "$NAME" --key card:slot=9d
expect_reissue 0 list --no-cards --json
[[ $(jq -r '.[] | select(.name == env.NAME) | .note' out) == "job $JOB: finalize-sent" ]] || fail "$(<out)"
sign "$REQUEST" again.pem
openssl x509 -in again.pem -outform DER -out again.der
expect_reissue 0 resume --cert - "${SECRETS[@]}" <again.der
cmp <(openssl x509 -in again.pem) <(openssl x509 -in "$(live "$NAME" cert.pem)")
[[ -d $(find "$WORK/state/archive/$NAME" -mindepth 1 -type d) ]] || fail "the previous files were not kept"

# ---- somebody else's request -----------------------------------------------------------------------------

openssl req -new -newkey rsa:2048 -nodes -keyout given.key -subj "/CN=given.example.org" -out given.csr 2>/dev/null
expect_reissue 12 start --csr given.csr --name given --json "${SECRETS[@]}"
expect_in "public authorities refuse this" err # .example.org belongs to nobody
sign given.csr given.pem
cat given.pem ca.pem >bundle.pem
expect_reissue 0 resume --cert bundle.pem "${SECRETS[@]}"
[[ ! -e $(live given privkey.pem) ]] || fail "a key that nobody has"

# A private key that came along with it goes nowhere.
cat given.csr given.key >both.pem
expect_reissue 10 start --csr both.pem --name both "${SECRETS[@]}"
expect_in "has a private key in it" err
! grep -rq "PRIVATE KEY" state || fail "a private key got into the state"
expect_reissue 10 start --csr given.key --name both "${SECRETS[@]}"
expect_reissue 10 start --new-key both.key --name both "${SECRETS[@]}"
expect_in "say which certificate" err

# What the successor goes by: what its predecessor does here; or the common name, or else the first name it is for.
start_job given --key given.key
[[ $(jq -r .name out) == given ]] || fail "$(<out)"
start_job given.pem --key given.key
[[ $(jq -r .name out) == given ]] || fail "$(<out)"
openssl req -x509 -key given.key -subj "/CN=other.example.org" -out unknown.pem
start_job unknown.pem --key given.key
[[ $(jq -r .name out) == other.example.org ]] || fail "$(<out)"
openssl req -x509 -newkey rsa:2048 -nodes -keyout nameless.key -subj /O=Company -out nameless.pem \
    -addext "subjectAltName=DNS:*.nameless.example.org,DNS:nameless.example.org" 2>/dev/null
start_job nameless.pem --key nameless.key
[[ $(jq -r .name out) == _.nameless.example.org ]] || fail "$(<out)"

# One that must not be sent is not: reissue check says the same, and how to mend it.
openssl genrsa -out short.key 1024 2>/dev/null
openssl req -new -key short.key -subj "/CN=short.example.org" -out short.csr
expect_reissue 10 start --csr short.csr --name short "${SECRETS[@]}"
expect_in "must not be sent" err
for job in $(open_jobs); do
    expect_reissue 0 cancel "$job"
done

# ---- a key in a file ---------------------------------------------------------------------------------------

export KEY_PASSPHRASE=secret
start_job "$NAME" --new-key file.key --alg P-384 --name file --passphrase-source env:KEY_PASSPHRASE
grep -q "BEGIN ENCRYPTED PRIVATE KEY" file.key
[[ $(stat -c %a file.key) == 600 ]]
sign "$REQUEST" file.pem
expect_reissue 0 resume --cert file.pem --passphrase-source env:KEY_PASSPHRASE "${SECRETS[@]}"
expect_reissue 10 start "$NAME" --new-key file.key "${SECRETS[@]}"
expect_in "there is a file" err

# ---- names that only some authorities know -----------------------------------------------------------------

# The user principal name of a smart card's certificate stays; names that the CA adds do, and what it leaves out does not.
openssl req -x509 -newkey rsa:2048 -nodes -keyout logon.key -subj "/CN=Jan Kowalski" -out logon.pem \
    -addext "subjectAltName=otherName:msUPN;UTF8:jan@example.org,email:jan@example.org" -addext "keyUsage=digitalSignature,keyEncipherment" \
    -addext "extendedKeyUsage=clientAuth" 2>/dev/null
start_job logon.pem --new-key logon-new.key --alg P-256
openssl req -in "$REQUEST" -noout -text >request.txt
expect_in "email:jan@example.org" request.txt
expect_in "UPN:" request.txt
! grep -q "Key Encipherment" request.txt || fail "an EC key that enciphers is asked for"
answer() {
    printf '%s\n' "$1" >extensions.cnf
    openssl x509 -req -in "$REQUEST" -CA ca.pem -CAkey ca.key -days 30 -extfile extensions.cnf -out answer.pem 2>/dev/null
}
answer "subjectAltName=email:jan@example.org"
expect_reissue 13 resume "$JOB" --cert answer.pem "${SECRETS[@]}"
expect_in "upn:jan@example.org is missing" err
answer "$(printf 'subjectAltName=email:jan@example.org,otherName:msUPN;UTF8:jan@example.org\nextendedKeyUsage=serverAuth')"
expect_reissue 13 resume "$JOB" --cert answer.pem "${SECRETS[@]}"
expect_in "not for TLS clients" err
answer "subjectAltName=email:jan@example.org,otherName:msUPN;UTF8:jan@example.org,DNS:more.example.org"
expect_reissue 0 resume "$JOB" --cert answer.pem "${SECRETS[@]}"

# ---- what cannot be ----------------------------------------------------------------------------------------

expect_reissue 10 start "$NAME" "${SECRETS[@]}"
expect_in "--new-key card:" err
expect_reissue 10 start "$NAME" --new-key card: --key card:slot=9d "${SECRETS[@]}"
expect_reissue 10 start "$NAME" --key card:slot=9d --reason compromised-key "${SECRETS[@]}"
expect_in "cannot be kept" err
expect_reissue 10 start "$NAME" --new-key card: --reason boredom "${SECRETS[@]}"
expect_reissue 10 start "$NAME" --new-key card: --name ../../etc "${SECRETS[@]}"
expect_reissue 5 start nowhere --new-key card: "${SECRETS[@]}"
expect_in "reissue list" err
expect_reissue 10 start "$NAME" --new-key card:slot=9a "${SECRETS[@]}"
expect_in "slot 9a holds a key already" err
expect_reissue 6 start "$NAME" --new-key card: --pin-source env:CARD_PIN --batch
expect_in "--management-key-source" err
for job in $(open_jobs); do
    expect_reissue 0 cancel "$job"
done
[[ -z $(open_jobs) ]]

# ---- another card, and another key, when the certificate comes ---------------------------------------------

start_job "$NAME" --new-key card:
sign "$REQUEST" swapped.pem
slot=$(jq -r .key out | sed 's/.*slot=\([0-9a-f]*\).*/\1/')
card_remove
expect_reissue 4 resume "$JOB" --cert swapped.pem "${SECRETS[@]}"
expect_in "insert" err
card_insert --profile yubikey --state "$WORK/other.state" --key "$slot=p256"
expect_reissue 4 resume "$JOB" "${SECRETS[@]}"
card_remove
card_insert
expect_reissue 0 resume "$JOB" "${SECRETS[@]}"
key_works "$NAME"
start_job "$NAME" --new-key card:
sign "$REQUEST" replaced.pem
slot=$(jq -r .key out | sed 's/.*slot=\([0-9a-f]*\).*/\1/')
"$CARD_TOOL" generate card:app=piv "$slot" P-256 "$MANAGEMENT_KEY" overwrite >/dev/null
expect_reissue 10 resume "$JOB" --cert replaced.pem "${SECRETS[@]}"
expect_in "holds another key" err
expect_in "nothing was written" err
[[ -s $WORK/state/jobs/$JOB/fullchain.pem ]] || fail "the certificate was not kept"
expect_reissue 0 cancel "$JOB"

# ---- two at once, and a state from tomorrow ----------------------------------------------------------------

start_job "$NAME" --key card:slot=9d
exec 9>"$WORK/state/locks/job-$JOB"
flock 9
expect_reissue 15 resume "$JOB" "${SECRETS[@]}"
exec 9>&-
python3 -c "import sqlite3; c = sqlite3.connect('state/state.db'); c.execute('PRAGMA user_version = 99'); c.commit()"
expect_reissue 1 status
expect_in "newer version of reissue" err
