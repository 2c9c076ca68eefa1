#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Whatever a PKCS #11 module does to its process, the application gets an error that says what happened, in
# time, and lives; the next operation works.
source "$(dirname "$0")/lib.sh"
source "$HERE/pkcs11.sh"
: "${HOSTILE_MODULE:?must name the module that misbehaves}" "${PKCS11_USER:?must name pkcs11_user}"

token_new one
softhsm_tool --keypairgen --key-type EC:prime256v1 --id 02 --label ec --usage-sign >/dev/null
softhsm_tool --keypairgen --key-type rsa:2048 --id 01 --label rsa --usage-sign >/dev/null
export HOSTILE_REAL=$SOFTHSM HOSTILE_FILE=$WORK/hostile
URI="card:slot=02?module-path=$HOSTILE_MODULE&$SOURCE"
MODULE=19

# wrong WHAT TEXT: a signature in a process where the module does that: an error that says so within five
# seconds, in one line; then all is well again, in the same process.
wrong() {
    rm -f hostile
    "$PKCS11_USER" between "$URI" "echo '$1' >$WORK/hostile" "rm -f $WORK/hostile" >out 2>err || fail "$1: $(<out) $(<err)"
    cat out
    [[ $(sed -n 1p out) == signed && $(sed -n 3p out) == signed ]] || fail "$1: not well before and after: $(<out)"
    grep -Eq "$2" <(sed -n 2p out) || fail "$1: not '$2': $(<out)"
    [[ ! -s err ]] || fail "$1: it is heard of: $(<err)"
}

# from the beginning WHAT TEXT: the same for a module that does so from the start: the key is not even found.
at_start() {
    echo "$1" >hostile
    expect_failure "$PKCS11_USER" sign "$URI" 2
    [[ $(wc -l <err) == 1 ]] || fail "$1: not one line: $(<err)"
    grep -Eq "$2" err || fail "$1: not '$2': $(<err)"
    rm -f hostile
}

wrong "C_Sign crash" "crashed in C_Sign: signal 11"
wrong "C_Sign abort" "crashed in C_Sign: signal 6"
wrong "C_Sign exit" "ended its process in C_Sign: exit code 0"
wrong "C_Sign hang" "did not return from C_Sign within 2 seconds"
wrong "C_Sign close" "module"
wrong "C_Sign babble" "nonsense"
wrong "C_Sign fork-crash" "crashed in C_Sign: signal 11"
wrong "C_Sign lengths" "CKR_GENERAL_ERROR"
wrong "C_Sign short" "1 bytes"
wrong "C_Sign wrong" "does not verify"
wrong "C_Sign refuse" "CKR_DEVICE_ERROR"
wrong "C_Sign unknown" "0x80001234"
[[ -n ${SANITIZER_RUNTIME-} ]] || wrong "C_Sign devour" "crashed in C_Sign: signal 6"
for harmless in "C_Sign print" "C_Sign fork" "C_Login print" "C_Finalize hang" "C_Finalize crash"; do
    echo "$harmless" >hostile
    "$PKCS11_USER" sign "$URI" 2 >out 2>err || fail "$harmless: $(<err)"
    [[ $(grep -c signed out) == 2 && $(wc -l <out) == 2 && ! -s err ]] || fail "$harmless: $(<out) $(<err)"
done
rm -f hostile
wait_until 10 "no module's process to be left" no_helpers

for function in C_GetFunctionList C_Initialize C_GetSlotList C_GetTokenInfo C_FindObjects; do
    [[ $function == C_FindObjects ]] || at_start "$function crash" "$MODULE|crashed"
    [[ $function == C_FindObjects ]] || at_start "$function exit" "ended its process"
done
at_start "C_Initialize hang" "did not return from C_Initialize within 2 seconds"
at_start "C_GetSlotList hang" "did not return from C_GetSlotList within 2 seconds"
at_start "C_GetSlotList lengths" "CKR_BUFFER_TOO_SMALL"
at_start "C_FindObjects lengths" "CKR_GENERAL_ERROR"
at_start "C_GetAttributeValue crash" "crashed in C_FindObjects"
at_start "C_GetAttributeValue lengths" "."
echo "C_GetTokenInfo lengths" >hostile
"$PKCS11_USER" sign "$URI" 1 >out 2>err || [[ $(wc -l <err) == 1 ]] || fail "not one line: $(<err)"
rm -f hostile

# A PIN that went into a module that hangs or crashes may have cost a try: it does not go there again, unless
# the card has accepted it before.
for what in hang crash; do
    echo "C_Login $what" >hostile
    "$PKCS11_USER" repeat "$URI" 3 >out 2>err || true
    cat out
    [[ $(grep -c "C_Login" out) == 1 && $(grep -c "refused this PIN before" out) == 2 ]] || fail "$(<out)"
    expect_in "it is not sent again" out
    rm -f hostile
done
wrong "C_Login crash" "signed" # logged in before, and still

# Tries.
echo "C_GetTokenInfo last-try" >hostile
expect_failure "$PKCS11_USER" sign "$URI" 1
expect_in "use-last-try=yes" err
"$PKCS11_USER" sign "$URI&use-last-try=yes" 1
echo "C_GetTokenInfo locked" >hostile
expect_failure "$PKCS11_USER" sign "$URI" 1
expect_in "blocked" err

# A token with a keypad is not sent a PIN, and none is asked for.
echo "C_GetTokenInfo keypad" >hostile
"$PKCS11_USER" sign "card:slot=02?module-path=$HOSTILE_MODULE" 2
rm -f hostile

# kill -9: between two signatures nobody notices; during one, that one fails and the next one works.
"$PKCS11_USER" between "$URI" 'kill -9 $(ps -e -o pid=,args= | awk "/card-pkcs11-modul[e]/ { print \$1 }"); sleep 0.3' true >out 2>err ||
    fail "killed in between: $(<out) $(<err)"
[[ $(grep -c '^signed$' out) == 3 ]] || fail "killed in between: $(<out)"
mkfifo go
"$PKCS11_USER" between "$URI" "echo 'C_Sign hang' >$WORK/hostile; echo >$WORK/go" "rm -f $WORK/hostile" >out 2>err &
USER_PID=$!
read -r _ <go
sleep 0.5
for process in $(helpers); do
    [[ -z $(ps -o pid= --ppid "$process") ]] && kill -9 "$process"
done
wait $USER_PID || fail "killed during a signature: $(<err)"
expect_in "was killed in C_Sign" out
[[ $(sed -n 3p out) == signed ]] || fail "killed during a signature: $(<out)"

# The process that watches is killed: the module's goes with it.
"$PKCS11_USER" between "$URI" 'kill -9 $(pgrep -o -f card-pkcs11-modul[e]); sleep 0.2' true >out 2>err
[[ $(grep -c '^signed$' out) == 3 ]] || fail "without the one that watches: $(<out) $(<err)"

# The application is killed: nothing stays behind.
"$PKCS11_USER" between "$URI" "sleep 100" true >out 2>err &
USER_PID=$!
wait_until 10 "a signature" grep -q signed out
[[ -n $(helpers) ]] || fail "no process runs the module"
kill -9 $USER_PID
wait_until 10 "the module's process to follow the application" no_helpers

# A hundred times: no descriptor, no process is left, and the application has no child of ours.
"$PKCS11_USER" restarts "$URI" 100 >out 2>err || fail "restarts: $(<out) $(<err)"
cat out

# What the process that runs the module shows of the PIN: nothing. Its variables and descriptors are few.
export PIN_VARIABLE=$PIN
env -u PIN -u PUK "$PKCS11_USER" between "card:slot=02?module-path=$HOSTILE_MODULE&pin-source=env:PIN_VARIABLE" "echo >$WORK/go; sleep 2" true \
    >out 2>err &
USER_PID=$!
read -r _ <go
for process in $(helpers); do
    for what in environ cmdline; do
        if tr '\0' '\n' <"/proc/$process/$what" | grep -q -e "$PIN" -e PIN_VARIABLE; then fail "the PIN is in $what"; fi
    done
    tr '\0' '\n' <"/proc/$process/environ" | grep -q "^SOFTHSM2_CONF=" || fail "the module's configuration is lost"
    for descriptor in "/proc/$process/fd"/*; do
        case $(readlink "$descriptor") in
        /dev/null | socket:* | anon_inode:\[pidfd\] | "$WORK"/tokens/* | /proc/*) ;;
        *) fail "$descriptor is $(readlink "$descriptor")" ;;
        esac
    done
    grep -q "Max core file size *0 *0" "/proc/$process/limits" || fail "it may dump core"
done
wait $USER_PID || fail "$(<err)"
wait_until 10 "no module's process to be left" no_helpers
