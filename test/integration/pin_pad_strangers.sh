#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The reader with a keypad as others see it: OpenSC and GnuPG, who fill the same structures in their own way, find
# the keypad, and verify and change PINs there.
source "$(dirname "$0")/lib.sh"
source "$HERE/pin_pad_lib.sh"
source "$HERE/gpg.sh"

# typed LINE...: what somebody types next; nothing is left of what was before.
typed() {
    pad_clear
    type_at_pad "$@"
}

pcscd_start

# OpenSC pads PIV's PINs. (It changes none there: 0.23 finds those too short that it does not know.)
card_insert --profile piv --serial 12345678 --key 9a=rsa2048 --certificate 9a=/CN=x
opensc-tool --list-readers >readers
grep -Eq "PIN pad +$READER\$" readers || fail "OpenSC sees no keypad: $(<readers)"
typed $PIN
pkcs15-tool --reader "$READER" --verify-pin >out
expect_entries 1
[[ $(entries) == "verify 00200080 present, 4 to 8 digits, block 8, 30 seconds: 9000" ]] || fail "$(entries)"
typed 654321
pkcs15-tool --reader "$READER" --verify-pin >out 2>&1 && fail "$(<out)"
[[ $(entries) == *": 63c2" ]] || fail "$(entries)"
typed cancel
pkcs15-tool --reader "$READER" --verify-pin >out 2>&1 && fail "$(<out)"
[[ $(entries) == *": 6401" ]] || fail "$(entries)"
head -c 32 /dev/urandom >data
typed $PIN
pkcs11-tool --module opensc-pkcs11.so --login --sign --mechanism SHA256-RSA-PKCS --id 01 -i data -o signature 2>err
expect_entries 1
openssl pkey -provider default -provider card -in "card:slot=9a;type=public" -pubin -out public.pem
openssl dgst -sha256 -verify public.pem -signature signature data
card_remove

# GnuPG sends OpenPGP's PINs as long as they are.
card_insert --state openpgp.state --profile openpgp --serial 87000001 --key sig=rsa2048
echo enable-pinpad-varlen >>"$GNUPGHOME/scdaemon.conf"
pins_set 000000 00000000
typed $PIN
gpg_card verify
expect_entries 1
[[ $(entries) == "verify 00200081 present, 4 to 16 digits, block 0, 0 seconds: 9000" ]] || fail "$(entries)"
typed "$PIN 654321 654321"
gpg_card passwd
expect_entries 1
[[ $(entries) == "modify 00240081 present, new, again, 4 to 16 digits, block 0, 0 seconds: 9000" ]] || fail "$(entries)"
# It is the new one now, by the card's word and by ours.
typed 654321
gpg_forget
"$CARD_TOOL" sign "card:slot=sig" 1
expect_entries 1
