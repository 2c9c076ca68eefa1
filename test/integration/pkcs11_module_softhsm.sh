#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Keys behind a PKCS #11 module (SoftHSM) are OpenSSL keys: requests, TLS, CMS, ECDH, references, new keys,
# certificates.
source "$(dirname "$0")/lib.sh"
source "$HERE/pkcs11.sh"
: "${TLS_LOAD:?}" "${USE_KEY:?}"

token_new one
softhsm_tool --keypairgen --key-type rsa:2048 --id 01 --label "the RSA key" >/dev/null
softhsm_tool --keypairgen --key-type EC:prime256v1 --id 02 --label ec --usage-sign --usage-derive >/dev/null
softhsm_tool --keypairgen --key-type EC:secp384r1 --id 0a0B --label p384 --usage-sign >/dev/null
TOKEN="card:serial=$SERIAL;app=pkcs11"
MODULE="module-path=$SOFTHSM"
PROVIDERS=(-provider default -provider card)

# ---- what is there, by every way of saying it ----------------------------------------------------------

"$CARD_TOOL" keys "card:app=pkcs11?$MODULE" | sort >keys
cat >wanted <<END
$TOKEN;slot=01;type=private?$MODULE RSA 2048
$TOKEN;slot=02;type=private?$MODULE EC 256
$TOKEN;slot=0a0b;type=private?$MODULE EC 384
END
diff wanted keys || fail "not the keys that are there"
"$CARD_TOOL" key "card:?$MODULE&x" 2>err && fail "a query that there is not"
for which in "slot=02" "label=ec" "label=the%20RSA%20key;slot=01" "slot=0A0B"; do
    "$CARD_TOOL" sign "card:$which?$MODULE&$SOURCE" 2
done
expect_failure "$CARD_TOOL" key "card:label=ec;slot=01?$MODULE"
expect_in 'slot 01 holds nothing with the label "ec"' err
expect_failure "$CARD_TOOL" key "card:label=none?$MODULE"
expect_in "before its PIN is given" err
expect_failure "$CARD_TOOL" key "card:label=none?$MODULE&$SOURCE"
expect_in "15: " err
expect_failure "$CARD_TOOL" key "card:app=pkcs11?$MODULE"
expect_in "3 keys fit the URI" err
expect_in "$TOKEN;slot=02;type=private?$MODULE" err
expect_failure "$CARD_TOOL" key "card:slot=xy?$MODULE"
expect_in "CKA_ID" err
expect_failure "$CARD_TOOL" key "card:slot=03?$MODULE"
expect_failure "$CARD_TOOL" key "card:serial=1?$MODULE"
expect_in "insert the one with 1" err
expect_failure "$CARD_TOOL" key "card:app=pkcs11;slot=01"
expect_in "module-path" err
expect_failure "$CARD_TOOL" key "card:app=piv?$MODULE"
expect_failure "$CARD_TOOL" key "card:?module-path=/nonexistent.so"
expect_in "there is no PKCS #11 module /nonexistent.so" err
expect_failure "$CARD_TOOL" key "card:?module-path=libsofthsm2.so"
expect_in "absolute" err
expect_failure "$CARD_TOOL" key "card:?module-path=$WORK/pin"
expect_in "dlopen" err
expect_failure "$CARD_TOOL" key "card:?module-path=/usr/lib/x86_64-linux-gnu/libz.so.1"
expect_in "C_GetFunctionList" err
install -m 666 "$(readlink -f "$SOFTHSM")" open.so
expect_failure "$CARD_TOOL" key "card:?module-path=$WORK/open.so"
expect_in "not loaded" err

# ---- PINs ----------------------------------------------------------------------------------------------

expect_failure "$CARD_TOOL" sign "card:slot=02?$MODULE"
expect_in "nobody to ask" err
printf 654321 >wrong
printf 123 >short
expect_failure "$CARD_TOOL" sign "card:slot=02?$MODULE&pin-source=file:$WORK/wrong" 3
expect_in "refused the PIN" err
expect_failure "$CARD_TOOL" sign "card:slot=02?$MODULE&pin-source=file:$WORK/short"
expect_in "it was not sent" err
"$CARD_TOOL" pin-status "card:app=pkcs11?$MODULE"
"$CARD_TOOL" threads "card:slot=02?$MODULE&$SOURCE" 8 20
"$CARD_TOOL" fork "card:slot=02?$MODULE&$SOURCE"

# ---- requests, certificates, TLS ---------------------------------------------------------------------------

for slot in 01 02 0a0b; do
    openssl req -new -x509 -days 30 "${PROVIDERS[@]}" -key "card:slot=$slot?$MODULE&$SOURCE" -subj "/CN=key $slot" \
        -addext basicConstraints=critical,CA:TRUE -out "$slot.crt"
    openssl verify -CAfile "$slot.crt" "$slot.crt"
done
openssl req -new "${PROVIDERS[@]}" -key "card:slot=01?$MODULE&$SOURCE" -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:digest -subj /CN=pss -out pss.csr
openssl req -in pss.csr -noout -verify
OPENSSL_CONF=$WORK/module.cnf openssl req -new -key "card:app=pkcs11;slot=02?$SOURCE" -subj /CN=x -out x.csr
openssl req -in x.csr -noout -verify
sed 's|^module-path = .*|module-timeout = soon|' module.cnf >soon.cnf
OPENSSL_CONF=$WORK/soon.cnf expect_failure openssl pkey -in "card:slot=02?$MODULE&$SOURCE" -pubout
expect_in "module-timeout = soon" err

# A reference names the module, and touches nothing when it is loaded.
openssl pkey "${PROVIDERS[@]}" -in "card:slot=02?$MODULE&$SOURCE" -out ec.pem
openssl pkey "${PROVIDERS[@]}" -in "card:slot=01?$MODULE&$SOURCE" -out rsa.pem
expect_in "CARD KEY REFERENCE" ec.pem
mv tokens away
CARD_TRACE=1 openssl pkey "${PROVIDERS[@]}" -in ec.pem -pubout -out ec.pub 2>trace
[[ $(grep -c C_ trace || true) == 0 ]] || fail "loading a reference took $(<trace)"
mv away tokens
for key in ec rsa; do
    echo text | openssl dgst -sha256 "${PROVIDERS[@]}" -sign $key.pem -out signature
    openssl pkey "${PROVIDERS[@]}" -in $key.pem -pubout -out $key.pub
    echo text | openssl dgst -sha256 -verify $key.pub -signature signature
done

# A module that lies where anybody may put one comes by no reference, but by the configuration.
install -m 644 "$(readlink -f "$SOFTHSM")" mine.so
openssl pkey "${PROVIDERS[@]}" -in "card:slot=02?module-path=$WORK/mine.so&$SOURCE" -out mine.pem
expect_failure openssl dgst -sha256 "${PROVIDERS[@]}" -sign mine.pem -out signature ec.pem
expect_in "$WORK/mine.so" err
sed "s|^module-path = .*|module-path = $WORK/mine.so|" module.cnf >mine.cnf
OPENSSL_CONF=$WORK/mine.cnf openssl dgst -sha256 -sign mine.pem -out signature ec.pem
openssl dgst -sha256 -verify ec.pub -signature signature ec.pem

serve() {
    "${OPENSSL[@]}" s_server "${PROVIDERS[@]}" -accept 127.0.0.1:4433 -key "$1" -cert "$2" -www -quiet 2>server.err &
    SERVER=$!
    wait_until 10 "the server" _port_open 4433
    for _ in 1 2 3 4 5; do
        openssl s_client -connect 127.0.0.1:4433 -CAfile "$2" -verify_return_error "${@:3}" </dev/null >client 2>&1 ||
            fail "$(<client) $(<server.err)"
    done
    kill $SERVER
    wait $SERVER || true
}
serve "card:slot=02?$MODULE&$SOURCE" 02.crt
serve "card:slot=01?$MODULE&$SOURCE" 01.crt
serve rsa.pem 01.crt -tls1_2

# ---- CMS, ECDH ---------------------------------------------------------------------------------------------

seq 1000 >plain
openssl cms -sign "${PROVIDERS[@]}" -signer 01.crt -inkey "card:slot=01?$MODULE&$SOURCE" -in plain -out signed.cms
openssl cms -verify -CAfile 01.crt -purpose any -in signed.cms -out verified 2>/dev/null
diff -q <(tr -d '\r' <verified) plain
for options in "" "-keyopt rsa_padding_mode:oaep"; do
    # shellcheck disable=SC2086
    openssl cms -encrypt -aes256 -in plain -recip 01.crt $options -out encrypted.cms
    openssl cms -decrypt "${PROVIDERS[@]}" -inkey "card:slot=01?$MODULE&$SOURCE" -recip 01.crt -in encrypted.cms \
        -out decrypted
    diff -q <(tr -d '\r' <decrypted) plain
done
openssl cms -encrypt -aes256 -in plain -recip 02.crt -out encrypted.cms
openssl cms -decrypt "${PROVIDERS[@]}" -inkey "card:slot=02?$MODULE&$SOURCE" -recip 02.crt -in encrypted.cms -out decrypted
diff -q <(tr -d '\r' <decrypted) plain
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out peer.key
openssl pkey -in peer.key -pubout -out peer.pub
openssl pkeyutl -derive "${PROVIDERS[@]}" -inkey "card:slot=02?$MODULE&$SOURCE" -peerkey peer.pub -out one.secret
openssl pkeyutl -derive -inkey peer.key -peerkey ec.pub -out other.secret
cmp one.secret other.secret

# ---- new keys and certificates -------------------------------------------------------------------------------

printf '.include %s\n[card_sect]\ngenerate = card:app=pkcs11?%s\n' "$WORK/module.cnf" "$SOURCE" >generate.cnf
OPENSSL_CONF=$WORK/generate.cnf openssl req -new -newkey rsa:2048 -nodes -keyout new.pem -subj /CN=new -x509 -days 3 \
    -propquery '?provider=card' -out new.crt
openssl verify -CAfile new.crt new.crt
expect_in "CARD KEY REFERENCE" new.pem
openssl dgst -sha256 "${PROVIDERS[@]}" -sign new.pem -passin "pass:$PIN" -out signature plain
OPENSSL_CONF=$WORK/generate.cnf openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -propquery '?provider=card' -out new-ec.pem
[[ $(softhsm_tool --list-objects --type privkey | grep -c 'never extractable') == 5 ]] ||
    fail "not two new keys: $(softhsm_tool --list-objects --type privkey)"
"$CARD_TOOL" generate "card:app=pkcs11?$MODULE" 77 P-384 "$PIN"
expect_failure "$CARD_TOOL" generate "card:app=pkcs11?$MODULE" 77 P-384 "$PIN"
expect_in "slot 77 is in use" err
"$CARD_TOOL" generate "card:app=pkcs11?$MODULE" 77 P-256 "$PIN" overwrite
expect_failure "$CARD_TOOL" generate "card:app=pkcs11?$MODULE" 78 RSA-1234 "$PIN"
expect_in "P-521" err
expect_failure "$CARD_TOOL" generate "card:app=pkcs11?$MODULE" 78 P-256 654321
expect_in "refused the PIN" err
openssl x509 -in 02.crt -outform DER -out 02.der
openssl x509 -in 01.crt -outform DER -out 01.der
expect_failure "$CARD_TOOL" store "card:app=pkcs11?$MODULE" 01 "$PIN" 02.der
expect_in "for another key" err
"$CARD_TOOL" store "card:app=pkcs11?$MODULE" 01 "$PIN" 01.der
"$CARD_TOOL" store "card:app=pkcs11?$MODULE" 01 "$PIN" 01.der
"$CARD_TOOL" certificates "card:app=pkcs11?$MODULE"
[[ $(softhsm_tool --list-objects --type cert | grep -c Certificate) == 1 ]] || fail "the old certificate is still there"
openssl storeutl "${PROVIDERS[@]}" -certs "card:slot=01?$MODULE" 2>/dev/null | openssl x509 | diff - <(openssl x509 -in 01.crt)
pkcs11-tool --module "$SOFTHSM" --token-label one --read-object --type cert --id 01 2>/dev/null | cmp - 01.der

# ---- keys that want their PIN each time (CKA_ALWAYS_AUTHENTICATE) ---------------------------------------------

# After the user's login, each use has one of its own between its beginning and its end; SoftHSM refuses without.
for kind in 21:P-256 22:RSA-2048; do
    "$REISSUE" card generate "card:app=pkcs11;slot=${kind%:*}?$MODULE" --pin-policy always --algorithm "${kind#*:}" \
        --pin-source file:pin >uri
    CARD_TRACE=1 "$CARD_TOOL" sign "card:slot=${kind%:*}?$MODULE&$SOURCE" 3 2>trace
    logins=$(sed -n 's/^card: \(C_Login\|C_SignInit\|C_Sign\),.*/\1/p' trace | paste -sd' ')
    [[ $logins == "C_Login C_SignInit C_Login C_Sign C_SignInit C_Login C_Sign C_SignInit C_Login C_Sign" ]] ||
        fail "${kind#*:}: not a login for each signature: $logins"
done
softhsm_tool --list-objects --type privkey >list
[[ $(grep -c "always authenticate" list) == 2 ]] || fail "not so on the token: $(<list)"
openssl pkey "${PROVIDERS[@]}" -pubin -in "card:slot=22?$MODULE" -pubout -out 22.pub
openssl pkeyutl -encrypt -pubin -inkey 22.pub -in pin -out ciphertext
openssl pkeyutl -decrypt "${PROVIDERS[@]}" -inkey "card:slot=22?$MODULE&$SOURCE" -in ciphertext | cmp - pin
expect_failure "$CARD_TOOL" sign "card:slot=21?$MODULE&pin-source=file:$WORK/wrong" 3
expect_in "refused the PIN" err
for slot in 21 22; do
    "$REISSUE" card delete "card:app=pkcs11;slot=$slot?$MODULE" --yes --key-only --pin-source file:pin >deleted
done

# ---- a second token ---------------------------------------------------------------------------------------------

FIRST=$SERIAL
token_new two
"$CARD_TOOL" sign "card:slot=02?$MODULE&$SOURCE"
expect_failure "$CARD_TOOL" generate "card:app=pkcs11?$MODULE" 01 P-256 "$PIN"
expect_in "2 cards fit the URI" err
expect_in "card:serial=$FIRST;app=pkcs11?$MODULE" err
"$CARD_TOOL" generate "card:serial=$SERIAL;app=pkcs11?$MODULE" 01 P-256 "$PIN"
"$CARD_TOOL" sign "card:serial=$SERIAL;slot=01?$MODULE&$SOURCE"
"$CARD_TOOL" sign "card:serial=$FIRST;slot=01?$MODULE&$SOURCE"
expect_failure "$CARD_TOOL" key "card:slot=01?$MODULE"
expect_in "2 keys fit the URI" err

# No memory is lost, and none is used that is not ours.
if [[ -z ${SANITIZER_RUNTIME-} ]]; then
    valgrind --quiet --error-exitcode=9 --leak-check=full "$CARD_TOOL" sign "card:serial=$FIRST;slot=02?$MODULE&$SOURCE" 3
    expect_failure valgrind --quiet --error-exitcode=99 --leak-check=full "$CARD_TOOL" key "card:serial=1;slot=02?$MODULE&$SOURCE"
    expect_in "insert the one with 1" err
fi
wait_until 10 "no module's process to be left" no_helpers
