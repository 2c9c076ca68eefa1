#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue card list and show: readers, cards, what is on them; help, and wrong usage.
source "$(dirname "$0")/lib.sh"
source "$HERE/card_manager_lib.sh"

# Help says what there is, without a card; wrong usage is exit code 2.
manage help
cp out overview
for command in list show init pin puk unblock management-key generate import-cert export-cert attest \
    delete move reset; do
    expect_in "  $command" overview
    manage help $command
    expect_in "usage: reissue card $command" out
    cp out help
    manage $command --help
    cmp help out || fail "--help says something else"
done
manage help generate
expect_in "--overwrite-key" out
for words in "" frobnicate "help frobnicate" "show --frobnicate" "show what" "show card: card:" import-cert; do
    code=0
    # shellcheck disable=SC2086 # words
    "$REISSUE" card $words >out 2>err </dev/null || code=$?
    expect_equal "$code" 2
    [[ -s err && ! -s out ]] || fail "usage goes to standard error: $words"
done
refused 2 "contradict" show card:slot=9a --slot 9c
refused 2 "attribute" show card:frobnicate=1

# Nobody serves cards.
refused 4 "pcscd" list
expect_equal "$(json .error.code list)" no-service

pcscd_start
manage list
expect_equal "$(grep -c 'no card' out)" 2
expect_equal "$(json '[.readers[].card] | any' list)" false
refused 4 "no card" show
expect_equal "$(json .error.code show)" no-card
refused 4 "no card was inserted within 0.5 s" list --wait=0.5
refused 2 "no number" list --wait=soon

# It waits for a card to be inserted.
"$REISSUE" card list --wait=60 --json >waited.json 2>waited.err &
waiter=$!
sleep 0.5
kill -0 $waiter || fail "it did not wait: $(<waited.err)"
card_insert --serial 12345678 --key 9a=p256 --certificate 9a=/CN=one --key 82=rsa2048:once:cached --key 9d=ed25519
wait $waiter || fail "list --wait: $(<waited.err)"
expect_equal "$(jq -r '.readers[0].applications[] | select(.application == "piv") | .serial' waited.json)" 12345678
card_insert_second --profile piv
manage list
expect_in "card:serial=12345678;app=piv" out
expect_in "YubiKey 5.7.1" out
expect_equal "$(json '.readers | length' list)" 2
expect_equal "$(json '.readers[0].atr' list | cut -c 1-2)" 3B

# Both cards are shown, or the one that is named; no PIN is sent.
apdu_log_clear
expect_equal "$(json '[.cards[] | select(.application == "piv")] | length' show)" 2
expect_equal "$(pins_sent)" 0
expect_apdus 56 "$REISSUE" card show "card:serial=12345678;app=piv" # the figure in docs/cards.md
manage show "card:serial=12345678;app=piv"
expect_in "3 of 3 tries left, that of a new card still" out
expect_in "AES-192, that of a new card still" out
expect_in "9a   P-256, generated, PIN once, touch never" out
expect_in "certificate CN=one, until" out
expect_in "82   RSA-2048, generated, PIN once, touch cached" out
expect_in "9d   ED25519" out
card="card:serial=12345678;app=piv"
expect_equal "$(json '.cards[0].slots | map(.slot) | join(" ")' show $card)" "9a 9d 82"
expect_equal "$(json '.cards[0].slots[0].certificate | [.subject, .fits_key] | join(" ")' show $card)" "CN=one true"
expect_equal "$(json '.cards[0].can_generate | index("RSA-4096") != null' show $card)" true
expect_equal "$(json '.cards[0].initialised' show $card)" true
expect_equal "$(json '.cards[0].slots | length' show "$card;slot=9d")" 1
# Where two cards fit and one is wanted, both are named.
refused 5 "card:serial=12345678;app=piv" pin --pin-source file:pin --new-pin-source file:pin.new
card_remove

# Certificates that need attention.
new_card --serial 1 --key 9a=p256
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj /CN=ca -out ca.pem 2>/dev/null
sign() { # SUBJECT DAYS OUT: for the card's key, by a CA of our own
    "$REISSUE" card attest --slot 9a --out statement.pem >/dev/null
    openssl x509 -in statement.pem -noout -pubkey >public.pem
    openssl req -new -key ca.key -subj "$1" -out leaf.csr
    openssl x509 -req -in leaf.csr -force_pubkey public.pem -CA ca.pem -CAkey ca.key -days "$2" -out "$3" 2>/dev/null
    rm statement.pem
}
sign /CN=soon 10 soon.pem
manage import-cert soon.pem
manage show
grep -Eq "expires in (9|10) days" err || fail "$(<err)"
expect_equal "$(json '.warnings | length' show)" 1
# What a certificate calls itself is anybody's words: it makes no lines, and colours nothing.
sign "$(printf '/CN=a\033[31m\nb')" 100 colour.pem
manage import-cert colour.pem
manage show
! grep -q $'\033' out || fail "an escape sequence was printed"
expect_in 'CN=a\1B[31m\0Ab' out

# A weak make.
card_remove
rm -f card.state
card_insert --serial 5 --firmware 5.4.3 --management-algorithm 3des --key 9a=p256 --key 9c=rsa2048
manage show
expect_in "EUCLEAK" err
expect_equal "$(json '.cards[0].slots | map(.weak != null) | join(" ")' show)" "true false"
expect_equal "$(json '.cards[0].can_generate | join(" ")' show)" "RSA-2048 P-256 P-384"
card_remove
card_insert --firmware 4.3.1
expect_equal "$(json '.cards[0].can_generate | join(" ")' show)" "P-256 P-384"
card_remove

# A card of no kind that is known.
card_insert --unknown-card
manage list
expect_in "no application that is known here (ATR 3B" out
expect_equal "$(json '.readers[0] | [.card, (.applications | length)] | join(" ")' list)" "true 0"
refused 4 "application" show
