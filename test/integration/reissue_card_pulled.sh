#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The card is pulled out before each step of a job, and while each kind of command is on its way, and put back. The job
# stops where it needs the card, says which, and goes on when that is back, with the one key.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/reissue_card_lib.sh"

# stopped_at: the step of the only job.
stopped_at() {
    reissue status --json
    jq -r ".jobs[0].step" out
}

fresh_card
for step in $("$REISSUE_FAULTS" --steps); do
    fresh
    through "$step:before" card_remove
    if [[ $step == revocation-* ]]; then
        [[ $PAUSED == no ]] || fail "a revocation that nobody wanted"
        continue
    fi
    [[ $PAUSED == yes ]] || fail "the job never came to $step"
    if [[ $CODE == 4 ]]; then
        expect_in "insert" err
        expect_in "the job needs the card of card:" err
        [[ " wanted key-started key-ready stored install-started " == *" $(stopped_at) "* ]] ||
            fail "the step $(stopped_at) needs no card"
    else
        [[ $CODE == 0 || $CODE == 12 ]] || fail "exit code $CODE: $(<err)"
    fi
    card_insert
    finish
done

# A job that has passed the checks before it begins, and nothing more.
begun() {
    local code=0
    (
        unset REISSUE_PAUSE
        REISSUE_FAULT=wanted:before PROGRAM=$REISSUE_FAULTS reissue start first.crt --new-key card:slot=9a --overwrite-key \
            --alg P-256 "${SECRETS[@]}"
    ) || code=$?
    [[ $code == 137 ]] || fail "exit code $code: $(<err)"
}

# While a command is on its way: SELECT, the metadata, an object, the key, the management key and signatures, the PIN, and
# what is written.
for ins in a4 f7 cb 47 87 20 db; do
    fresh_card
    begun
    card_remove
    card_insert --remove-at-ins $ins
    echo "pulled at $ins"
    pausing never:before : resume
    if [[ $CODE == 12 ]]; then
        sign_request
        pausing never:before : resume --cert new.pem
    fi
    [[ $CODE == 4 || $CODE == 11 ]] || fail "exit code $CODE: $(<err)" # the reader may make an empty answer of it
    card_remove
    card_insert
    finish
done
