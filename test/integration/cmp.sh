#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `openssl cmp` with keys on a card, against its own mock server on loopback: first certificates by ir and by
# p10cr, and a successor by a kur that the card signs. The server checks the protection of each request, and
# that the key's holder has it.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)
PORT=8888
SOURCE="?pin-source=file:$WORK/pin"

# certify NAME SERIAL: a certificate for the request NAME.csr, NAME.pem, which the server is to answer with.
certify() {
    command openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -set_serial "$2" -days 30 -out "$1.pem" \
        -extfile <(printf '%s\n' basicConstraints=CA:FALSE keyUsage=digitalSignature) 2>/dev/null
}

# serve CERTIFICATE [OPTION...]: the mock server, which knows nothing of cards, and answers with that.
serve() {
    command openssl cmp -config '' -port $PORT -srv_cert ca.pem -srv_key ca.key -srv_trusted ca.pem \
        -rsp_cert "$1" "${@:2}" >server.out 2>server.err &
    SERVER=$!
    wait_until 10 "the server to listen" grep -q ACCEPT server.out
}

serve_no_more() {
    kill $SERVER 2>/dev/null || true
    wait $SERVER || true
}

# expect_client SIGNATURES OPTION...: the client with the card's provider, and how often the card signs for it.
expect_client() {
    local number=$1 made
    shift
    apdu_log_clear
    openssl cmp -config '' "${P[@]}" -server 127.0.0.1:$PORT -path pkix/ "$@" >client.out 2>client.err ||
        fail "cmp $*: $(<client.err) $(<server.out) $(<server.err)"
    made=$(apdu_log | jq -r 'select(.ins == "87") | .sw' | grep -c '^9000$' || true)
    [[ $made == "$number" ]] || fail "$made signatures by the card, not $number: cmp $*"
}

# expect_certificate FILE SLOT: the file holds the certificate for that key.
expect_certificate() {
    openssl x509 -in "$1" -noout -pubkey >certified.pub
    openssl pkey "${P[@]}" -in "$2.key" -pubout -out key.pub
    cmp certified.pub key.pub || fail "$1 is for another key"
}

pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9a=p256 --key 9c=rsa2048 --key 82=p256 --key 83=rsa2048
echo "$PIN" >pin
command openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj "/CN=Example CA" \
    -days 30 -out ca.pem -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature 2>/dev/null
for slot in 9a 9c 82 83; do
    openssl pkey "${P[@]}" -in "card:slot=$slot$SOURCE" -out $slot.key
    openssl req -new "${P[@]}" -key $slot.key -subj "/CN=client $slot" -out $slot.csr
done

# A first certificate (ir), the request protected by a shared secret: the card's key proves its possession.
SECRET=(-ref client -secret pass:shared)
certify 9a 1001
serve 9a.pem -srv_ref client -srv_secret pass:shared
expect_client 1 -cmd ir "${SECRET[@]}" -newkey "card:slot=9a$SOURCE" -subject "/CN=client 9a" -recipient "/CN=Example CA" \
    -certout ir.pem
serve_no_more
expect_certificate ir.pem 9a

# The same by a request in PKCS #10 that the card has signed before (p10cr).
certify 9c 1002
serve 9c.pem -srv_ref client -srv_secret pass:shared
expect_client 0 -cmd p10cr "${SECRET[@]}" -csr 9c.csr -recipient "/CN=Example CA" -certout p10cr.pem
serve_no_more
expect_certificate p10cr.pem 9c

# Its successor (kur): the old key protects the messages (the request and the confirmation), the new one proves its
# possession, both on the card; by URI, and by reference. The server answers with a certificate that has the old
# one's serial number: that of OpenSSL 3.0 refuses others.
renew() {
    local old=$1 new=$2 serial=$3 old_key=$4 new_key=$5
    certify "$new" "$serial"
    serve "$new.pem"
    expect_client 3 -cmd kur -cert "$old.pem" -key "$old_key" -oldcert "$old.pem" -newkey "$new_key" \
        -trusted ca.pem -certout "kur-$new.pem"
    serve_no_more
    expect_certificate "kur-$new.pem" "$new"
}
renew 9a 82 1001 "card:slot=9a$SOURCE" "card:slot=82$SOURCE"
renew 9c 83 1002 9c.key 83.key
openssl verify -CAfile ca.pem kur-82.pem kur-83.pem

# A server that trusts another authority refuses the card's signature, which is a valid one all the same.
command openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -subj "/CN=Other CA" \
    -days 30 -out other.pem 2>/dev/null
serve 82.pem -srv_trusted other.pem
expect_failure openssl cmp -config '' "${P[@]}" -server 127.0.0.1:$PORT -path pkix/ -cmd kur -cert 9a.pem \
    -key "card:slot=9a$SOURCE" -newkey "card:slot=82$SOURCE" -trusted ca.pem -certout refused.pem
[[ ! -e refused.pem ]] || fail "a certificate from a server that does not trust the client"
serve_no_more
