#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# test/bench/lineages.sh REISSUE [NUMBER ...]: what `reissue list` and `reissue renew --all` cost where so many
# certificates are live and none is due (500 and 10,000, if no numbers are given): seconds, memory at most, system calls.
# Needs strace and python3-cryptography. Touches nothing but a directory of its own.
set -euo pipefail

REISSUE=$(realpath "${1:?usage: test/bench/lineages.sh REISSUE [NUMBER ...]}")
shift
(($# > 0)) || set -- 500 10000
WORK=$(mktemp -d "${TMPDIR:-/tmp}/card-bench.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

# make_state NUMBER: a state as so many jobs have left it, and a configuration for their renewal by ACME, whose server
# has told when it wants to be asked again. It is not there: whoever asks it fails.
make_state() {
    mkdir -p "$WORK/state"
    cat >"$WORK/reissue.conf" <<END
[reissue]
state = $WORK/state
[ca acme]
type = acme
directory = https://localhost:9/dir
END
    # The tables are the program's own.
    "$REISSUE" renew --all --config "$WORK/reissue.conf" >/dev/null
    /usr/bin/python3 - "$WORK" "$1" <<'END'
import datetime, os, sqlite3, sys, time
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
work, number = sys.argv[1], int(sys.argv[2])
key = ec.generate_private_key(ec.SECP256R1())
pem_key = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
now = datetime.datetime.utcnow()
end = now + datetime.timedelta(days=90)
state = sqlite3.connect(work + "/state/state.db")
sections = []
for i in range(number):
    name = "www%d.example.org" % i
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False).sign(key, hashes.SHA256()))
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    print_ = certificate.fingerprint(hashes.SHA256()).hex()
    live = "%s/state/live/%s" % (work, name)
    os.makedirs(live)
    for file, text in (("cert.pem", pem), ("chain.pem", b""), ("fullchain.pem", pem), ("privkey.pem", pem_key), ("bundle.pem", pem + pem_key)):
        with open(live + "/" + file, "wb") as out:
            out.write(text)
    job = "%016x" % i
    state.execute("INSERT INTO job VALUES (?, 'done', ?, ?)", (job, str(int(time.time())), str(int(time.time()))))
    for value in (("name", name), ("ca", "acme"), ("certificate", pem.decode())):
        state.execute("INSERT INTO job_value VALUES (?, ?, ?)", (job,) + value)
    state.execute("INSERT INTO lineage VALUES (?, 'acme', ?, ?, ?)", (name, job, live + "/privkey.pem", print_))
    state.execute("INSERT INTO certificate VALUES (?, ?, ?, ?, NULL)", (print_, name, pem.decode(), str(int(end.timestamp()))))
    state.execute("INSERT INTO renewal VALUES (?, '0', ?)", (print_, str(int(time.time()) + 86400)))
    sections.append("[certificate %s]\nca = acme\nnew-key = %s/new.key\n" % (name, work))
state.commit()
with open(work + "/reissue.conf", "a") as out:
    out.writelines(sections)
END
}

# measure NUMBER WORD...
measure() {
    local number=$1
    shift
    /usr/bin/python3 - "$number" "$REISSUE" "$@" --config "$WORK/reissue.conf" <<'END'
import resource, subprocess, sys, time
best = None
for _ in range(3):
    began = time.monotonic()
    code = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
    took = time.monotonic() - began
    assert code == 0, code
    best = took if best is None else min(best, took)
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
trace = subprocess.run(["strace", "-f", "-c", "-S", "calls"] + sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
calls = [line.split() for line in trace.splitlines() if line.endswith(" total")][-1]
connects = sum(int(line.split()[3]) for line in trace.splitlines() if line.split()[-1:] == ["connect"])
print("%-14s %7s lineages: %6.2f s, %5.1f MiB, %8s system calls, %d connections"
    % (" ".join(sys.argv[3:-2]), sys.argv[1], best, memory, calls[3] if len(calls) > 4 else calls[2], connects))
END
}

for number in "$@"; do
    rm -rf "$WORK/state"
    make_state "$number"
    measure "$number" list --no-cards
    measure "$number" renew --all
done
