#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs what the tests need (Debian), builds, and runs every test under CTest.
#
#   sudo test/run.sh [PRESET...]      presets of CMakePresets.json; "release" if none is named
#
# The tests start a pcscd of their own each, in namespaces of their own, which takes root. They
# touch nothing of the machine's and send nothing beyond loopback.
set -euo pipefail

packages=(
    build-essential cmake pkg-config libssl-dev libpcsclite-dev zlib1g-dev
    libcmocka-dev libjson-c-dev                                  # the tests and the software card
    pcscd vsmartcard-vpcd openssl iproute2 util-linux jq         # every integration test
    opensc opensc-pkcs11 yubico-piv-tool ykcs11 gnutls-bin       # strangers who judge
    nginx apache2 haproxy stunnel4 lighttpd lighttpd-mod-openssl # real programs
    curl python3 osslsigncode nodejs
    valgrind gdb strace procps                                   # what they look into
    git clang-format-14 shellcheck mandoc                        # lint
)
policy_written=no
sanitizer_packages=(clang libclang-rt-14-dev)

fail() {
    echo "test/run.sh: $*" >&2
    exit 1
}

install_missing() {
    local missing=() package

    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "== Installing ${missing[*]}"
    apt-get update -q >/dev/null
    start_no_services
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        "${missing[@]}" >/dev/null
    start_services_again
}

# Packages with servers come with no server that runs afterwards: that is what policy-rc.d is for. One that
# is there already is the machine's own, and stays as it is.
start_no_services() {
    [ ! -e /usr/sbin/policy-rc.d ] || return 0
    trap start_services_again EXIT
    policy_written=yes
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
}

start_services_again() {
    [ "$policy_written" = yes ] || return 0
    policy_written=no
    rm -f /usr/sbin/policy-rc.d
}

run_preset() {
    echo "== $1: configuring"
    cmake --preset "$1" -DCARD_WERROR=ON >/dev/null
    echo "== $1: building"
    cmake --build --preset "$1" --parallel "$(nproc)"
    echo "== $1: testing"
    ctest --preset "$1" --parallel "$((2 * $(nproc)))"
}

[ "$(id -u)" -eq 0 ] || fail "needs root, for namespaces and packages: sudo test/run.sh"
command -v apt-get >/dev/null || fail "knows Debian's packages only; see the list at its top"
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- release
install_missing "${packages[@]}"
case " $* " in *" asan "*) install_missing "${sanitizer_packages[@]}" ;; esac
for preset in "$@"; do
    run_preset "$preset"
done
