#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What is said of certificates that reissue looks after (list, show), the words by which they are called, how
# they are put on a card (install), and what a start would do (--dry-run), which changes nothing.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
export CARD_PIN=$PIN
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory --batch)
acme_begin PEBBLE_ALTERNATE_ROOTS=1
printf '#!/bin/sh\n' >hook
chmod 755 hook
make_config "[certificate $NAME]" "ca = pebble" "new-key = card:" "deploy-hook = reload" "renew-before = 10d" \
    "[hook reload]" "command = $WORK/hook deployed"
pcscd_start
card_insert --profile yubikey --key 9a=p256 --certificate "9a=/CN=card.example.org" --key 9c=rsa2048

# ---- a dry run changes nothing, and says what is wrong -------------------------------------------------------

expect_reissue 0 status --all --json
cp out before
apdu_log_clear
expect_reissue 0 start --subject "/CN=$NAME" --new-key card: --ca pebble --dry-run "${SECRETS[@]}"
expect_in "pebble answers at https://localhost:14000/dir" out
expect_in "slot=9d, which is free" out
expect_in "3 tries left" out
expect_in "reload: $WORK/hook" out
expect_in "MiB free" out
expect_in "Nothing was changed." out
expect_in "Not checked" out
[[ $(pins_sent) == 0 ]] || fail "a PIN was sent"
[[ -z $(apdu_log | jq -r 'select(.ins == "47" or .ins == "db") | .command') ]] || fail "the card was written to"
! grep -q "new-order\|new-acct\|newOrder\|newAccount" pebble.log || fail "the CA heard of it"
expect_reissue 0 status --all --json
cmp out before || fail "there is a job"
[[ ! -e $WORK/state ]] || fail "a state was made: $(ls "$WORK/state")"

# The same is found by a real start before anything begins.
for option in --dry-run --json; do
    expect_reissue 9 start --subject "/CN=$NAME" --new-key card: --alg brainpoolP256r1 --ca pebble $option "${SECRETS[@]}"
    expect_in "RSA-3072" err
    expect_reissue 10 start --subject "/CN=$NAME" --new-key card:slot=9a --ca pebble $option "${SECRETS[@]}"
    expect_in "holds a key already" err
    expect_reissue 4 start --subject "/CN=$NAME" --new-key card:serial=1 --ca pebble $option "${SECRETS[@]}"
    expect_reissue 8 start --subject "/CN=$NAME" --new-key card: --ca pebble $option --batch --pin-source file:/nowhere
    expect_reissue 1 start --subject "/CN=$NAME" --new-key /nowhere/key --ca pebble $option --batch
    chmod 644 hook
    expect_reissue 2 start --subject "/CN=$NAME" --new-key file.key --ca pebble $option --batch
    expect_in "hook" err
    chmod 755 hook
done
pebble_stop
expect_reissue 14 start --subject "/CN=$NAME" --new-key file.key --ca pebble --dry-run --batch
pebble_start PEBBLE_ALTERNATE_ROOTS=1
expect_reissue 0 status --all --json
cmp out before || fail "something was begun"
[[ ! -e file.key ]]

# ---- what there is, and what is due ------------------------------------------------------------------------------

expect_reissue 0 start --subject "/CN=$NAME" --names "$NAME a.example.net" --new-key first.key --ca pebble --batch
serial=$(openssl x509 -in "$(live $NAME cert.pem)" -noout -serial | cut -d = -f 2)
expect_reissue 0 list --json
[[ $(jq -r '.[] | select(.goes_by) | [.goes_by, .ca, .key, (.renew_at | length), .revoke_previous_at] | join(" ")' out) == \
    "$NAME pebble $WORK/first.key 20 " ]] || fail "$(<out)"
[[ $(jq -r '[.[].name] | join(" ")' out) == "$NAME card.example.org" ]] || fail "not the newest first: $(<out)"
script -qefc "stty cols 80; $REISSUE list --config reissue.conf" typescript >/dev/null
grep -a "$NAME" typescript | tr -d '\r' >line
(($(wc -L <line) <= 80)) || fail "too long: $(<line)"
expect_in "pebble  renew 20" line
expect_in " file " line
grep -aq "card.example.org .* card 9a" typescript || fail "$(<typescript)"
expect_reissue 0 list --expiring 0
expect_in "ends that soon" err

# By its name, its serial number in either form, its file, its job, on the card.
job=$(reissue status --all --json && jq -r '.jobs[-1].job' out)
for word in "$NAME" "$serial" "$(sed 's/../&:/g; s/:$//' <<<"${serial,,}")" "$(live $NAME cert.pem)" "$job"; do
    expect_reissue 0 show "$word" --json
    [[ $(jq -r '[.serial, .goes_by, .ca] | join(" ")' out) == "$serial $NAME pebble" ]] || fail "$word: $(<out)"
done
expect_reissue 0 show "$NAME"
for text in "$serial" "$NAME, a.example.net" "$WORK/first.key" "days left" "by reissue renew" "state/live/$NAME/" \
    "Next: nothing" "$(openssl x509 -in "$(live $NAME cert.pem)" -noout -fingerprint -sha256 | cut -d = -f 2 | tr -d : | tr A-F a-f)"; do
    expect_in "$text" out
done
[[ $(wc -L <out) -le 90 ]] || fail "too long: $(<out)"
expect_reissue 0 show card:slot=9a
expect_in "Next: reissue start card:slot=9a" out
card_serial=$(openssl storeutl -provider default -provider card -certs card:slot=9a 2>/dev/null | openssl x509 -noout -serial | cut -d = -f 2)
expect_reissue 0 show "$card_serial" --json
[[ $(jq -r .name out) == card.example.org ]] || fail "$(<out)"
expect_reissue 0 show card.example.org --json
[[ $(jq -r .serial out) == "$card_serial" ]] || fail "$(<out)"
expect_reissue 5 show DEADBEEF
expect_in "serial number" err
expect_reissue 0 start "$card_serial" --new-key card: --ca manual --dry-run "${SECRETS[@]}"
expect_in "card.example.org" out

# With a job under way, and with a revocation that is owed.
expect_reissue 12 start "$NAME" --new-key second.key --ca manual --json --batch
job=$(jq -r .job out)
expect_reissue 0 show "$NAME"
expect_in "Next: reissue resume $job" out
expect_reissue 0 cancel "$job"
expect_reissue 0 start "$NAME" --new-key card: --ca pebble --revoke-after 14d "${SECRETS[@]}"
expect_reissue 0 list --json
[[ $(jq -r '.[] | select(.goes_by) | .revoke_previous_at | length' out) == 20 ]] || fail "$(<out)"
expect_reissue 0 list
grep -q "$NAME *pebble *revoke 20" out || fail "$(<out)"
expect_reissue 0 show "$NAME"
expect_in "of the previous certificate" out
expect_in "keeps the previous certificate" out
expect_reissue 0 show "$serial" --json # which is live no more
[[ $(jq -r .serial out) == "$serial" ]] || fail "$(<out)"

# ---- on a card, and into files ------------------------------------------------------------------------------------

slot=$(jq -r '.[] | select(.goes_by) | .key' <(reissue list --json && cat out) | sed 's/.*slot=\([0-9a-f]*\).*/\1/')
openssl_cert() {
    openssl storeutl -provider default -provider card -certs "card:slot=$slot" 2>/dev/null | openssl x509
}
"$REISSUE" card delete --certificate-only --yes --management-key-source factory "card:slot=$slot" >/dev/null 2>err || fail "$(<err)"
apdu_log_clear
expect_reissue 0 install "$NAME" --to card: "${SECRETS[@]}"
expect_in "slot=$slot" out
cmp <(openssl_cert) <(openssl x509 -in "$(live $NAME cert.pem)")
[[ $(pins_sent) -ge 1 ]] || fail "the card has signed nothing"
expect_reissue 10 install "$NAME" --to card:slot=9c "${SECRETS[@]}"
expect_in "none of the keys" err
expect_reissue 10 install "$serial" --to card: "${SECRETS[@]}" # for another key
cmp <(openssl_cert) <(openssl x509 -in "$(live $NAME cert.pem)")
expect_reissue 0 install "$NAME" --to out.der --form der
cmp <(openssl x509 -inform DER -in out.der) <(openssl x509 -in "$(live $NAME cert.pem)")
expect_reissue 0 install "$NAME" --to out.pem --chain
cmp out.pem "$(live $NAME fullchain.pem)"
expect_reissue 10 install "$NAME" --to out.der --form der --chain
expect_reissue 10 install "$NAME" --to card: --chain "${SECRETS[@]}"

# ---- the chain, of several ------------------------------------------------------------------------------------------

root() {
    curl -s --cacert ca.pem "https://localhost:15000/roots/$1" | openssl x509 -noout -subject -nameopt multiline | sed -n 's/.*commonName *= //p'
}
for number in 0 1; do
    expect_reissue 0 start "$NAME" --new-key "chain$number.key" --ca pebble --preferred-chain "$(root $number)" --batch
    openssl crl2pkcs7 -nocrl -certfile "$(live $NAME chain.pem)" | openssl pkcs7 -print_certs -noout >chain
    expect_in "$(root $number)" chain
done

# A first one by its names alone goes by the first of them.
expect_reissue 12 start --names "names.example.org,192.0.2.9" --new-key names.key --ca manual --json --batch
[[ $(jq -r .name out) == names.example.org ]] || fail "$(<out)"
openssl req -in <(jq -r .csr out) -noout -text >request
expect_in "DNS:names.example.org, IP Address:192.0.2.9" request

# Another subject and other names than the predecessor's.
expect_reissue 12 start "$NAME" --new-key named.key --ca manual --subject "/C=PL/O=Other/CN=other.example.org" \
    --names "other.example.org, 192.0.2.7" --json --batch
openssl req -in <(jq -r .csr out) -noout -subject -nameopt RFC2253 -text >request
expect_in "O=Other" request
expect_in "DNS:other.example.org" request
expect_in "IP Address:192.0.2.7" request
! grep -q "DNS:$NAME" request || fail "$(<request)"
