# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of real programs start with, after lib.sh: the files that docs/servers.md speaks of, in the
# places where it says they are. /etc and the like are overlays in this namespace, so that the tests run the
# very files of examples/, and nothing is written to the machine's own.
EXAMPLES=$(cd "$HERE/../../examples" && pwd)
CERTS=/etc/ssl/certs
KEYS=/etc/ssl/private
CA_FILE=$CERTS/example-ca.pem
NAME=www.example.org

# program_overlay DIRECTORY...: what is written there from now on is gone with the namespace.
program_overlay() {
    local directory layer
    for directory in "$@"; do
        layer=/run/overlay$directory
        mkdir -p "$layer/upper" "$layer/work"
        chmod --reference="$directory" "$layer/upper"
        mount -t overlay overlay -o "lowerdir=$directory,upperdir=$layer/upper,workdir=$layer/work" "$directory"
    done
}

# Installs the provider and its configuration as docs/servers.md tells: no variable but OPENSSL_CONF.
program_install() {
    local modules
    program_overlay /etc /var
    cd "$WORK" || fail "no $WORK" # which may be in /var
    unset OPENSSL_MODULES
    modules=$(command openssl version -m | sed -n 's/^MODULESDIR: "\(.*\)"/\1/p')
    program_overlay "$modules"
    install -m 644 "$PROVIDER_DIR/card.so" "$modules/"
    install -m 644 "$EXAMPLES/openssl.cnf" /etc/ssl/openssl-card.cnf
    export OPENSSL_CONF=/etc/ssl/openssl-card.cnf
    echo "127.0.0.1 localhost $NAME" >/etc/hosts
    mkdir -p "$KEYS" && chmod 710 "$KEYS"
    (umask 077 && echo "$PIN" >"$KEYS/$NAME.pin")
}

# program_certificate NAME KEY SUBJECT EXTENSIONS: a certificate by the test's CA, $CERTS/NAME.pem.
program_certificate() {
    openssl req -new -key "$2" -subj "$3" -out request.pem
    openssl x509 -req -in request.pem -CA "$CA_FILE" -CAkey ca.key -days 30 -out "$CERTS/$1.pem" \
        -extfile <(printf '%s\n' "${@:4}") 2>/dev/null
}

# program_reference NAME SLOT: a key reference, $KEYS/NAME.key, whose PIN the program will be asked for.
program_reference() {
    openssl pkey -in "card:slot=$2" -passin "file:$KEYS/$NAME.pin" -out "$KEYS/$1.key"
}

# program_reference_with_source NAME SLOT: one that names where its PIN is.
program_reference_with_source() {
    openssl pkey -in "card:slot=$2?pin-source=file:$KEYS/$NAME.pin" -out "$KEYS/$1.key"
}

# A card with a P-256 and an RSA-2048 key for a web server and a P-256 key for a client, and references and
# certificates for all three: $NAME, $NAME.rsa and client.
program_card() {
    pcscd_start
    card_insert --profile yubikey --serial 12345678 --key 9a=p256 --key 9e=rsa2048:once --key 82=p256 "$@"
    command openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj "/CN=Example CA" \
        -days 30 -out "$CA_FILE" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
    program_reference $NAME 9a
    program_reference $NAME.rsa 9e
    program_reference client 82
    local key
    for key in $NAME $NAME.rsa; do
        program_certificate $key "card:slot=$([[ $key == *.rsa ]] && echo 9e || echo 9a)?pin-source=file:$KEYS/$NAME.pin" \
            "/CN=$NAME" "subjectAltName=DNS:$NAME,DNS:localhost,IP:127.0.0.1" "extendedKeyUsage=serverAuth"
    done
    program_certificate client "card:slot=82?pin-source=file:$KEYS/$NAME.pin" /CN=client extendedKeyUsage=clientAuth
}

# stranger COMMAND...: without our provider, as somebody elsewhere would run it.
stranger() {
    OPENSSL_CONF=/dev/null "$@"
}

# signatures: how many signing commands (GENERAL AUTHENTICATE) the card has got since apdu_log_clear.
signatures() {
    apdu_log | jq -r 'select(.ins == "87") | .sw' | grep -c '^9000$' || true
}

# The commands that are no signatures, in one line.
other_commands() {
    apdu_log | jq -r 'select(.command and .ins != "87") | .ins' | paste -sd' '
}

# program_listens PORT: succeeds when somebody listens there.
program_listens() {
    grep -q ":$(printf %04X "$1") .* 0A " /proc/net/tcp /proc/net/tcp6
}

# handshakes PORT NUMBER THREADS [OPTION=VALUE ...]: full handshakes, each with a page; all good.
handshakes() {
    stranger "$TLS_LOAD" "$1" "$2" "$3" "$CA_FILE" "${@:4}" >load.out 2>load.err ||
        fail "handshakes: $(head -c 1000 load.err)"
}

# expect_signed NUMBER COMMAND...: the command succeeds and costs the card exactly that many signatures.
expect_signed() {
    local number=$1
    shift
    apdu_log_clear
    "$@"
    [[ $(signatures) == "$number" ]] || fail "$(signatures) signatures, not $number: $*: $(apdu_list | head -c 500)"
}

# tls_kinds PORT [ec]: the handshakes that a server with both keys (or the elliptic curve one) has to know.
tls_kinds() {
    expect_signed 5 handshakes "$1" 5 1 MinProtocol=TLSv1.3 SignatureAlgorithms=ecdsa_secp256r1_sha256
    expect_signed 5 handshakes "$1" 5 1 MaxProtocol=TLSv1.2 SignatureAlgorithms=ECDSA+SHA256
    if [[ ${2-both} == both ]]; then
        expect_signed 5 handshakes "$1" 5 1 MinProtocol=TLSv1.3 SignatureAlgorithms=rsa_pss_rsae_sha256
        expect_signed 5 handshakes "$1" 5 1 MaxProtocol=TLSv1.2 SignatureAlgorithms=rsa_pss_rsae_sha256
        expect_signed 5 handshakes "$1" 5 1 MaxProtocol=TLSv1.2 SignatureAlgorithms=RSA+SHA256
    fi
}

# A web server without TLS on port 80, for programs that stand before one.
program_web_server() {
    mkdir -p web
    echo "the page" >web/index.html
    /usr/bin/python3 - >web.log 2>&1 <<'PYTHON' &
import functools, http.server
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
http.server.ThreadingHTTPServer(("127.0.0.1", 80), functools.partial(Handler, directory="web")).serve_forever()
PYTHON
    wait_until 10 "the web server to listen" program_listens 80
}
