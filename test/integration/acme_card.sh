#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ACME with keys on the card: the account's, the certificate's, and the one for mutual TLS.
source "$(dirname "$0")/lib.sh"
source "$HERE/acme_lib.sh"

export CARD_PIN=$PIN
P=(-provider default -provider card)
ACCOUNT_KEY='card:slot=9a?pin-source=env:CARD_PIN'
NEXT_KEY='card:slot=9d?pin-source=env:CARD_PIN'
LEAF_KEY='card:slot=9e?pin-source=env:CARD_PIN'

pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9d=p384 --key 9e=rsa2048
acme_begin PEBBLE_WFE_NONCEREJECT=30

# The account's key signs every request, the certificate's the CSR, and its revocation.
acme --key "$ACCOUNT_KEY" account
account=$(value account)
openssl req -new "${P[@]}" -key "$LEAF_KEY" -subj / -addext subjectAltName=DNS:card.example.org -out leaf.csr
apdu_log_clear
acme --key "$ACCOUNT_KEY" --account "$account" --counts --method http --port 5002 --csr leaf.csr --out leaf.pem \
    issue card.example.org
[[ $(pins_sent) == 1 ]] || fail "$(pins_sent) PINs were sent"
signatures=$(apdu_log | jq -r 'select(.ins == "87") | .sw' | grep -c 9000)
(($(value exchanges) > signatures && signatures >= 6)) || fail "$signatures signatures, $(<out)"
[[ $(openssl x509 -in leaf.pem -noout -pubkey) == "$(openssl pkey "${P[@]}" -pubin -in 'card:slot=9e;type=public' -pubout)" ]] ||
    fail "the certificate is for another key"
acme --certificate-key "$LEAF_KEY" revoke leaf.pem 1
[[ $(revocation_status leaf.pem) == Revoked ]] || fail "$(revocation_status leaf.pem)"

# What the provider says of a wrong PIN comes through, and one try is spent.
apdu_log_clear
CARD_PIN=654321 acme_fails signature "cannot sign for ACME: wrong PIN: " --key "$ACCOUNT_KEY" --account "$account" show
[[ $(pins_sent) == 1 ]] || fail "$(pins_sent) PINs were sent"

# From one key on the card to another.
acme --key "$ACCOUNT_KEY" --account "$account" key-change "$NEXT_KEY"
acme --key "$NEXT_KEY" --account "$account" show
[[ $(value status) == 4 ]] || fail "$(<out)"

# A card that is gone: the provider's words come through.
card_remove
code=0
timeout 60 "$ACME_TOOL" --directory "$DIRECTORY" --ca ca.pem --key "$NEXT_KEY" --account "$account" show 2>err ||
    code=$?
((code != 0)) || fail "signed without a card"

# A CA that wants mutual TLS: the key on the card shows who we are.
card_insert --profile yubikey --key 9a=p256 --key 9d=p384 --key 9e=rsa2048
openssl req -x509 "${P[@]}" -key "$LEAF_KEY" -subj /CN=client -days 2 -out client.pem
cat >mutual.py <<'END'
import http.server, json, ssl
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        subject = self.connection.getpeercert()["subject"]
        base = "https://localhost:14443/"
        names = ["newNonce", "newAccount", "newOrder", "revokeCert", "keyChange"]
        body = json.dumps({name: base + name for name in names}).encode()
        print("client", subject[0][0][1], flush=True)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
context.verify_mode = ssl.CERT_REQUIRED
context.load_verify_locations("client.pem")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 14443), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
END
python3 mutual.py >mutual.log 2>mutual.err &
wait_until 30 "the server" _port_open 14443
at https://localhost:14443/dir
acme --client-key "$LEAF_KEY" --client-certificate client.pem directory
expect_in "client client" mutual.log
acme_fails network "broke off" directory
acme_fails argument "does not fit its key" --client-key "$ACCOUNT_KEY" --client-certificate client.pem directory
