#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# While a job is at work, another card takes the place of its own, or another program is at the keys. The job stops, says
# what it found and what it wants, and writes nothing.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/reissue_card_lib.sh"

# ---- another card ------------------------------------------------------------------------------------------

swap() {
    card_remove
    rm -f other.state other.log
    card_insert --state other.state --log other.log --profile yubikey --serial 2222
}

fresh_card
for step in key-started key-ready stored install-started; do
    fresh
    through "$step:before" swap
    [[ $CODE == 4 ]] || fail "exit code $CODE: $(<err)"
    expect_in 1111 err
    expect_in 2222 err
    [[ $(commands 47 other.log) == 0 && $(commands db other.log) == 0 && $(commands 20 other.log) == 0 ]] ||
        fail "the other card was changed, or got the PIN"
    card_remove
    card_insert
    finish
done

# ---- another program at the keys of this card ---------------------------------------------------------------

other_key() {
    "$CARD_TOOL" generate card:app=piv 9a P-256 "$MANAGEMENT_KEY" overwrite >/dev/null
}

other_key_and_certificate() {
    card_remove
    card_insert --key 9a=p256 --certificate 9a=/CN=other
}

for step in key-ready stored install-started; do
    fresh
    through "$step:before" other_key
    [[ $CODE == 10 ]] || fail "exit code $CODE: $(<err)"
    [[ $(grep -Eo '\<[0-9a-f]{64}\>' err | sort -u | wc -l) == 2 ]] || fail "both fingerprints are not shown: $(<err)"
    [[ $(commands 47) == 2 && $(commands db) == 0 ]] || fail "the card was changed"
    [[ $step == key-ready || -s $(echo state/jobs/*/fullchain.pem) ]] || fail "the certificate was not kept"
done
fresh_card
through key-started:before other_key_and_certificate
[[ $CODE == 10 ]] || fail "exit code $CODE: $(<err)"
expect_in "another program was there" err
[[ $(commands 47) == 0 ]] || fail "the other program's key is lost"
