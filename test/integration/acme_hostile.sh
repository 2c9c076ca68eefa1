#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# An ACME server that is broken, or means ill: a clear error each, in bounded time, and nothing sent elsewhere.
source "$(dirname "$0")/lib.sh"
source "$HERE/acme_lib.sh"

make_ca
make_key account.key
python3 "$HERE/acme_hostile.py" >posts 2>server.err &
wait_until 30 "the server" _port_open 14002

# with SCENARIO: where the next requests go.
with() {
    at https://localhost:14002/$1/dir
    ACCOUNT=(--key account.key --account "https://localhost:14002/$1/account")
}

# directory_fails SCENARIO CODE TEXT
directory_fails() {
    with "$1"
    acme_fails "$2" "$3" --timeout 2 directory
}

# order_fails SCENARIO CODE TEXT
order_fails() {
    with "$1"
    acme_fails "$2" "$3" "${ACCOUNT[@]}" order a.example.org
}

# It serves those who come with good intentions.
with good
acme "${ACCOUNT[@]}" order a.example.org
[[ $(value order) == https://localhost:14002/good/order ]] || fail "$(<out)"
acme "${ACCOUNT[@]}" look-at-order https://localhost:14002/good/order
[[ $(value retry-after) == 7 ]] || fail "$(<out)"
acme "${ACCOUNT[@]}" look-at-authorization https://localhost:14002/good/authz

# What is sent, besides names, where it is asked for.
with asked
acme "${ACCOUNT[@]}" --profile short --replaces aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE order A.example.org
grep -qxF 'asked newOrder {"identifiers":[{"type":"dns","value":"a.example.org"}],"profile":"short","replaces":"aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"}' posts ||
    fail "$(<posts)"
order_fails replaced already-replaced "order without naming the predecessor"

# ---- answers that are none -------------------------------------------------------------------
directory_fails endless server-answer "an answer of more than 262144 bytes was broken off"
directory_fails drip network "did not answer within 2 seconds"
directory_fails headers server-answer "bytes of headers was broken off"
directory_fails deep server-answer "nested too deeply"
directory_fails deep-object server-answer "nested too deeply"
directory_fails no-json server-answer "not JSON"
directory_fails cut-off server-answer "it breaks off"
directory_fails twice server-answer "a member twice"
directory_fails no-utf8 server-answer "not UTF-8"
directory_fails array server-answer "is no object"
directory_fails empty server-answer "not JSON"
directory_fails types server-answer '"newOrder" is a number, not a string'
directory_fails http server-answer "http://localhost/x is not https"
directory_fails user server-answer "has a user or password in it"
directory_fails redirect server-answer "sends us elsewhere (HTTP status 302)"
directory_fails down ca-trouble "HTTP status 503"
expect_in "retry-after 120" err

# ---- other servers ---------------------------------------------------------------------------
with elsewhere
acme_fails server-answer "is on another server than https://localhost:14002" --key account.key account
order_fails elsewhere-order server-answer "is on another server"
! grep -q "^x " posts || fail "something was sent elsewhere: $(<posts)"
# ... unless it was said beforehand.
with elsewhere-order
acme_fails server-answer "another server" "${ACCOUNT[@]}" --origin https://127.0.0.1:14003/ order a.example.org
acme "${ACCOUNT[@]}" --origin https://127.0.0.1:14002/ order a.example.org
grep -q "^x newOrder" posts || fail "$(<posts)"
acme_fails server-answer "is not https" "${ACCOUNT[@]}" --origin http://127.0.0.1:14002/ order a.example.org

# ---- refusals --------------------------------------------------------------------------------
order_fails nonce ca-trouble "once more (badNonce)"
[[ $(grep -c "^nonce newOrder" posts) == 20 ]] || fail "$(grep -c "^nonce newOrder" posts) requests"
order_fails limit-seconds rate-limited "wants to be asked again in 3600 seconds"
expect_in "retry-after 3600" err
order_fails limit-date rate-limited "too many"
seconds=$(sed -n 's/^retry-after //p' err)
((seconds >= 90 && seconds <= 100)) || fail "$seconds seconds"
order_fails limit-never rate-limited "too many"
expect_in "retry-after 31622400" err
order_fails limit-bad rate-limited "try again much later"
! grep -q retry-after err || fail "$(<err)"
order_fails limit-bare rate-limited "no reason given"
expect_in "retry-after 60" err
order_fails words ca-refused "b.example.org: CAA ]0;owned  forbids (caa)"
if LC_ALL=C grep -q '[[:cntrl:]]' err; then
    fail "control characters reach the terminal: $(cat -v err)"
fi
! grep -qP '\x{202e}|\x{9b}' err || fail "$(cat -v err)"
order_fails words-long ca-refused "xxx..."
(($(wc -c <err) < 1000)) || fail "$(wc -c <err) bytes"
order_fails words-types ca-refused "HTTP status 400"
order_fails terms ca-refused "new terms (userActionRequired), see https://localhost/terms"
order_fails trouble ca-trouble "HTTP status 500"
order_fails refuse ca-refused "HTTP status 403"
order_fails teapot server-answer "not JSON"

# ---- orders ----------------------------------------------------------------------------------
order_fails foreign server-answer "an order for other names"
order_fails status server-answer "is none that an order has"
order_fails no-status server-answer '"status" is missing'
order_fails no-certificate server-answer "names no certificate"
order_fails no-authorizations server-answer '"authorizations" has 0 entries'
order_fails http-authorization server-answer "is not https"
order_fails many server-answer "has 1001 entries"
order_fails expires server-answer '"expires" is no time'
order_fails no-location server-answer "does not name its URL"

# A lost answer: exactly one order was sent, although the library could have sent it again by itself.
order_fails lost network "broke off"
[[ $(grep -c "^lost newOrder" posts) == 1 ]] || fail "$(<posts)"

# ---- lists, authorizations, certificates -----------------------------------------------------
with circle
acme_fails server-answer "lead in a circle" "${ACCOUNT[@]}" orders
with list-elsewhere
acme_fails server-answer "is on another server" "${ACCOUNT[@]}" orders
with pages
acme_fails server-answer "more than 1000 entries" "${ACCOUNT[@]}" orders
[[ $(grep -c "^pages \(list\|more\)" posts) == 1000 ]] || fail "$(grep -c "^pages" posts) pages"

# authorization_fails SCENARIO TEXT
authorization_fails() {
    with "$1"
    acme_fails server-answer "$2" "${ACCOUNT[@]}" look-at-authorization "https://localhost:14002/$1/authz"
}
for kind in path shell empty long; do
    authorization_fails token-$kind "token of a challenge is not base64url"
done
authorization_fails token-number '"token" is a number'
authorization_fails token-nul '"token" has a NUL in it'
authorization_fails identifier "neither a DNS name nor an IP address"
authorization_fails challenges "100 challenges"

# certificate_fails SCENARIO TEXT
certificate_fails() {
    with "$1"
    acme_fails server-answer "$2" "${ACCOUNT[@]}" --out never.pem certificate "https://localhost:14002/$1/certificate"
    [[ ! -e never.pem ]] || fail "written: $(<never.pem)"
}
certificate_fails chain-key "something else in it"
certificate_fails chain-empty "it is empty"
certificate_fails chain-broken "malformed"
certificate_fails chain-bytes "malformed"
certificate_fails chain-long "too many certificates"

# ---- when to renew ---------------------------------------------------------------------------
printf 'authorityKeyIdentifier=keyid\n' >id.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -set_serial 0x8765 -extfile id.ext -days 2 -out id.pem 2>/dev/null
with good
acme renewal id.pem
[[ $(value id) == *.AIdl ]] || fail "$(<out)" # the serial with its leading zero: 00 87 65
[[ $(value start) == 1925089445 && $(value end) == 1925175845 && $(value retry-after) == 21600 ]] || fail "$(<out)"
with window
acme_fails server-answer "the window for the renewal is none" renewal id.pem
with window-time
acme_fails server-answer '"end" is no time' renewal id.pem

[[ ! -s server.err ]] || fail "the server itself failed: $(<server.err)"
