#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `reissue exec` runs scripts that know nothing of cards, as certificate authorities and tutorials publish
# them: the keys are on the card afterwards, and the files are references.
source "$(dirname "$0")/lib.sh"

unset OPENSSL_CONF # the scripts expect what Debian has in it
SCRIPTS=$HERE/scripts
export LD_PRELOAD=${SANITIZER_RUNTIME-} ASAN_OPTIONS=detect_leaks=0

# on_card COMMAND...: under reissue exec, with the card as it was delivered.
on_card() {
    "$REISSUE" exec --pin-source "file:$WORK/pin" --management-key-source factory -- "$@"
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
"$REISSUE" exec --to 'card:slot=9d' --pin-source file:pin --management-key-source factory -- \
    "$SCRIPTS/one_line.sh"
openssl storeutl -provider default -provider card 'card:;type=public' >list 2>&1 ||
    openssl storeutl -provider default -provider card card:slot=9d\;type=public >list
grep -q "BEGIN PUBLIC KEY" list || fail "no key in 9d: $(<list)"
expect_failure "$REISSUE" exec --to 'card:slot=9d' --pin-source file:pin --management-key-source factory -- \
    "$SCRIPTS/one_line.sh"
expect_in "slot 9d is in use" err

# The exit code is the command's; what goes wrong is said.
code=0
on_card sh -c 'exit 7' || code=$?
[[ $code == 7 ]] || fail "exit code $code, not 7"
code=0
on_card /nowhere/script 2>err || code=$?
[[ $code == 127 ]] || fail "exit code $code, not 127"
expect_in "/nowhere/script" err
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
if ls /tmp/reissue-*.cnf 2>/dev/null; then
    fail "a configuration was left behind"
fi
