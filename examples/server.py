#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""An HTTPS server whose key is on a smart card; mutual TLS when a CA for the clients is named.

    OPENSSL_CONF=/etc/ssl/openssl-card.cnf ./server.py 8443 CERTIFICATE KEY PIN_FILE [CLIENT_CA]

KEY is a key reference. What Python calls its password is the card's PIN. Python must be one that uses the
system's OpenSSL, as Debian's /usr/bin/python3 does.
"""
import http.server
import ssl
import sys

port, certificate, key, pin_file = sys.argv[1:5]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
with open(pin_file, encoding="ascii") as file:
    context.load_cert_chain(certificate, key, password=file.readline().strip())
if len(sys.argv) > 5:
    context.load_verify_locations(sys.argv[5])
    context.verify_mode = ssl.CERT_REQUIRED


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        client = self.connection.getpeercert() or {}
        names = [value for name in client.get("subject", ()) for kind, value in name if kind == "commonName"]
        body = f"Hello {names[0] if names else 'stranger'}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    def get_request(self):
        connection, address = super().get_request()
        # The handshake is made by the connection's own thread, when it first reads.
        return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


Server(("127.0.0.1", int(port)), Handler).serve_forever()
