#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `reissue exec` runs scripts that know nothing of cards, as certificate authorities and tutorials publish
# them: the keys are on the card afterwards, and the files are references.
source "$(dirname "$0")/lib.sh"

export TMPDIR=$WORK
unset OPENSSL_CONF # the scripts expect what Debian has in it
SCRIPTS=$HERE/scripts

# in_slot URI COMMAND...: under reissue exec, with the card as it was delivered. A sanitizer's runtime is
# for the programs in it: reissue has its own.
in_slot() {
    local uri=$1
    shift
    "$REISSUE" exec --to "$uri" --pin-source "file:$WORK/pin" --management-key-source factory -- \
        env "LD_PRELOAD=${SANITIZER_RUNTIME-}" ASAN_OPTIONS=detect_leaks=0 "$@"
}

# on_card COMMAND...: in a free slot.
on_card() {
    in_slot card: "$@"
}

# run_script NAME: in an empty directory, and with an empty card.
run_script() {
    local name=$1 keys
    keys=$(sed -n 's/^# keys: //p' "$SCRIPTS/$name")
    card_insert --state "$WORK/$name.state" --profile yubikey
    mkdir "$WORK/$name.d"
    cd "$WORK/$name.d" || fail "no directory"
    on_card "$SCRIPTS/$name" >"$WORK/out" 2>"$WORK/err" </dev/null ||
        fail "$name: $(<"$WORK/out") $(<"$WORK/err")"
    [[ $(apdu_log | grep -c '"ins":"47"') == "$keys" ]] || fail "$name: not $keys keys: $(apdu_list)"
    grep -Eq "BEGIN (ENCRYPTED )?CARD KEY REFERENCE" k.pem || fail "$name: $(<k.pem)"
    openssl req -in r.csr -verify -noout 2>"$WORK/verdict" || fail "$name: $(<"$WORK/verdict")"
    [[ $(apdu_log | jq -r 'select(.ins == "20" and .sw != "9000") | .sw' | grep -vc '^63c3$' || true) == 0 ]] ||
        fail "$name: a wrong PIN was sent: $(apdu_list)"
    cd "$WORK" || fail "no directory"
    card_remove
}

# A sanitizer's runtime that is loaded beforehand hangs curl, which therefore goes without.
mkdir bin
if [[ -n ${SANITIZER_RUNTIME-} ]]; then
    printf '#!/bin/sh\nexec env -u LD_PRELOAD /usr/bin/curl "$@"\n' >bin/curl
    chmod +x bin/curl
fi
PATH=$WORK/bin:$PATH

pcscd_start
echo "$PIN" >pin
count=0
for script in "$SCRIPTS"/*.sh; do
    run_script "$(basename "$script")"
    count=$((count + 1))
done
((count >= 10)) || fail "only $count scripts"

# In the slot that was named; and not where there is a key already.
card_insert --state "$WORK/slot.state" --profile yubikey --serial 7
in_slot card:slot=9d "$SCRIPTS/one_line.sh"
openssl storeutl -provider default -provider card 'card:;type=public' >list 2>&1 ||
    openssl storeutl -provider default -provider card card:slot=9d\;type=public >list
grep -q "BEGIN PUBLIC KEY" list || fail "no key in 9d: $(<list)"
expect_failure in_slot card:slot=9d "$SCRIPTS/one_line.sh"
expect_in "slot 9d is in use" err

# On a plain PIV card, which shows nothing: the slot is named, and its key may be lost.
card_remove
card_insert --state "$WORK/plain.state" --profile piv
expect_failure in_slot card:slot=9a "$SCRIPTS/two_steps.sh"
expect_in "have it overwritten if you know that it is free" err
"$REISSUE" exec --to card:slot=9a --pin-source file:pin --management-key-source factory --overwrite-key -- \
    env "LD_PRELOAD=${SANITIZER_RUNTIME-}" ASAN_OPTIONS=detect_leaks=0 sh -c \
    'openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out k.pem && openssl req -new -key k.pem -subj /CN=x -out r.csr'
openssl req -in r.csr -verify -noout

# A reference that is lost although the command says that all is well (genpkey, from OpenSSL 3.5 on) makes it fail;
# here on a card that cannot delete the key again.
code=0
"$REISSUE" exec --to card:slot=9a --pin-source file:pin --management-key-source factory --overwrite-key -- \
    env LOSE=1 bash -c 'exec -a openssl "$0" genpkey -out lost.pem' "$GENPKEY" 2>err || code=$?
[[ $code == 4 ]] || fail "exit code $code, not 4: $(<err)"
grep -Eq "^reissue: .*the new key stays on the card \(card:serial=.*;app=piv;slot=9a" err || fail "not said: $(<err)"

# A typed PIN serves the script, and leaves nothing in the reference; a source in the URI stays there.
card_remove
card_insert --state "$WORK/typed.state" --profile yubikey
(wait_until 30 "the prompt" grep -aq "PIN of the card:" typescript && echo "$PIN") | script -qefc "$REISSUE exec --management-key-source factory -- \
    env LD_PRELOAD=${SANITIZER_RUNTIME-} ASAN_OPTIONS=detect_leaks=0 $SCRIPTS/one_line.sh" typescript >/dev/null
openssl req -in r.csr -verify -noout
expect_in "PIN of the card:" typescript
openssl asn1parse -in k.pem >fields
if grep -E "pin-source|/proc" fields; then
    fail "the way of a typed PIN is in the reference"
fi
"$REISSUE" exec --to "card:?pin-source=file:pin" --management-key-source factory -- \
    env "LD_PRELOAD=${SANITIZER_RUNTIME-}" ASAN_OPTIONS=detect_leaks=0 "$SCRIPTS/one_line.sh"
openssl asn1parse -in k.pem >fields
expect_in "pin-source=file:$WORK/pin" fields

# The exit code is the command's; what goes wrong is said.
code=0
on_card sh -c 'exit 7' || code=$?
[[ $code == 7 ]] || fail "exit code $code, not 7"
code=0
"$REISSUE" exec --pin-source file:pin -- /nowhere/script 2>err || code=$?
[[ $code == 127 ]] || fail "exit code $code, not 127"
expect_in "reissue: cannot run /nowhere/script" err
code=0
"$REISSUE" exec --to card:slto=9a -- true 2>err || code=$?
[[ $code == 1 ]] || fail "exit code $code, not 1"
expect_in 'no attribute is called "slto"' err
code=0
"$REISSUE" exec 2>err || code=$?
[[ $code == 2 ]] || fail "exit code $code, not 2"
code=0
setsid "$REISSUE" exec -- true 2>err </dev/null || code=$?
[[ $code == 1 ]] || fail "exit code $code, not 1"
expect_in "pin-source" err

# A script that goes its own way is found out.
mkdir plain
cd plain || fail "no directory"
code=0
on_card env OPENSSL_CONF=/dev/null openssl genrsa -out k.pem 2048 2>err || code=$?
[[ $code == 3 ]] || fail "exit code $code, not 3"
expect_in "k.pem holds a PRIVATE KEY" err

# An unwritable output: no key is made.
apdu_log_clear
code=0
on_card openssl req -new -newkey rsa:2048 -nodes -keyout /nowhere/k.pem -subj /CN=x -out r.csr 2>err || code=$?
((code != 0)) || fail "succeeded without a place for the key"
[[ $(apdu_log | grep -c '"ins":"47"') == 0 ]] || fail "a key was made for nothing"
# Whoever ends reissue ends the command; nothing is left behind.
on_card sleep 60 &
wait_until 10 "the command" pgrep -x sleep
kill "$(pgrep -x reissue)"
code=0
wait $! || code=$?
[[ $code == 143 ]] || fail "exit code $code, not 143"
if ls "$TMPDIR"/*.cnf 2>/dev/null; then
    fail "a configuration was left behind"
fi
