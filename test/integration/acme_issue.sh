#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Certificates by ACME, with each kind of challenge, from a server that rejects half of all nonces.
source "$(dirname "$0")/lib.sh"
source "$HERE/acme_lib.sh"

acme_begin PEBBLE_WFE_NONCEREJECT=50 PEBBLE_AUTHZREUSE=0 PEBBLE_ALTERNATE_ROOTS=2
make_key account.key
make_key leaf.key

# The directory, and an account: made once, found again.
acme directory
[[ $(value external-account) == 0 ]] || fail "$(<out)"
acme --key account.key --contact mailto:a@example.org account
[[ $(value created) == 1 ]] || fail "$(<out)"
account=$(value account)
acme --key account.key account
[[ $(value created) == 0 && $(value account) == "$account" ]] || fail "$(<out)"
ACCOUNT=(--key account.key --account "$account")

# issue METHOD NAME...: one certificate, which is for the key and the names, and whose chain verifies.
issue() {
    local method=$1 name
    shift
    make_csr leaf.csr leaf.key "$@"
    rm -f leaf.pem*
    acme "${ACCOUNT[@]}" --counts --method "$method" --webroot "$WORK/www" --port "$PORT" \
        --hook "$WORK/hook" --csr leaf.csr --out leaf.pem issue "$@"
    same_key leaf.pem leaf.key
    for name in "$@"; do
        openssl x509 -in leaf.pem -noout -ext subjectAltName | grep -q "[:= ]$name\(,\|\$\)" ||
            fail "not for $name: $(openssl x509 -in leaf.pem -noout -ext subjectAltName)"
    done
    curl -s --cacert ca.pem https://localhost:15000/roots/0 >root.pem
    openssl verify -CAfile root.pem -untrusted leaf.pem leaf.pem >/dev/null
}

# http-01 by a web server's directory. The file is readable by all, whatever our umask says, and gone afterwards.
mkdir www
umask 077
python3 - >web.log 2>&1 <<'END' &
import http.server, os
os.chdir("www")
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        path = self.translate_path(self.path)
        modes = [os.stat(p).st_mode & 0o777 for p in (path, os.path.dirname(path), os.path.dirname(os.path.dirname(path)))]
        with open("../modes", "a") as out:
            print(*[oct(mode) for mode in modes], file=out)
        super().do_GET()
http.server.ThreadingHTTPServer(("127.0.0.1", 5002), Handler).serve_forever()
END
WEB_PID=$!
wait_until 30 "the web server" _port_open 5002
PORT=0
issue webroot one.example.org two.example.org
[[ $(sort -u modes) == "0o644 0o755 0o755" ]] || fail "$(<modes)"
[[ -z $(find www -type f) ]] || fail "left behind: $(find www -type f)"
umask 022

# A rejected nonce costs one exchange more, and is counted.
total=$(value exchanges) rejected=$(value nonces-rejected)
((rejected > 0 && total > rejected)) || fail "$rejected nonces of $total exchanges rejected"

# Another server is there already: our listener says so.
PORT=5002
make_csr leaf.csr leaf.key three.example.org
acme_fails network "another program has it" "${ACCOUNT[@]}" --method http --port 5002 --csr leaf.csr --out leaf.pem \
    issue three.example.org
kill "$WEB_PID"
wait "$WEB_PID" 2>/dev/null || true

# http-01 by our own listener; for an IP address as well (RFC 8738).
issue http three.example.org
issue http 127.0.0.1

# tls-alpn-01 (RFC 8737), also for an IP address.
PORT=5001
issue tls-alpn four.example.org
issue tls-alpn 127.0.0.1

# dns-01 by a hook; for a wildcard beside its domain, which has two records of the same name.
cat >hook <<'END'
#!/bin/bash
env -0 | tr '\0' '\n' | sed 's/=.*//' | sort | paste -sd' ' >>"$WORK/hook.variables"
echo "$REISSUE_JOB $REISSUE_ACTION $REISSUE_IDENTIFIER" >>"$WORK/hook.log"
case $REISSUE_ACTION in
publish) what=set-txt ;;
remove) what=clear-txt ;;
esac
curl -sf -d "{\"host\": \"$REISSUE_DNS_NAME.\", \"value\": \"$REISSUE_DNS_VALUE\"}" "http://127.0.0.1:8055/$what"
END
chmod +x hook
issue dns '*.five.example.org' five.example.org
[[ $(value "authorization five.example.org wildcard 1 reused") == 0 ]] || fail "$(<out)"
[[ $(sort hook.log | uniq -c | tr -s ' ') == " 2 job-1 publish five.example.org
 2 job-1 remove five.example.org" ]] || fail "$(<hook.log)"
# bash adds three of its own
[[ $(sort -u hook.variables) == "PATH PWD REISSUE_ACTION REISSUE_DNS_NAME REISSUE_DNS_TYPE REISSUE_DNS_VALUE REISSUE_IDENTIFIER REISSUE_JOB SHLVL WORK _" ]] ||
    fail "$(<hook.variables)"

# A hook that fails, and a challenge that is not met: the CA's words.
printf '#!/bin/sh\necho no such zone\nexit 4\n' >hook
acme_fails hook "exit code 4: no such zone" "${ACCOUNT[@]}" --method dns --hook "$WORK/hook" --csr leaf.csr \
    --out leaf.pem issue six.example.org
printf '#!/bin/sh\nexit 0\n' >hook
acme_fails ca-refused "No TXT records found" "${ACCOUNT[@]}" --method dns --hook "$WORK/hook" --csr leaf.csr \
    --out leaf.pem issue six.example.org

# Two more roots: each of the three chains verifies with another one.
acme "${ACCOUNT[@]}" orders
issue tls-alpn seven.example.org
[[ $(value "chain 2 alternates") == 2 ]] || fail "$(<out)"
for i in 1 2; do
    curl -s --cacert ca.pem "https://localhost:15000/roots/$i" >root.$i
    openssl verify -CAfile root.$i -untrusted leaf.pem.$i leaf.pem.$i >/dev/null
    cmp <(openssl x509 -in leaf.pem.$i -outform DER) <(openssl x509 -in leaf.pem -outform DER)
    expect_failure openssl verify -CAfile root.$i -untrusted leaf.pem leaf.pem
done

# Authorizations that are reused: the order comes back ready, and nothing is published.
pebble_stop
pebble_start PEBBLE_AUTHZREUSE=100
acme --key account.key account
ACCOUNT=(--key account.key --account "$(value account)")
issue tls-alpn eight.example.org
issue tls-alpn eight.example.org
[[ $(value "authorization eight.example.org wildcard 0 reused") == 1 ]] || fail "$(<out)"
