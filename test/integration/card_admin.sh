#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Keys are made, and certificates written, after the card and we have proved the management key to each
# other, with every algorithm that key can have.
source "$(dirname "$0")/lib.sh"
: "${CARD_TOOL:?must name the program card_tool}"

printf '%s\n' "$PIN" >pin
SOURCE="pin-source=file:$WORK/pin"
KEY_24=$MANAGEMENT_KEY
KEY_16=01020304050607080102030405060708
KEY_32=${KEY_24}0102030405060708

refused() {
    local text=$1
    shift
    expect_failure "$CARD_TOOL" "$@"
    [[ $(wc -l <err) == 1 ]] || fail "not one line: $(<err)"
    expect_in "$text" err
    cat err
}

pcscd_start

for algorithm in 3des aes128 aes192 aes256; do
    case $algorithm in aes128) key=$KEY_16 ;; aes256) key=$KEY_32 ;; *) key=$KEY_24 ;; esac
    for profile in yubikey piv; do
        rm -f card.state
        card_insert --profile $profile --management-algorithm $algorithm
        overwrite=
        [[ $profile == yubikey ]] || overwrite=overwrite
        # shellcheck disable=SC2086
        [[ $("$CARD_TOOL" generate card:app=piv 9a P-256 "$key" $overwrite) == "EC 256" ]] || fail "generate"
        refused "management key" generate card:app=piv 9c P-256 "FF${key:2}" overwrite
        refused "management key" generate card:app=piv 9c P-256 "${key}00" overwrite
        card_remove
    done
done

rm -f card.state
card_insert --profile yubikey
for kind in RSA-2048 RSA-3072 RSA-4096 P-256 P-384; do
    "$CARD_TOOL" generate card:app=piv 82 $kind "$KEY_24" overwrite
    "$CARD_TOOL" sign "card:slot=82?$SOURCE"
done
refused "in use" generate card:app=piv 82 P-256 "$KEY_24"
refused "no key of the kind" generate card:app=piv 83 RSA-1024 "$KEY_24"
refused "no slot" generate card:app=piv 77 P-256 "$KEY_24"

# A certificate is for the slot's key, or it is not written.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -subj /CN=other \
    -outform der -out other.der 2>/dev/null
refused "another key" store card:app=piv 82 "$KEY_24" other.der
refused "cannot store" store card:app=piv 82 "$KEY_24" pin
refused "is empty" store card:app=piv 84 "$KEY_24" other.der
refused "no certificate in slot 82" certificates card:slot=82
card_remove

# Plain PIV shows no key but by its certificate, so that one has to be believed; the slot is then in use.
rm -f card.state
card_insert --profile piv --key 9d=p384 --certificate 9d=/CN=kept
refused "does not show whether" generate card:app=piv 9a P-256 "$KEY_24"
refused "in use" generate card:app=piv 9d P-256 "$KEY_24"
"$CARD_TOOL" generate card:app=piv 9a P-256 "$KEY_24" overwrite
"$CARD_TOOL" store card:app=piv 9a "$KEY_24" other.der
refused "in use" generate card:app=piv 9a P-256 "$KEY_24"
[[ $("$CARD_TOOL" certificates card: | wc -l) == 2 ]] || fail "two certificates"
# That certificate was for another key, which the first signature finds out.
refused "does not verify" sign "card:slot=9a?$SOURCE"
card_remove

# Over short APDUs, in chains, and T=0.
card_insert --no-extended --t0
"$CARD_TOOL" generate card:app=piv 9c RSA-2048 "$KEY_24" overwrite
openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -subj /CN=long -outform der -out long.der \
    -addext "nsComment=$(head -c 1500 /dev/zero | tr '\0' x)" 2>/dev/null
"$CARD_TOOL" store card:app=piv 9c "$KEY_24" long.der
[[ $("$CARD_TOOL" certificates card:slot=9c) == *" $(stat -c %s long.der)" ]] || fail "long certificate"
