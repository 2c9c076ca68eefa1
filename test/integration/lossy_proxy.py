# SPDX-License-Identifier: BSD-2-Clause
"""An https server in front of another one, which loses answers: lossy_proxy.py PORT BACKEND CERT KEY CA LOSE

BACKEND is a port of localhost's with https, or "http:PORT".
LOSE is a file with the beginnings of paths, one a line: the answer to the next POST for one of them is thrown
away after the backend has acted, the connection is cut, and the line is taken out of the file.
"""
import http.client
import http.server
import ssl
import sys

port, backend, certificate, key, ca, lose = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)


def is_lost(path):
    with open(lose, encoding="ascii") as file:
        lines = file.read().split()
    for line in lines:
        if path.startswith(line):
            lines.remove(line)
            with open(lose, "w", encoding="ascii") as file:
                file.write("\n".join(lines))
            return True
    return False


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self):
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        if backend.startswith("http:"):
            connection = http.client.HTTPConnection("localhost", int(backend[5:]))
        else:
            connection = http.client.HTTPSConnection("localhost", int(backend), context=context)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        data = answer.read()
        if self.command == "POST" and is_lost(self.path):
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_HEAD = forward

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Proxy)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
server.socket = tls.wrap_socket(server.socket, server_side=True)
server.serve_forever()
