#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A reissue by Certum's Partner API, the whole way: each validation, by us and by a person, keys on disk and on a card.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/certum_lib.sh"

NAME=www.example.org
make_ca
dns_start
certum_start
certum_config
ordered "$NAME" A1

# reissued KEY [OPTION ...]: takes the live certificate to its successor, and looks at it.
reissued() {
    local key=$1
    shift
    cp "$(live "$NAME" cert.pem)" old.pem
    expect_reissue 0 start "$NAME" --ca certum --new-key "$key" --batch "$@"
    key_works "$NAME"
    ! cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "$key: nothing is new"
}

# at_dns COMMAND JSON: tells the DNS server.
at_dns() {
    curl -sf -d "$2" "http://127.0.0.1:8055/$1" || fail "the DNS server does not take $1"
}

# The code that the last order waits for.
code() {
    order_of '.[-1].code'
}

# ---- nothing to verify: the rules are told, and it goes through by itself ----------------------------------

expect_reissue 0 start "$NAME.crt" --ca certum --new-key one.key --batch
expect_in "Certum: the new certificate ends with the product that was bought, and not after" out
expect_in "on $(date -u -d '14 days' +%F), if that is today" out
key_works "$NAME"
[[ $(openssl crl2pkcs7 -nocrl -certfile "$(live "$NAME" fullchain.pem)" | openssl pkcs7 -print_certs -noout |
    grep -c subject=) == 1 ]] || fail "the root is in the chain"
[[ $(calls reissueCertificate) == 1 ]]
[[ $(calls addSanVerification) == 0 ]]

# ---- what Certum does not do is refused before it hears of it ----------------------------------------------

before=$(wc -l <certum/calls)
expect_reissue 9 start "$NAME" --ca certum --key one.key --batch
expect_in "certify a key that was certified before" err
openssl req -new -key one.key -subj "/CN=$NAME" -addext "subjectAltName=DNS:$NAME" -out same.csr
expect_reissue 9 start "$NAME" --ca certum --csr same.csr --batch
expect_in "Certum certifies no key twice" err
expect_reissue 9 start --name new --ca certum --csr same.csr --batch
expect_in "no predecessor" err
expect_reissue 10 start "$NAME" --ca certum --new-key ed.key --alg Ed25519 --batch
expect_in "RSA and EC keys only" err
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout signer.key -out signer.crt -subj /CN=signer \
    -addext extendedKeyUsage=codeSigning -days 3 2>/dev/null
expect_reissue 10 start signer.crt --ca certum --new-key signer-new.key --alg RSA-2048 --batch
expect_in "at least 3072 bits" err
openssl req -new -key signer.key -subj /CN=past -out past.csr
openssl x509 -req -in past.csr -signkey signer.key -days 0 -out past.crt 2>/dev/null # OpenSSL 3.5 makes none that ends before it begins
sleep 1.1
expect_reissue 9 start past.crt --ca certum --new-key past.key --batch
expect_in "no certificate that has expired" err
[[ $(wc -l <certum/calls) == "$before" ]] || fail "Certum heard of it"

# ---- by us: DNS records by a hook, a file below the web server's root -----------------------------------------

dns_hook hook
mkdir webroot
control '{"reverify": true}'

certum_config "validation = dns-txt" "dns-hook = dns" "[hook dns]" "command = $WORK/hook"
reissued txt.key
[[ $(<hook.log) == "publish TXT _certum.$NAME"*"remove TXT _certum.$NAME" ]] || fail "the hook: $(<hook.log)"
rm hook.log

certum_config "validation = dns-cname" "dns-hook = dns" "[hook dns]" "command = $WORK/hook"
reissued cname.key
[[ $(<hook.log) == "publish CNAME _certum.$NAME"*"remove CNAME _certum.$NAME" ]] || fail "the hook: $(<hook.log)"

certum_config "validation = dns-txt file" "webroot = $WORK/webroot" "dns-hook = dns" "[hook dns]" "command = $WORK/hook"
(cd webroot && exec python3 -m http.server --bind 127.0.0.1 5080) >http.log 2>&1 &
wait_until 30 "the web server" _port_open 5080
rm hook.log
reissued file.key --validation file
[[ ! -e hook.log ]] || fail "the hook: $(<hook.log)"
grep -q "GET /.well-known/pki-validation/certum.txt .* 200" http.log || fail "nobody looked for the file"
[[ ! -e webroot/.well-known/pki-validation/certum.txt ]] || fail "the file stays"

# A code that is no good any more gives way to another: the service forgets ours when it is asked to look.
control '{"reverify": true, "error": {"performSanVerification": 1184}}'
reissued expired.key
expect_in "asking for another one" out

# ---- by a person ----------------------------------------------------------------------------------------------

# waits KEY [OPTION ...]: starts, and waits for a person.
waits() {
    local key=$1
    shift
    cp "$(live "$NAME" cert.pem)" old.pem
    expect_reissue 12 start "$NAME" --ca certum --new-key "$key" --batch "$@"
    cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "$key: it did not wait"
}

finished() {
    key_works "$NAME"
    ! cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "nothing is new"
    [[ -z $(open_jobs) ]] || fail "a job is left"
}

control '{"reverify": true}'
certum_config
waits by-hand.key
expect_in "    _certum.$NAME. IN TXT \"$(code)\"" out
# Not published yet: it is asked for again, and nothing is lost.
expect_reissue 12 resume --batch
expect_in "    _certum.$NAME. IN TXT \"$(code)\"" out
expect_reissue 0 status
expect_in "DNS records to be published" out
at_dns set-txt "{\"host\":\"_certum.$NAME.\",\"value\":\"$(code)\"}"
expect_reissue 0 resume --batch
expect_in "can be taken back" out
finished

certum_config "validation = file"
waits file-by-hand.key
expect_in "    http://$NAME/.well-known/pki-validation/certum.txt" out
expect_in "    $(code)-certum.pl" out
mkdir -p webroot/.well-known/pki-validation
echo "$(code)-certum.pl" >webroot/.well-known/pki-validation/certum.txt
expect_reissue 0 resume --batch
finished

# A mail to one of the addresses that an administrator may have; sent again on request; nothing to publish.
certum_config "validation = email" "approver = postmaster"
waits mail.key
expect_in "link in Certum's mail to postmaster@$NAME" out
[[ $(wc -l <certum/mails) == 1 ]]
expect_reissue 12 resume --batch
[[ $(wc -l <certum/mails) == 1 ]] || fail "a mail that nobody asked for"
expect_reissue 12 resume --batch --resend-mail
[[ $(wc -l <certum/mails) == 2 ]] || fail "no second mail"
code >>certum/followed
expect_reissue 0 resume --batch
finished

# What else Certum verifies: its people, and the mail address in the certificate.
control '{"required": ["EMAIL"]}'
certum_config
waits email.key
expect_in "the address in the certificate" out
expect_reissue 12 resume --batch --resend-mail
[[ $(tail -n 1 certum/mails) == "subject $(order_of '.[-1].id')" ]] || fail "$(tail -n 1 certum/mails)"
expect_in "sends its mail again" out
order_of '.[-1].id + ":EMAIL"' >>certum/followed
expect_reissue 0 resume --batch
finished
expect_reissue 5 resume --batch --resend-mail

# ---- orders under one number, more names, another reason --------------------------------------------------------

control '{"same_id": true}'
reissued same-id.key
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout more.key -subj "/CN=$NAME" \
    -addext "subjectAltName=DNS:$NAME,DNS:new.example.org" -out more.csr 2>/dev/null
control '{}'
cp "$(live "$NAME" cert.pem)" old.pem
expect_reissue 12 start "$NAME" --ca certum --csr more.csr --batch
expect_in "_certum.new.example.org. IN TXT" out
! grep -q "_certum.$NAME" out || fail "a name that was verified is to be again"
at_dns set-txt "{\"host\":\"_certum.new.example.org.\",\"value\":\"$(code)\"}"
expect_reissue 0 resume --batch
openssl x509 -in "$(live "$NAME" cert.pem)" -noout -ext subjectAltName | grep -q new.example.org

# Revoked by us at once: as what it is; where the service does not know that word, without it.
ordered code "C1" codeSigning
expect_reissue 0 start code.crt --ca certum --new-key code-new.key --revoke now --batch
expect_in "(460 days, for code signing)" out
expect_in "code signing keys have to be on a card" out
[[ $(status_of code.crt) == REVOKING ]] || fail "$(status_of code.crt)"
[[ $(order_of '.[] | select(.id == "C1").reason') == SUPERSEDED ]]
control '{"reasons": []}'
ordered old C2 codeSigning
expect_reissue 0 start old.crt --ca certum --new-key old-new.key --revoke now --batch
[[ $(order_of '.[] | select(.id == "C2").reason') == UNSPECIFIED ]]
ordered stolen C3 codeSigning
expect_reissue 0 start stolen.crt --ca certum --new-key stolen-new.key --reason compromised-key --revoke now --batch
[[ $(order_of '.[] | select(.id == "C3").reason') == KEYCOMPROMISE ]]
# What is revoked already is no error.
expect_reissue 0 revoke stolen.crt --ca certum --reason compromised-key --batch
expect_in "being revoked already" out

# ---- on a card ----------------------------------------------------------------------------------------------------

pcscd_start
card_insert --profile yubikey
export CARD_PIN=$PIN
control '{"reverify": true}'
certum_config "validation = dns-txt" "dns-hook = dns" "[hook dns]" "command = $WORK/hook"
reissued card:slot=82 --alg P-256 --pin-source env:CARD_PIN --management-key-source factory
openssl storeutl -provider default -provider card -certs card:slot=82 | openssl x509 >installed.pem
cmp installed.pem <(openssl x509 -in "$(live "$NAME" cert.pem)") || fail "another certificate is on the card"

# Another card, when the certificate comes: nothing is written to it, and the certificate is kept.
certum_config
cp "$(live "$NAME" cert.pem)" old.pem
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory)
expect_reissue 12 start "$NAME" --ca certum --new-key card:slot=83 --alg P-256 "${SECRETS[@]}"
for name in "$NAME" new.example.org; do
    at_dns set-txt "{\"host\":\"_certum.$name.\",\"value\":\"$(code)\"}"
done
card_remove
card_insert --profile yubikey --state "$WORK/other.state" --key 83=p256
expect_reissue 4 resume "${SECRETS[@]}"
cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "it was switched"
[[ -s $WORK/state/jobs/$(the_job)/fullchain.pem ]] || fail "the certificate was not kept"
card_remove
card_insert
expect_reissue 0 resume "${SECRETS[@]}"
finished

# The password is in no file, message or argument of ours.
! grep -rqF "$(<password)" state out err || fail "the password was written"
