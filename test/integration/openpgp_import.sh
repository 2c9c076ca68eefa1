#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Keys that GnuPG made in software are moved to an OpenPGP card (keytocard), in every algorithm that both
# know, and sign and decrypt from there.
source "$(dirname "$0")/lib.sh"
source "$HERE/gpg.sh"

# software_key PRIMARY SUBKEY: a key to sign with and one to decrypt with, without a passphrase.
software_key() {
    gpg_quiet --passphrase "" --pinentry-mode loopback --quick-generate-key test@example.org "$1" sign
    FINGERPRINT=$(gpg_quiet --list-keys --with-colons | awk -F: '$1 == "fpr" { print $10; exit }')
    gpg_quiet --passphrase "" --pinentry-mode loopback --quick-add-key "$FINGERPRINT" "$2" encrypt
}

# Menu of keytocard: 1 signature key, 2 encryption key. The question comes where an option has been
# forgotten: the card has such a key already.
move_to_card() {
    printf '%s\n' keytocard y 1 "key 1" keytocard 2 save |
        timeout 60 gpg --command-fd 0 --status-fd 1 --no-tty --edit-key test@example.org >gpg.out 2>gpg.err ||
        fail "keytocard: $(<gpg.err)"
    gpg_quiet --card-status >status
    [[ $(grep -Ec '^(sec|ssb)>' status) == 2 ]] || fail "the keys are not on the card: $(<status) $(<gpg.err)"
}

use_keys() {
    echo "moved to a card" >data
    gpg_quiet --detach-sign --output data.sig data
    gpg_quiet --verify data.sig data
    gpg_quiet --trust-model always --recipient test@example.org --encrypt --output data.gpg data
    gpg_quiet --output decrypted --decrypt data.gpg
    cmp data decrypted || fail "decrypted to something else"
    expect_in '"ins":"2a"' card.log
}

# judge PRIMARY SUBKEY [softcard option ...]
judge() {
    local primary=$1 subkey=$2
    shift 2
    card_insert "$@"
    software_key "$primary" "$subkey"
    move_to_card
    use_keys
    # What a key is made of came in, and must not be in the log.
    [[ -z $(jq -r 'select(.ins == "db") | .command' card.log | cut -c 15-) ]] || fail "a key is in the log"
    gpg_clear
    card_remove
    rm card.state card.log
}

pins_set 123456 12345678
pcscd_start
judge ed25519 cv25519
judge ed25519 cv25519 --profile openpgp --no-extended
judge rsa2048 rsa2048
judge nistp256 nistp256 --profile openpgp
judge nistp384 nistp384
judge nistp521 nistp521 --t0 --no-extended
judge brainpoolP256r1 brainpoolP256r1
judge brainpoolP384r1 brainpoolP384r1 --profile openpgp --t0 --no-extended
judge brainpoolP512r1 brainpoolP512r1
judge secp256k1 secp256k1
# RSA numbers in the other formats that attributes can ask for are in unit.softcard_openpgp.
