# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of `reissue card` share, after lib.sh.
: "${REISSUE:?must name the program reissue}"

NEW_PIN=654321
NEW_PUK=87654321
printf '%s\n' "$PIN" >pin
printf '%s\n' "$PUK" >puk
printf '%s\n' "$NEW_PIN" >pin.new
printf '%s\n' "$NEW_PUK" >puk.new
printf 222222 >wrong
printf '%s\n' "$MANAGEMENT_KEY" >key

# in_piv ARGUMENT...: leaves in ARGUMENTS the same with the application named, unless a URI is there or none is
# wanted: a YubiKey has OpenPGP as well, and whoever changes something has to say where.
in_piv() {
    ARGUMENTS=("$@")
    [[ "$*" == *card:* || ${1-} == list || "$*" == *help* ]] || ARGUMENTS+=(card:app=piv)
}

# manage ARGUMENT...: succeeds; what it prints is in $WORK/out and $WORK/err.
manage() {
    in_piv "$@"
    timeout 60 "$REISSUE" card "${ARGUMENTS[@]}" >out 2>err </dev/null || fail "reissue card $*: $(cat out err)"
}

# refused CODE TEXT ARGUMENT...: fails with that exit code, in one line that has that text.
refused() {
    local code=$1 text=$2 got=0
    shift 2
    in_piv "$@"
    timeout 60 "$REISSUE" card "${ARGUMENTS[@]}" >out 2>err </dev/null || got=$?
    ((got == code)) || fail "exit code $got, not $code: reissue card $*: $(cat out err)"
    expect_in "$text" err
    [[ $(grep -Ecv '^reissue: (warning|Type the)' err) == 1 ]] || fail "not one line: $(<err)"
    cat err
}

# json FILTER ARGUMENT...: what jq's filter makes of the command's one object.
json() {
    local filter=$1
    shift
    in_piv "$@"
    timeout 60 "$REISSUE" card "${ARGUMENTS[@]}" --json >out.json 2>err </dev/null || true
    [[ $(jq -s length out.json) == 1 ]] || fail "not one object: reissue card $*: $(cat out.json err)"
    jq -r "$filter" out.json
}

# expect_equal GOT WANTED
expect_equal() {
    [[ $1 == "$2" ]] || fail "\"$1\" instead of \"$2\""
}

# sent INS: how many such commands the card has got since apdu_log_clear.
sent() {
    apdu_log | jq -r 'select(.command) | .ins' | grep -c "^$1\$" || true
}

# card_was_pulled: by itself (--remove-at-ins); waits until pcscd has noticed.
card_was_pulled() {
    card_wait_gone 0
    # shellcheck disable=SC2034 # lib.sh reads it
    CARD_PID=
}

# new_card [softcard option ...]
new_card() {
    card_remove
    rm -f card.state
    card_insert "$@"
}
