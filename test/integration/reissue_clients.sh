#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# One request, made by the card and `openssl req`, and three clients of the same server: certbot, uacme and ours. The
# certificates are for the same key and the same names.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

acme_begin
make_config
pcscd_start
card_insert --profile yubikey --key 9a=p256

openssl req -new -provider default -provider card -key card:slot=9a -passin "pass:$PIN" -subj "/CN=www.example.org" \
    -addext "subjectAltName=DNS:www.example.org,DNS:example.org" -out request.csr
openssl req -in request.csr -noout -verify 2>/dev/null

# Whom the others trust: the test's CA, for this namespace alone.
mount --bind ca.pem /etc/ssl/certs/ca-certificates.crt

env -u OPENSSL_MODULES REQUESTS_CA_BUNDLE="$WORK/ca.pem" timeout 100 certbot certonly --standalone --http-01-port 5002 --csr request.csr \
    --server "$DIRECTORY" --agree-tos --register-unsafely-without-email --non-interactive --config-dir certbot \
    --work-dir certbot --logs-dir certbot --cert-path certbot.pem --chain-path certbot.chain --fullchain-path certbot.full \
    >certbot.out 2>&1 || fail "certbot: $(<certbot.out)"

# uacme leaves the challenge to a hook, and the web server to others.
mkdir -p www/.well-known/acme-challenge
cat >uacme.hook <<'END'
#!/bin/sh
# METHOD TYPE IDENTIFIER TOKEN KEY-AUTHORIZATION
[ "$2" = http-01 ] || exit 1
file="$(dirname "$0")/www/.well-known/acme-challenge/$4"
case $1 in
begin) printf %s "$5" >"$file" ;;
*) rm -f "$file" ;;
esac
END
chmod 755 uacme.hook
/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory www 5002 >web.log 2>&1 &
WEB_PID=$!
wait_until 30 "the web server" _port_open 5002
timeout 100 uacme -c uacme.d -a "$DIRECTORY" -y new >uacme.out 2>&1 || fail "uacme: $(<uacme.out)"
timeout 100 uacme -c uacme.d -a "$DIRECTORY" -h "$WORK/uacme.hook" issue request.csr >uacme.out 2>&1 ||
    fail "uacme: $(<uacme.out)"
kill "$WEB_PID"
wait "$WEB_PID" 2>/dev/null || true

expect_reissue 0 start --csr request.csr --name ours --ca pebble --batch

names_of() {
    openssl x509 -in "$1" -noout -ext subjectAltName | tail -n 1 | tr -d ' ' | tr , '\n' | sort | paste -sd,
}
for certificate in certbot.pem request-cert.pem "$(live ours cert.pem)"; do
    [[ $(spki_of "$certificate") == "$(openssl req -in request.csr -noout -pubkey)" ]] || fail "$certificate is for another key"
    [[ $(names_of "$certificate") == DNS:example.org,DNS:www.example.org ]] || fail "$certificate is for $(names_of "$certificate")"
done
