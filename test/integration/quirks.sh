#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Cards as they are: short answers, unknown applications answered oddly, small objects, management keys that are
# refused, exponents of 17 bits. Each is set up, gets a key and a certificate, and signs.
source "$(dirname "$0")/lib.sh"
source "$HERE/card_manager_lib.sh"

P=(-provider default -provider card)
SOURCE="pin-source=file:$WORK/pin"
printf 12345678 >admin-pin

# certify SLOT: a certificate by the key in that slot, written to the card, and read back.
certify() {
    openssl req -x509 "${P[@]}" -key "card:slot=$1?$SOURCE" -subj "/CN=$1" -out "$1.crt"
    openssl verify -CAfile "$1.crt" "$1.crt" >verdict || fail "$1: $(<verdict)"
    "$REISSUE" card import-cert "card:slot=$1" "${ADMIN[@]}" "$1.crt" >out
    "$REISSUE" card export-cert "card:slot=$1" | cmp - <(openssl x509 -in "$1.crt") || fail "$1: another certificate"
    expect_equal "$(json '.cards[0].slots[] | select(.slot == "'"$1"'") | .certificate.fits_key' show "card:slot=$1")" true
}

pcscd_start

# ---- no more than 255 bytes at once: an RSA key, its certificate and its signatures are longer -----------------

for options in "" "--no-extended" "--t0 --no-extended"; do
    # shellcheck disable=SC2086 # several words
    card_insert --profile yubikey --key 9a=rsa2048 --key sig=rsa2048 --answer-limit 255 $options
    ADMIN=(--management-key-source factory)
    certify 9a
    ADMIN=(--management-key-source file:admin-pin)
    certify sig
    [[ $(apdu_log | jq -s 'map(select(.response_length > 257)) | length') == 0 ]] || fail "more than 255 bytes"
    card_remove
done

# ---- an application that is not there is an unknown instruction --------------------------------------------------

declare -A slots=([piv]=9a [openpgp]=sig [certum]=rsa1)
for profile in piv openpgp certum; do
    slot=${slots[$profile]}
    card_insert --state "$profile.state" --profile $profile --unknown-aid-6d00 --key "$slot=rsa2048" --certificate "$slot=/CN=x"
    openssl req -new "${P[@]}" -key "card:?$SOURCE" -subj /CN=x -sha256 -out request.pem
    openssl req -in request.pem -noout -verify 2>err || fail "$profile: $(<err)"
    "$REISSUE" card list --json >list
    expect_equal "$(jq -r '.readers[0].applications | map(.application) | join(" ")' list)" $profile
    [[ $(apdu_list) == *a4:6d00* ]] || fail "nobody asked for another application: $(apdu_list)"
    card_remove
done

# ---- objects of few bytes: what is longer is refused, and what was there stays -----------------------------------

card_insert --state small.state --profile yubikey --key 9a=p256 --key sig=p256 --object-limit 600
for slot in 9a sig; do
    ADMIN=(--management-key-source factory)
    [[ $slot == 9a ]] || ADMIN=(--management-key-source file:admin-pin)
    certify $slot
    openssl req -x509 "${P[@]}" -key "card:slot=$slot?$SOURCE" -subj /CN=long -out long.crt \
        -addext "nsComment=$(head -c 600 /dev/zero | tr '\0' x)"
    code=0
    "$REISSUE" card import-cert "card:slot=$slot" "${ADMIN[@]}" long.crt >out 2>err || code=$?
    ((code == 9)) || fail "exit code $code: $(<err)"
    grep -Eq "no room for|holds 600 at most: nothing was written" err || fail "$slot: $(<err)"
    "$REISSUE" card export-cert "card:slot=$slot" | cmp - <(openssl x509 -in "$slot.crt") || fail "$slot: it is gone"
done
card_remove

# ---- a YubiKey that takes no management key of AES -----------------------------------------------------------------

card_insert --state old.state --profile yubikey --firmware 5.2.7 --management-algorithm 3des
refused 9 "YubiKeys know AES from firmware 5.4 on" management-key --algorithm AES-192 --pin-source file:pin --management-key-source factory
manage generate --slot 9a --overwrite-key --management-key-source factory
manage management-key --pin-source file:pin --management-key-source factory
manage generate --slot 9c --overwrite-key --pin-source file:pin
card_remove

# ---- exponents of 17 bits, or of 32, and no others -------------------------------------------------------------------

for bits in 17 32; do
    card_insert --state exponent.$bits --profile openpgp --exponent-bits $bits
    "$REISSUE" card generate card:slot=sig --algorithm RSA-2048 --management-key-source file:admin-pin >out
    ADMIN=(--management-key-source file:admin-pin)
    certify sig
    card_remove
done
