#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# RSA decryption by the card: paddings, labels, what was damaged, CMS and S/MIME.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)
KEY='card:slot=9d?pin-source=env:CARD_PIN'
export CARD_PIN=$PIN

pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9d=rsa2048 --key 9a=p256 --certificate 9d=/CN=recipient
openssl pkey "${P[@]}" -pubin -in card:slot=9d -pubout -out public.pem
openssl x509 "${P[@]}" -in card:slot=9d -out recipient.pem
echo "a secret" >text

# decrypt OPTION...: the ciphertext, into the file plaintext.
decrypt() {
    openssl pkeyutl "${P[@]}" -decrypt -inkey "$KEY" -in ciphertext -out plaintext "$@"
}

# round_trip OPTION...: encrypted by the default provider alone and by the card's public half.
round_trip() {
    openssl pkeyutl -encrypt -pubin -inkey public.pem -in text -out ciphertext "$@"
    decrypt "$@"
    cmp text plaintext || fail "not the same text: $*"
    openssl pkeyutl "${P[@]}" -encrypt -pubin -inkey card:slot=9d -in text -out ciphertext "$@"
    decrypt "$@"
    cmp text plaintext || fail "not the same text, encrypted with the card's public half: $*"
}

# refused REGEX OPTION...: our error is the first, and says that.
refused() {
    local regex=$1
    shift
    rm -f plaintext
    expect_failure decrypt "$@"
    grep ':error:' err | head -n 1 | grep -Eq ":card:.*($regex)" || fail "not '$regex': $(<err)"
    [[ ! -s plaintext ]] || fail "something was written all the same"
}

LABEL=(-pkeyopt rsa_oaep_label:6c6162656c)
OAEP=(-pkeyopt rsa_padding_mode:oaep)
round_trip
round_trip "${OAEP[@]}"
round_trip "${OAEP[@]}" -pkeyopt rsa_oaep_md:sha256
round_trip "${OAEP[@]}" -pkeyopt rsa_oaep_md:sha512 -pkeyopt rsa_mgf1_md:sha1
round_trip "${OAEP[@]}" -pkeyopt rsa_oaep_md:sha256 "${LABEL[@]}"
: >empty
openssl pkeyutl -encrypt -pubin -inkey public.pem -in empty -out ciphertext
decrypt
[[ ! -s plaintext ]] || fail "an empty text is not empty"
head -c 245 /dev/urandom >text # the longest for 2048 bits
round_trip
{ printf '\0' && head -c 255 /dev/urandom; } >text
round_trip -pkeyopt rsa_padding_mode:none
echo "a secret" >text

openssl pkeyutl -encrypt -pubin -inkey public.pem -in text -out ciphertext
apdu_log_clear
decrypt
(($(apdu_count) <= 5)) || fail "$(apdu_count) commands: $(apdu_list)"

# ---- what cannot be decrypted --------------------------------------------------------------------

openssl pkeyutl -encrypt -pubin -inkey public.pem -in text -out ciphertext "${OAEP[@]}" "${LABEL[@]}"
refused 'damaged' "${OAEP[@]}"
refused 'damaged' "${OAEP[@]}" -pkeyopt rsa_oaep_label:6c6162656d
refused 'damaged' "${OAEP[@]}" "${LABEL[@]}" -pkeyopt rsa_oaep_md:sha256
refused 'damaged' "${OAEP[@]}" "${LABEL[@]}" -pkeyopt rsa_mgf1_md:sha256
openssl pkeyutl -encrypt -pubin -inkey public.pem -in text -out ciphertext
refused 'damaged' "${OAEP[@]}"

# Before the card hears of it.
apdu_log_clear
cp ciphertext good
head -c 257 /dev/zero >ciphertext
refused '256 bytes, not 257'
head -c 256 /dev/zero | tr '\0' '\377' >ciphertext
refused 'greater than the key.s modulus'
[[ $(apdu_list) != *87:* ]] || fail "the card was asked to decrypt what cannot be: $(apdu_list)"

# Implicit rejection: a bad padding is no error but a message like any other.
for _ in 1 2 3 4; do
    head -c 256 /dev/urandom >ciphertext
    printf '\0' | dd of=ciphertext conv=notrunc status=none # less than the modulus
    decrypt || fail "bad padding was told"
    (($(wc -c <plaintext) <= 245)) || fail "a message of $(wc -c <plaintext) bytes"
    sha256sum <plaintext >>messages
done
[[ $(sort -u messages | wc -l) == 4 ]] || fail "the messages for bad paddings are the same"
refused 'damaged' -pkeyopt implicit-rejection:0
cp good ciphertext
decrypt -pkeyopt implicit-rejection:0
cmp text plaintext

# A key that cannot: the default provider's words, since it is no question of the card.
expect_failure openssl pkeyutl "${P[@]}" -decrypt -inkey 'card:slot=9a?pin-source=env:CARD_PIN' -in ciphertext
expect_in "operation not supported for this keytype" err

# ---- CMS and S/MIME ------------------------------------------------------------------------------

for providers in "-provider default -provider card" "-provider card -provider default" \
    "-provider default -provider card -propquery ?provider=card"; do
    for options in "" "-keyopt rsa_padding_mode:oaep" \
        "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_oaep_label:6c6162656c"; do
        # shellcheck disable=SC2086 # several words each
        {
            openssl cms -encrypt -in text -aes256 -out message.cms -recip recipient.pem $options
            openssl cms -decrypt $providers -in message.cms -recip recipient.pem -inkey "$KEY" -out plaintext
        }
        cmp <(tr -d '\r' <plaintext) text || fail "$providers: CMS $options"
    done
    # shellcheck disable=SC2086
    {
        openssl smime -encrypt -in text -aes256 -out message.p7m recipient.pem
        openssl smime -decrypt ${providers% -propquery*} -in message.p7m -recip recipient.pem -inkey "$KEY" -out plaintext
    }
    cmp <(tr -d '\r' <plaintext) text || fail "$providers: S/MIME"
done

# ---- the card's fault ----------------------------------------------------------------------------

cp good ciphertext
card_remove
card_insert --profile yubikey --remove-at-ins 87
refused 'taken out while it was to decrypt'
card_remove
card_insert --profile yubikey --garbage-at-ins 87
refused '(malformed|signature)'
