#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue card generate, import-cert, export-cert, attest, delete, move.
source "$(dirname "$0")/lib.sh"
source "$HERE/card_manager_lib.sh"

pcscd_start
card_insert --serial 12345678 --attestation-root root.pem
SOURCE="pin-source=file:$WORK/pin"

# ---- generate ---------------------------------------------------------------------------------
# A free slot; the URI is what is printed, and works; so does the reference.
manage generate --reference key.pem
expect_equal "$(<out)" "card:serial=12345678;app=piv;slot=9a;type=private"
[[ ! -s err ]] || fail "something was said: $(<err)"
expect_in "BEGIN CARD KEY REFERENCE" key.pem
openssl req -new -provider default -provider card -key "$(<out)?$SOURCE" -subj /CN=uri -out uri.csr
openssl req -in uri.csr -noout -verify 2>/dev/null
openssl req -new -provider default -provider card -key key.pem -passin file:pin -subj /CN=reference -out reference.csr
openssl req -in reference.csr -noout -verify 2>/dev/null

# A second key makes card: ambiguous, which is said; everything is answered for, nothing asked.
expect_equal "$(json '[.slot, .algorithm, .uri] | join(" ")' generate --algorithm RSA-2048)" \
    "9c RSA-2048 card:serial=12345678;app=piv;slot=9c;type=private"
expect_in "card: alone" err
expect_equal "$(jq '.warnings | length' out.json)" 1
jq -r .public_key out.json >public.pem
openssl pkey -pubin -in public.pem -noout
# The third is not said to be the second. On another card it is again.
manage generate --slot 95
[[ ! -s err ]] || fail "something was said: $(<err)"
manage delete --slot 95 --yes
card_insert_second --serial 87654321 --key 9a=p256
manage generate "card:serial=87654321;slot=9c"
expect_in "card:serial=87654321 stands for" err
kill "$CARD_SECOND_PID"
wait "$CARD_SECOND_PID" || true
CARD_SECOND_PID=
card_wait_gone 1
# Policies are the card's.
manage generate --slot 82 --algorithm P-384 --pin-policy never --touch-policy cached
expect_equal "$(json '.cards[0].slots[] | select(.slot == "82") | [.algorithm, .pin_policy, .touch_policy] | join(" ")' show)" \
    "P-384 never cached"
for algorithm in RSA-3072 Ed25519 X25519; do
    manage generate --slot 83 --algorithm $algorithm --overwrite-key
done

# What is in use stays; what the card lacks is said, with what it has; before anything is asked.
apdu_log_clear
refused 10 "in use" generate --slot 9a
refused 9 "it has RSA-2048, RSA-3072, RSA-4096, P-256, P-384, Ed25519, X25519" generate --algorithm P-521
refused 9 "it has" generate --algorithm RSA-1024
refused 5 "no such slot" generate --slot 77
refused 10 "there is no policy" generate --slot 84 --pin-policy cached
refused 10 "exists, and is not overwritten" generate --slot 84 --reference key.pem
refused 10 "cannot write" generate --slot 84 --reference /nonexistent/key.pem
expect_equal "$(sent 47) $(pins_sent)" "0 0"
refused 6 "refused the management key" generate --slot 84 --management-key-source file:<(printf '%048d' 7)
expect_equal "$(sent 47)" 0
manage generate --slot 9a --overwrite-key
# Another process takes the slot between the look and the generation: the look is in the transaction.
expect_equal "$(json '.cards[0].slots | length' show)" 4

# A reference that cannot be kept (its name was taken meanwhile) takes the key with it.
cat >taker.sh <<'EOF'
until ls taken.pem.?????? >/dev/null 2>&1; do sleep 0.01; done
touch taken.pem
EOF
card_remove
card_insert --generate-seconds 1
bash taker.sh &
refused 10 "the new key was deleted again" generate --slot 90 --reference taken.pem
expect_equal "$(json '[.cards[0].slots[] | select(.slot == "90")] | length' show)" 0
expect_equal "$(find . -name 'taken.pem.*' | wc -l)" 0

# Every slot full.
card_remove
rm -f card.state
keys=()
for slot in 9a 9c 9d $(printf '%02x ' {130..149}); do
    keys+=(--key "$slot=p256")
done
card_insert --serial 12345678 "${keys[@]}"
refused 5 "no slot of the card is free" generate

# ---- certificates -----------------------------------------------------------------------------
new_card --serial 12345678 --attestation-root root.pem --key 9a=p256 --key 9d=rsa2048 --key 82=p384
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj /CN=ca -out ca.pem 2>/dev/null
for slot in 9a 9d 82; do
    manage attest --slot $slot --out $slot.statement
    openssl x509 -in $slot.statement -noout -pubkey >$slot.pub
    openssl req -new -key ca.key -subj /CN=$slot -out leaf.csr
    openssl x509 -req -in leaf.csr -force_pubkey $slot.pub -CA ca.pem -CAkey ca.key -days 90 -out $slot.pem 2>/dev/null
    openssl x509 -in $slot.pem -outform der -out $slot.der
done
# Into the slot whose key it is for, in either form; from standard input, too.
manage import-cert 9a.pem
expect_in "slot 9a" out
expect_equal "$(json .slot import-cert 82.der)" 82
"$REISSUE" card import-cert --slot 9d - <9d.pem >out
for slot in 9a 9d 82; do
    manage export-cert --slot $slot
    cmp <(openssl x509 -in $slot.pem) out || fail "another certificate"
    expect_equal "$(json '.cards[0].slots[] | select(.slot == "'$slot'") | .certificate.fits_key' show)" true
done
manage export-cert --slot 9a --der --out back.der
cmp 9a.der back.der
refused 10 "exists" export-cert --slot 9a --out back.der
refused 5 "3 certificates" export-cert
refused 5 "no certificate in slot 9c" export-cert --slot 9c
json .certificate export-cert --slot 9a | openssl x509 -noout -subject >subject
expect_in 9a subject
# What does not fit, is none, or is too large.
refused 10 "another key" import-cert --slot 9d 9a.pem
openssl x509 -req -in leaf.csr -signkey ca.key -days 9 -out stranger.pem 2>/dev/null
refused 10 "no key that this certificate is for" import-cert stranger.pem
refused 10 "no certificate" import-cert pin
refused 5 "cannot read" import-cert nowhere.pem
refused 1 "longer than" import-cert <(head -c 300000 /dev/zero)
printf 'nsComment=%s\n' "$(head -c 4000 /dev/zero | tr '\0' x)" >large.cnf
openssl x509 -req -in leaf.csr -force_pubkey 9a.pub -CA ca.pem -CAkey ca.key -extfile large.cnf -out large.pem 2>/dev/null
refused 9 "no room" import-cert large.pem
manage export-cert --slot 9a
cmp <(openssl x509 -in 9a.pem) out || fail "the certificate is gone"

# ---- attestation ------------------------------------------------------------------------------
expect_apdus 6 "$REISSUE" card attest --slot 9a # the figure in docs/cards.md
expect_in "not verified" out
manage attest --slot 9a --root root.pem
expect_in "verified:    it leads to" out
expect_in "serial:      12345678" out
expect_equal "$(json '[.verified, .attested_serial, .firmware, .pin_policy, .touch_policy] | join(" ")' attest --slot 9a --root root.pem)" \
    "true 12345678 5.7.1 once never"
refused 11 "does not lead to" attest --slot 9a --root ca.pem
refused 10 "no self-signed" attest --slot 9a --root 9a.pem
refused 5 "empty" attest --slot 95
refused 2 "which slot" attest
openssl verify -CAfile root.pem -untrusted 9a.statement 9a.statement
card_remove

# ---- moving and deleting ----------------------------------------------------------------------
card_insert
manage move --slot 9d --to 95
expect_equal "$(json '.cards[0].slots[] | select(.slot == "95") | [.algorithm, .certificate.subject, .certificate.fits_key] | join(" ")' show)" \
    "RSA-2048 CN=9d true"
expect_equal "$(json '[.cards[0].slots[] | select(.slot == "9d")] | length' show)" 0
refused 10 "in use" move --slot 95 --to 9a
refused 5 "empty" move --slot 9d --to 9c
refused 10 "already" move --slot 95 --to 95
refused 2 "where to" move --slot 95
refused 2 "which slot" delete --yes
refused 10 "say --yes" delete --slot 95
manage delete --slot 95 --certificate-only --yes
manage delete --slot 95 --key-only --yes
refused 5 "empty" delete --slot 95 --yes
expect_equal "$(json '[.key, .certificate] | join(" ")' delete card:slot=82 --yes)" "deleted deleted"
refused 2 "nothing to delete" delete --slot 9a --key-only --certificate-only
expect_equal "$(json '.cards[0].slots | map(.slot) | join(" ")' show)" 9a
