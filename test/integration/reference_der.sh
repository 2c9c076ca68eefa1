#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Key references in DER, for programs that keep a key that way for themselves; and what in DER is refused,
# because it would pass a reference off as the key.
source "$(dirname "$0")/lib.sh"
: "${RELOAD_KEY:?must name the program reload_key}"

P=(-provider default -provider card)

pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9a=p256 --key 9c=rsa2048 --key 9e=p384:never --key 82=ed25519
export CARD_PIN=$PIN
for slot in 9a 9c 9e 82; do
    openssl pkey "${P[@]}" -in "card:slot=$slot" -passin pass:$PIN -out $slot.pem
done

# PEM, DER and a key from it again: the PIN that was given for the first is used by the second. Each
# signature is cold in the first round, and the writing of the DER asks the card nothing.
for slot in 9a 9c 82; do
    expect_apdus 9 "$RELOAD_KEY" $slot.pem $PIN # select, slot, tries, PIN, sign; select, slot, sign
    [[ $(pins_sent) -le 2 ]] || fail "$(pins_sent) PINs sent"
done
expect_apdus 6 "$RELOAD_KEY" 9e.pem $PIN
[[ $(pins_sent) == 0 ]] || fail "a PIN for a key that needs none"

# A wrong one is spent once, and said first.
apdu_log_clear
refused 'refused the PIN' "$RELOAD_KEY" 9a.pem 654321
[[ $(pins_sent) == 1 ]] || fail "$(pins_sent) PINs sent, not 1"

# A file in DER, written without a word to the card, and read.
write() {
    local slot=$1
    shift
    expect_apdus 0 openssl "$1" "${P[@]}" -in $slot.pem -passin pass:$PIN -outform DER "${@:2}" -out $slot.der
    openssl asn1parse -inform DER -in $slot.der >fields
    expect_in "card:serial=12345678;app=piv;slot=$slot" fields
}
PKEY=(pkey)
if openssl_at_least 3.6; then # where pkey writes PrivateKeyInfo otherwise
    refused 'cannot be exported' openssl pkey "${P[@]}" -in 9a.pem -outform DER -out key.der
    PKEY=(pkey -traditional)
fi
write 9a ec
write 9a "${PKEY[@]}"
write 9c "${PKEY[@]}"
write 9c rsa -traditional
write 82 "${PKEY[@]}"
for slot in 9a 9c 82; do
    expect_apdus 5 openssl req -new "${P[@]}" -key $slot.der -keyform DER -passin pass:$PIN -subj /CN=x -out request.pem
    openssl req -verify -noout -in request.pem
done
for order in "-provider card -provider default" "-provider card -provider default -propquery ?provider=card"; do
    # shellcheck disable=SC2086
    openssl req -x509 $order -key 9a.der -keyform DER -passin pass:$PIN -subj /CN=x -out 9a.crt
    openssl verify -CAfile 9a.crt 9a.crt
done

# A software key in DER is what it always was, also where we are first and asked for.
for options in "RSA -pkeyopt rsa_keygen_bits:2048" "EC -pkeyopt group:P-256" ED25519; do
    # shellcheck disable=SC2086
    openssl genpkey -algorithm $options -out plain.pem
    openssl pkey -in plain.pem -outform DER -out plain.der
    openssl pkey -provider card -provider default -propquery '?provider=card' -in plain.pem -outform DER -out ours.der
    cmp plain.der ours.der
    openssl pkey -provider card -provider default -propquery '?provider=card' -in plain.der -inform DER -out again.pem
    cmp plain.pem again.pem
done

# What would wrap a reference up as if it were the key is refused, and so is a passphrase for DER.
openssl req -x509 "${P[@]}" -key 9a.pem -passin pass:$PIN -subj /CN=x -out 9a.crt
refused 'cannot be exported' openssl pkcs8 "${P[@]}" -topk8 -nocrypt -in 9a.pem -outform DER -out key.der
refused 'cannot be exported' openssl pkcs8 "${P[@]}" -topk8 -in 9a.pem -passout pass:x -outform DER -out key.der
refused 'cannot be exported' openssl pkcs12 "${P[@]}" -export -inkey 9a.pem -in 9a.crt -passout pass:x -out key.p12
refused 'cannot be exported' openssl pkcs12 "${P[@]}" -export -inkey 9c.pem -in 9a.crt -nocerts -passout pass:x -out key.p12
refused 'cannot be exported' openssl rsa "${P[@]}" -in 9c.pem -outform DER -out key.der
refused 'encrypted in PEM only' openssl ec "${P[@]}" -in 9a.pem -aes256 -passout pass:x -outform DER -out key.der

# Damaged: no key, and no crash.
head -c 60 9a.der >damaged.der
expect_failure openssl req -new "${P[@]}" -key damaged.der -keyform DER -subj /CN=x
