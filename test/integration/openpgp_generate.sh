#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Keys made on OpenPGP cards by `openssl`, by scripts under reissue exec, and by gpg: each is seen and used by
# the others. Certificates beside them.
source "$(dirname "$0")/lib.sh"
source "$HERE/gpg.sh"

P=(-provider default -provider card)
ADMIN=12345678
SOURCE=pin-source=file:$WORK/pin

# refused REGEX COMMAND...: fails, and the first error of ours says that.
refused() {
    local regex=$1
    shift
    expect_failure "$@"
    grep -Eq "$regex" err || fail "$*: not '$regex': $(<err)"
}

# make SLOT ALGORITHM [OPTION...]: by openssl genpkey, with the admin PIN in a file.
make() {
    local slot=$1
    shift
    openssl genpkey "${P[@]}" -propquery '?provider=card' -algorithm "$@" \
        -pkeyopt "card-uri:card:app=openpgp;slot=$slot?$SOURCE" -pkeyopt "management-key-source:file:$WORK/admin-pin" \
        -out "$slot.ref" || return
    expect_in "BEGIN CARD KEY REFERENCE" "$slot.ref"
}

# signs SLOT
signs() {
    openssl req -new "${P[@]}" -key "card:app=openpgp;slot=$1?$SOURCE" -subj "/CN=$1" -out request.pem
    openssl req -verify -noout -in request.pem 2>verdict
}

# attributes SLOT: what the card says of its key, as gpg shows it.
attributes() {
    gpg_quiet --card-status >status
    sed -n 's/^Key attributes ...: //p' status
}

pcscd_start
echo "$PIN" >pin
echo "$ADMIN" >admin-pin

# ---- what the provider makes, for cards with either length of the exponent -----------------------

for options in "--profile openpgp" "--profile openpgp --exponent-bits 17" "--profile yubikey --no-extended"; do
    rm -f card.state
    # shellcheck disable=SC2086 # several words
    card_insert $options --serial 12345678
    pins_set 123456 12345678
    make sig EC -pkeyopt ec_paramgen_curve:P-256
    make aut RSA -pkeyopt rsa_keygen_bits:3072
    signs sig
    signs aut
    # What gpg sees: a key of that kind, with the time that it was made, and a fingerprint that is its own.
    [[ $(attributes) == "nistp256 rsa2048 rsa3072" ]] || fail "attributes: $(<status)"
    if grep -q "Signature key ....: \[none\]" status; then fail "gpg does not see the key: $(<status)"; fi
    grep -q "created ....: $(date -u +%Y)" status || fail "no time: $(<status)"
    gpg_forget
    # And OpenSC, which shows the very key.
    OPENSC_DRIVER=openpgp pkcs11-tool --module opensc-pkcs11.so --token-label "OpenPGP card (User PIN (sig))" \
        --read-object --type pubkey --id 01 --output-file public.der >tool.out 2>tool.err || fail "$(<tool.err)"
    openssl pkey "${P[@]}" -in sig.ref -pubout -outform DER | cmp - public.der || fail "OpenSC sees another key"
    refused 'slot sig is in use' make sig RSA -pkeyopt rsa_keygen_bits:2048
    signs sig
    card_remove
done

# ---- gpg signs with a key that the provider made --------------------------------------------------

card_insert --state "$WORK/shared.state" --profile yubikey --serial 12345678
make sig RSA -pkeyopt rsa_keygen_bits:2048
make aut EC -pkeyopt ec_paramgen_curve:P-256
gpg_clear
gpg_quiet --card-status >status
# gpg makes an OpenPGP key of the card's (14), if fingerprint and time are what it computes itself.
timeout 120 gpg --command-fd 0 --status-fd 1 --no-tty --expert --full-generate-key <<ANSWERS >gpg.out 2>gpg.err || true
14
1
q
0
Test User
test@example.org

ANSWERS
if grep -q KEY_CREATED gpg.out; then
    echo "to be signed" >data
    # By its name: which key is the default one gpg finds out in a way that fails now and then.
    gpg_quiet --local-user "$(sed -n 's/.* KEY_CREATED [BP] //p' gpg.out)!" --detach-sign --output data.sig data
    gpg_quiet --verify data.sig data
else
    fail "gpg makes no key of the card's: $(<gpg.err) $(<gpg.out)"
fi
gpg_clear

# ---- the provider uses what gpg made --------------------------------------------------------------

card_remove
card_insert --state "$WORK/gpg.state" --profile yubikey --serial 12345678
gpg_card admin generate n 0 "Test User" test@example.org ""
expect_in "KEY_CREATED" gpg.out
gpg_forget
for slot in sig aut; do
    signs $slot
done
openssl pkey "${P[@]}" -pubin -in card:slot=dec -pubout -out dec.pub
echo "a secret" >text
openssl pkeyutl -encrypt -pubin -inkey dec.pub -in text -out ciphertext
openssl pkeyutl -decrypt "${P[@]}" -inkey "card:slot=dec?$SOURCE" -in ciphertext -out plaintext
cmp text plaintext

# ---- a decryption key is not overwritten, other keys only when told ------------------------------

refused "not overwritten at all" "$CARD_TOOL" generate card:app=openpgp dec P-256 $ADMIN
refused "not overwritten at all" "$CARD_TOOL" generate card:app=openpgp dec P-256 $ADMIN overwrite
refused "in use" "$CARD_TOOL" generate card:app=openpgp sig P-256 $ADMIN
[[ $("$CARD_TOOL" generate card:app=openpgp sig P-384 $ADMIN overwrite) == "EC 384" ]] || fail "not overwritten"
signs sig
card_remove

# ---- every kind ------------------------------------------------------------------------------------

card_insert --state "$WORK/kinds.state" --profile openpgp --serial 5
for kind in P-256 P-384 P-521 secp256k1 brainpoolP256r1 brainpoolP384r1 brainpoolP512r1 Ed25519 RSA-2048; do
    "$CARD_TOOL" generate card:app=openpgp sig $kind $ADMIN overwrite >made
    [[ $kind == Ed25519 ]] || "$CARD_TOOL" sign "card:app=openpgp;slot=sig?$SOURCE" >signed
done
[[ $("$CARD_TOOL" generate card:app=openpgp dec X25519 $ADMIN) == "X25519 253" ]] || fail "no X25519 key"
refused "no X25519 keys in slot sig: it has RSA-2048, RSA-3072, RSA-4096, P-256, P-384, P-521, secp256k1, \
brainpoolP256r1, brainpoolP384r1, brainpoolP512r1, Ed25519" "$CARD_TOOL" generate card:app=openpgp sig X25519 $ADMIN overwrite
refused "no RSA-1024 keys in slot aut: it has RSA-2048" "$CARD_TOOL" generate card:app=openpgp aut RSA-1024 $ADMIN overwrite
# A generation that fails leaves the attributes as they were.
card_remove
card_insert --state "$WORK/kinds.state" --garbage-at-ins 47
refused "malformed|cannot|refused|lacks|ends|length" "$CARD_TOOL" generate card:app=openpgp aut P-384 $ADMIN
card_remove
card_insert --state "$WORK/kinds.state"
[[ $(attributes) == "rsa2048 cv25519 rsa2048" ]] || fail "the attributes were not restored: $(<status)"
gpg_forget

# ---- certificates -----------------------------------------------------------------------------------

openssl req -x509 "${P[@]}" -key "card:slot=sig?$SOURCE" -subj /CN=sig -outform der -out sig.der
"$CARD_TOOL" store card:app=openpgp sig $ADMIN sig.der
[[ $("$CARD_TOOL" certificates card:) == "card:serial=fffe00000005;app=openpgp;slot=sig;type=cert $(stat -c %s sig.der)" ]] ||
    fail "not the certificate: $("$CARD_TOOL" certificates card:)"
openssl x509 "${P[@]}" -in card:slot=sig -outform der | cmp - sig.der
refused "for another key" "$CARD_TOOL" store card:app=openpgp dec $ADMIN sig.der
refused "no key|empty" "$CARD_TOOL" store card:app=openpgp aut $ADMIN sig.der
openssl req -x509 "${P[@]}" -key "card:slot=sig?$SOURCE" -subj /CN=sig -outform der -out long.der \
    -addext "nsComment=$(head -c 3000 /dev/zero | tr '\0' x)"
apdu_log_clear
refused "holds 2048 at most: nothing was written" "$CARD_TOOL" store card:app=openpgp sig $ADMIN long.der
[[ $(apdu_list) != *da:* ]] || fail "it was sent all the same: $(apdu_list)"
card_remove

# ---- scripts that know nothing of cards ----------------------------------------------------------

card_insert --state "$WORK/exec.state" --profile yubikey --serial 6
unset OPENSSL_CONF # the script expects what Debian has in it
"$REISSUE" exec --to card:app=openpgp --pin-source "file:$WORK/pin" --management-key-source factory -- \
    env "LD_PRELOAD=${SANITIZER_RUNTIME-}" ASAN_OPTIONS=detect_leaks=0 \
    "$HERE/scripts/one_line.sh" >out 2>err </dev/null || fail "exec: $(<out) $(<err)"
expect_in "CARD KEY REFERENCE" k.pem
openssl asn1parse -in k.pem >fields
expect_in "card:serial=000600000006;app=openpgp;slot=sig" fields
openssl req -in r.csr -verify -noout 2>verdict
