#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A job that is killed at each of its steps, before what was done is durable and after it, is finished by
# `resume`: one new key, one certificate in use, the old one good until then, and revoked only in the end.
# CRASH_CA names the CA's type: crash_TYPE.sh has
#   CA, REVOKE          its name in the configuration, and what has the old certificate revoked, if it can
#   ca_begin            starts and configures it
#   first_certificate   has the certificate for the key in slot 9a in use as $NAME
#   revoked FILE        whether that certificate is
#   issued_so_far       prints how many certificates it has issued
# ACME's is killed at every step; those of the others at the steps that are the CA's.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
export CARD_PIN=$PIN
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory)

# shellcheck source=crash_acme.sh
source "$(dirname "$0")/crash_${CRASH_CA:-acme}.sh"
ca_begin
pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9d=p256
first_predecessor
first_certificate
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
    (($(issued_so_far) == BEFORE + 1)) || fail "$(($(issued_so_far) - BEFORE)) certificates were issued"
    (($(generated) == 1)) || fail "$(generated) keys were made"
    key_works "$NAME"
    ! cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "the old certificate is still in use"
    openssl storeutl -provider default -provider card -certs "card:slot=$SLOT" | openssl x509 >installed.pem
    cmp installed.pem <(openssl x509 -in "$(live "$NAME" cert.pem)") || fail "another certificate is on the card"
    ((${#REVOKE[@]} == 0)) || revoked old.pem || fail "the old one is not revoked"
    ! revoked "$(live "$NAME" cert.pem)" || fail "the new one is revoked"
    expect_reissue 0 status --json
    [[ $(jq '.jobs | length' out) == 0 ]] || fail "jobs are left: $(<out)"
}

# is_moment STEP MOMENT: whether the job comes there, and has something left to do. Who revokes nothing ends earlier.
is_moment() {
    if ((${#REVOKE[@]} > 0)); then
        [[ $1:$2 != revocation-sent:after ]]
    else
        [[ $1 != revocation-* && $1:$2 != deployed:after ]]
    fi
}

# crash STEP MOMENT
crash() {
    local code=0
    next_slot
    cp "$(live "$NAME" cert.pem)" old.pem
    apdu_log_clear
    BEFORE=$(issued_so_far)
    REISSUE_FAULT=$1:$2 PROGRAM=$REISSUE_FAULTS reissue start "$NAME" --ca "$CA" --new-key "card:slot=$SLOT" --alg P-256 \
        --overwrite-key "${REVOKE[@]}" "${SECRETS[@]}" || code=$?
    [[ $code == 137 ]] || fail "$1:$2: exit code $code: $(<err)"
    check_after_kill
    expect_reissue 0 resume "${SECRETS[@]}"
    check_after_resume
}

# What is there before a step is what was there after the one before it; only the first has none.
steps() {
    if [[ ${CRASH_CA:-acme} == acme ]]; then
        "$REISSUE_FAULTS" --steps
    else
        "$REISSUE_FAULTS" --steps | sed -n '/^csr-ready$/,/^finalize-sent$/p; /^revocation-sent$/p'
    fi
}

[[ $(steps | wc -l) -ge 7 ]] || fail "which steps? $(steps)"
SLOT=9a
crash wanted before
for step in $(steps); do
    for moment in "done" after; do
        is_moment "$step" "$moment" || continue
        echo "killed at $step:$moment"
        crash "$step" "$moment"
    done
done
