#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Shared secrets by the card: ECDH as it is and with a key derivation function, CMS to ECDH recipients.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)
ORDERS=("-provider default -provider card"
    "-provider card -provider default"
    "-provider default -provider card -propquery ?provider=card"
    "-provider card -provider default -propquery ?provider=card")
export CARD_PIN=$PIN

key() {
    echo "card:slot=$1?pin-source=env:CARD_PIN"
}

pcscd_start
card_insert --profile yubikey --key 9a=rsa2048 --key 9d=p256 --key 9e=p384 \
    --certificate 9d=/CN=p256 --certificate 9e=/CN=p384
echo "a secret" >text

# both_agree SLOT [OPTION...]: the card and a software key derive the same secret from each other.
both_agree() {
    local slot=$1 order
    shift
    openssl pkeyutl -derive -inkey peer.pem -peerkey "$slot.pub" -out expected "$@"
    [[ -s expected ]] || fail "no secret in software"
    for order in "${ORDERS[@]}"; do
        apdu_log_clear
        # shellcheck disable=SC2086 # the order is several words
        openssl pkeyutl -derive $order -inkey "$(key "$slot")" -peerkey peer.pub -out secret "$@"
        cmp expected secret || fail "$slot $order $*: not the same secret"
        [[ $(apdu_list) == *87:9000* ]] || fail "$slot $order: the card was not asked: $(apdu_list)"
        (($(apdu_count) <= 5)) || fail "$(apdu_count) commands: $(apdu_list)"
        # shellcheck disable=SC2086 # and a software key with the same peer, the provider beside it
        openssl pkeyutl -derive $order -inkey peer.pem -peerkey "$slot.pub" -out secret "$@"
        cmp expected secret || fail "$order $*: software"
    done
}

KDF=(-pkeyopt kdf-type:X963KDF -pkeyopt kdf-digest:SHA256)
for slot in 9d:P-256 9e:P-384; do
    curve=${slot#*:} slot=${slot%:*}
    openssl pkey "${P[@]}" -pubin -in card:slot=$slot -pubout -out $slot.pub
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve -out peer.pem
    openssl pkey -in peer.pem -pubout -out peer.pub
    both_agree $slot
    both_agree $slot -pkeyopt ecdh_cofactor_mode:1
    both_agree $slot "${KDF[@]}" -pkeyopt kdf-outlen:16
    both_agree $slot "${KDF[@]}" -pkeyopt kdf-outlen:100 -pkeyopt hexkdf-ukm:0102030405
    # A peer whose point comes in compressed form.
    openssl ec -pubin -in peer.pub -conv_form compressed -pubout -out peer.pub 2>/dev/null
    both_agree $slot
done

# ---- what is refused, before the card hears of it --------------------------------------------------

apdu_log_clear
# refused TEXT OPTION...: no secret, and that among the reasons.
refused() {
    local text=$1
    shift
    expect_failure openssl pkeyutl -derive "${P[@]}" -out secret "$@"
    expect_in "$text" err
    [[ $(apdu_list) != *87:* ]] || fail "the card was asked: $(apdu_list)"
}
refused "mismatching domain parameters" -inkey "$(key 9d)" -peerkey peer.pub # on P-384
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out peer.pem
openssl pkey -in peer.pem -pubout -outform DER -out peer.der
last=$(tail -c 1 peer.der | od -An -tu1)
{ head -c -1 peer.der && printf "\\x$(printf %x $((last ^ 1)))"; } >off.der
refused "Error reading peer key" -inkey "$(key 9d)" -peerkey off.der
openssl pkey -in peer.pem -pubout -out peer.pub
refused "digest" -inkey "$(key 9d)" -peerkey peer.pub -pkeyopt kdf-type:X963KDF -pkeyopt kdf-outlen:16
refused "operation not supported for this keytype" -inkey "$(key 9a)" -peerkey peer.pub
openssl pkey "${P[@]}" -pubin -in card:slot=9a -pubout -out rsa.pub
refused "Error setting up peer key" -inkey "$(key 9d)" -peerkey rsa.pub

# ---- CMS -------------------------------------------------------------------------------------------

for slot in 9d 9e; do
    openssl x509 "${P[@]}" -in card:slot=$slot -out $slot.pem
    for options in "" "-keyopt ecdh_kdf_md:sha256" "-keyopt ecdh_kdf_md:sha512 -keyopt ecdh_cofactor_mode:1"; do
        for order in "${ORDERS[@]}"; do
            # shellcheck disable=SC2086 # several words each
            {
                openssl cms -encrypt $order -in text -aes-128-cbc -out message.cms -recip $slot.pem $options
                openssl cms -decrypt $order -in message.cms -recip $slot.pem -inkey "$(key $slot)" -out plaintext
            }
            cmp <(tr -d '\r' <plaintext) text || fail "$slot $order $options: CMS"
        done
    done
done

# ---- the card's fault ------------------------------------------------------------------------------

card_remove
card_insert --profile yubikey --remove-at-ins 87
expect_failure openssl pkeyutl -derive "${P[@]}" -inkey "$(key 9d)" -peerkey peer.pub
expect_in "taken out while it was to agree on a secret" err
card_remove
card_insert --profile yubikey --garbage-at-ins 87
expect_failure openssl pkeyutl -derive "${P[@]}" -inkey "$(key 9d)" -peerkey peer.pub
expect_in ":card:" err
