#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# From a fresh Debian 12 to a server with a key on a smart card, and on to the certificate's successor;
# without a card, and without a CA: a card in software and Let's Encrypt's test server (Pebble) stand in
# for them. It runs in namespaces of its own, with a pcscd of its own: nothing of this machine's pcscd,
# readers or cards is touched, and nothing is left running.
#
#   sudo examples/quickstart.sh
#
# CARD_BUILD_DIR names a build of the tree to use, if there is one already.
set -euo pipefail

tree=$(cd "$(dirname "$0")/.." && pwd)
build=${CARD_BUILD_DIR:-$tree/build/release}
packages=(build-essential cmake pkg-config libssl-dev libpcsclite-dev zlib1g-dev libcmocka-dev
    libjson-c-dev libp11-kit-dev libcurl4-openssl-dev libjsmn-dev libinih-dev libexpat1-dev libsqlite3-dev openssl pcscd
    vsmartcard-vpcd yubico-piv-tool iproute2 util-linux pebble nginx curl)

say() {
    local bold='' plain=''

    [ ! -t 1 ] || bold=$'\033[1m' plain=$'\033[0m'
    printf '\n%s== %s%s\n' "$bold" "$*" "$plain"
}

# show COMMAND...: prints the command as one would type it, and runs it.
show() {
    printf '   $ %s\n' "${*@Q}" | sed "s/'\([A-Za-z0-9_./,=:@+-]*\)'/\1/g"
    "$@"
}

fail() {
    echo "quickstart: $*" >&2
    exit 1
}

install_packages() {
    local missing=() package

    for package in "${packages[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Installing ${missing[*]}"
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
}

build_tree() {
    [ -z "${CARD_BUILD_DIR-}" ] || return 0
    say "Building the provider, reissue and the software card in $build"
    (cd "$tree" && cmake --preset release >/dev/null &&
        cmake --build --preset release --parallel "$(nproc)" --target provider reissue softcard |
        sed -n '$p')
}

# wait_for COMMAND...: for at most ten seconds.
wait_for() {
    for _ in {1..200}; do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    fail "waited in vain for: $*"
}

# A CA to ask: Pebble issues by ACME; every name is at 127.0.0.1 for it.
start_ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
    cat >pebble.json <<EOF
{ "pebble": { "listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
  "certificate": "ca.pem", "privateKey": "ca.key", "httpPort": 5002, "tlsPort": 5001 } }
EOF
    local dns=(-dns01 127.0.0.1:8053)
    # Pebble 2.10 names it otherwise.
    [[ $(pebble-challtestsrv -help 2>&1) != *-dnsserver* ]] || dns=(-dnsserver 127.0.0.1:8053 -doh "")
    pebble-challtestsrv -http01 "" -https01 "" -tlsalpn01 "" "${dns[@]}" -management 127.0.0.1:8055 -defaultIPv6 "" \
        >dns.log 2>&1 &
    PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 pebble -config pebble.json -dnsserver 127.0.0.1:8053 >pebble.log 2>&1 &
    wait_for curl -s --cacert ca.pem https://localhost:14000/dir
}

# The server, with what reissue keeps in live/.
start_server() {
    cat >nginx.conf <<EOF
daemon off; error_log $PWD/error.log; pid $PWD/nginx.pid;
events { }
http {
    access_log off;
    server {
        listen 127.0.0.1:443 ssl;
        ssl_certificate     $PWD/state/live/example.org/fullchain.pem;
        ssl_certificate_key $PWD/state/live/example.org/privkey.pem;
        ssl_password_file   $PWD/pin;
        location / { return 200 "served by a key on the card\n"; }
    }
}
EOF
    OPENSSL_CONF=$tree/examples/openssl.cnf nginx -c "$PWD/nginx.conf" 2>>error.log &
    wait_for curl -sk https://127.0.0.1/
}

# What a visitor sees.
visit() {
    curl -s --cacert root.pem --resolve example.org:443:127.0.0.1 https://example.org/
    openssl s_client -connect 127.0.0.1:443 -servername example.org </dev/null 2>/dev/null |
        openssl x509 -noout -text | grep -E 'Subject:|Public Key Algorithm|Not After'
}

# What the CA says of the certificate in a file.
status_at_ca() {
    local serial
    serial=$(openssl x509 -in "$1" -noout -serial)
    curl -s --cacert ca.pem "https://localhost:15000/cert-status-by-serial/${serial#*=}" |
        sed -n 's/.*"Status": "\(.*\)".*/\1/p'
}

reissue() {
    "$build/reissue/reissue" "$@"
}

new_key_is_served() {
    openssl s_client -connect 127.0.0.1:443 </dev/null 2>/dev/null | openssl x509 -noout -text | grep -q rsaEncryption
}

# From the key that is there to a certificate, a server, and a successor of another kind.
play_reissue() {
    local secrets

    say "Starting a CA (Pebble), and telling reissue of it"
    start_ca
    cat >reissue.conf <<EOF
[reissue]
state = $PWD/state

[ca pebble]
type = acme
directory = https://localhost:14000/dir
ca-file = $PWD/ca.pem
terms = agreed
listen = 127.0.0.1:5002

[certificate example.org]
ca = pebble
deploy-hook = nginx

[hook nginx]
command = $PWD/reload
EOF
    cat >reload <<EOF
#!/bin/sh
[ ! -e $PWD/nginx.pid ] || kill -HUP "\$(cat $PWD/nginx.pid)"
EOF
    chmod 755 reload
    show cat reissue.conf
    secrets=(--config reissue.conf --pin-source "file:$PWD/pin" --management-key-source factory)

    say "Taking a certificate that the key made for itself to one from the CA"
    openssl req -x509 -provider default -provider card -key 'card:slot=9a?pin-source=file:pin' -days 1 \
        -subj /CN=example.org -addext subjectAltName=DNS:example.org -out self.pem
    show reissue start self.pem --ca pebble --key card:slot=9a "${secrets[@]}"
    cp state/live/example.org/cert.pem first.pem

    say "Serving with it: nginx, whose key is on the card"
    curl -s --cacert ca.pem https://localhost:15000/roots/0 >root.pem
    start_server
    show visit

    say "Reissuing it with another kind of key, made on the card; the first certificate is revoked then"
    show reissue start example.org --ca pebble --new-key card:app=piv --alg RSA-2048 --revoke now "${secrets[@]}"
    wait_for new_key_is_served
    show visit
    show status_at_ca first.pem
    [ "$(status_at_ca first.pem)" = Revoked ] || fail "the first certificate is not revoked"
    [ "$(status_at_ca state/live/example.org/cert.pem)" = Valid ] || fail "the new certificate is not valid"
    show reissue list --config reissue.conf --no-cards
}

# What runs inside the namespaces.
play() {
    local work
    work=$(mktemp -d)
    # shellcheck disable=SC2064 # the directory of now
    trap "rm -rf '$work'" EXIT
    cd "$work"

    say "Starting a pcscd of its own, and a card in its virtual reader (PIN 123456)"
    mkdir -p /run/pcscd
    pcscd --foreground ${PCSCD_OPTIONS:+"$PCSCD_OPTIONS"} >pcscd.log 2>&1 &
    wait_for test -S /run/pcscd/pcscd.comm
    "$build/test/softcard/softcard" --state card.state --serial 12345678 \
        --management-algorithm 3des & # Debian 12's yubico-piv-tool knows no other
    echo 123456 >pin
    export OPENSSL_MODULES=$build/provider OPENSSL_CONF=/dev/null
    wait_for yubico-piv-tool -r 'Virtual PCD' -a version

    say "Making a key on the card, in slot 9a"
    show yubico-piv-tool -r 'Virtual PCD' -a generate -s 9a -A ECCP256 -o public.pem

    say "Asking OpenSSL what is on the card"
    show openssl storeutl -provider default -provider card card:slot=9a\;type=public

    say "Making a certificate request, which the card signs"
    show openssl req -new -provider default -provider card -key 'card:slot=9a?pin-source=file:pin' \
        -subj /CN=example.org -addext subjectAltName=DNS:example.org -out request.pem

    say "Verifying it, with OpenSSL alone"
    show openssl req -in request.pem -verify -noout -text
    openssl req -in request.pem -pubkey -noout | cmp - public.pem ||
        fail "the request is for another key than the card's"
    show cat request.pem
    play_reissue
}

if [ "${1-}" = --inside ]; then
    play
    exit
fi
[ "$(id -u)" -eq 0 ] || fail "needs root, for packages and namespaces. Type: sudo $0"
command -v apt-get >/dev/null || fail "knows Debian's packages only; on other systems see README.md"
install_packages
build_tree
"$tree/test/integration/isolate" "$0" --inside
say "That was the software card. With a card of your own in a reader:"
cat <<EOF

   sudo apt-get install pcscd                # the PC/SC daemon, if it is not there yet
   sudo cmake --install $build   # puts card.so where OpenSSL looks for providers

   openssl storeutl -provider default -provider card card:        # what is on it
   openssl req -new -provider default -provider card \\
       -key 'card:slot=9a' -subj /CN=example.org -out request.pem  # asks for the PIN
   reissue start certificate.pem --new-key card:    # takes a certificate to its successor

EOF
