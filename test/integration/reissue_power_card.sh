#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The power fails during a job that makes a key on a card, with nothing on the disk before. Of the points at which it can,
# those are tried that the journal makes: reissue_power_cuts.sh has the others, which cards have no part in.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/reissue_power_lib.sh"

export CARD_PIN=$PIN
the_certificate first.crt card: --pin-source env:CARD_PIN --management-key-source factory --batch

first_predecessor
pcscd_start
card_insert --profile yubikey

# The card is not set back by a power cut: what it has done, it has done.
restore_card() {
    card_remove
    cp "$POINT/card.state" card.state
    card_insert
}

check_card() {
    local made slot
    made=$((GENERATED + $(apdu_log | jq -r 'select(.ins == "47" and .sw == "9000") | .ins' | wc -l)))
    ((made == 1)) || fail "$made keys were made"
    slot=$(jq -r '.jobs | max_by(.created) | .key' out | sed 's/.*slot=\([0-9a-f]*\).*/\1/')
    openssl storeutl -provider default -provider card -certs "card:slot=$slot" | openssl x509 | cmp - "$(live "$NAME" cert.pem)" ||
        fail "another certificate is on the card"
}

record "$WORK/points"
for point in points/*-none points/*-all; do
    [[ $(<"$point/where") == *state.db-wal ]] || continue
    restore "$point"
    restore_card
    check_live
    finish
    check_end
    check_card
    key_works "$NAME"
done
