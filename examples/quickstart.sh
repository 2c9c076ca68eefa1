#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# From a fresh Debian 12 to a certificate request that a smart card signed, without a card: a card in
# software stands in for it. It runs in namespaces of its own, with a pcscd of its own: nothing of this
# machine's pcscd, readers or cards is touched, and nothing is left running.
#
#   sudo examples/quickstart.sh
#
# CARD_BUILD_DIR names a build of the tree to use, if there is one already.
set -euo pipefail

tree=$(cd "$(dirname "$0")/.." && pwd)
build=${CARD_BUILD_DIR:-$tree/build/release}
packages=(build-essential cmake pkg-config libssl-dev libpcsclite-dev zlib1g-dev libcmocka-dev
    libjson-c-dev libcurl4-openssl-dev libjsmn-dev openssl pcscd vsmartcard-vpcd yubico-piv-tool iproute2 util-linux)

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
    say "Building the provider and the software card in $build"
    (cd "$tree" && cmake --preset release >/dev/null &&
        cmake --build --preset release --parallel "$(nproc)" --target provider softcard |
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

EOF
