#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What reissue card makes, Yubico's tools and OpenSC read and use; what they make, it manages.
source "$(dirname "$0")/lib.sh"
source "$HERE/card_manager_lib.sh"

# ykman wants a reader of a YubiKey's name, and Python's cryptography OpenSSL's legacy provider.
yk() {
    timeout 60 env -u OPENSSL_MODULES ykman --reader "$READER" piv "$@" >out 2>err || fail "ykman piv $*: $(cat out err)"
}

tool() {
    timeout 60 yubico-piv-tool --reader Yubico "$@" >out 2>&1 || fail "yubico-piv-tool $*: $(<out)"
}

pcscd_start
card_insert --serial 12345678 --management-algorithm 3des --attestation-root root.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj /CN=ca -out ca.pem 2>/dev/null

# ---- ours, for them ---------------------------------------------------------------------------
# The management key behind the PIN is where Yubico's manager looks for it.
manage init --new-pin-source file:pin.new --new-puk-source file:puk.new
yk info
expect_in "Management key is stored on the YubiKey, protected by PIN" out
yk keys generate -P $NEW_PIN -a ECCP256 9a ykman.pem
[[ $(json '.cards[0].slots[0].algorithm' show) == P-256 ]] || fail "ykman's key is not shown"

manage generate --slot 9c --algorithm RSA-2048 --pin-source file:pin.new --reference key.pem
openssl req -new -provider default -provider card -key key.pem -passin file:pin.new -subj /CN=ours -out ours.csr
openssl x509 -req -in ours.csr -CA ca.pem -CAkey ca.key -days 90 -out ours.pem 2>/dev/null
manage import-cert ours.pem --pin-source file:pin.new
yk info
expect_in "CN=ours" out
tool -a read-certificate -s 9c -o read.pem
cmp <(openssl x509 -in ours.pem) <(openssl x509 -in read.pem) || fail "yubico-piv-tool reads another certificate"
tool -a verify-pin -P $NEW_PIN -a test-signature -s 9c -i ours.pem
expect_in "Successful" out
pkcs15-tool --reader "$READER" --read-certificate 02 >read.pem 2>err || fail "pkcs15-tool: $(<err)"
cmp <(openssl x509 -in ours.pem) <(openssl x509 -in read.pem) || fail "OpenSC reads another certificate"
manage attest --slot 9c --out statement.pem --root root.pem
tool -a attest -s 9c -o theirs.pem
cmp <(openssl x509 -in statement.pem -noout -pubkey) <(openssl x509 -in theirs.pem -noout -pubkey) || fail "attest"

# PIN and PUK that were set here are theirs, too.
tool -a verify-pin -P $NEW_PIN
tool -a change-puk -P $NEW_PUK -N "$PUK"
manage puk --puk-source file:puk --new-puk-source file:puk.new

# ---- theirs, for us ---------------------------------------------------------------------------
yk access change-management-key -a AES256 -P $NEW_PIN --protect --generate
expect_equal "$(json '.cards[0].secrets.admin | [.algorithm, .behind_pin] | join(" ")' show)" "AES-256 true"
manage generate --slot 82 --pin-source file:pin.new
# What an interruption leaves behind the PIN, one key beside the other, in either order: the PIN leads to
# the one that the card has, and the next change leaves one.
right=0101010101010101020202020202020203030303030303FE
wrong=1111111111111111222222222222222244444444444444FE
printf '%s' $right >right
for order in "89 $right 8a $wrong" "89 $wrong 8a $right"; do
    read -r first one second other <<<"$order"
    manage management-key --algorithm 3DES --protect --pin-source file:pin.new --new-management-key-source file:right
    printf '8834%s18%s%s18%s' "$first" "$one" "$second" "$other" >both
    tool "-k$right" -a write-object --id 0x5fc109 -f hex -i both
    manage generate --slot 83 --overwrite-key --pin-source file:pin.new
    manage management-key --pin-source file:pin.new
    [[ $(jq -r '.objects["5fc109"]' card.state | tr a-f A-F) =~ ^531C881A8918 ]] ||
        fail "behind the PIN: $(jq '.objects["5fc109"]' card.state)"
    manage generate --slot 83 --overwrite-key --pin-source file:pin.new
done
# One that their manager takes away from the card again is ours to give.
yk access change-management-key -a TDES -P $NEW_PIN -n "$MANAGEMENT_KEY" --force
expect_equal "$(json '.cards[0].secrets.admin | [.algorithm, .behind_pin] | join(" ")' show)" "3DES false"
tool "-k$MANAGEMENT_KEY" -a generate -s 9d -A RSA2048 -o theirs.pub
openssl req -new -key ca.key -subj /CN=theirs -out leaf.csr
openssl x509 -req -in leaf.csr -force_pubkey theirs.pub -CA ca.pem -CAkey ca.key -days 90 -out theirs.pem 2>/dev/null
manage import-cert theirs.pem --management-key-source factory
expect_in "slot 9d" out
openssl pkeyutl -sign -provider default -provider card -inkey "card:slot=9d?pin-source=file:$WORK/pin.new" \
    -rawin -digest sha256 -in theirs.pem -out signature 2>err || fail "$(<err)"
openssl pkeyutl -verify -certin -inkey theirs.pem -rawin -digest sha256 -in theirs.pem -sigfile signature

# An imported key is shown as one, and is not attested.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out imported.key 2>/dev/null
tool "-k$MANAGEMENT_KEY" -a import-key -s 9e -i imported.key
expect_equal "$(json '.cards[0].slots[] | select(.slot == "9e") | .origin' show)" imported
refused 9 "only keys that were made on" attest --slot 9e
manage delete --slot 9e --key-only --yes --management-key-source factory

# A card that they have blocked: shown, unblocked, reset by either.
for _ in 1 2 3; do
    yubico-piv-tool --reader Yubico -a verify-pin -P 111111 >out 2>&1 && fail "wrong PIN"
done
manage show
expect_in "BLOCKED" out
manage unblock --puk-source file:puk.new --new-pin-source file:pin
tool -a verify-pin -P "$PIN"
yk reset -f
expect_equal "$(json '[.cards[0].secrets[].factory] | all' show)" true
manage reset --serial 12345678 --yes
yk info
expect_in "WARNING: Using default PIN" out
