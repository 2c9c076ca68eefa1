# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests share in which something becomes of the card while a job is at work, after reissue_lib.sh.
: "${REISSUE_FAULTS:?must name the program that pauses}"
NAME=www.example.org
export CARD_PIN=$PIN
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory --batch)
export REISSUE_PAUSE=$WORK/paused
make_ca
make_config
pcscd_start
first_predecessor

# fresh_card [OPTION ...]: nothing has happened yet, and the card is a new one.
fresh_card() {
    card_remove
    rm -f card.state
    card_insert --profile yubikey --serial 1111 "$@"
    fresh
}

# fresh: nothing has happened yet to this card.
fresh() {
    rm -rf state
    MARK=$(wc -c <card.log)
}

paused_or_ended() {
    [[ -e $REISSUE_PAUSE ]] || ! kill -0 "$1"
}

# pausing FAULT ACTION WORD...: reissue, with that action where the fault is. Leaves its exit code in CODE, and in PAUSED
# whether it came there.
pausing() {
    local fault=$1 action=$2 job
    shift 2
    { REISSUE_FAULT=$fault PROGRAM=$REISSUE_FAULTS reissue "$@" "${SECRETS[@]}" || exit $?; } &
    job=$!
    wait_until 60 "$fault" paused_or_ended "$job"
    if [[ -e $REISSUE_PAUSE ]]; then
        PAUSED=yes
        "$action"
        rm "$REISSUE_PAUSE"
    fi
    CODE=0
    wait "$job" || CODE=$?
}

sign_request() {
    openssl x509 -req -in state/jobs/*/request.csr -CA ca.pem -CAkey ca.key -copy_extensions copyall -days 30 -out new.pem 2>/dev/null
}

# through FAULT ACTION: a job, with a person in between, as far as it comes.
through() {
    echo "$2 at $1"
    PAUSED=no
    pausing "$1" "$2" start first.crt --new-key card:slot=9a --overwrite-key --alg P-256
    [[ $CODE == 12 && $PAUSED == no ]] || return 0
    sign_request
    pausing "$1" "$2" resume --cert new.pem
}

# commands INS [LOG]: how many there were of those, and went well; in the other log, or in the card's since `fresh`.
commands() {
    tail -c "+$(($# == 1 ? MARK + 1 : 1))" "${2:-card.log}" | jq -r --arg ins "$1" 'select(.ins == $ins and .sw == "9000") | .ins' | wc -l
}

# finish: with the card back, everything comes to its end, and once.
finish() {
    local code=0
    if [[ -n $(open_jobs) ]]; then
        reissue resume "${SECRETS[@]}" || code=$?
        [[ $code == 0 || $code == 12 ]] || fail "exit code $code: $(<err)"
    fi
    if [[ $code == 12 ]]; then
        sign_request
        expect_reissue 0 resume --cert new.pem "${SECRETS[@]}"
    fi
    [[ $(commands 47) == 1 ]] || fail "$(commands 47) keys were made"
    cmp new.pem "$(live "$NAME" cert.pem)"
    openssl storeutl -provider default -provider card -certs card:slot=9a | openssl x509 | cmp - new.pem
    key_works "$NAME"
}
