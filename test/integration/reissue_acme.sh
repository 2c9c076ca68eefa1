#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Jobs, from the predecessor to the live files, with each way of validation: against a server that rejects half of
# all nonces, with authorizations that are never used again, and with some that always are.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

acme_begin PEBBLE_WFE_NONCEREJECT=50 PEBBLE_AUTHZREUSE=0 PEBBLE_ALTERNATE_ROOTS=1

# configure LINE...: the CA with those lines for its way of validation.
configure() {
    make_config
    sed -i '/^challenge/d; /^listen/d' reissue.conf
    printf '%s\n' "$@" >>reissue.conf
}

# predecessor NAME...: a certificate for these, in old.pem.
predecessor() {
    local names
    names=$(printf '%s\n' "$@" | sed -E 's/^[0-9.]+$/IP:&/; t; s/^/DNS:/' | paste -sd,)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout old.key -out old.pem -days 3 -subj "/CN=$1" \
        -addext "subjectAltName=$names" 2>/dev/null
}

# issue LINEAGE NAME...: the way from a predecessor for these names to live files whose chain verifies.
issue() {
    local lineage=$1
    shift
    predecessor "$@"
    rm -f new.key
    expect_reissue 0 start old.pem --name "$lineage" --ca pebble --new-key new.key --batch
    [[ $(names_of "$(live "$lineage" cert.pem)") == "$(names_of old.pem)" ]] || fail "$(names_of "$(live "$lineage" cert.pem)")"
    curl -s --cacert ca.pem "https://localhost:15000/roots/${ROOT-0}" >root.pem
    openssl verify -CAfile root.pem -untrusted "$(live "$lineage" chain.pem)" "$(live "$lineage" cert.pem)" >/dev/null
    key_works "$lineage"
}

names_of() {
    openssl x509 -in "$1" -noout -ext subjectAltName | tail -n 1 | tr -d ' ' | tr , '\n' | sort | paste -sd' '
}

# ---- each way --------------------------------------------------------------------------------------------

configure "challenge = http-01" "listen = 127.0.0.1:5002"
issue listener one.example.org two.example.org
issue address 127.0.0.1

mkdir www
configure "challenge = http-01" "webroot = $WORK/www"
python3 -m http.server --bind 127.0.0.1 --directory www 5002 >web.log 2>&1 &
WEB_PID=$!
wait_until 30 "the web server" _port_open 5002
issue webroot three.example.org
grep -q "GET /.well-known/acme-challenge/" web.log || fail "nobody looked"
[[ -z $(find www -type f) ]] || fail "left behind: $(find www -type f)"
kill "$WEB_PID"
wait "$WEB_PID" 2>/dev/null || true

configure "challenge = tls-alpn-01" "listen = 127.0.0.1:5001"
issue alpn four.example.org 127.0.0.1

dns_hook hook
configure "challenge = dns-01" "dns-hook = zone" "[hook zone]" "command = $WORK/hook"
issue wildcard '*.five.example.org' five.example.org
[[ $(sort hook.log | uniq -c | tr -s ' ' | paste -sd,) == " 2 publish TXT _acme-challenge.five.example.org, 2 remove TXT _acme-challenge.five.example.org" ]] || fail "$(<hook.log)"

# What was published is taken back although the CA refuses, and when the job is cancelled: also without the server.
cat >bad_hook <<END
#!/bin/sh
echo "\$REISSUE_ACTION \$REISSUE_IDENTIFIER" >>$WORK/hook.log
END
chmod 755 bad_hook
configure "challenge = dns-01" "dns-hook = zone" "[hook zone]" "command = $WORK/bad_hook"
predecessor five-and-a-half.example.org
: >hook.log
expect_reissue 13 start old.pem --name refused --ca pebble --new-key refused.key --batch
expect_in "No TXT records found" err
[[ $(paste -sd, hook.log) == "publish five-and-a-half.example.org,remove five-and-a-half.example.org" ]] || fail "$(<hook.log)"
: >hook.log
code=0
REISSUE_FAULT=challenge-published:before PROGRAM=$REISSUE_FAULTS reissue resume "$(open_jobs)" --batch || code=$?
[[ $code == 137 ]] || fail "exit code $code: $(<err)"
kill -STOP "$PEBBLE_PID"
expect_reissue 0 cancel "$(open_jobs)"
kill -CONT "$PEBBLE_PID"
[[ $(paste -sd, hook.log) == "publish five-and-a-half.example.org,remove five-and-a-half.example.org" ]] || fail "$(<hook.log)"

# ---- another chain; a way that the CA does not offer --------------------------------------------------------

# The common name of the second root's intermediate certificate is the name of a chain.
curl -s --cacert ca.pem https://localhost:15000/intermediates/1 >intermediate.pem
chain=$(openssl x509 -in intermediate.pem -noout -issuer -nameopt multiline | sed -n 's/.*commonName *= //p')
configure "challenge = http-01" "listen = 127.0.0.1:5002" "preferred-chain = $chain"
ROOT=1 issue alternate six.example.org
configure "challenge = http-01" "listen = 127.0.0.1:5002" "preferred-chain = Nobody"
issue alternate six.example.org
expect_in 'has no chain from "Nobody"' out

configure "challenge = http-01" "listen = 127.0.0.1:5002"
predecessor '*.seven.example.org'
expect_reissue 10 start old.pem --name seven --ca pebble --new-key seven.key --batch
expect_in "cannot validate all of these names by http-01: wildcards need dns-01" err
[[ -z $(open_jobs) ]] || fail "a job was begun"

# A request that no CA should see does not reach this one, which would take it (Pebble 2.4 accepts 1024 bits).
orders() {
    grep -c "POST /order-plz -> calling handler" pebble.log || true
}
before=$(orders)
openssl req -new -newkey rsa:1024 -nodes -keyout weak.key -subj /CN=weak.example.org -out weak.csr 2>/dev/null
expect_reissue 10 start --csr weak.csr --name weak --ca pebble --batch
expect_in "must not be sent" err
[[ $(orders) == "$before" ]] || fail "the CA has heard of it"
[[ -z $(open_jobs) ]] || fail "a job was begun"

# ---- authorizations that are used again: the order comes back ready, and nothing is published ----------------

pebble_stop
pebble_start PEBBLE_WFE_NONCEREJECT=50 PEBBLE_AUTHZREUSE=100
configure "challenge = dns-01" "dns-hook = zone" "[hook zone]" "command = $WORK/hook"
issue again eight.example.org
: >hook.log
issue again eight.example.org
[[ ! -s hook.log ]] || fail "published for nothing: $(<hook.log)"
