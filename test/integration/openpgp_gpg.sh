#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# GnuPG takes the OpenPGP application for a card: it shows it, generates keys on it, signs and decrypts with
# them, writes what is written on a card, changes and unblocks its PINs, hashes them (KDF), and resets it.
source "$(dirname "$0")/lib.sh"
source "$HERE/gpg.sh"

status() {
    gpg_quiet --card-status >status
}

# sign_and_decrypt: with the keys on the card, and nothing else: gpg has no private half.
sign_and_decrypt() {
    echo "to be seen again: $RANDOM" >data
    gpg_quiet --detach-sign --output data.sig data
    gpg_quiet --verify data.sig data
    gpg_quiet --trust-model always --recipient test@example.org --encrypt --output data.gpg data
    gpg_quiet --output decrypted --decrypt data.gpg
    cmp data decrypted || fail "decrypted to something else"
}

# The default attributes, or others: 2 1 is ECC and Curve 25519, three times.
generate() {
    [[ $1 == default ]] || gpg_card admin key-attr 2 1 2 1 2 1
    gpg_card admin generate n 0 "Test User" test@example.org ""
    expect_in "KEY_CREATED" gpg.out
    status
    expect_in "Key attributes ...: $2" status
    [[ $(grep -c '^ssb>' status) == 2 ]] || fail "not all keys are on the card: $(<status)"
    sign_and_decrypt
}

personalise() {
    gpg_card admin name Tester Ada lang de salutation F url https://example.org/key login ada "forcesig"
    status
    expect_in "Name of cardholder: Ada Tester" status
    expect_in "Language prefs ...: de" status
    expect_in "Salutation .......: Ms." status
    expect_in "URL of public key : https://example.org/key" status
    expect_in "Login data .......: ada" status
}

# The menu of passwd: 1 PIN, 2 unblock, 3 Admin PIN, 4 reset code.
change_pins() {
    pins_set 123456 12345678 "" 654321 87654321 code1234
    gpg_card admin passwd 1 q
    pins_set 654321 12345678 "" "" 87654321
    gpg_card admin passwd 3 q
    pins_set 654321 87654321 "" "" "" code1234
    gpg_card admin passwd 4 q
    status
    expect_in "PIN retry counter : 3 3 3" status
    sign_and_decrypt
}

# A PIN that was mistyped three times is blocked; the reset code, or the administrator, sets a new one.
unblock_pin() {
    gpg_forget
    apdu_send 00A4040006D27600012401 0020008106393939393939 0020008106393939393939 \
        0020008106393939393939 0020008106393939393939 >answers
    expect_in "SW1=0x69, SW2=0x83" answers
    status
    expect_in "PIN retry counter : 0 3 3" status
    pins_set "" "" code1234 111222
    gpg_card unblock
    status
    expect_in "PIN retry counter : 3 3 3" status
    pins_set 111222 87654321 "" 333444
    gpg_card admin passwd 2 q
    pins_set 333444 87654321
    sign_and_decrypt
}

# The PINs are their first ones again, and what the card gets is not what the person types.
hash_pins() {
    gpg_card admin kdf-setup
    pins_set 123456 12345678
    gpg_forget
    status
    expect_in "KDF setting ......: on" status
    expect_in "PIN retry counter : 3 0 3" status
    apdu_log_clear
    sign_and_decrypt
    # 20 hexadecimal: SHA-256's 32 bytes.
    apdu_log | jq -r 'select(.ins == "20") | .command' | grep -Eq '^002000(81|82)(20|40)$' ||
        fail "no hashed PIN was sent: $(apdu_log)"
}

reset_card() {
    gpg_card admin factory-reset y yes
    gpg_forget
    status
    expect_in "Signature key ....: [none]" status
    expect_in "Name of cardholder: [not set]" status
    expect_in "PIN retry counter : 3 0 3" status
    expect_in "KDF setting ......: off" status
}

judge() {
    local profile=$1 kind=$2 attributes=$3
    shift 3
    card_insert --profile "$profile" --serial 12345678 "$@"
    pins_set 123456 12345678
    status
    expect_in "Version ..........: 3.4" status
    expect_in "Serial number ....: 12345678" status
    expect_in "Signature key ....: [none]" status
    generate "$kind" "$attributes"
    personalise
    change_pins
    unblock_pin
    hash_pins
    reset_card
    gpg_clear
    card_remove
    rm card.state
}

pcscd_start
judge yubikey curves "ed25519 cv25519 ed25519"
judge openpgp default "rsa2048 rsa2048 rsa2048" --no-extended
