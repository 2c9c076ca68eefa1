#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue card on a plain PIV card, without any of Yubico's commands: what it has works, what it has
# not is said, and nothing is guessed.
source "$(dirname "$0")/lib.sh"
source "$HERE/card_manager_lib.sh"

pcscd_start
card_insert --profile piv

manage show
expect_in "plain" out
expect_in "3 tries left" out
expect_in "the card does not say how many tries are left" out
expect_in "this one does not say" out
expect_equal "$(json '.cards[0] | [.make, .firmware, .secrets.pin.factory, .can_generate_certain] | @json' show)" \
    '[null,null,null,false]'

# Nobody knows the PIN that a plain card was issued with, so it has to be said; its PIN is of digits.
refused 8 "there is no terminal" init --new-pin-source file:pin.new --new-puk-source file:puk.new
printf 'abcdef' >letters
apdu_log_clear
refused 8 "6 to 8 digits" pin --pin-source file:pin --new-pin-source file:letters
expect_equal "$(sent 24)" 0
manage init --pin-source file:pin --puk-source file:puk --new-pin-source file:pin.new --new-puk-source file:puk.new
expect_in "the management key stays as it is" err
refused 9 "no command to change" init --pin-source file:pin.new --puk-source file:puk.new --new-pin-source file:pin \
    --new-puk-source file:puk --new-management-key-source file:key
manage pin --pin-source file:pin --new-pin-source file:pin.new
refused 6 "tries left: 2" pin --pin-source file:wrong --new-pin-source file:pin
for _ in 1 2; do
    "$REISSUE" card pin --pin-source file:wrong --new-pin-source file:pin --use-last-try 2>err && fail "wrong PIN"
done
manage unblock --puk-source file:puk --new-pin-source file:pin
refused 9 "no command to change" management-key --management-key-source file:key

# A slot that does not show that it is free is not taken.
refused 9 "does not show which" generate --management-key-source file:key
refused 10 "does not show whether" generate --slot 9a --management-key-source file:key
refused 6 "refused the management key" generate --slot 9a --overwrite-key --management-key-source file:<(printf '%048d' 1)
refused 9 "such cards have RSA-2048, P-256, P-384" generate --slot 9a --overwrite-key --algorithm RSA-4096 \
    --management-key-source factory
manage generate --slot 9a --overwrite-key --management-key-source factory --reference key.pem
expect_in "slot=9a" out

# The key is shown by its certificate only, and so is that the slot is in use.
manage show
expect_in "no keys and no certificates" out
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj /CN=ca -out ca.pem 2>/dev/null
openssl req -new -provider default -provider card -key key.pem -passin file:pin -subj /CN=plain -out plain.csr
openssl x509 -req -in plain.csr -CA ca.pem -CAkey ca.key -days 90 -out plain.pem 2>/dev/null
refused 10 "needs --slot" import-cert plain.pem --management-key-source factory
manage import-cert --slot 9a plain.pem --management-key-source factory
manage export-cert
cmp <(openssl x509 -in plain.pem) out || fail "another certificate"
refused 10 "in use" generate --slot 9a --management-key-source factory
expect_equal "$(json '.cards[0].slots[0] | [.slot, .algorithm, .origin, .certificate.subject] | join(" ")' show)" \
    "9a P-256 unknown CN=plain"

# What is Yubico's.
refused 9 "makes no attestations" attest --slot 9a
refused 9 "cannot move or delete keys" move --slot 9a --to 9c --management-key-source factory
refused 9 "cannot move or delete keys" delete --slot 9a --yes --management-key-source factory
manage delete --slot 9a --certificate-only --yes --management-key-source factory
manage show
expect_in "no keys and no certificates" out
# A reset would need Yubico's command: no try is wasted for it.
serial=$(json '.cards[0].serial' show)
apdu_log_clear
refused 9 "cannot be reset" reset --serial "$serial" --yes
expect_equal "$(sent 20) $(sent 2c)" "0 0"
manage pin --pin-source file:pin --new-pin-source file:pin.new
