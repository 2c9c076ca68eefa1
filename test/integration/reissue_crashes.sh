#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A job that is killed at each of its steps, before what was done is durable and after it, is finished by
# `resume`: one new key, one certificate in use, the old one good until then, and revoked only in the end.
# With the CA that CRASHES_CA names: pebble (the usual one), or certum.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/certum_lib.sh"

NAME=www.example.org
export CARD_PIN=$PIN
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory)

CA=${CRASHES_CA:-pebble}

make_ca
dns_start
pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9d=p256

# Each CA: what it takes, the first certificate (with its key in slot 9a), and revoked CERTIFICATE.
case $CA in
pebble)
    pebble_config
    pebble_start
    make_config
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout first.key -out first.crt \
        -subj "/CN=$NAME" -addext "subjectAltName=DNS:$NAME" -days 3 2>/dev/null
    expect_reissue 0 start first.crt --ca pebble --key card:slot=9a "${SECRETS[@]}"
    revoked() {
        [[ $(revocation_status "$1") == Revoked ]]
    }
    ;;
certum)
    certum_start
    control '{"reverify": true}'
    dns_hook hook
    certum_config "dns-hook = dns" "[hook dns]" "command = $WORK/hook"
    ordered "$NAME" A1
    expect_reissue 0 start "$NAME.crt" --ca certum --new-key card:slot=9a --alg P-256 --overwrite-key "${SECRETS[@]}"
    revoked() {
        [[ $(status_of "$1") != VALID ]]
    }
    ;;
esac
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
    ! revoked old.pem || fail "revoked before its successor is in use"
}

check_after_resume() {
    (($(generated) == 1)) || fail "$(generated) keys were made"
    key_works "$NAME"
    ! cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "the old certificate is still in use"
    openssl storeutl -provider default -provider card -certs "card:slot=$SLOT" | openssl x509 >installed.pem
    cmp installed.pem <(openssl x509 -in "$(live "$NAME" cert.pem)") || fail "another certificate is on the card"
    revoked old.pem || fail "the old one is not revoked"
    ! revoked "$(live "$NAME" cert.pem)" || fail "the new one is revoked"
    expect_reissue 0 status --json
    [[ $(jq '.jobs | length' out) == 0 ]] || fail "jobs are left: $(<out)"
}

# crash STEP MOMENT
crash() {
    local code=0
    next_slot
    cp "$(live "$NAME" cert.pem)" old.pem
    apdu_log_clear
    REISSUE_FAULT=$1:$2 PROGRAM=$REISSUE_FAULTS reissue start "$NAME" --ca "$CA" --new-key "card:slot=$SLOT" --alg P-256 \
        --overwrite-key --revoke now "${SECRETS[@]}" || code=$?
    [[ $code == 137 ]] || fail "$1:$2: exit code $code: $(<err)"
    check_after_kill
    expect_reissue 0 resume "${SECRETS[@]}"
    check_after_resume
}

# What is there before a step is what was there after the one before it; only the first has none.
SLOT=9a
crash wanted before
for step in $("$REISSUE_FAULTS" --steps); do
    for moment in "done" after; do
        # The last step has nothing after it that is not done.
        [[ $step:$moment != revocation-sent:after ]] || continue
        echo "killed at $step:$moment"
        crash "$step" "$moment"
    done
done
