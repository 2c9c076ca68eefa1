#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What goes wrong is told in one line of ours, the first of OpenSSL's errors, that says what to do. Nothing
# crashes, and no try of a PIN is lost that need not be.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)

# refused REGEX URI [OPTION...]: a request with that key fails with one such line.
refused() {
    local regex=$1 uri=$2
    shift 2
    expect_failure setsid "${OPENSSL[@]}" req -new "${P[@]}" -key "$uri" -subj /CN=x -out request.pem "$@" </dev/null
    grep ':error:' err >errors || fail "$uri: no error was printed: $(<err)"
    head -n 1 errors | grep -q ':error:[0-9A-F]*:card:' || fail "$uri: the first error is not ours: $(<err)"
    [[ $(grep -c ':error:[0-9A-F]*:card:' errors) == 1 ]] || fail "$uri: not one line of ours: $(<err)"
    head -n 1 errors | grep -Eq -- "$regex" || fail "$uri: not '$regex': $(<err)"
    [[ ! -s request.pem ]] || fail "$uri: a request was written all the same"
    echo "$uri: $(head -n 1 errors | cut -d: -f 5-)"
}

# expect_tries NUMBER: what the card says of its PIN, asked by a stranger.
expect_tries() {
    apdu_send 00A4040005A000000308 00200080 >answers
    grep -q "SW1=0x63, SW2=0xC$1" answers || fail "not $1 tries left: $(<answers)"
}

# ---- no service, no reader, no card --------------------------------------------------------------

refused 'pcscd.*(systemctl|start)' card:slot=9a

# pcscd 2 as it is by itself, without a polkit that would allow us. It just hangs up, here at once, and
# libpcsclite knows that for a refusal only where it has said its first word before: hence again and again.
refusal_told() {
    expect_failure "${OPENSSL[@]}" pkey "${P[@]}" -pubin -in card:slot=9a -noout
    grep ':error:' err | head -n 1 | grep -Eq ':card:.*pcscd.*refuses this user.*/etc/polkit-1/rules.d'
}
if [[ -n $PCSCD_OPTIONS ]]; then
    pcscd_start --info
    wait_until 20 "pcscd's refusal to be told" refusal_told
    pcscd_stop
fi

mv /run/reader.conf.d/vpcd vpcd.conf
pcscd_start
refused 'no .*reader' card:slot=9a
pcscd_stop
mv vpcd.conf /run/reader.conf.d/vpcd
pcscd_start
refused 'no card.*insert' card:slot=9a
refused "reader.*Virtual PCD" 'card:reader=Nowhere;slot=9a'
card_insert --state "$WORK/unknown.state" --unknown-card
refused '3[Bb].*(PIV|known)' card:slot=9a
card_remove

# ---- the URI -------------------------------------------------------------------------------------

card_insert --profile yubikey --serial 12345678 --key 9a=p256 --key 9c=rsa2048 --certificate 9c=/CN=x
refused 'slto.*slot' card:slto=9a
refused '%' 'card:slot=%9'
refused '%' 'card:slot=%zz'
refused 'slot.*(twice|more than once|repeated)' 'card:slot=9a;slot=9c'
refused 'pin-source' 'card:slot=9a?pin-source=http://x'
refused 'type' 'card:slot=9a;type=secret'
refused 'pkcs11' 'card:app=pkcs11'
refused '9a.*9c.*9d.*9e' card:slot=77
refused '9d.*empty' card:slot=9d
refused 'serial.*99' 'card:serial=99;slot=9a'
refused 'serial=12345678;app=piv;slot=9a.*serial=12345678;app=piv;slot=9c' 'card:'

# ---- the PIN -------------------------------------------------------------------------------------

refused 'pin-source' card:slot=9a # nobody to ask
refused 'CARD_PIN_UNSET' 'card:slot=9a?pin-source=env:CARD_PIN_UNSET'
refused 'No such file' 'card:slot=9a?pin-source=file:/nowhere'
refused '[Dd]irectory' "card:slot=9a?pin-source=file:$WORK"
refused 'CREDENTIALS_DIRECTORY' 'card:slot=9a?pin-source=credential:pin'
apdu_log_clear
: >empty
refused 'empty' 'card:slot=9a?pin-source=file:empty'
refused '6 to 8' card:slot=9a -passin pass:12345
refused '6 to 8' card:slot=9a -passin pass:123456789
refused '6 to 8' 'card:slot=9a?pin-value=1'
[[ $(pins_sent) == 0 ]] || fail "a PIN that cannot be right was sent"
expect_tries 3
apdu_log_clear
refused 'tries left: 2' card:slot=9a -passin pass:654321
[[ $(pins_sent) == 1 ]] || fail "$(pins_sent) PINs sent, not 1"
expect_tries 2
refused 'tries left: 1' card:slot=9a -passin pass:654321
apdu_log_clear
refused 'use-last-try' card:slot=9a -passin pass:$PIN
[[ $(pins_sent) == 0 ]] || fail "the last try was spent"
expect_tries 1
openssl req -new "${P[@]}" -key 'card:slot=9a?use-last-try' -passin pass:$PIN -subj /CN=x -out request.pem
rm request.pem
card_remove
card_insert --profile yubikey
expect_tries 3
refused 'tries left: 2' card:slot=9a -passin pass:654321
refused 'tries left: 1' card:slot=9a -passin pass:654321
refused 'blocked.*PUK' 'card:slot=9a?use-last-try' -passin pass:654321
refused 'blocked.*PUK' card:slot=9a -passin pass:$PIN
card_remove

# A process whose eight threads are told the wrong PIN spends one try, and each thread hears of it.
rm "$WORK/card.state"
card_insert --profile yubikey --key 9a=p256
CARD_PIN=654321 expect_failure "$SIGN_THREADS" 'card:slot=9a?pin-source=env:CARD_PIN' 8 5
expect_in "8 of 8 threads failed" err
[[ $(grep -c ':card:.*wrong PIN' err) == 8 ]] || fail "not eight threads were told of the PIN: $(<err)"
[[ $(pins_sent) == 1 ]] || fail "$(pins_sent) PINs sent by eight threads, not 1"
card_remove

# ---- the card ------------------------------------------------------------------------------------

card_insert --profile yubikey --remove-at-ins 87
refused 'taken out' card:slot=9a -passin pass:$PIN
card_remove
card_insert --profile yubikey --garbage-at-ins 87
refused '(malformed|signature)' card:slot=9a -passin pass:$PIN
card_remove
card_insert --profile yubikey --garbage-at-ins f7
refused '.' card:slot=9a -passin pass:$PIN
card_remove
card_insert --state "$WORK/plain.state" --profile piv --key 9a=p256
refused '9a.*certificate' card:slot=9a
