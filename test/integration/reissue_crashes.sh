#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A job that is killed at each of its steps, before what was done is durable and after it, is finished by
# `resume`: one new key, one certificate in use, the old one good until then, and revoked only in the end.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
export CARD_PIN=$PIN
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory)

make_ca
dns_start
pebble_config
pebble_start
make_config
pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9d=p256

# The first certificate, for a key on the card that is there already.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout first.key -out first.crt -subj "/CN=$NAME" \
    -addext "subjectAltName=DNS:$NAME" -days 3 2>/dev/null
expect_reissue 0 start first.crt --ca pebble --key card:slot=9a "${SECRETS[@]}"
key_works "$NAME"

next_slot() {
    if [[ $SLOT == 9a ]]; then
        SLOT=9d
    else
        SLOT=9a
    fi
}

generated() {
    apdu_log | jq -r 'select(.ins == "47" and .sw == "9000") | .ins' | wc -l
}

# What must be true of a job that was killed, as long as its successor is not in use.
check_after_kill() {
    cmp -s old.pem "$(live "$NAME" cert.pem)" || return 0
    key_works "$NAME"
    [[ $(revocation_status old.pem) == Valid ]] || fail "revoked before its successor is in use"
}

check_after_resume() {
    (($(generated) == 1)) || fail "$(generated) keys were made"
    key_works "$NAME"
    ! cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "the old certificate is still in use"
    openssl storeutl -provider default -provider card -certs "card:slot=$SLOT" | openssl x509 >installed.pem
    cmp installed.pem <(openssl x509 -in "$(live "$NAME" cert.pem)") || fail "another certificate is on the card"
    [[ $(revocation_status old.pem) == Revoked ]] || fail "the old one is not revoked"
    [[ $(revocation_status "$(live "$NAME" cert.pem)") == Valid ]] || fail "the new one is revoked"
    expect_reissue 0 status --json
    [[ $(jq '.jobs | length' out) == 0 ]] || fail "jobs are left: $(<out)"
}

# crash STEP MOMENT
crash() {
    local code=0
    next_slot
    cp "$(live "$NAME" cert.pem)" old.pem
    apdu_log_clear
    REISSUE_FAULT=$1:$2 PROGRAM=$REISSUE_FAULTS reissue start "$NAME" --ca pebble --new-key "card:slot=$SLOT" --alg P-256 \
        --overwrite-key --revoke now "${SECRETS[@]}" || code=$?
    [[ $code == 137 ]] || fail "$1:$2: exit code $code: $(<err)"
    check_after_kill
    expect_reissue 0 resume "${SECRETS[@]}"
    check_after_resume
}

SLOT=9a
for step in $("$REISSUE_FAULTS" --steps); do
    for moment in "done" after; do
        # The last step has nothing after it that is not done.
        [[ $step:$moment != revocation-sent:after ]] || continue
        echo "killed at $step:$moment"
        crash "$step" "$moment"
    done
done
