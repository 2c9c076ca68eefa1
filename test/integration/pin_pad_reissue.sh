#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Jobs with a key whose PIN is typed at the reader's keypad: by hand they go; where nobody is there they do not
# begin.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/pin_pad_lib.sh"

NAME=www.example.org
echo $PIN >pin
make_ca
pcscd_start
card_insert --profile yubikey --key 9a=p256 --certificate "9a=/CN=$NAME" --key 9c=p256:once:always \
    --certificate "9c=/CN=touched.example.org"

# jobs: how many there are.
jobs_count() {
    find "$WORK/state/jobs" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}

# typed: the card has forgotten what was verified, and somebody types the PIN next.
typed() {
    opensc-tool --reader "$READER" --reset=warm >/dev/null
    pad_clear
    type_at_pad $PIN
}

# by_hand OPTION...: a job to its end, with somebody at the keypad: once for the request, once for the proof.
by_hand() {
    typed
    expect_reissue 12 start "$@" --management-key-source factory --json
    local job
    job=$(jq -r .job out)
    openssl x509 -req -in "$WORK/state/jobs/$job/request.csr" -CA ca.pem -CAkey ca.key -copy_extensions copyall -days 30 \
        -out new.pem 2>/dev/null
    expect_entries 1
    typed
    expect_reissue 0 resume "$job" --cert new.pem --management-key-source factory
    expect_entries 1
}

make_config
by_hand card:slot=9a --key card:slot=9a --name "$NAME"
# Where nobody is to be asked the keypad is left alone, and the job says so.
opensc-tool --reader "$READER" --reset=warm >/dev/null
pad_clear
expect_reissue 8 start card:slot=9a --key card:slot=9a --name other --batch
expect_entries 0
[[ -z $(open_jobs) ]] || fail "a job was begun"
# It can be wanted.
typed
expect_reissue 12 start card:slot=9a --key card:slot=9a --name named --pin-source pad: --json
expect_entries 1
expect_reissue 0 cancel "$(jq -r .job out)"

# At a terminal, too: the admin PIN that a new key takes, then the PIN for the request; nothing is asked at the terminal.
openssl req -x509 -newkey rsa:2048 -nodes -keyout old.key -subj "/CN=openpgp.example.org" -out old.pem 2>/dev/null
pad_clear
type_at_pad 12345678 $PIN
code=0
timeout 60 python3 "$HERE/person.py" -- "$REISSUE" start old.pem --new-key "card:app=openpgp;slot=aut" --alg P-256 --ca manual \
    --yes --config reissue.conf >screen || code=$?
[[ $code == 12 ]] || fail "exit code $code: $(<screen)"
expect_in "at the keypad" screen
expect_entries 2
expect_reissue 0 cancel "$(open_jobs)"

# ---- a script that knows nothing of cards ---------------------------------------------------

# Its program makes a key on the card and signs with it: the PIN is typed once.
typed
"$REISSUE" exec --to card:slot=9d --management-key-source factory -- "${OPENSSL[@]}" req -newkey rsa:2048 -nodes \
    -keyout script.pem -subj /CN=script -out script.csr </dev/null 2>err || fail "$(<err)"
openssl req -in script.csr -noout -verify 2>/dev/null
expect_entries 1
grep -q "CARD KEY REFERENCE" script.pem

# ---- a timer --------------------------------------------------------------------------------

# section LINE...: the certificate's, due at once.
section() {
    make_config "[certificate $NAME]" "ca = manual" "renew-before = 9000d" "$@"
}

# not_begun CODE TEXT: renewal is refused with that, before anything was done.
not_begun() {
    local before
    before=$(jobs_count)
    pad_clear
    apdu_log_clear
    expect_reissue "$1" renew --all
    expect_in "cannot renew $NAME" err
    expect_in "$2" err
    [[ $(jobs_count) == "$before" && $(pins_sent) == 0 ]] || fail "something was done: $(apdu_list)"
    expect_entries 0
}

section "key = card:slot=9a"
not_begun 8 "would have to be typed at the reader's keypad"
section "key = $(live "$NAME" privkey.pem)"
not_begun 8 "would have to be typed at the reader's keypad"
section "key = card:slot=9a?pin-source=pad:"
not_begun 8 "would have to be typed at the reader's keypad"
section "new-key = card:"
not_begun 8 "would have to be typed at the reader's keypad"
section "key = card:slot=9c" "pin-source = file:$WORK/pin"
not_begun 10 "wants a touch"
section "key = card:slot=9a" "pin-source = pad:"
expect_reissue 2 renew --all
expect_in "pin-source" err
# With a source it goes as ever, and the keypad has nothing to do with it.
section "key = card:slot=9a" "pin-source = file:$WORK/pin"
expect_reissue 12 renew --all
expect_entries 0
