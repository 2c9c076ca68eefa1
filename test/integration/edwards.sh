#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Ed25519 and X25519 keys on the card.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)
ORDERS=("-provider default -provider card"
    "-provider card -provider default"
    "-provider default -provider card -propquery ?provider=card"
    "-provider card -provider default -propquery ?provider=card")
export CARD_PIN=$PIN
SIGNER='card:slot=9a?pin-source=env:CARD_PIN'
AGREER='card:slot=9d?pin-source=env:CARD_PIN'

pcscd_start
card_insert --profile yubikey --key 9a=ed25519 --key 9d=x25519 --key 9e=p256
openssl pkey "${P[@]}" -pubin -in card:slot=9a -pubout -out signer.pub
openssl pkey "${P[@]}" -pubin -in card:slot=9d -pubout -out agreer.pub
openssl genpkey -algorithm X25519 -out peer.pem
openssl pkey -in peer.pem -pubout -out peer.pub
openssl pkeyutl -derive -inkey peer.pem -peerkey agreer.pub -out expected
echo "a text to sign" >text

for order in "${ORDERS[@]}"; do
    apdu_log_clear
    # shellcheck disable=SC2086 # the order is several words
    openssl pkeyutl $order -sign -rawin -inkey "$SIGNER" -in text -out signature
    (($(apdu_count) <= 5)) || fail "$(apdu_count) commands: $(apdu_list)"
    openssl pkeyutl -verify -rawin -pubin -inkey signer.pub -in text -sigfile signature
    # shellcheck disable=SC2086
    openssl pkeyutl $order -verify -rawin -pubin -inkey 'card:slot=9a;type=public' -in text -sigfile signature
    # shellcheck disable=SC2086
    expect_failure openssl pkeyutl $order -verify -rawin -pubin -inkey signer.pub -in signer.pub -sigfile signature

    # shellcheck disable=SC2086
    {
        openssl req -new $order -key "$SIGNER" -subj /CN=x -out request.pem
        openssl req -x509 $order -key "$SIGNER" -subj /CN=self -days 3 -out self.pem
        openssl verify $order -CAfile self.pem self.pem >verdict
    }
    openssl req -verify -noout -in request.pem 2>verdict
    openssl req -noout -text -in request.pem >request
    expect_in "Public Key Algorithm: ED25519" request
    expect_in "Signature Algorithm: ED25519" request
    certtool --crq-info --infile request.pem >info
    expect_in "Self signature: verified" info
    openssl verify -CAfile self.pem self.pem >verdict

    apdu_log_clear
    # shellcheck disable=SC2086
    openssl pkeyutl -derive $order -inkey "$AGREER" -peerkey peer.pub -out secret
    cmp expected secret || fail "$order: not the same secret"
    (($(apdu_count) <= 5)) || fail "$(apdu_count) commands: $(apdu_list)"
done

# A message for which the card needs more than one command without extended length.
head -c 2000 /dev/urandom >long
openssl pkeyutl "${P[@]}" -sign -rawin -inkey "$SIGNER" -in long -out signature
openssl pkeyutl -verify -rawin -pubin -inkey signer.pub -in long -sigfile signature

# Written out they are references, which do the same.
openssl pkey "${P[@]}" -in "$SIGNER" -out signer.key
openssl pkey "${P[@]}" -in "$AGREER" -out agreer.key
expect_in "BEGIN CARD KEY REFERENCE" signer.key
expect_in "BEGIN CARD KEY REFERENCE" agreer.key
for order in "${ORDERS[@]}"; do
    # shellcheck disable=SC2086
    {
        expect_apdus 5 openssl pkeyutl $order -sign -rawin -inkey signer.key -in text -out signature
        expect_apdus 5 openssl pkeyutl $order -derive -inkey agreer.key -peerkey peer.pub -out secret
    }
    openssl pkeyutl -verify -rawin -pubin -inkey signer.pub -in text -sigfile signature
    cmp expected secret || fail "$order: not the same secret"
done
openssl pkey "${P[@]}" -in signer.key -aes256 -passout pass:open -out encrypted.key
openssl pkeyutl "${P[@]}" -sign -rawin -inkey encrypted.key -passin pass:open -in text -out signature
openssl pkeyutl -verify -rawin -pubin -inkey signer.pub -in text -sigfile signature

# refused TEXT COMMAND...: and the card is not asked.
refused() {
    local text=$1
    shift
    apdu_log_clear
    expect_failure "$@"
    expect_in "$text" err
    [[ $(apdu_list) != *87:* ]] || fail "the card was asked: $(apdu_list)"
}
if openssl_at_least 3.5; then # there pkeyutl itself knows what Ed25519 takes, and dgst no more
    refused "takes no digest" openssl dgst "${P[@]}" -sha256 -sign "$SIGNER" -out signature text
    openssl pkeyutl "${P[@]}" -sign -inkey "$SIGNER" -in text -out signature
    openssl pkeyutl -verify -rawin -pubin -inkey signer.pub -in text -sigfile signature
else
    refused "takes no digest" openssl pkeyutl "${P[@]}" -sign -rawin -digest sha256 -inkey "$SIGNER" -in text
    refused "operation not supported for this keytype" openssl pkeyutl "${P[@]}" -sign -inkey "$SIGNER" -in text
fi
refused "operation not supported for this keytype" openssl pkeyutl "${P[@]}" -derive -inkey "$SIGNER" -peerkey peer.pub
refused "operation not supported for this keytype" openssl pkeyutl "${P[@]}" -sign -rawin -inkey "$AGREER" -in text
head -c 20000 /dev/zero >huge
refused "too much for a card" openssl pkeyutl "${P[@]}" -sign -rawin -inkey "$SIGNER" -in huge

# A peer of small order (RFC 7748 section 6.1), which makes all secrets zero.
{ openssl pkey -pubin -in peer.pub -outform DER | head -c 12 && head -c 32 /dev/zero; } >zero.der
openssl pkey -pubin -inform DER -in zero.der -out zero.pub
expect_failure openssl pkeyutl -derive "${P[@]}" -inkey "$AGREER" -peerkey zero.pub
grep -q ':card:' err || fail "no word of ours: $(<err)"

# Software keys of both kinds, the provider beside them.
apdu_log_clear
for order in "${ORDERS[@]}"; do
    # shellcheck disable=SC2086
    {
        openssl genpkey $order -algorithm ED25519 -out soft.pem
        openssl genpkey $order -algorithm X25519 -out softx.pem
        openssl pkey $order -in soft.pem -pubout -out soft.pub
        openssl pkey $order -in softx.pem -pubout -out softx.pub
        openssl pkeyutl $order -sign -rawin -inkey soft.pem -in text -out signature
        openssl pkeyutl $order -verify -rawin -pubin -inkey soft.pub -in text -sigfile signature
        openssl pkeyutl $order -derive -inkey softx.pem -peerkey peer.pub -out secret
    }
    openssl pkey -in soft.pem -check -noout >check
    openssl pkeyutl -verify -rawin -pubin -inkey soft.pub -in text -sigfile signature
    openssl pkeyutl -derive -inkey peer.pem -peerkey softx.pub -out expected
    cmp expected secret || fail "$order: software X25519"
done
[[ $(apdu_count) == 0 ]] || fail "the card was asked: $(apdu_list)"
