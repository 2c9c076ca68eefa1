# SPDX-License-Identifier: BSD-2-Clause
"""A server that misbehaves as its URL's first part says: https://localhost:14002/SCENARIO/dir."""
import base64
import email.utils
import http.server
import json
import ssl
import sys
import time

PORT = 14002
BASE = f"https://localhost:{PORT}"
PROBLEM = "application/problem+json"


def directory(scenario):
    names = ["newNonce", "newAccount", "newOrder", "revokeCert", "keyChange", "renewalInfo"]
    return {name: f"{BASE}/{scenario}/{name}" for name in names}


def order(scenario, **changes):
    found = {
        "status": "pending",
        "identifiers": [{"type": "dns", "value": "a.example.org"}],
        "authorizations": [f"{BASE}/{scenario}/authz"],
        "finalize": f"{BASE}/{scenario}/finalize",
    }
    found.update(changes)
    return found


def challenge(scenario, token):
    return {
        "status": "pending",
        "identifier": {"type": "dns", "value": "a.example.org"},
        "challenges": [
            {"type": "http-01", "url": f"{BASE}/{scenario}/c", "status": "pending", "token": token}
        ],
    }


def problem(kind, detail, **more):
    return {"type": "urn:ietf:params:acme:error:" + kind, "detail": detail, **more}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, body, status=200, headers=(), kind="application/json"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.command != "GET":
            self.send_header("Replay-Nonce", "bm9uY2U")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def drip(self):
        """A byte now and then, for ever."""
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while True:
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)

    def endless(self):
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b'{"a": "' + b"x" * 65536)

    def do_HEAD(self):
        self.answer(b"")

    def do_GET(self):
        _, scenario, what = self.path.split("?")[0].split("/")[:3]
        if what == "renewalInfo":
            return self.renewal(scenario)
        bodies = {
            "deep": b"[" * 100000 + b"]" * 100000,
            "deep-object": b'{"a":' * 17 + b"1" + b"}" * 17,
            "no-json": b"<html>",
            "cut-off": b'{"newNonce": "https://localhost',
            "twice": b'{"newNonce": "https://a/", "newNonce": "https://b/"}',
            "no-utf8": b'{"newNonce": "\xff"}',
            "array": b"[]",
            "types": json.dumps(dict(directory(scenario), newOrder=17)).encode(),
            "http": json.dumps(dict(directory(scenario), newOrder="http://localhost/x")).encode(),
            "user": json.dumps(dict(directory(scenario), newOrder="https://a:b@localhost/x")).encode(),
            "empty": b"",
        }
        if scenario == "endless":
            return self.endless()
        if scenario == "drip":
            return self.drip()
        if scenario == "headers":
            return self.answer(b"{}", headers=[("X-%d" % i, "x" * 8000) for i in range(12)])
        if scenario == "redirect":
            return self.answer(b"", 302, [("Location", f"{BASE}/good/dir")])
        if scenario == "elsewhere": # another server is named for what is signed
            other = dict(directory(scenario), newNonce="https://127.0.0.1:14002/elsewhere/newNonce")
            return self.answer(other)
        if scenario == "elsewhere-order":
            return self.answer(dict(directory(scenario), newOrder="https://127.0.0.1:14002/x/newOrder"))
        if scenario == "down":
            return self.answer(b"<html>", 503, [("Retry-After", "120")], "text/html")
        return self.answer(bodies.get(scenario, directory(scenario)))

    def renewal(self, scenario):
        window = {"start": "2031-01-02T03:04:05Z", "end": "2031-01-03T05:04:05.25+02:00"}
        found = {"suggestedWindow": window, "explanationURL": "https://localhost/why"}
        if scenario == "window":
            window["end"] = window["start"]
        if scenario == "window-time":
            window["end"] = "2031-13-03T03:04:05Z"
        return self.answer(found, headers=[("Retry-After", "21600")])

    def do_POST(self):
        jws = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        payload = base64.urlsafe_b64decode(jws["payload"] + "==").decode()
        _, scenario, what = self.path.split("?")[0].split("/")[:3]
        print(scenario, what, payload, flush=True)
        if scenario == "lost" and what == "newOrder": # carried out, and the answer is lost
            self.close_connection = True
            self.connection.close()
            return None
        if what == "newAccount":
            return self.answer({"status": "valid"}, 201, [("Location", f"{BASE}/{scenario}/account")])
        if what == "account":
            return self.answer({"status": "valid", "orders": f"{BASE}/{scenario}/list"})
        if what in ("list", "more"):
            return self.list(scenario)
        if what == "authz":
            return self.authorization(scenario)
        if what == "certificate":
            return self.certificate(scenario)
        return self.order(scenario)

    def list(self, scenario):
        links = {"circle": f'<{BASE}/circle/list>;rel="next"', "list-elsewhere": '<https://127.0.0.1:14002/x>;rel="next"'}
        if scenario == "pages": # each leads to another
            number = int(self.path.split("?")[1]) + 1 if "?" in self.path else 1
            links["pages"] = f'<more?{number}>; rel="next"'
        return self.answer({"orders": [f"{BASE}/{scenario}/o"]}, headers=[("Link", links.get(scenario, ""))])

    def authorization(self, scenario):
        tokens = {
            "token-path": "../../../../etc/cron.d/x",
            "token-shell": "$(reboot)",
            "token-empty": "",
            "token-long": "x" * 10000,
            "token-number": 7,
            "token-nul": "abc\0def",
        }
        found = challenge(scenario, tokens.get(scenario, "dG9rZW4"))
        if scenario == "identifier":
            found["identifier"]["value"] = "a.example.org; reboot"
        if scenario == "challenges":
            found["challenges"] *= 100
        return self.answer(found)

    def certificate(self, scenario):
        bodies = {
            "chain-key": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "chain-empty": b"",
            "chain-broken": b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
            "chain-bytes": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        }
        if scenario in bodies:
            return self.answer(bodies[scenario], kind="application/pem-certificate-chain")
        with open("server.pem", "rb") as file:
            return self.answer(file.read() * 21, kind="application/pem-certificate-chain")

    def order(self, scenario):
        subproblems = [
            {"type": "urn:ietf:params:acme:error:caa", "detail": "CAA\x1b]0;owned\x07 forbids",
             "identifier": {"type": "dns", "value": "b.example.org"}},
        ]
        soon = email.utils.formatdate(time.time() + 100, usegmt=True)
        problems = {
            "nonce": (problem("badNonce", "once more"), 400, []),
            "limit-seconds": (problem("rateLimited", "too many"), 429, [("Retry-After", "3600")]),
            "limit-date": (problem("rateLimited", "too many"), 429, [("Retry-After", soon)]),
            "limit-never": (problem("rateLimited", "too many"), 429, [("Retry-After", "9" * 30)]),
            "limit-bad": (problem("rateLimited", "too many"), 429, [("Retry-After", "soon")]),
            "limit-bare": ({}, 429, [("Retry-After", "60")]),
            "words": (problem("compound", "two \x1b[31mnames\u202e\u009b", subproblems=subproblems), 403, []),
            "words-long": (problem("malformed", "x" * 100000), 400, []),
            "words-types": ({"type": 7, "detail": []}, 400, []),
            "terms": (problem("userActionRequired", "new terms", instance="https://localhost/terms"), 403, []),
            "replaced": (problem("alreadyReplaced", "there is one"), 409, []),
            "trouble": (b"<html>", 500, []),
            "refuse": (b"", 403, []),
            "teapot": (b"", 204, []),
        }
        if scenario in problems:
            body, status, headers = problems[scenario]
            return self.answer(body, status, headers, PROBLEM)
        found = {
            "foreign": order(scenario, identifiers=[{"type": "dns", "value": "b.example.org"}]),
            "status": order(scenario, status="maybe"),
            "no-status": {},
            "no-certificate": order(scenario, status="valid"),
            "no-authorizations": order(scenario, authorizations=[]),
            "http-authorization": order(scenario, authorizations=["http://localhost/x"]),
            "many": order(scenario, authorizations=[f"{BASE}/a"] * 1001),
            "expires": order(scenario, expires="tomorrow"),
        }.get(scenario, order(scenario))
        headers = [] if scenario == "no-location" else [("Location", f"/{scenario}/order")]
        return self.answer(found, 201, headers + [("Retry-After", "7")])

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that breaks off is what this is for; anything else is a fault of this file."""
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
CONTEXT.load_cert_chain("server.pem", "server.key")
SERVER = Server(("127.0.0.1", PORT), Handler)
SERVER.socket = CONTEXT.wrap_socket(SERVER.socket, server_side=True)
SERVER.serve_forever()
