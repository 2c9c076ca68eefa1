# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of ACME share, on top of lib.sh: certificates for servers, Debian's ACME server with its DNS
# server, and the tool that drives ours. Runs inside `isolate`, so that all ports are free.
: "${ACME_TOOL:?must name the tool that drives the ACME layer}"

DIRECTORY=https://localhost:14000/dir
PEBBLE_PID=

# make_ca: a CA for the servers of the test: ca.pem, and a certificate for localhost: server.pem, server.key.
make_ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 \
        -subj "/CN=Test CA" -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign 2>/dev/null
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -subj /CN=localhost \
        -out server.csr 2>/dev/null
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:false\nauthorityKeyIdentifier=keyid\n' >server.ext
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -extfile server.ext -out server.pem \
        2>/dev/null
}

# pebble_config [EAB]: with any argument, external account binding is asked for.
# shellcheck disable=SC2120 # one test asks for it
pebble_config() {
    jq -n --arg work "$WORK" --argjson eab "${1:-false}" '{pebble: {
        listenAddress: "127.0.0.1:14000", managementListenAddress: "127.0.0.1:15000",
        certificate: ($work + "/server.pem"), privateKey: ($work + "/server.key"),
        httpPort: 5002, tlsPort: 5001, ocspResponderURL: "",
        externalAccountBindingRequired: $eab,
        externalAccountMACKeys: {"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"}
    }}' >pebble.json
}

# pebble_start [NAME=VALUE ...]: with that environment.
pebble_start() {
    env PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 "$@" pebble -config pebble.json -dnsserver 127.0.0.1:8053 \
        >>pebble.log 2>&1 &
    PEBBLE_PID=$!
    wait_until 30 "pebble" _port_open 14000
    wait_until 30 "pebble's management" _port_open 15000
}

# pebble_at_least VERSION: whether the server is. It does not tell.
pebble_at_least() {
    at_least "$1" "$(dpkg-query -W -f '${Version}' pebble)"
}

pebble_stop() {
    kill "$PEBBLE_PID"
    wait "$PEBBLE_PID" 2>/dev/null || true
}

# dns_start: all names are at 127.0.0.1, and TXT records are set at http://127.0.0.1:8055.
dns_start() {
    local dns=(-dns01 127.0.0.1:8053)
    # 2.10 names it otherwise.
    [[ $(pebble-challtestsrv -help 2>&1) != *-dnsserver* ]] || dns=(-dnsserver 127.0.0.1:8053 -doh "")
    pebble-challtestsrv -http01 "" -https01 "" -tlsalpn01 "" "${dns[@]}" -management 127.0.0.1:8055 -defaultIPv6 "" \
        >dns.log 2>&1 &
    wait_until 30 "the DNS server" _port_open 8055
}

# dns_hook FILE: a hook that makes the records that CAs look for, in that server; it logs to hook.log beside it.
dns_hook() {
    cat >"$1" <<'END'
#!/bin/sh
echo "$REISSUE_ACTION $REISSUE_DNS_TYPE $REISSUE_DNS_NAME" >>"$(dirname "$0")/hook.log"
tell() {
    curl -sf -d "$2" "http://127.0.0.1:8055/$1"
}
case $REISSUE_ACTION:$REISSUE_DNS_TYPE in
publish:TXT) tell set-txt "{\"host\":\"$REISSUE_DNS_NAME.\",\"value\":\"$REISSUE_DNS_VALUE\"}" ;;
remove:TXT) tell clear-txt "{\"host\":\"$REISSUE_DNS_NAME.\"}" ;;
publish:CNAME) tell set-cname "{\"host\":\"$REISSUE_DNS_NAME.\",\"target\":\"$REISSUE_DNS_VALUE.\"}" ;;
remove:CNAME) tell clear-cname "{\"host\":\"$REISSUE_DNS_NAME.\"}" ;;
esac
END
    chmod 755 "$1"
}

# acme_begin [NAME=VALUE ...]: the test's CA, its names, and Pebble with that environment.
acme_begin() {
    make_ca
    dns_start
    pebble_config
    pebble_start "$@"
}

# at URL: of the directory, from here on.
at() {
    DIRECTORY=$1
}

# acme [OPTION ...] COMMAND ...: its output is in $WORK/out and $WORK/err as well.
acme() {
    timeout 60 "$ACME_TOOL" --directory "$DIRECTORY" --ca "$WORK/ca.pem" "$@" >"$WORK/out" 2>"$WORK/err" ||
        fail "acme $*: $(<"$WORK/err")"
}

# acme_fails CODE TEXT [OPTION ...] COMMAND ...: it ends with that error, and with that text in it.
acme_fails() {
    local name=$1 text=$2 code=0
    shift 2
    timeout 60 "$ACME_TOOL" --directory "$DIRECTORY" --ca "$WORK/ca.pem" "$@" >"$WORK/out" 2>"$WORK/err" ||
        code=$?
    [[ $code == 1 ]] || fail "exit code $code, not 1: acme $*: $(<"$WORK/err")"
    grep -q "^error $name: " "$WORK/err" || fail "not $name: acme $*: $(<"$WORK/err")"
    expect_in "$text" "$WORK/err"
}

# value WORD: what the last acme said after that word, the first time.
value() {
    sed -n "s/^$1 //p" "$WORK/out" | head -n 1
}

# make_key FILE [ALGORITHM]: a key in a file, P-256 unless it is said.
make_key() {
    case ${2:-p256} in
    p256) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" ;;
    p384) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$1" ;;
    p521) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out "$1" ;;
    rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1" 2>/dev/null ;;
    ed25519) openssl genpkey -algorithm ED25519 -out "$1" ;;
    *) fail "no algorithm $2" ;;
    esac
}

# make_csr FILE KEY NAME...: a request for DNS names and IP addresses.
make_csr() {
    local file=$1 key=$2 names=() name
    shift 2
    for name in "$@"; do
        if [[ $name =~ ^[0-9.]+$ || $name == *:* ]]; then
            names+=("IP:$name")
        else
            names+=("DNS:$name")
        fi
    done
    openssl req -new -key "$key" -subj / -addext "subjectAltName=$(IFS=,; echo "${names[*]}")" -out "$file"
}

# same_key CERTIFICATE KEY
same_key() {
    [[ $(openssl x509 -in "$1" -noout -pubkey) == "$(openssl pkey -in "$2" -pubout)" ]] ||
        fail "$1 is for another key than $2"
}

# revocation_status CERTIFICATE: what the server's management interface says.
revocation_status() {
    local serial
    serial=$(openssl x509 -in "$1" -noout -serial)
    curl -s --cacert ca.pem "https://localhost:15000/cert-status-by-serial/${serial#*=}" | jq -r .Status
}
