# SPDX-License-Identifier: BSD-2-Clause
"""A stand-in for Certum's Partner API: certum_server.py PORT CERTIFICATE KEY CA CA_KEY DIRECTORY

It is written from the same facts as the client, and shares no code with it: SOAP 1.1 over https, orders that are
verified, issued (by openssl, from CA), revoked and cancelled. All it knows is in DIRECTORY:

  state.json    the orders
  orders/ID.pem certificates that were ordered before: what appears there is an order
  control.json  how it behaves; what is used once is taken out: see Control
  calls         the operations that were called, one a line
  mails         who was sent a mail, with which code, one a line
  followed      codes whose link in a mail was followed
  password      what the user "partner" has to show

Domains are really looked at: by DNS at 127.0.0.1:8053, by http at 127.0.0.1:5080.
"""
import datetime
import hashlib
import http.client
import http.server
import json
import pathlib
import secrets
import socket
import ssl
import struct
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SPACE = "http://webservice.api.muc.unizeto.pl/"
USER = "partner"

# What may follow the header, in the schema's order.
SEQUENCES = {
    "reissueCertificate": ["serialNumber", "X509Cert", "hashAlgorithm", "CSR", "SANApprover", "SANEntries", "userAgent"],
    "getOrderState": ["orderID"],
    "getOrderByOrderID": ["orderID", "orderOption"],
    "getModifiedOrders": ["fromDate", "orderOption", "pageNumber", "toDate"],
    "getOrdersByDateRange": ["fromDate", "orderOption", "pageNumber", "toDate"],
    "getExpiringCertificates": ["validityDaysLeft", "pageNumber"],
    "getCertificate": ["orderID", "serialNumber"],
    "getSanVerificationState": ["orderID"],
    "performSanVerification": ["code"],
    "addSanVerification": ["orderID", "SANApprover"],
    "addEmailVerification": ["orderID"],
    "revokeCertificate": ["revokeCertificateParameters"],
    "cancelOrder": ["cancelParameters"],
}


class Refusal(Exception):
    """An error of the service's, with its code."""

    def __init__(self, code, value=""):
        super().__init__(code)
        self.code, self.value = code, value


class Fault(Exception):
    """What SOAP says where a request cannot be read."""


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *words], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr.decode(errors="replace"))
    return done.stdout


def utc():
    return datetime.datetime.now(datetime.timezone.utc)


# ---- certificates and requests ---------------------------------------------------------------------------

def certificate_fields(pem):
    """Serial number, common name, DNS names, begin, end, key of a certificate."""
    text = openssl("x509", "-noout", "-serial", "-subject", "-nameopt", "multiline", "-dates", "-ext", "subjectAltName",
                   "-dateopt", "iso_8601", data=pem.encode()).decode()
    fields = {"names": [], "name": ""}
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("serial="):
            fields["serial"] = line[7:]
        elif line.startswith("commonName"):
            fields["name"] = line.split("=", 1)[1].strip()
        elif line.startswith(("notBefore=", "notAfter=")):
            key, value = line.split("=")
            fields[key] = value.replace(" ", "T")
        elif "DNS:" in line:
            fields["names"] = [part.strip()[4:] for part in line.split(",") if part.strip().startswith("DNS:")]
    fields["key"] = hashlib.sha256(openssl("x509", "-noout", "-pubkey", data=pem.encode())).hexdigest()
    return fields


def request_fields(pem):
    """The same for a request; a Refusal where it is no good."""
    try:
        openssl("req", "-noout", data=pem.encode())
    except ValueError as error:
        raise Refusal(2097) from error
    done = subprocess.run(["openssl", "req", "-noout", "-verify"], input=pem.encode(), capture_output=True, check=False)
    if done.returncode != 0 or b"failure" in done.stderr:
        raise Refusal(2125)
    text = openssl("req", "-noout", "-text", data=pem.encode()).decode()
    names = []
    for line in text.splitlines():
        if "DNS:" in line:
            names = [part.strip()[4:] for part in line.split(",") if part.strip().startswith("DNS:")]
        if "Public-Key: (" in line:
            bits = int(line.split("(")[1].split()[0])
            if "id-ecPublicKey" not in text and bits < 2048:
                raise Refusal(1000)
    public = openssl("req", "-noout", "-pubkey", data=pem.encode())
    return {"names": names, "key": hashlib.sha256(public).hexdigest()}


# ---- looking at domains ----------------------------------------------------------------------------------

def dns_answers(name, kind):
    """The TXT strings or CNAME targets of a name: a resolver of one question."""
    number = {"TXT": 16, "CNAME": 5}[kind]
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    packet = struct.pack(">HHHHHH", 4711, 0x0100, 1, 0, 0, 0) + question + struct.pack(">HH", number, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        try:
            udp.connect(("127.0.0.1", 8053))
            udp.send(packet)
            answer = udp.recv(4096)
        except OSError:
            return []
    found = []
    place = len(packet)
    for _ in range(struct.unpack(">H", answer[6:8])[0]):
        _, place = read_name(answer, place)
        kind_here, _, _, length = struct.unpack(">HHIH", answer[place:place + 10])
        place += 10
        if kind_here == number == 16:
            found.append(answer[place + 1:place + 1 + answer[place]].decode())
        elif kind_here == number:
            found.append(read_name(answer, place)[0])
        place += length
    return found


def read_name(packet, place):
    labels, end = [], None
    while packet[place] != 0:
        if packet[place] >= 0xC0:
            end = end or place + 2
            place = struct.unpack(">H", packet[place:place + 2])[0] & 0x3FFF
            continue
        labels.append(packet[place + 1:place + 1 + packet[place]].decode())
        place += 1 + packet[place]
    return ".".join(labels), end or place + 1


def file_content(name):
    connection = http.client.HTTPConnection("127.0.0.1", 5080, timeout=5)
    try:
        connection.request("GET", "/.well-known/pki-validation/certum.txt", headers={"Host": name})
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else ""
    except OSError:
        return ""


def is_published(method, name, code):
    name = name.removeprefix("*.")
    if method == "DNS_TXT_PREFIX":
        return code in dns_answers("_certum." + name, "TXT")
    if method == "DNS_CNAME_PREFIX":
        return code.lower() + ".certum.pl" in [target.rstrip(".").lower() for target in
                                               dns_answers("_certum." + name, "CNAME")]
    return method == "FILE" and file_content(name).strip() == code + "-certum.pl"


# ---- what it knows ---------------------------------------------------------------------------------------

class Control:
    """control.json: `lose`, a list of operations whose next answer is lost; `nonsense`, `error`: what the next answer
    to an operation is instead, by the operation's name; and what stays: `required`, further verifications;
    `reverify`: domains have to be verified although no name is new; `hide_keys`: orders show no request; `same_id`: a
    reissue keeps the order's number; `page`: orders on one; `fails`: what is not found fails at once; `reject`;
    `swap`: another certificate is handed out; `reasons`: for a revocation, beside the old ones."""

    def __init__(self, path):
        self.path = path
        try:
            self.values = json.loads(path.read_text())
        except FileNotFoundError:
            self.values = {}

    def get(self, name, otherwise=None):
        return self.values.get(name, otherwise)

    def take(self, name, operation):
        held = self.values.get(name, {})
        if operation not in held:
            return None
        value = held.pop(operation) if isinstance(held, dict) else held.remove(operation) or True
        self.path.write_text(json.dumps(self.values))
        return value


class Store:
    def __init__(self, directory):
        self.directory = directory
        self.path = directory / "state.json"
        self.orders = json.loads(self.path.read_text()) if self.path.exists() else []

    def save(self):
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.orders, indent=1))
        new.rename(self.path)

    def take_in(self):
        """Certificates that were ordered before."""
        for path in sorted((self.directory / "orders").glob("*.pem")):
            if not any(order["id"] == path.stem for order in self.orders):
                pem = path.read_text()
                self.orders.append({"id": path.stem, "date": "2026-01-02T03:04:05Z", "modified": utc().isoformat(),
                                    "reissue": False, "state": "ENROLLED", "certificate": pem, "status": "VALID",
                                    "verifications": {}, "product": "601", **certificate_fields(pem)})

    def append(self, name, line):
        with open(self.directory / name, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def by_id(self, number):
        found = [order for order in self.orders if order["id"] == number]
        if not found:
            raise Refusal(1033)
        return found

    def by_serial(self, serial):
        serial = serial.replace(":", "").lstrip("0").upper()
        for order in self.orders:
            if order.get("serial", "").lstrip("0") == serial:
                return order
        raise Refusal(1133)


# ---- the operations --------------------------------------------------------------------------------------

class Service:
    def __init__(self, directory, ca, ca_key):
        self.directory, self.ca, self.ca_key = directory, ca, ca_key
        self.store = Store(directory)
        self.control = Control(directory / "control.json")

    def call(self, operation, content):
        self.control = Control(self.directory / "control.json")
        self.store.take_in()
        self.follow_links()
        try:
            return getattr(self, operation)(content)
        finally:
            self.store.save()

    def follow_links(self):
        path = self.directory / "followed"
        codes = path.read_text().split() if path.exists() else []
        for order in self.store.orders:
            if order.get("code") in codes:
                order["verifications"]["DOMAIN"] = "VERIFIED"
            if order["id"] + ":EMAIL" in codes:
                order["verifications"]["EMAIL"] = "VERIFIED"

    # -- one order

    def reissueCertificate(self, content):
        old = self.store.by_serial(text(content, "serialNumber"))
        csr = text(content, "CSR")
        fields = request_fields(csr)
        if any(order["key"] == fields["key"] for order in self.store.orders):
            raise Refusal(1032)
        if old["status"] != "VALID" or old["notAfter"] < utc().isoformat():
            raise Refusal(2094)
        if any(order.get("predecessor") == old["serial"] for order in self.store.orders if order["state"] != "REJECTED"):
            raise Refusal(2126)
        added = [name.text for name in content.findall("SANEntries/SANEntry/DNSName")]
        if any(name in old["names"] for name in added):
            raise Refusal(2130)
        if any(name not in old["names"] + added for name in fields["names"]):
            raise Refusal(1147)
        order = {"id": old["id"] if self.control.get("same_id") else "R" + secrets.token_hex(4), "date": utc().isoformat(),
                 "modified": utc().isoformat(), "reissue": True, "state": "VERIFICATION", "csr": csr, "status": "",
                 "predecessor": old["serial"], "verifications": {}, "product": old["product"], "name": old["name"],
                 "names": fields["names"] or old["names"], "key": fields["key"], "notAfter": old["notAfter"]}
        to_verify = order["names"] if self.control.get("reverify") else added
        for kind in self.control.get("required", []):
            order["verifications"][kind] = "REQUIRED"
        if to_verify and content.find("SANApprover") is None:
            raise Refusal(2162)
        self.store.orders.append(order)
        order["verify"] = to_verify
        order["verifications"]["DOMAIN"] = "REQUIRED" if to_verify else "NOT_REQUIRED"
        verification = self.new_code(order, content.find("SANApprover")) if to_verify else ""
        return tag("orderID", order["id"]) + verification

    def new_code(self, order, approver):
        method = text(approver, "approverMethod")
        if method not in ("DNS_TXT_PREFIX", "DNS_CNAME_PREFIX", "FILE", "ADMIN"):
            raise Refusal(1042)
        if method == "FILE" and any(name.startswith("*.") for name in order["verify"]):
            raise Refusal(2186)
        prefix = text(approver, "approverEmailPrefix")
        if method == "ADMIN" and not prefix:
            raise Refusal(2159)
        order["method"], order["code"] = method, secrets.token_hex(16)
        parts = tag("approverMethod", method)
        if method == "ADMIN":
            address = prefix.lower() + "@" + order["verify"][0].removeprefix("*.")
            self.store.append("mails", address + " " + order["code"])
            parts += tag("approverEmail", address)
        else:
            parts += tag("code", order["code"])
        names = "".join(tag("FQDN", name) for name in order["verify"])
        return wrap("SANVerification", parts + wrap("FQDNs", names))

    def addSanVerification(self, content):
        order = self.store.by_id(text(content, "orderID"))[-1]
        if order["state"] not in ("AWAITING", "VERIFICATION"):
            raise Refusal(1176)
        if "DOMAIN" not in order["verifications"]:
            raise Refusal(1176)
        order["verifications"]["DOMAIN"] = "REQUIRED"
        return self.new_code(order, content.find("SANApprover"))

    def performSanVerification(self, content):
        code = text(content, "code")
        order = next((order for order in self.store.orders if order.get("code") == code), None)
        if order is None:
            raise Refusal(1186)
        if all(is_published(order["method"], name, code) for name in order["verify"]):
            order["verifications"]["DOMAIN"] = "VERIFIED"
        elif self.control.get("fails"):
            order["verifications"]["DOMAIN"] = "FAILED"
        return ""

    def addEmailVerification(self, content):
        order = self.store.by_id(text(content, "orderID"))[-1]
        if order["verifications"].get("EMAIL") != "REQUIRED":
            raise Refusal(1113)
        self.store.append("mails", "subject " + order["id"])
        return ""

    def getSanVerificationState(self, content):
        order = self.store.by_id(text(content, "orderID"))[-1]
        parts = ""
        for name in order.get("verify", []):
            state = order["verifications"]["DOMAIN"]
            failed = wrap("systemVerification", tag("method", "CAA") + tag("info", "not <allowed>")) \
                if state == "FAILED" else ""
            parts += wrap("sanVerification", tag("FQDN", name) + wrap("manualVerification", tag("state", state)) + failed)
        return wrap("sanVerifications", parts)

    def getOrderState(self, content):
        order = self.store.by_id(text(content, "orderID"))[-1]
        if order["state"] == "VERIFICATION" and self.control.get("reject"):
            order["state"] = "REJECTED"
        done = all(state in ("VERIFIED", "NOT_REQUIRED") for state in order["verifications"].values())
        if order["state"] == "ACCEPTED":
            self.issue(order)
        if order["state"] == "VERIFICATION" and done:
            order["state"] = "ACCEPTED"
        parts = "".join(wrap("verification", tag("type", kind) + tag("state", state) +
                             tag("expireDate", "2030-01-01T00:00:00Z"))
                        for kind, state in order["verifications"].items())
        return wrap("verifications", parts) + tag("lastUpdateDate", order["modified"]) + \
            tag("orderStatus", order["state"])

    def issue(self, order):
        """With the predecessor's end: that is the product's here."""
        end = datetime.datetime.fromisoformat(order["notAfter"].replace("Z", "+00:00"))
        days = max(1, (end - utc()).days)
        extensions = self.directory / "extensions"
        extensions.write_text("basicConstraints=critical,CA:false\n"
                              "authorityKeyIdentifier=keyid\n")
        pem = openssl("x509", "-req", "-CA", self.ca, "-CAkey", self.ca_key, "-days", str(days), "-copy_extensions", "copy",
                      "-extfile", str(extensions), "-set_serial", "0x" + "7" + secrets.token_hex(15),
                      data=order["csr"].encode()).decode()
        order.update(certificate_fields(pem))
        order.update(certificate=pem, state="ENROLLED", status="VALID", modified=utc().isoformat())

    def cancelOrder(self, content):
        order = self.store.by_id(text(content, "cancelParameters/orderID"))[-1]
        if order["state"] == "REJECTED":
            raise Refusal(1151)
        if order["state"] == "ENROLLED":
            raise Refusal(1136)
        order.update(state="REJECTED", modified=utc().isoformat())
        return ""

    # -- lists

    def describe(self, order):
        status = tag("customer", "customer") + tag("orderDate", order["date"]) + tag("orderID", order["id"]) + \
            tag("orderStatus", order["state"]) + tag("productCode", order["product"])
        details = ""
        if order.get("certificate"):
            status += tag("serialNumber", order["serial"])
            details = wrap("certificateDetails", tag("certificateStatus", order["status"]) +
                           tag("commonName", order["name"]) + tag("DNSNames", ",".join(order["names"])) +
                           tag("endDate", order["notAfter"]) + tag("serialNumber", order["serial"]) +
                           tag("startDate", order["notBefore"]) + tag("subjectName", "CN=" + order["name"]) +
                           tag("X509Cert", order["certificate"]))
        request = tag("CSR", order["csr"]) if order.get("csr") and not self.control.get("hide_keys") else ""
        reissue = ' reissue="true"' if order["reissue"] else ""
        return f"<Order{reissue}>{details}{wrap('orderDetails', request)}{wrap('orderStatus', status)}</Order>"

    def page_of(self, items, content):
        """What is on the page that is asked for, and what the header says of pages."""
        size = self.control.get("page", 50)
        page = int(text(content, "pageNumber") or "1")
        pages = max(1, (len(items) + size - 1) // size)
        if page > pages:
            raise Refusal(1155)
        self.pages = tag("currentPage", page), tag("pagesCount", pages)
        return items[(page - 1) * size:page * size]

    def list_orders(self, content, field):
        first, last = text(content, "fromDate"), text(content, "toDate")
        items = [order for order in self.store.orders
                 if first[:10] <= order[field][:10] <= last[:10] or field == "date" and order["date"] < first]
        return wrap("orders", "".join(self.describe(order) for order in self.page_of(items, content)))

    def getModifiedOrders(self, content):
        return self.list_orders(content, "modified")

    def getOrdersByDateRange(self, content):
        return self.list_orders(content, "date")

    def getOrderByOrderID(self, content):
        found = self.store.by_id(text(content, "orderID"))
        for order in found:
            if order["status"] == "REVOKING":
                order["status"] = "REVOKED"
        return wrap("orders", "".join(self.describe(order) for order in found))

    def getExpiringCertificates(self, content):
        days = int(text(content, "validityDaysLeft"))
        if not 1 <= days <= 30:
            raise Refusal(2052)
        last = (utc() + datetime.timedelta(days=days)).isoformat()
        items = [order for order in self.store.orders if order.get("certificate") and order["status"] == "VALID" and
                 utc().isoformat() < order["notAfter"] <= last]
        return "".join(wrap("expiringCertificates", tag("orderID", order["id"]) + tag("serialNumber", order["serial"]) +
                            tag("expiringDate", order["notAfter"]) + tag("validityDaysLeft", days))
                       for order in self.page_of(items, content))

    # -- certificates

    def getCertificate(self, content):
        number, serial = text(content, "orderID"), text(content, "serialNumber")
        if bool(number) == bool(serial):
            raise Refusal(1163 if number else 1162)
        order = self.store.by_id(number)[-1] if number else self.store.by_serial(serial)
        if not order.get("certificate"):
            raise Refusal(1159)
        above = pathlib.Path(self.ca).read_text()
        certificate = self.store.orders[0]["certificate"] if self.control.get("swap") else order["certificate"]
        return wrap("certificateDetails", tag("certificateStatus", order["status"]) +
                    tag("X509Cert", certificate)) + wrap("caBundle", tag("X509Cert", above))

    def revokeCertificate(self, content):
        parameters = content.find("revokeCertificateParameters")
        expect_sequence(parameters, ["keyCompromitationDate", "note", "revocationReason", "serialNumber"])
        order = self.store.by_serial(text(parameters, "serialNumber"))
        reason, day = text(parameters, "revocationReason"), text(parameters, "keyCompromitationDate")
        if reason not in ("UNSPECIFIED", "KEYCOMPROMISE", "AFFILIATIONCHANGED", "CESSATIONOFOPERATION",
                          "PRIVILEGEWITHDRAWN", *self.control.get("reasons", ["SUPERSEDED"])):
            raise Refusal(1135)
        if day and reason != "KEYCOMPROMISE":
            raise Refusal(2104)
        if day and not order["notBefore"][:10] <= day <= utc().isoformat()[:10]:
            raise Refusal(1141)
        if order["status"] == "REVOKING":
            raise Refusal(1143)
        if order["status"] == "REVOKED":
            raise Refusal(1145)
        order.update(status="REVOKING", reason=reason, modified=utc().isoformat())
        return ""


# ---- SOAP ------------------------------------------------------------------------------------------------

def tag(name, value):
    return f"<{name}>{escape(str(value))}</{name}>"


def wrap(name, content):
    return f"<{name}>{content}</{name}>"


def text(element, path):
    found = element.find(path)
    return "" if found is None or found.text is None else found.text


def expect_sequence(element, names):
    """That the children are those, in this order, each once at most."""
    places = []
    for child in element:
        if child.tag not in names:
            raise Fault("there is no " + child.tag + " here")
        places.append(names.index(child.tag))
    if places != sorted(set(places)):
        raise Fault("the order of the elements is wrong")


def read_request(body, headers):
    """The operation's name and its element, as this service takes them."""
    envelope = ElementTree.fromstring(body)
    operation = envelope.find(f"{{{SOAP}}}Body")[0]
    name = operation.tag.removeprefix("{" + SPACE + "}")
    if name not in SEQUENCES or headers.get("SOAPAction") != f'"{SPACE}{name}"':
        raise Fault("no such operation")
    if headers.get("Content-Type") != "text/xml; charset=utf-8":
        raise Fault("another type of content")
    expect_sequence(operation, ["requestHeader", *SEQUENCES[name]])
    expect_sequence(operation.find("requestHeader/authToken"), ["password", "userName"])
    return name, operation


def envelope(content):
    return f'<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="{SOAP}"><S:Body>{content}</S:Body></S:Envelope>'


def answer_to(name, content, code=0, errors="", pages=("", "")):
    header = pages[0] + (wrap("errors", errors) if errors else "") + pages[1] + tag("successCode", code) + \
        tag("timestamp", utc().isoformat())
    return envelope(f'<ns2:{name}Response xmlns:ns2="{SPACE}">{wrap("responseHeader", header)}{content}</ns2:{name}Response>')


def error_answer(name, code, value):
    return answer_to(name, "", 1, wrap("Error", tag("errorCode", code) + (tag("value", value) if value else "")))


def nonsense(kind, name, good):
    """A status and a body that nobody should believe."""
    bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>"
    bodies = {
        "huge": (200, "<a>" + "x" * (5 << 20) + "</a>"),
        "deep": (200, "<a>" * 100000),
        "many": (200, "<a>" + "<b/>" * 100000 + "</a>"),
        "bomb": (200, bomb + envelope("<a>&c;</a>")),
        "external": (200, "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" + envelope("<a/>")),
        "html": (200, "<html><body>It works<br></body></html>"),
        "empty": (200, ""),
        "words": (200, good.replace("<successCode>0", "<successCode>zero")),
        "state": (200, good.replace("<orderStatus>", "<orderStatus>NO_SUCH_")),
        "headless": (200, envelope(f"<{name}Response/>")),
        "code": (200, good.replace("<code>", "<code>../../etc/x;$(id)")),
        "domain": (200, good.replace("<FQDN>", "<FQDN>www.victim.example</FQDN><FQDN>")),
        "id": (200, good.replace("<orderID>", "<orderID>\u001b[31m".replace("\u001b", "&#155;"))),
        "gateway": (502, "<html>Bad Gateway</html>"),
        "busy": (503, "busy"),
        "forbidden": (403, "no"),
        "client": (500, envelope("<S:Fault><faultcode>S:Client</faultcode><faultstring>cannot &#155;[31m read"
                                 "</faultstring></S:Fault>")),
        "server": (500, envelope("<S:Fault><faultcode>S:Server</faultcode><faultstring>java.lang.Oops</faultstring>"
                                 "</S:Fault>")),
    }
    return bodies[kind]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    service = None

    def answer(self, status, body):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with self.lock:
            try:
                name, content = read_request(body, self.headers)
            except (Fault, ElementTree.ParseError, AttributeError, IndexError, TypeError) as error:
                fault = tag("faultcode", "S:Client") + tag("faultstring", str(error))
                self.answer(500, envelope(f"<S:Fault>{fault}</S:Fault>"))
                return
            status, answer, lost = self.act(name, content)
        if lost:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.answer(status, answer)

    def act(self, name, content):
        service = self.service
        service.store.append("calls", name)
        control = Control(service.directory / "control.json")
        token = content.find("requestHeader/authToken")
        password = (service.directory / "password").read_text().strip()
        if (text(token, "userName"), text(token, "password")) != (USER, password):
            return 200, answer_to(name, "", 3), False
        error = control.take("error", name)
        if error is not None:
            return 200, error_answer(name, error, control.get("value", "")), False
        service.pages = "", ""
        try:
            answer = service.call(name, content)
            good = answer_to(name, answer, pages=service.pages)
        except Refusal as refusal:
            good = error_answer(name, refusal.code, refusal.value)
        kind = control.take("nonsense", name)
        status, body = nonsense(kind, name, good) if kind else (200, good)
        return status, body, control.take("lose", name) is not None

    def log_message(self, *arguments):
        pass


def main():
    port, certificate, key, ca, ca_key, directory = sys.argv[1:]
    Handler.service = Service(pathlib.Path(directory), ca, ca_key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


main()
