#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A smart card behind a vendor's module: OpenSC's, on the software card through pcscd. The same keys are used
# directly and through the module.
source "$(dirname "$0")/lib.sh"
source "$HERE/pkcs11.sh"

pcscd_start
card_insert --profile yubikey --serial 87000011 --key 9a=rsa2048 --certificate 9a=/CN=authentication \
    --key 9c=p256 --certificate 9c=/CN=signature --key 9d=rsa2048 --certificate 9d=/CN=decryption
MODULE=$(dpkg -L opensc-pkcs11 | grep '/opensc-pkcs11.so$' | head -n 1)
QUERY="module-path=$MODULE&$SOURCE"
PROVIDERS=(-provider default -provider card)

"$CARD_TOOL" keys "card:app=pkcs11?module-path=$MODULE" | tee keys
[[ $(wc -l <keys) == 3 ]] || fail "not the three keys"
for slot in 01 02 03; do
    grep -q "slot=$slot;" keys || fail "no slot $slot"
done

# 9A and 9D are RSA keys, 9C wants its PIN for each signature.
"$CARD_TOOL" sign "card:slot=01?$QUERY" 3
"$CARD_TOOL" sign "card:slot=02?$QUERY" 3
for slot in 01 02; do
    openssl req -new "${PROVIDERS[@]}" -key "card:slot=$slot?$QUERY" -subj /CN=x -out $slot.csr
    openssl req -in $slot.csr -noout -verify
done
[[ $("$CARD_TOOL" certificates "card:?module-path=$MODULE" | wc -l) == 3 ]] || fail "not three certificates"

# What the module's key decrypts was encrypted for the card's.
openssl storeutl "${PROVIDERS[@]}" -certs card:slot=9d 2>/dev/null | openssl x509 -out 9d.crt
seq 100 >plain
openssl cms -encrypt -aes256 -in plain -recip 9d.crt -out encrypted.cms
openssl cms -decrypt "${PROVIDERS[@]}" -inkey "card:slot=03?$QUERY" -recip 9d.crt -in encrypted.cms -out decrypted
diff -q <(tr -d '\r' <decrypted) plain

# A wrong PIN costs one try, once; the last one is not spent.
opensc-tool --reader "$READER" --card-driver default --reset >/dev/null
printf 654321 >wrong
expect_failure "$CARD_TOOL" sign "card:slot=01?module-path=$MODULE&pin-source=file:$WORK/wrong" 3
expect_in "refused the PIN" err
tries() {
    "$CARD_TOOL" pin-status card:app=piv | sed 's/.*tries=//'
}
[[ $(tries) == 2 ]] || fail "not one try, but $(tries) are left"
expect_failure "$CARD_TOOL" threads "card:slot=01?module-path=$MODULE&pin-source=file:$WORK/wrong" 4 3
[[ $(tries) == 1 ]] || fail "not one try, but $(tries) are left"
expect_failure "$CARD_TOOL" sign "card:slot=01?$QUERY"
expect_in "use-last-try=yes" err
[[ $(tries) == 1 ]] || fail "the last try was spent"
"$CARD_TOOL" sign "card:slot=01?$QUERY&use-last-try=yes"
opensc-tool --reader "$READER" --card-driver default --reset >/dev/null
[[ $(tries) == 3 ]] || fail "the tries did not come back"

# Pulled out in between: an error that says so; put back, all is well.
mkfifo ask answer
"$CARD_TOOL" sign "card:slot=01?$QUERY" 2 "echo go >$WORK/ask; read -r _ <$WORK/answer" >out 2>err &
SIGNER=$!
read -r _ <ask
card_remove
echo gone >answer
if wait $SIGNER; then fail "signed without a card"; fi
expect_in "insert PKCS #11 card" err
[[ $(wc -l <err) == 1 ]] || fail "not one line: $(<err)"
card_insert
"$CARD_TOOL" sign "card:slot=01?$QUERY" 2 "echo go >$WORK/ask; read -r _ <$WORK/answer" >out 2>err &
SIGNER=$!
read -r _ <ask
card_remove
card_insert
echo back >answer
wait $SIGNER || fail "after the card was put back: $(<err)"
wait_until 10 "no module's process to be left" no_helpers
