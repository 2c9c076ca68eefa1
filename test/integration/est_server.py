# SPDX-License-Identifier: BSD-2-Clause
"""A CA that speaks EST (RFC 7030), and issues: est_server.py PORT DIRECTORY CERTIFICATE KEY [LABEL]

DIRECTORY has ca.pem and ca.key, other.pem and other.key (which nobody trusts), and perhaps csrattrs.der and
"password" ("basic NAME PASSWORD" or "digest NAME PASSWORD"). It gets issued/ and "log". The lines of its file
"behave" make it misbehave, each once.
"""
import base64
import hashlib
import http.server
import os
import re
import ssl
import subprocess
import sys

port, directory, certificate, key = sys.argv[1:5]
label = sys.argv[5] if len(sys.argv) > 5 else None
base = "/.well-known/est/" + (label + "/" if label else "")
pending = {}


def path(name):
    return os.path.join(directory, name)


def log(text):
    with open(path("log"), "a", encoding="ascii") as file:
        file.write(text + "\n")


def behaves(word):
    """What follows the word in a line of "behave", which is taken out; None where there is none."""
    try:
        with open(path("behave"), encoding="ascii") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    for line in lines:
        if line.split(" ")[0] == word:
            lines.remove(line)
            with open(path("behave"), "w", encoding="ascii") as file:
                file.write("".join(one + "\n" for one in lines))
            return line[len(word) + 1:]
    return None


def openssl(*arguments, data=None):
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr.decode(errors="replace").splitlines()[0])
    return done.stdout


def names(kind, data, form):
    text = openssl(kind, "-inform", form, "-noout", "-text", data=data).decode()
    found = re.search(r"Subject Alternative Name:[^\n]*\n\s*([^\n]*)", text)
    subject = openssl(kind, "-inform", form, "-noout", "-subject", "-nameopt", "RFC2253", data=data)
    return subject, found.group(1) if found else ""


def issue(request):
    """A certificate for a request in DER, in PEM."""
    signer = "other" if behaves("other-ca") is not None else "ca"
    extra = ["-copy_extensions", "copyall"] if behaves("no-names") is None else []
    if behaves("other-key") is not None:
        public = openssl("pkey", "-in", path("other.key"), "-pubout")
        with open(path("other.pub"), "wb") as file:
            file.write(public)
        extra += ["-force_pubkey", path("other.pub")]
    subject = "ca.pem"
    if signer == "other":
        subject = "other.pem"
    pem = openssl("x509", "-req", "-inform", "DER", "-days", "30", "-CA", path(subject),
                  "-CAkey", path(signer + ".key"), *extra, data=request)
    serial = openssl("x509", "-noout", "-serial", data=pem).decode().strip().split("=")[1]
    os.makedirs(path("issued"), exist_ok=True)
    with open(path("issued/" + serial + ".pem"), "wb") as file:
        file.write(pem)
    log("issued " + serial)
    return pem


def certs_only(pem):
    with open(path("out.pem"), "wb") as file:
        file.write(pem)
    return openssl("crl2pkcs7", "-nocrl", "-certfile", path("out.pem"), "-outform", "DER")


def digest(text):
    return hashlib.md5(text.encode()).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, media_type="", body=b"", **headers):
        if behaves("lose") is not None:
            log("lost " + str(status))
            self.close_connection = True
            return
        self.send_response_only(status)
        if media_type:
            self.send_header("Content-Type", media_type)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        log("sent " + str(status))

    def answer_der(self, media_type, der):
        body = base64.encodebytes(der)
        if behaves("truncate") is not None:
            body = body[:len(body) // 8 * 4]
        if behaves("nonsense") is not None:
            body = b"!" * 100
        if behaves("damage") is not None:
            body = base64.encodebytes(der[:40] + bytes([der[40] ^ 0xFF]) + der[41:])
        if behaves("huge") is not None:
            body = body * 1000
        self.answer(200, media_type, body)

    def is_known(self):
        """Whether the password is right, where there is one to know."""
        try:
            with open(path("password"), encoding="ascii") as file:
                method, name, password = file.read().split()
        except FileNotFoundError:
            return False
        sent = self.headers.get("Authorization", "")
        if method == "basic":
            return sent == "Basic " + base64.b64encode((name + ":" + password).encode()).decode()
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', sent))
        if not sent.startswith("Digest ") or fields.get("nonce") != "abc":
            return False
        first = digest(name + ":est:" + password)
        second = digest(self.command + ":" + self.path)
        return fields["response"] == digest(":".join(
            [first, "abc", fields["nc"], fields["cnonce"], fields["qop"], second]))

    def ask_for_password(self):
        try:
            with open(path("password"), encoding="ascii") as file:
                method = file.read().split()[0]
        except FileNotFoundError:
            method = "basic"
        wanted = 'Basic realm="est"'
        if method == "digest":
            wanted = 'Digest realm="est", nonce="abc", qop="auth"'
        self.answer(401, WWW_Authenticate=wanted)

    def do_GET(self):
        log("got " + self.path)
        if self.path == base + "cacerts":
            with open(path("ca.pem"), "rb") as file:
                pem = file.read()
            self.answer_der("application/pkcs7-mime", certs_only(pem))
        elif self.path == base + "csrattrs" and os.path.exists(path("csrattrs.der")):
            with open(path("csrattrs.der"), "rb") as file:
                self.answer_der("application/csrattrs", file.read())
        elif self.path == base + "csrattrs":
            self.answer(204)
        else:
            self.answer(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        log("got " + self.path)
        client = self.connection.getpeercert(binary_form=True)
        if client is None and not self.is_known():
            self.ask_for_password()
            return
        try:
            request = base64.b64decode(b"".join(body.split()), validate=True)
            openssl("req", "-inform", "DER", "-noout", "-verify", data=request)
        except ValueError as error:
            self.answer(400, "text/plain", str(error).encode())
            return
        if self.path == base + "simplereenroll":
            if client is None or names("x509", client, "DER") != names("req", request, "DER"):
                self.answer(403, "text/plain", b"not the same names")
                return
        elif self.path != base + "simpleenroll":
            self.answer(404)
            return
        self.decide(request)

    def decide(self, request):
        status = behaves("status")
        if status is not None:
            code, _, text = status.partition(" ")
            self.answer(int(code), "text/plain", text.replace("ESC", "\033").encode())
            return
        wait = behaves("wait")
        if wait is not None:
            pending[request] = int(wait.split()[0])
            self.after = wait.split()[1]
        if pending.get(request, 0) > 0:
            pending[request] -= 1
            self.answer(202, Retry_After=wait.split()[1] if wait else "3600")
            return
        pem = issue(request)
        self.answer_der("application/pkcs7-mime; smime-type=certs-only", certs_only(pem))

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Server)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
tls.verify_mode = ssl.CERT_OPTIONAL
tls.load_verify_locations(path("ca.pem"))
server.socket = tls.wrap_socket(server.socket, server_side=True)
server.serve_forever()
