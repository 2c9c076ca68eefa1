#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# CMP: a first certificate by a shared secret (ir), its successor by its own key on the card (kur), others by a
# client's certificate (cr), a request of somebody else's (p10cr), revocation (rr); waiting from process to process;
# implicit and explicit confirmation. Each key proves its possession, and the CA checks that.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/cmp_lib.sh"

NAME=www.example.org
export CARD_PIN=$PIN
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory --batch)

cmp_make
echo shared-secret >secret
chmod 600 secret
pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9d=p256

# What is to be succeeded first: of no CA at all.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout first.key -out first.crt -subj "/CN=$NAME" \
    -addext "subjectAltName=DNS:$NAME" -addext keyUsage=digitalSignature -days 3 2>/dev/null

# ---- a shared secret ---------------------------------------------------------------------------------------

cmp_start --secret shared-secret
cmp_config "secret-reference = client" "secret-file = $WORK/secret" "recipient = /O=Example/CN=ca"
expect_reissue 0 start first.crt --ca company --new-key card:slot=9a --alg P-256 --overwrite-key "${SECRETS[@]}"
[[ $(cmp_said) == "got:ir sent:ip got:certConf confirmed:accepted sent:pkiConf" ]] || fail "$(cmp_said)"
key_works "$NAME"
cmp "$(live "$NAME" cert.pem)" cmp/issued/*.pem
cmp_stop
[[ -z $(revocation_of "$(live "$NAME" cert.pem)") ]]

# ---- its own key -------------------------------------------------------------------------------------------

# signatures: how often the card has signed since apdu_log_clear.
signatures() {
    apdu_log | jq -r 'select(.ins == "87" and .sw == "9000") | .ins' | wc -l
}

# The old key signs the request and the confirmation, the new one proves its possession; the CA revokes the old one
# because the old key asks for it.
cmp_start
cmp_config "ca-file = $WORK/cmp/ca.pem"
expect_reissue 0 config check
cp "$(live "$NAME" cert.pem)" old.pem
cmp_forget
expect_reissue 0 start "$NAME" --ca company --new-key card:slot=9d --alg P-256 --overwrite-key --revoke now "${SECRETS[@]}"
[[ $(cmp_said) == "got:kur sent:kup got:certConf confirmed:accepted sent:pkiConf got:rr sent:rp" ]] || fail "$(cmp_said)"
key_works "$NAME"
[[ $(revocation_of old.pem) == 4 ]] || fail "the old one is not revoked as superseded: $(<cmp/revoked)"
openssl verify -CAfile cmp/ca.pem "$(live "$NAME" cert.pem)"
openssl x509 -in "$(live "$NAME" cert.pem)" -noout -ext subjectAltName | grep -q "DNS:$NAME"
openssl storeutl -provider default -provider card -certs "card:slot=9d" | openssl x509 | cmp - "$(live "$NAME" cert.pem)"

# A request that the same key signs; implicit confirmation, where both want it.
cmp_stop
cmp_start --implicit-confirm
cmp_forget
expect_reissue 0 start "$NAME" --ca company --key card:slot=9d "${SECRETS[@]}"
[[ $(cmp_said) == "got:kur sent:kup got:certConf confirmed:accepted sent:pkiConf" ]] || fail "$(cmp_said)"
cmp_config "ca-file = $WORK/cmp/ca.pem" "implicit-confirm = yes"
cmp_forget
expect_reissue 0 start "$NAME" --ca company --key card:slot=9d "${SECRETS[@]}"
[[ $(cmp_said) == "got:kur sent:kup" ]] || fail "$(cmp_said)"
cmp_stop

# ---- who else may ask --------------------------------------------------------------------------------------

# A client of the CA's (cr), by a file and on the card; a request that was made elsewhere (p10cr); revocation by
# name. A stranger's certificate asks by ir; and the CA does not trust it.
cmp_start
certify /CN=operator operator
cmp_config "ca-file = $WORK/cmp/ca.pem" "client-certificate = $WORK/operator.pem" "client-key = $WORK/operator.key"
cmp_forget
expect_reissue 0 start first.crt --ca company --new-key file.key --name file --batch
[[ $(cmp_said) == "got:cr sent:cp got:certConf confirmed:accepted sent:pkiConf" ]] || fail "$(cmp_said)"
key_works file
openssl req -new -newkey rsa:2048 -nodes -keyout given.key -subj "/CN=given.example.org" -out given.csr 2>/dev/null
cmp_forget
expect_reissue 0 start --csr given.csr --name given --ca company --batch
[[ $(cmp_said) == "got:p10cr sent:cp got:certConf confirmed:accepted sent:pkiConf" ]] || fail "$(cmp_said)"
cp "$(live given cert.pem)" given.pem
expect_reissue 0 revoke given.pem --ca company --reason cessation --yes --batch
[[ $(revocation_of given.pem) == 5 ]] || fail "$(<cmp/revoked)"
expect_reissue 0 revoke given.pem --ca company --reason cessation --yes --batch
cmp_config "ca-file = $WORK/cmp/ca.pem" "client-certificate = card:slot=9d"
cmp_forget
expect_reissue 0 start first.crt --ca company --new-key card2.key --name card2 "${SECRETS[@]}"
[[ $(cmp_said) == "got:cr sent:cp got:certConf confirmed:accepted sent:pkiConf" ]] || fail "$(cmp_said)"
cmp_config "ca-file = $WORK/cmp/ca.pem" "client-certificate = $WORK/first.crt" "client-key = $WORK/first.key"
expect_reissue 13 start first.crt --ca company --new-key stranger.key --name stranger --batch
expect_in "the CA says" err
cmp_config "ca-file = $WORK/cmp/ca.pem"
expect_reissue 2 start first.crt --ca company --new-key nobody.key --name nobody --batch
expect_in "client-certificate" err
expect_reissue 2 start "$NAME" --ca company --new-key nobody.key --name nobody --reason compromised-key --batch
[[ ! -e nobody.key ]] || fail "a key was made for nothing"

# A key that cannot sign messages can be certified all the same.
if ! openssl_at_least 3.1; then
    certify /CN=ed ed
    cmp_config "ca-file = $WORK/cmp/ca.pem" "client-certificate = $WORK/operator.pem" "client-key = $WORK/operator.key"
    expect_reissue 0 start ed.pem --ca company --new-key ed25519.key --alg Ed25519 --name ed --batch
    cmp_config "ca-file = $WORK/cmp/ca.pem"
    expect_reissue 9 start ed --ca company --new-key ed2.key --batch
    expect_in "have another one ask" err
    expect_reissue 0 cancel "$(open_jobs | tail -n 1)"
fi

# ---- waiting, from process to process ----------------------------------------------------------------------

expect_reissue 0 cancel "$(open_jobs)"
behave "wait 2 3600"
cmp_forget
expect_reissue 12 start "$NAME" --ca company --new-key card:slot=9a --alg P-256 --overwrite-key "${SECRETS[@]}"
expect_in "waits for the CA" out
apdu_log_clear
expect_reissue 12 resume "${SECRETS[@]}"
(($(signatures) == 1)) || fail "$(signatures) signatures for one question"
expect_reissue 0 resume "${SECRETS[@]}"
[[ $(cmp_said) == "got:kur sent:kup got:pollReq sent:pollRep got:pollReq sent:pollRep got:pollReq sent:kup got:certConf confirmed:accepted sent:pkiConf" ]] ||
    fail "$(cmp_said)"
(($(issued) == 1)) || fail "$(issued) certificates"
key_works "$NAME"

# ---- another card ------------------------------------------------------------------------------------------

# While the CA thinks: the card is pulled, another one put in, with a key in the same slot. Nobody asks with that; the
# certificate is waited for all the same, and the right card goes on.
behave "wait 1 3600"
expect_reissue 12 start "$NAME" --ca company --new-key card:slot=9d --alg P-256 --overwrite-key "${SECRETS[@]}"
cp "$(live "$NAME" cert.pem)" old.pem
card_remove
expect_reissue 4 resume "${SECRETS[@]}"
card_insert --profile yubikey --state "$WORK/other.state" --key 9a=p256 --key 9d=p256
expect_reissue 4 resume "${SECRETS[@]}"
cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "another certificate is in use"
card_remove
card_insert
expect_reissue 0 resume "${SECRETS[@]}"
key_works "$NAME"
expect_reissue 0 start "$NAME" --ca company --new-key card:slot=9a --alg P-256 --overwrite-key "${SECRETS[@]}"

# ---- over https --------------------------------------------------------------------------------------------

# The CA's own certificates are trusted for the server as well as for messages, and no others.
make_ca
cat ca.pem cmp/ca.pem >both.pem
touch lose
python3 "$HERE/lossy_proxy.py" 8443 http:8080 server.pem server.key ca.pem lose 2>proxy.err &
wait_until 30 "the proxy" _port_open 8443
cmp_config "ca-file = $WORK/both.pem"
sed -i 's|^url = .*|url = https://localhost:8443/pkix/|' reissue.conf
expect_reissue 0 start "$NAME" --ca company --key card:slot=9a "${SECRETS[@]}"
sed -i "s|^ca-file = .*|ca-file = $WORK/cmp/ca.pem|" reissue.conf
expect_reissue 14 start "$NAME" --ca company --key card:slot=9a "${SECRETS[@]}"
expect_in "cannot show that it is that server" err

# ---- a stranger's server -----------------------------------------------------------------------------------

# OpenSSL's mock server answers with the certificate that it was given, here for the key in slot 9a.
expect_reissue 0 cancel "$(open_jobs)"
openssl req -new -provider default -provider card -key "card:slot=9a?pin-source=env:CARD_PIN" -subj "/CN=$NAME" -out mock.csr
openssl x509 -req -in mock.csr -CA cmp/ca.pem -CAkey cmp/ca.key -days 20 -out mock.pem \
    -extfile <(echo "subjectAltName=DNS:$NAME") 2>/dev/null
openssl cmp -config '' -port 8888 -srv_ref client -srv_secret pass:shared-secret -rsp_cert mock.pem >mock.out 2>mock.err &
wait_until 20 "the mock server" grep -q ACCEPT mock.out
cmp_config "secret-reference = client" "secret-file = $WORK/secret" "recipient = /O=Example/CN=ca"
sed -i 's|^url = .*|url = http://127.0.0.1:8888/pkix/|' reissue.conf
expect_reissue 0 start "$NAME" --ca company --key card:slot=9a "${SECRETS[@]}"
cmp <(openssl x509 -in mock.pem) <(openssl x509 -in "$(live "$NAME" cert.pem)") || fail "another certificate is live"
