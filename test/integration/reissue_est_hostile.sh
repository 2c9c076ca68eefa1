#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# EST answers that are lost, and answers that are no good: the same request is sent again, for the same key; nothing is
# taken that is not what was asked for, and the certificate in use stays what it was.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/est_lib.sh"

NAME=www.example.org
NUMBER=0
est_make
est_start
est_certify "/CN=$NAME" first "subjectAltName=DNS:$NAME,DNS:example.org"
est_config "ca-file = $WORK/est/ca.pem" "client-certificate = $WORK/first.pem" "client-key = $WORK/first.key"
expect_reissue 0 start first.pem --ca company --new-key 0.key --batch
est_config "ca-file = $WORK/est/ca.pem"

# trouble CODE TEXT BEHAVIOUR...: in the answer to the request. The job ends with that; what is in use stays.
trouble() {
    local code=$1 text=$2
    shift 2
    NUMBER=$((NUMBER + 1))
    cp "$(live "$NAME" cert.pem)" old.pem
    expect_reissue 137 start "$NAME" --ca company --new-key $NUMBER.key --batch
    behave "$@"
    est_forget
    PROGRAM=$REISSUE REISSUE_FAULT='' expect_reissue "$code" resume --batch
    expect_in "$text" err
    behaved
    cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "$*: another certificate is in use"
    key_works "$NAME"
}
# Up to the request, so that what is misbehaved is about that.
export REISSUE_FAULT=csr-ready:after PROGRAM=$REISSUE_FAULTS

# recovers ISSUED: the next resume finishes the job, with the same key.
recovers() {
    PROGRAM=$REISSUE expect_reissue 0 resume --batch
    (($(issued) == $1)) || fail "$(issued) certificates, not $1: $(est_said)"
    key_works "$NAME"
    cmp <(openssl pkey -in $NUMBER.key -pubout) <(spki_of "$(live "$NAME" cert.pem)") || fail "another key was made"
}

trouble 14 "resume" lose
recovers 2
expect_in "there is one more now" out
for bad in truncate nonsense damage; do
    trouble 13 "cannot get the certificate" $bad
    recovers 2
done
trouble 13 "was broken off" huge
recovers 2
for bad in other-ca other-key no-names; do
    trouble 13 "not taken" $bad
    recovers 2
done
trouble 13 "[31msuch names: it does not take the request" "status 400 no ESC[31msuch names"
! grep -q $'\033' err || fail "the CA's escapes reach the terminal"
recovers 1
trouble 14 "try again later" "status 503 busy"
recovers 1
