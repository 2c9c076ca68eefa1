#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# OpenSC's driver for OpenPGP cards: its tools show card and keys, read certificates, sign, decrypt, and its
# pkcs15 tools change and unblock PINs. On a card with PIV, too, it has to be told to.
source "$(dirname "$0")/lib.sh"

export OPENSC_DRIVER=openpgp

p11() {
    pkcs11-tool --module opensc-pkcs11.so "$@" 2>>p11.err
}

# The token with the PIN for everything else than signatures is the first, that for signatures the second.
slot_of() {
    p11 --list-slots | awk -v label="$1" '/^Slot/ { id = substr($3, 2, length($3) - 2) }
        /token label/ && index($0, label) { print id; exit }'
}

public_key() {
    p11 --slot "$1" --read-object --type pubkey --id "$2" --output-file public.der >/dev/null
    openssl pkey -pubin -inform der -in public.der -out public.pem
}

# sign_and_verify SLOT ID MECHANISM [option ...]
sign_and_verify() {
    local slot=$1 id=$2 mechanism=$3
    shift 3
    p11 --slot "$slot" --login --pin "$PIN" --sign --id "$id" --mechanism "$mechanism" "$@" \
        --input-file data --output-file signature
    openssl dgst -sha256 -verify public.pem -signature signature data >verified
    expect_in "Verified OK" verified
}

judge() {
    local profile=$1 manufacturer=$2
    shift 2
    card_insert --profile "$profile" --serial 12345678 --key sig=rsa2048 --key dec=rsa2048 --key aut=p256 \
        --certificate sig=/CN=sig --certificate dec=/CN=dec --certificate aut=/CN=aut "$@"
    openpgp-tool --reader 0 --card-info --key-info >info
    expect_in "Serial number:   12345678" info
    expect_in "$manufacturer" info
    expect_in "Aut Algorithm:   ECDSA" info
    expect_in "Sig Algorithm:   RSA2048" info
    pkcs15-tool --reader 0 --list-keys --list-certificates --list-pins >objects
    [[ $(grep -c '^Private .* Key' objects) == 3 ]] || fail "no three keys: $(<objects)"
    [[ $(grep -c '^X.509 Certificate' objects) == 3 ]] || fail "no three certificates: $(<objects)"
    [[ $(grep -c '^PIN ' objects) == 3 ]] || fail "no three PINs: $(<objects)"
    for id in 1:sig 2:dec 3:aut; do
        pkcs15-tool --reader 0 --read-certificate "${id%:*}" >certificate.pem
        openssl x509 -in certificate.pem -noout -subject -nameopt RFC2253 >subject
        expect_in "CN=${id#*:}" subject
    done
    use_keys
    change_pins
    card_remove
    rm card.state
}

use_keys() {
    local signatures others
    signatures=$(slot_of "User PIN (sig)")
    others=$(slot_of "User PIN)")
    [[ -n $signatures && -n $others ]] || fail "no two tokens: $(p11 --list-slots)"
    public_key "$signatures" 01
    sign_and_verify "$signatures" 01 SHA256-RSA-PKCS
    public_key "$others" 03
    sign_and_verify "$others" 03 ECDSA-SHA256 --signature-format openssl
    public_key "$others" 02
    openssl pkeyutl -encrypt -pubin -inkey public.pem -in data -out encrypted
    p11 --slot "$others" --login --pin "$PIN" --decrypt --id 02 --mechanism RSA-PKCS --input-file encrypted \
        --output-file decrypted
    cmp data decrypted || fail "decrypted to something else"
}

# Numbers of PINs: 1 for signatures, 2 for everything else (they are one), 3 the administrator's.
change_pins() {
    pkcs15-tool --reader 0 --change-pin --auth-id 02 --pin 123456 --new-pin 654321 >/dev/null 2>pin.err ||
        fail "change: $(<pin.err)"
    ! pkcs15-tool --reader 0 --verify-pin --auth-id 02 --pin 123456 >/dev/null 2>&1 || fail "the old PIN is good"
    pkcs15-tool --reader 0 --verify-pin --auth-id 02 --pin 654321 >/dev/null
    openpgp-tool --reader 0 --verify CHV3 --pin 12345678 >/dev/null
    openpgp-tool --reader 0 --erase >/dev/null
    pkcs15-tool --reader 0 --list-keys >objects
    ! grep -q '^Private' objects || fail "erased, and still there: $(<objects)"
}

echo "to be signed" >data
pcscd_start
judge yubikey Yubico
judge openpgp "unmanaged S/N range"
judge openpgp "unmanaged S/N range" --no-extended
judge yubikey Yubico --t0 --no-extended

# ---- keys that they make are ours to use, and the other way round -------------------------------------------------

P=(-provider default -provider card)
export CARD_PIN=$PIN ADMIN_PIN=12345678

# signs SLOT: the provider, with the key in it.
signs() {
    openssl req -new "${P[@]}" -key "card:slot=$1?pin-source=env:CARD_PIN" -subj "/CN=$1" -out request.pem
    openssl req -verify -noout -in request.pem 2>verdict || fail "$1: $(<verdict)"
}

# Virtual readers do not say how much they take (PC/SC part 10: dwMaxAPDUDataSize): OpenSC then asks for 256 bytes of
# the public key that was made, and from 0.27 on takes it amiss that there are more.
cat >opensc.conf <<END
app default {
    reader_driver pcsc {
        max_send_size = 65535;
        max_recv_size = 65536;
    }
}
END
export OPENSC_CONF=$WORK/opensc.conf
card_insert --profile openpgp --serial 12345678
pkcs15-init --reader 0 --generate-key rsa/2048 --auth-id 3 --id 3 --so-pin $ADMIN_PIN --pin $ADMIN_PIN --verify-pin \
    >made 2>&1 || fail "pkcs15-init: $(<made)"
signs aut
openpgp-tool --reader 0 --gen-key 1 --key-type rsa2048 --verify CHV3 --pin $ADMIN_PIN >made 2>&1 || fail "$(<made)"
signs sig
card_remove
rm card.state
card_insert --profile openpgp --serial 12345678 # since OpenSC makes no second key with the same number
p11 --login --login-type so --so-pin $ADMIN_PIN --keypairgen --key-type rsa:2048 --id 03 >made || fail "$(<made)"
signs aut
"$REISSUE" card generate card:slot=aut --algorithm P-256 --overwrite-key --management-key-source env:ADMIN_PIN >uri
"$REISSUE" card generate card:slot=sig --algorithm RSA-3072 --overwrite-key --management-key-source env:ADMIN_PIN >uri
others=$(slot_of "User PIN)")
public_key "$others" 03
sign_and_verify "$others" 03 ECDSA-SHA256 --signature-format openssl
signatures=$(slot_of "User PIN (sig)")
public_key "$signatures" 01
sign_and_verify "$signatures" 01 SHA256-RSA-PKCS
