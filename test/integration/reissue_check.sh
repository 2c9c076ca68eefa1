#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `reissue check`: what is wrong with certificate requests, made by `openssl req` in ways that people make
# them, and by hand where nobody would; and whether strangers think the same of the signatures.
source "$(dirname "$0")/lib.sh"
: "${REISSUE:?must name the program}"

unset OPENSSL_CONF
HOST=www.mydomain.pl
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa2048.key 2>/dev/null

# request FILE OPTION...: makes one with P-256.
request() {
    local file=$1
    shift
    openssl req -new -key p256.key -config /dev/null -out "$file" "$@" 2>req.err || fail "openssl req: $(<req.err)"
}

# check CODE FILE OPTION...: the exit code; the JSON is in out.
check() {
    local wanted=$1 code=0
    shift
    "$REISSUE" check --json "$@" >out 2>err || code=$?
    [[ $code == "$wanted" ]] || fail "exit code $code, not $wanted: $*: $(<out) $(<err)"
    if ((code == 0 || code == 16)); then
        "$REISSUE" check "$@" >text 2>&1 || true
    fi
}

# expect_found SEVERITY CODE: it is among the findings of the last check.
expect_found() {
    jq -e --arg severity "$1" --arg code "$2" \
        '.findings | any(.severity == $severity and .code == $code and (.mend | length > 0))' out >/dev/null ||
        fail "no $2 ($1): $(<out)"
}

# Strangers' word on the signature.
strangers() {
    local file=$1 good=$2
    if [[ $good == yes ]]; then
        openssl req -in "$file" -verify -noout 2>/dev/null || fail "openssl finds $file bad"
        certtool --crq-info --infile "$file" 2>&1 | grep -q "Self signature: verified" || fail "certtool finds $file bad"
    else
        ! openssl req -in "$file" -verify -noout 2>/dev/null || openssl req -in "$file" -verify -noout 2>&1 |
            grep -q "failure" || fail "openssl finds $file good"
        if certtool --crq-info --infile "$file" 2>&1 | grep -q "Self signature: verified"; then
            fail "certtool finds $file good"
        fi
    fi
}

# ---- good ones ---------------------------------------------------------------------------------------

request good.csr -subj "/CN=$HOST" -addext "subjectAltName=DNS:$HOST,DNS:mydomain.pl"
check 0 good.csr
[[ $(jq -c '[.good, .profile, .key, (.findings | length)]' out) == '[true,"tls","P-256",0]' ]] || fail "$(<out)"
[[ $(jq -c '[.names[].name]' out) == "[\"$HOST\",\"mydomain.pl\"]" ]] || fail "$(<out)"
expect_in "Verdict: nothing is wrong with it" text
strangers good.csr yes
openssl req -in good.csr -outform DER -out good.der
check 0 good.der
"$REISSUE" check - <good.csr >text
expect_in "nothing is wrong" text

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa3072.key 2>/dev/null
openssl req -new -key rsa3072.key -config /dev/null -subj "/C=PL/O=Company/CN=Company" -out code.csr
check 0 code.csr
[[ $(jq -r .profile out) == code-signing ]] || fail "$(<out)"
check 16 code.csr --profile tls
openssl req -new -key rsa3072.key -config /dev/null -subj "/CN=Jan" -addext "subjectAltName=email:jan@mydomain.pl" -out mail.csr
check 0 mail.csr
[[ $(jq -r .profile out) == smime ]] || fail "$(<out)"
check 16 mail.csr --profile tls

# ---- each fault, and its name ------------------------------------------------------------------------

# faulty SEVERITY CODE OPTION...: a request that is made with those options has that fault.
faulty() {
    local severity=$1 code=$2
    shift 2
    rm -f bad.csr
    request bad.csr "$@"
    case $severity in
    advice) check 0 bad.csr ;;
    refused)
        check 16 bad.csr
        check 0 bad.csr --private-ca
        ;;
    broken) check 16 bad.csr --private-ca ;;
    esac
    expect_found "$severity" "$code"
    strangers bad.csr yes
}

san() {
    echo -addext "subjectAltName=$1"
}

# shellcheck disable=SC2046 # san gives two words, without blanks in them
{
    faulty advice no-san -subj "/CN=$HOST"
    faulty refused cn-not-in-san -subj "/CN=other.mydomain.pl" $(san "DNS:$HOST")
    faulty refused cn-no-host -subj "/CN=My Server"
    faulty broken no-name -subj "/O=x" -addext extendedKeyUsage=serverAuth
    faulty refused cn-several -subj "/CN=$HOST/CN=mydomain.pl" $(san "DNS:$HOST,DNS:mydomain.pl")
    faulty refused name-underscore -subj / $(san "DNS:a_b.mydomain.pl")
    faulty broken name-form -subj / $(san "DNS:f*.mydomain.pl")
    faulty broken name-form -subj / $(san "DNS:*.pl")
    faulty broken name-form -subj / $(san "DNS:a..pl")
    faulty broken name-form -subj / $(san "DNS:-a.mydomain.pl")
    faulty broken name-form -subj / $(san "DNS:mydomain.pl.")
    faulty broken name-form -subj / $(san "DNS:$(printf 'a%.0s' {1..64}).pl")
    faulty broken name-form -subj / $(san "DNS:ab--cd.mydomain.pl")
    faulty broken name-address -subj / $(san "DNS:192.0.2.1")
    faulty refused name-internal -subj / $(san "DNS:server")
    faulty refused name-internal -subj / $(san "DNS:server.local")
    faulty refused address-internal -subj / $(san "IP:192.168.1.1")
    faulty refused address-internal -subj / $(san "IP:fe80::1")
    faulty refused name-kind -subj / $(san "DNS:$HOST,email:a@mydomain.pl")
    faulty refused name-kind -subj / $(san "DNS:$HOST,URI:https://mydomain.pl/")
    faulty advice name-twice -subj / $(san "DNS:$HOST,DNS:$HOST")
    faulty advice name-covered -subj / $(san "DNS:$HOST,DNS:*.mydomain.pl")
    faulty broken email-form -subj "/CN=x" $(san "email:a@@mydomain.pl")
    faulty refused subject-country -subj "/C=pl/O=x" $(san "DNS:$HOST")
    faulty refused subject-empty -subj "/O=-" $(san "DNS:$HOST")
    faulty advice subject-default -subj "/O=Internet Widgits Pty Ltd" $(san "DNS:$HOST")
    faulty advice subject-unit -subj "/O=x/OU=y" $(san "DNS:$HOST")
    faulty refused ca-certificate -subj / $(san "DNS:$HOST") -addext basicConstraints=critical,CA:TRUE
    faulty refused ca-usage -subj / $(san "DNS:$HOST") -addext keyUsage=digitalSignature,keyCertSign
    faulty advice usage-rsa-only -subj / $(san "DNS:$HOST") -addext keyUsage=digitalSignature,keyEncipherment
    faulty advice must-staple -subj / $(san "DNS:$HOST") -addext tlsfeature=status_request
    faulty advice client-auth -subj / $(san "DNS:$HOST") -addext extendedKeyUsage=serverAuth,clientAuth
    faulty advice extension-ignored -subj / $(san "DNS:$HOST") -addext certificatePolicies=1.2.3.4
    faulty advice names-many -subj / $(san "$(printf 'DNS:n%d.mydomain.pl,' {1..101})DNS:$HOST")
    faulty refused digest -sha1 -subj / $(san "DNS:$HOST")
}
check 16 bad.csr
expect_in "SHA1, which is broken" text
expect_found refused digest

# IDN as it is typed, and a terminal's escapes in a name: said, and not obeyed.
printf '[req]\ndistinguished_name=d\nreq_extensions=e\n[d]\n[e]\nsubjectAltName=DNS:\xc5\xbc\xc3\xb3\xc5\x82w.pl\n' >idn.cnf
openssl req -new -key p256.key -config idn.cnf -subj / -out idn.csr
check 16 idn.csr
expect_found broken name-idn
expect_in "idn2" text
openssl req -new -key p256.key -config /dev/null -subj $'/CN=\e]0;evil\a.mydomain.pl' -out escape.csr
check 16 escape.csr
expect_found broken subject-control
if grep -q $'[\e\a]' text out; then
    fail "an escape sequence came through"
fi

# Keys.
for bits in 1024 2047; do
    openssl req -new -newkey rsa:$bits -nodes -keyout k.pem -config /dev/null -subj / -addext "subjectAltName=DNS:$HOST" \
        -out short.csr 2>/dev/null
    check 16 --private-ca short.csr
    expect_found broken rsa-short
done
openssl req -new -key rsa2048.key -config /dev/null -subj "/O=Company" -out code2048.csr
check 16 code2048.csr --profile code-signing
expect_found refused rsa-short
for curve in secp256k1 brainpoolP256r1; do
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:$curve -nodes -keyout k.pem -config /dev/null -subj / \
        -addext "subjectAltName=DNS:$HOST" -out curve.csr 2>/dev/null
    check 16 curve.csr
    expect_found refused ec-curve
done
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -nodes -keyout k.pem \
    -config /dev/null -subj / -addext "subjectAltName=DNS:$HOST" -out explicit.csr 2>/dev/null
check 16 --private-ca explicit.csr
expect_found broken ec-explicit
openssl req -new -newkey ed25519 -nodes -keyout k.pem -config /dev/null -subj / -addext "subjectAltName=DNS:$HOST" \
    -out edwards.csr 2>/dev/null
check 16 edwards.csr
expect_found refused edwards
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out e3.key 2>/dev/null
openssl req -new -key e3.key -config /dev/null -subj / -addext "subjectAltName=DNS:$HOST" -out e3.csr
check 16 e3.csr
expect_found refused rsa-exponent

# A signature that does not fit, after a bit was changed; a challenge password; more in the file.
python3 - good.der broken.der <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
place = data.find(b"mydomain")
data[place] ^= 1
open(sys.argv[2], "wb").write(data)
PYTHON
openssl req -inform DER -in broken.der -out broken.csr
check 16 broken.csr --private-ca
expect_found broken signature
strangers broken.csr no
printf '[req]\ndistinguished_name=d\nattributes=a\nprompt=no\n[d]\nCN=%s\n[a]\nchallengePassword=secret\n' "$HOST" >challenge.cnf
openssl req -new -key p256.key -config challenge.cnf -out challenge.csr
check 0 challenge.csr
expect_found advice challenge-password
cat p256.key good.csr >both.pem
check 16 --private-ca both.pem
expect_found broken private-key
cat good.csr good.csr >two.pem
check 0 two.pem
expect_found advice several

# ---- what is no request -----------------------------------------------------------------------------

check 1 p256.key
expect_in "holds a private key" err
check 1 /dev/null
expect_in "not a regular file" err
: >empty.csr
check 1 empty.csr
expect_in "no certificate request" err
check 5 missing.csr
expect_in "No such file" err
head -c 400000 /dev/zero >huge
check 1 huge
expect_in "longer than" err
head -c 100 good.der >cut.der
check 1 cut.der
expect_in "no certificate request" err
sed '3d' good.csr >cut.csr
check 1 cut.csr
check 2 --profile everything good.csr
check 2
"$REISSUE" check --help | grep -q -- --private-ca || fail "no help"
