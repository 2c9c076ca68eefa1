#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `reissue start` with a person at a terminal: what is asked, with which choices and defaults, what a slip of
# the finger does, how it is called off; and that what it says is a command which does the same.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
export TERM=xterm CARD_PIN=$PIN
acme_begin
make_config "[ca company]" "type = manual"
pcscd_start
card_insert --profile yubikey --key 9a=p256 --certificate $'9a=/O=\e]0;evil\a\xe2\x80\xae/CN=card.example.org' --key 9c=rsa2048

# person CODE "TEXT=ANSWER"... -- WORD...: reissue with those words; what was on the screen is in $WORK/screen.
person() {
    local code=$1 got=0 script=()
    shift
    while [[ $1 != -- ]]; do
        script+=("$1")
        shift
    done
    shift
    timeout 60 python3 "$HERE/person.py" "${script[@]}" -- "$REISSUE" "$1" --config "$WORK/reissue.conf" "${@:2}" \
        >screen 2>err || got=$?
    ((got == code)) || fail "exit code $got, not $code: reissue $*: $(cat screen err)"
    [[ ! -s err ]] || fail "reissue $*: $(cat err screen)"
}

# offered TEXT / not_offered TEXT: whether it is on the screen.
offered() {
    expect_in "$1" screen
}
not_offered() {
    ! grep -qF -- "$1" screen || fail "\"$1\" is on the screen: $(<screen)"
}

# state_is_same: nothing was written down since `reissue status --all --json >before`.
note_state() {
    "$REISSUE" status --all --json --config reissue.conf >before
}
state_is_same() {
    "$REISSUE" status --all --json --config reissue.conf | cmp - before || fail "the state has changed"
}

# ---- nothing is done until somebody says so ---------------------------------------------------------------

note_state
apdu_log_clear
person 10 "successor?=^D" -- start
offered "called off: nothing was done"
person 130 "successor?=1" "Why?=^C" -- start
person 0 "successor?=1" "Why?=?" "decides=9" "from 1 to 6=next-period" "Which CA?=manual" "For which names=a..b" \
    "(? explains)=" "key is it=1" "on the card?=" "kind of key?=" "go by here?=../etc" "(? explains)=" "Go?=perhaps" \
    "y or n=n" -- start
offered "Nothing was done."
offered "reissue start 'card:"
offered "--alg P-256"
state_is_same
[[ $(pins_sent) == 0 ]] || fail "a PIN was sent"
[[ -z $(apdu_log | jq -r 'select(.ins == "47" or .ins == "db") | .command') ]] || fail "the card was written to"

# A certificate says what it likes; the terminal does not obey.
if grep -aq $'[\e\a]\|\xe2\x80\xae' screen; then
    fail "control characters came through: $(cat -v screen)"
fi

# Nobody at a terminal is asked nothing.
expect_reissue 10 start
expect_in "which certificate" err
expect_reissue 10 start card:slot=9a --batch
expect_in "which key" err
person 10 -- start --batch
offered "which certificate"
person 10 -- start card:slot=9a --yes
offered "which key"

# ---- a first certificate, its key in a file -----------------------------------------------------------------

person 0 "successor?=2" "Which CA?=" "subject=www" "(? explains)=/CN=$NAME" "For which names=" "key is it=file" \
    "new file?=$WORK/reissue.conf" "a file already=$WORK/first.key" "kind of key?=P-384" "go by here?=" "Go?=" -- start
not_offered "previous certificate?"
not_offered "Why?"
offered "[$NAME]"
[[ $(openssl x509 -in "$(live $NAME cert.pem)" -noout -ext subjectAltName -nameopt sep_comma_plus | tail -n 1 | xargs) == "DNS:$NAME" ]]
openssl pkey -in first.key -noout -text 2>/dev/null | grep -q "384 bit" || fail "another kind of key"
key_works "$NAME"
cp "$(live $NAME cert.pem)" first.pem

# ---- its successor on the card, because the key is compromised ---------------------------------------------

# The newest is the first choice, its CA and its name are the defaults, its key is not offered.
person 0 "successor?=" "Why?=3" "Which CA?=" "For which names=$NAME example.org" "key is it=1" "on the card?=" \
    "kind of key?=P-256" "previous certificate?=" "Go?=y" "PIN=$PIN" -- start
not_offered "the key that it has"
not_offered "go by here?"
offered "--ca pebble"
offered "--revoke now"
offered "--reason compromised-key"
[[ $(revocation_status first.pem) == Revoked ]] || fail "not revoked"
curl -s --cacert ca.pem "https://localhost:15000/cert-status-by-serial/$(openssl x509 -in first.pem -noout -serial | cut -d = -f 2)" >status
[[ $(jq -r .Reason status) == 1 ]] || fail "not for keyCompromise (RFC 5280, 5.3.1): $(<status)"
names=$(openssl x509 -in "$(live $NAME cert.pem)" -noout -ext subjectAltName | tail -n 1 | tr -d ' ')
[[ $names == "DNS:$NAME,DNS:example.org" || $names == "DNS:example.org,DNS:$NAME" ]] || fail "for $names"
grep -q "CARD KEY REFERENCE" "$(live $NAME privkey.pem)"
key_works "$NAME"
cp "$(live $NAME cert.pem)" second.pem

# ---- the command that is shown does the same ---------------------------------------------------------------

person 0 "successor?=" "Why?=" "Which CA?=" "For which names=" "key is it=same" "previous certificate?=3" "Go?=n" -- start
sed -n '/^  reissue start/,/^$/p' screen >shown
expect_in "--key 'card:" shown
expect_in "--revoke-after 14d" shown
sed -i "s|^  reissue|$REISSUE|; \$d" shown
printf ' --batch --pin-source env:CARD_PIN --management-key-source factory\n' >>shown
tr -d '\n\\' <shown >one-line
bash one-line >out 2>err || fail "$(cat one-line err)"
cmp <(spki_of second.pem) <(spki_of "$(live $NAME cert.pem)") || fail "another key"
expect_reissue 0 status
expect_in "revocation-owed" out

# Whoever says all that matters is asked nothing but secrets; --yes takes the defaults.
person 0 "PIN=$PIN" -- start $NAME --key card:slot=9d --ca pebble --management-key-source factory
not_offered "Go?"

# ---- the CA that a person is the way to ----------------------------------------------------------------------

person 12 "Which CA?=company" "For which names=" "key is it=file" "new file?=$WORK/manual.key" "kind of key?=" "Go?=" \
    -- start $NAME --reason new-algorithm
not_offered "previous certificate?"
not_offered "the key that it has"
offered "BEGIN CERTIFICATE REQUEST"
offered "reissue resume "
offered "offered to the clipboard"
grep -a -o $'\e]52;c;[^\a]*' screen | cut -d ';' -f 3 | base64 -d | openssl req -noout -verify 2>/dev/null || fail "no request copied"
job=$(open_jobs | tail -n 1)
TERM=linux person 12 -- resume "$job"
offered "BEGIN CERTIFICATE REQUEST"
not_offered "clipboard"
! grep -q $'\e' screen || fail "an escape sequence"
