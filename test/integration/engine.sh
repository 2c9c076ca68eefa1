#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The engine: `openssl` and programs that know no other way load the card's keys and certificates by it,
# under card: and pkcs11: names, and what goes wrong is told in a line of ours, the first.
source "$(dirname "$0")/lib.sh"
: "${ENGINE_DIR:?must name the directory with the engine card.so}"
: "${ENGINE_LOAD:?must name the program engine_load}"
export OPENSSL_ENGINES=$ENGINE_DIR

E=(-engine card -keyform engine)
NEW=("${OPENSSL[@]}" req -new "${E[@]}" -subj /CN=x -key)

# refused REGEX COMMAND...: fails, and the first error of OpenSSL's is ours, and says that.
refused() {
    local regex=$1
    shift
    expect_failure setsid "$@" </dev/null
    grep ':error:' err >errors || fail "$*: no error was printed: $(<err)"
    head -n 1 errors | grep -Eq ":error:[0-9A-F]*:card( engine)?:.*$regex" || fail "$*: not '$regex': $(<err)"
}

# request KEY [OPTION...]: a request, signed by that key, which openssl verifies without us.
request() {
    openssl req -new "${E[@]}" -key "$@" -subj /CN=x -out request.pem 2>err || fail "$*: $(<err)"
    openssl req -verify -noout -in request.pem 2>verdict || fail "$*: $(<verdict)"
    openssl req -in request.pem -noout -pubkey >key.request
}

pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9a=rsa2048 --key 9c=p256 --key 82=p384:never \
    --certificate 9a=/CN=on-card-rsa --certificate 9c=/CN=on-card-ec
echo "$PIN" >pin
echo "text to sign" >text
for slot in 9a 9c 82; do
    openssl pkey -provider default -provider card -pubin -in card:slot=$slot -pubout -out $slot.pub
done

# ---- openssl -------------------------------------------------------------------------------------

expect_apdus 0 openssl engine -t card # to be there wakes no card
expect_in "[ available ]" out

request card:slot=9a -passin pass:$PIN
cmp 9a.pub key.request
request 'card:slot=9c?pin-source=file:pin'
cmp 9c.pub key.request
request card:slot=82 # never asks for the PIN
request card:slot=9a -passin pass:$PIN -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max
expect_apdus 5 openssl req -new "${E[@]}" -key 'card:slot=9c?pin-source=file:pin' -subj /CN=x -out request.pem

openssl req -x509 "${E[@]}" -key card:slot=9a -passin pass:$PIN -subj /CN=ca -out ca.pem \
    -addext basicConstraints=critical,CA:TRUE
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -subj /CN=leaf -out leaf.csr
openssl x509 -req -engine card -CAkeyform engine -in leaf.csr -CA ca.pem -CAkey card:slot=9a -passin pass:$PIN \
    -CAcreateserial -days 3 -out leaf.pem
openssl verify -CAfile ca.pem leaf.pem
for slot in 9a 9c 82; do
    openssl dgst -sha256 "${E[@]}" -sign "card:slot=$slot?pin-source=file:pin" -out signature text
    openssl dgst -sha256 -verify $slot.pub -signature signature text
    openssl dgst -sha256 "${E[@]}" -verify "card:slot=$slot" -signature signature text
    openssl pkey -engine card -inform engine -pubin -in "card:slot=$slot" -pubout | cmp - $slot.pub
    openssl pkeyutl -engine card -keyform engine -sign -rawin -digest sha384 \
        -inkey "card:slot=$slot?pin-source=file:pin" -in text -out signature
    openssl dgst -sha384 -verify $slot.pub -signature signature text
done

# ---- pkcs11: names -------------------------------------------------------------------------------

for name in 'id=%01' 'id=%9a' 'id=9a' 'object=PIV%20AUTH%20key' 'serial=12345678;id=%01;type=private' \
    'token=YubiKey%20PIV%20%2312345678;id=%01;object=Private%20key%20for%20PIV%20Authentication;type=private' \
    'model=YubiKey%20YK5;manufacturer=Yubico%20%28www.yubico.com%29;serial=12345678;slot-description=Virtual%20PCD%2000%2000;id=%01'; do
    request "pkcs11:$name" -passin pass:$PIN
    cmp 9a.pub key.request
done
request "pkcs11:id=%02?pin-source=$WORK/pin"
cmp 9c.pub key.request
request "pkcs11:id=%02?pin-value=$PIN&module-path=/usr/lib/opensc-pkcs11.so"
cmp 9c.pub key.request
request 'pkcs11:id=%05'
cmp 82.pub key.request
refused 'serial=12345678;app=piv;slot=9a.* or .*slot=9c' "${NEW[@]}" pkcs11:
refused 'slut' "${NEW[@]}" 'pkcs11:slut=1'
refused 'token=on-card.*serial' "${NEW[@]}" 'pkcs11:token=on-card'
refused '12345678.*insert the one with 99' "${NEW[@]}" 'pkcs11:serial=99'

# A program that asks for the engine `pkcs11` gets ours, once `card` is loaded or where a link says so.
mkdir links
ln -s "$ENGINE_DIR/card.so" links/pkcs11.so
OPENSSL_ENGINES=$WORK/links "$ENGINE_LOAD" pkcs11 ui 'pkcs11:id=%01' $PIN
expect_failure "$ENGINE_LOAD" pkcs11 ui 'pkcs11:id=%01' $PIN

# ---- programs ------------------------------------------------------------------------------------

"$ENGINE_LOAD" card ui card:slot=9a $PIN 2>asked
expect_in "pass phrase for the PIV card in" asked
[[ $(grep -c asked: asked) == 1 ]] || fail "not asked once: $(<asked)"
"$ENGINE_LOAD" card ui card:slot=82 $PIN 2>asked
[[ ! -s asked ]] || fail "asked for a PIN that is not needed: $(<asked)"
"$ENGINE_LOAD" card default 'card:slot=9a?pin-source=file:pin'
"$ENGINE_LOAD" card freed 'card:slot=9a?pin-source=file:pin'

"$ENGINE_LOAD" card certificate card:slot=9c >certificate
openssl x509 -in certificate -noout -subject -nameopt RFC2253 >subject
expect_in "subject=CN=on-card-ec" subject
"$ENGINE_LOAD" card certificate 'pkcs11:id=%01;type=cert' >certificate
openssl x509 -in certificate -noout -subject -nameopt RFC2253 >subject
expect_in "subject=CN=on-card-rsa" subject
refused 'several' "$ENGINE_LOAD" card certificate card:
refused '82' "$ENGINE_LOAD" card certificate card:slot=82
refused 'type=private' "$ENGINE_LOAD" card certificate 'card:slot=9a;type=private'

# ---- other keys ----------------------------------------------------------------------------------

# They are what they were, DSA keys among them: the engine registers OpenSSL's own method for those.
openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:2048 -pkeyopt dsa_paramgen_q_bits:256 \
    -out parameters.pem 2>dots
openssl genpkey -paramfile parameters.pem -out dsa.pem
openssl genpkey -engine card -algorithm RSA -out rsa.pem 2>dots
openssl genpkey -engine card -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
apdu_log_clear
for key in dsa rsa ec; do
    openssl pkey -in $key.pem -pubout -out $key.pub
    openssl dgst -engine card -sha256 -sign $key.pem -out signature text
    openssl dgst -sha256 -verify $key.pub -signature signature text
    openssl dgst -engine card -sha256 -verify $key.pub -signature signature text
done
[[ $(apdu_count) == 0 ]] || fail "the card was asked: $(apdu_list)"

# ---- errors --------------------------------------------------------------------------------------

refused 'begin with card: or pkcs11:' "${NEW[@]}" slot=9a
refused 'slut' "${NEW[@]}" card:slut=9a
refused '9d is empty' "${NEW[@]}" card:slot=9d
refused 'pin-source' "${NEW[@]}" card:slot=9a
refused 'type=cert' "${NEW[@]}" 'card:slot=9a;type=cert'
apdu_log_clear
refused 'tries left: 2' "${NEW[@]}" card:slot=9a -passin pass:654321
[[ $(pins_sent) == 1 ]] || fail "$(pins_sent) PINs sent, not 1"
OPENSSL_MODULES=$WORK/links refused "does not load from $WORK/links" "${NEW[@]}" card:slot=9a
expect_in "cannot open shared object file" err
card_remove
refused 'insert' "${NEW[@]}" card:slot=9a
pcscd_stop
refused 'pcscd' "${NEW[@]}" card:slot=9a
