#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Keys made on the card by `openssl`, when it is asked for: by a parameter, or by the configuration.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card -propquery '?provider=card')

openssl_configuration "generate = card:?pin-source=file:$WORK/pin" "management-key-source = file:$WORK/management-key"
echo "default_properties = ?provider=card" >>openssl.cnf # in its last section
echo "$PIN" >pin
echo $MANAGEMENT_KEY >management-key

# generations: how many keys the card has made since apdu_log_clear.
generations() {
    apdu_log | jq -r 'select(.ins == "47") | .sw' | grep -c '^9000$' || true
}

# expect_generations NUMBER COMMAND...: the command succeeds, and the card makes that many keys.
expect_generations() {
    local number=$1
    shift
    apdu_log_clear
    "$@" >out 2>err || fail "$*: $(<err)"
    [[ $(generations) == "$number" ]] || fail "$(generations) keys made, not $number: $*"
}

# refused REGEX COMMAND...: fails, the first error is ours, and no key is left on the card.
refused() {
    local regex=$1
    shift
    apdu_log_clear
    expect_failure "$@"
    grep ':error:' err | head -n 1 | grep -Eq ":card:.*$regex" || fail "$*: not '$regex': $(<err)"
    [[ $(generations) == "$(apdu_log | grep -c '"command":"00f6ff')" ]] || fail "$*: a key is left: $(apdu_list)"
}

# with_configuration COMMAND...: as an unchanged script would be run.
with_configuration() {
    OPENSSL_CONF=$WORK/openssl.cnf "$@"
}

pcscd_start
card_insert --profile yubikey --serial 12345678

# By a parameter.
expect_generations 1 openssl genpkey "${P[@]}" -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -pkeyopt 'card-uri:card:slot=9a?pin-source=file:pin' -pkeyopt management-key-source:file:management-key -out 9a.pem
expect_in "BEGIN CARD KEY REFERENCE" 9a.pem
openssl req -new "${P[@]}" -key 9a.pem -subj /CN=x -out request.pem
openssl req -verify -noout -in request.pem
refused 'slot 9a is in use' openssl genpkey "${P[@]}" -algorithm RSA \
    -pkeyopt card-uri:card:slot=9a -pkeyopt management-key-source:factory -out again.pem
refused '1024' openssl genpkey "${P[@]}" -algorithm RSA -pkeyopt rsa_keygen_bits:1024 \
    -pkeyopt card-uri:card:slot=9d -pkeyopt management-key-source:factory -out again.pem
refused 'P-521' openssl genpkey "${P[@]}" -algorithm EC -pkeyopt ec_paramgen_curve:P-521 \
    -pkeyopt card-uri:card:slot=9d -pkeyopt management-key-source:factory -out again.pem
refused 'management-key-source' openssl genpkey "${P[@]}" -algorithm RSA \
    -pkeyopt card-uri:card:slot=9d -out again.pem
printf '00%.0s' {1..24} >wrong-key
refused 'management key' openssl genpkey "${P[@]}" -algorithm RSA \
    -pkeyopt card-uri:card:slot=9d -pkeyopt management-key-source:file:wrong-key -out again.pem
expect_generations 0 openssl genpkey "${P[@]}" -algorithm RSA -out software.pem
expect_in "BEGIN PRIVATE KEY" software.pem

# By the configuration, in a free slot each.
expect_generations 1 with_configuration openssl req -new -newkey rsa:2048 -nodes -keyout k1.pem -subj /CN=x -out r1.pem
expect_in "BEGIN CARD KEY REFERENCE" k1.pem
openssl req -verify -noout -in r1.pem
with_configuration openssl rsa -in k1.pem -noout -modulus >modulus
openssl req -in r1.pem -noout -modulus | cmp - modulus
expect_generations 1 with_configuration openssl genrsa -out k2.pem 2048
expect_generations 0 with_configuration openssl req -new -key k2.pem -subj /CN=x -out r2.pem
openssl req -verify -noout -in r2.pem
expect_generations 0 with_configuration openssl ecparam -name prime256v1 -out group.pem
expect_generations 1 with_configuration openssl ecparam -name prime256v1 -genkey -noout -out k3.pem
expect_in "BEGIN CARD KEY REFERENCE" k3.pem
expect_generations 1 with_configuration openssl req -new -newkey ec:group.pem -nodes -keyout k4.pem -subj /CN=x -out r4.pem
expect_in "BEGIN CARD KEY REFERENCE" k4.pem
openssl req -verify -noout -in r4.pem
expect_generations 1 with_configuration openssl genpkey -paramfile group.pem -out k5.pem
expect_in "BEGIN CARD KEY REFERENCE" k5.pem
expect_generations 1 with_configuration openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 \
    -keyout k6.pem -passout pass:secret -subj /CN=x -out c6.pem
expect_in "BEGIN ENCRYPTED CARD KEY REFERENCE" k6.pem
openssl verify -CAfile c6.pem c6.pem
expect_generations 1 with_configuration openssl genrsa -aes256 -passout pass:secret -out k7.pem 2048
expect_in "BEGIN ENCRYPTED CARD KEY REFERENCE" k7.pem

# Ed25519 and X25519: by a parameter, by the configuration, and at once for a certificate.
expect_generations 1 openssl genpkey "${P[@]}" -algorithm ed25519 -out ed.pem \
    -pkeyopt 'card-uri:card:slot=90?pin-source=file:pin' -pkeyopt management-key-source:factory
expect_in "BEGIN CARD KEY REFERENCE" ed.pem
expect_generations 0 openssl req -new "${P[@]}" -key ed.pem -subj /CN=x -out r.pem
openssl req -verify -noout -in r.pem
expect_generations 1 with_configuration openssl req -x509 -newkey ed25519 -nodes -keyout ed2.pem -subj /CN=x -out ed2.crt
openssl verify -CAfile ed2.crt ed2.crt
expect_generations 1 with_configuration openssl genpkey -algorithm x25519 -out x.pem
openssl pkey "${P[@]}" -in x.pem -pubout -out x.pub
openssl genpkey -algorithm x25519 -out peer.pem
openssl pkey -in peer.pem -pubout -out peer.pub
expect_generations 0 openssl pkeyutl -derive "${P[@]}" -inkey x.pem -peerkey peer.pub -out secret
openssl pkeyutl -derive -inkey peer.pem -peerkey x.pub | cmp - secret
expect_generations 0 openssl genpkey "${P[@]}" -algorithm ed25519 -out software25519.pem
expect_in "BEGIN PRIVATE KEY" software25519.pem

# The keys of others are none of ours.
with_configuration openssl req -x509 -key software.pem -subj /CN=localhost -out software.crt
apdu_log_clear
OPENSSL_CONF=$WORK/openssl.cnf "${OPENSSL[@]}" s_server -accept 127.0.0.1:4433 -key software.pem \
    -cert software.crt -naccept 1 -www >server.log 2>&1 &
wait_until 10 "s_server to listen" grep -q ACCEPT server.log
with_configuration openssl s_client -connect 127.0.0.1:4433 -groups P-256 \
    <<<$'GET / HTTP/1.0\r\n\r' >client.log 2>&1
expect_in "New, TLSv1.3" client.log
wait $!
[[ $(apdu_count) == 0 ]] || fail "a handshake asked the card: $(apdu_list)"

# No output, no key.
for making in "genrsa -out /dev/full 2048" "ecparam -name prime256v1 -genkey -noout -out /dev/full" \
    "req -new -newkey rsa:2048 -nodes -keyout /dev/full -subj /CN=x -out r.pem"; do
    # shellcheck disable=SC2086 # several words
    refused 'deleted from the card again' env OPENSSL_CONF="$WORK/openssl.cnf" "${OPENSSL[@]}" $making
    [[ $(generations) == 1 ]] || fail "no key was made at all: $making"
done
openssl_at_least 3.5 ||
    refused 'deleted from the card again' openssl genpkey "${P[@]}" -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
        -pkeyopt 'card-uri:card:?pin-source=file:pin' -pkeyopt management-key-source:factory -out /dev/full
apdu_log_clear
expect_failure env OPENSSL_CONF="$WORK/openssl.cnf" "${OPENSSL[@]}" req -new -newkey rsa:2048 -nodes \
    -keyout /nowhere/k.pem -subj /CN=x -out r.pem
[[ $(generations) == 0 ]] || fail "a key was made for a file that cannot be written"

# From 3.5 on genpkey writes its file only after the key was made, and exits with 0 when that fails. So the provider
# looks at the file: whether it can be written before, and whether the reference is in it when the key goes.
late_genpkey() {
    (exec -a openssl env OPENSSL_CONF="$WORK/openssl.cnf" bash -c 'exec -a openssl "$0" genpkey -out "$1"' "$GENPKEY" "$1")
}
expect_generations 1 late_genpkey late.pem
expect_in "BEGIN CARD KEY REFERENCE" late.pem
[[ $(apdu_list) != *f6:* ]] || fail "the key was deleted: $(apdu_list)"
LOSE=1 expect_generations 1 late_genpkey lost.pem
expect_in "lost.pem does not hold the key reference" err
expect_in "the new key was deleted from the card again" err
[[ $(apdu_log | grep -c '"command":"00f6ff') == 1 ]] || fail "the key was not deleted: $(apdu_list)"
refused 'k.pem cannot be written .No such file or directory., and no key was made' late_genpkey /nowhere/k.pem
[[ $(generations) == 0 ]] || fail "a key was made for a file that cannot be written"
expect_generations 1 late_genpkey /dev/null # a file that holds nothing ever
[[ $(apdu_list) != *f6:* ]] || fail "the key was deleted: $(apdu_list)"
expect_generations 1 with_configuration openssl genpkey -algorithm EC -pkeyopt group:P-256 -out -
[[ $(apdu_list) != *f6:* ]] || fail "the key was deleted: $(apdu_list)"
expect_in "BEGIN CARD KEY REFERENCE" out

# A card that does not show which slots are free is not asked to take one; a slot that is named is taken where its
# key may be lost. It does not show the key either, before there is a certificate: another process than the one
# that made it knows the card by its serial number.
card_remove
card_insert --state "$WORK/plain.state" --profile piv
refused 'name one that you know is' env OPENSSL_CONF="$WORK/openssl.cnf" "${OPENSSL[@]}" genrsa -out k8.pem 2048
refused 'have it overwritten if you know' openssl genpkey "${P[@]}" -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -pkeyopt 'card-uri:card:slot=9a' -pkeyopt management-key-source:factory -out k8.pem
PLAIN=(-pkeyopt 'card-uri:card:slot=9a?pin-source=file:pin' -pkeyopt management-key-source:factory -pkeyopt overwrite-key:yes)
refused 'cannot make keys of the kind Ed25519; such cards have RSA-2048, P-256, P-384' \
    openssl genpkey "${P[@]}" -algorithm ED25519 "${PLAIN[@]}" -out k8.pem
expect_generations 1 openssl genpkey "${P[@]}" -algorithm EC -pkeyopt ec_paramgen_curve:P-256 "${PLAIN[@]}" -out k8.pem
serial=$(openssl asn1parse -in k8.pem | sed -n 's/.*card:serial=\([^;]*\);.*/\1/p')
[[ -n $serial ]] || fail "no serial number in the reference"
expect_generations 0 openssl req -new "${P[@]}" -key k8.pem -subj /CN=x -out r8.pem
openssl req -verify -noout -in r8.pem
expect_apdus 8 openssl req -new "${P[@]}" -key k8.pem -subj /CN=x -out r8.pem # select, 2 for the slot, serial, PIN
[[ $(pins_sent) == 1 ]] || fail "$(pins_sent) PINs sent"

# Another card of that kind gets no PIN; nor does a key in that slot that is not the reference's sign for it.
card_remove
card_insert --state "$WORK/plain2.state" --profile piv
refused "PIV card $serial, which is not here: insert that card" openssl req -new "${P[@]}" -key k8.pem -subj /CN=x
[[ $(pins_sent) == 0 ]] || fail "a PIN was sent to another card"
card_remove
card_insert --state "$WORK/plain.state" --profile piv
cp k8.pem before.pem
expect_generations 1 openssl genpkey "${P[@]}" -algorithm EC -pkeyopt ec_paramgen_curve:P-256 "${PLAIN[@]}" -out k8.pem
expect_failure openssl req -new "${P[@]}" -key before.pem -subj /CN=x -out r8.pem
grep ':error:' err | head -n 1 | grep -q ':card:.*bad signature' || fail "a signature by another key: $(<err)"
