#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs what the tests need (Debian), builds, and runs every test under CTest.
#
#   sudo test/run.sh [OPTION...] [PRESET...]    presets of CMakePresets.json; "release" if none is named
#
#   --packages    only install what the tests with these presets need
#   --no-lint     leave out the tests that look at the source only
#
# BUILD_ROOT names the directory that each preset has its build in; "build" in the tree if unset.
#
# The source is looked at (lint) on Debian 12 only: .clang-format is bound to its clang-format-14, and
# what the source says is the same on every release.
#
# The tests start a pcscd of their own each, in namespaces of their own, which takes root. They
# touch nothing of the machine's and send nothing beyond loopback.
set -euo pipefail

# One list for all releases of Debian, which therefore names no versions.
packages=(
    build-essential cmake pkg-config libssl-dev libpcsclite-dev zlib1g-dev
    libp11-kit-dev                                               # PKCS #11's header, nothing else
    libcurl4-openssl-dev libjsmn-dev libinih-dev libexpat1-dev libsqlite3-dev
    libcmocka-dev libjson-c-dev                                  # the tests and the software card
    pcscd vsmartcard-vpcd openssl iproute2 util-linux jq         # every integration test
    opensc opensc-pkcs11 yubico-piv-tool ykcs11 gnutls-bin       # strangers who judge
    softhsm2                                                     # and a token without a card
    gpg gpg-agent gpgconf scdaemon yubikey-manager               # and who know OpenPGP cards
    valgrind gdb strace procps xxd                               # what they look into
    nginx apache2 haproxy stunnel4 lighttpd lighttpd-mod-openssl # who serves with a card's key
    postgresql openvpn                                           # servers with their clients
    curl python3 osslsigncode nodejs                             # and who else uses one
    bind9 bind9-dnsutils                                         # a name server that takes updates
    pebble certbot uacme                                         # an ACME server and its DNS, others' clients
    polkitd dbus-daemon                                          # who pcscd 2 asks
    systemd                                                      # which looks at its example units
    zsh fish                                                     # who complete command lines, beside bash
)
# What not every release has.
newer_packages=(libest-utils) # an EST server, from Debian 13 on
lint_packages=(git clang-format-14 shellcheck mandoc)
sanitizer_packages=(clang libclang-rt-dev)

fail() {
    echo "test/run.sh: $*" >&2
    exit 1
}

unit_exists() {
    [ -e "/lib/systemd/system/$1" ] || [ -e "/etc/init.d/${1%.service}" ]
}

# The services that the packages may bring. Not each release has each of them.
units_of() {
    local package

    for package in "$@"; do
        case $package in
        nginx | haproxy | stunnel4 | lighttpd | postgresql | openvpn) echo "$package.service" ;;
        apache2) printf '%s\n' apache2.service apache-htcacheclean.service ;;
        bind9) echo named.service ;;
        certbot) echo certbot.timer ;;
        esac
    done
}

# What is installed is not started, now or at the next boot: the tests start their own. Debian asks
# /usr/sbin/policy-rc.d before it starts a service; where there is one, somebody has decided already. A
# service that was there before (postgresql-15, without "postgresql") is somebody's.
apt_install() {
    local policy=/usr/sbin/policy-rc.d unit new=()

    if [ ! -e $policy ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
    fi
    for unit in $(units_of "$@"); do
        unit_exists "$unit" || new+=("$unit")
    done
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
    command -v systemctl >/dev/null || return 0
    for unit in "${new[@]}"; do
        ! unit_exists "$unit" || systemctl --quiet disable "$unit"
    done
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
    apt_install "${missing[@]}"
}

# available PACKAGE...: those that this release has.
available() {
    local package

    for package in "$@"; do
        apt-cache pkgnames "$package" | grep -Fx "$package" || true
    done
}

install_packages() {
    install_missing "${packages[@]}"
    # shellcheck disable=SC2046 # names have no blanks
    install_missing $(available "${newer_packages[@]}")
    [ $lint = OFF ] || install_missing "${lint_packages[@]}"
    case " $* " in *" asan "*) install_missing "${sanitizer_packages[@]}" ;; esac
}

run_preset() {
    local build=${BUILD_ROOT:-$PWD/build}/$1

    echo "== $1: configuring"
    cmake --preset "$1" -B "$build" -DCARD_WERROR=ON -DCARD_LINT=$lint >/dev/null
    echo "== $1: building"
    cmake --build "$build" --parallel "$(nproc)"
    echo "== $1: testing"
    ctest --test-dir "$build" --output-on-failure --parallel "$((2 * $(nproc)))"
}

[ "$(id -u)" -eq 0 ] || fail "needs root, for namespaces and packages: sudo test/run.sh"
command -v apt-get >/dev/null || fail "knows Debian's packages only; see the list at its top"
cd "$(dirname "$0")/.."
lint=OFF
packages_only=false
! grep -q '^VERSION_CODENAME=bookworm' /etc/os-release || lint=ON
while [ $# -gt 0 ]; do
    case $1 in
    --packages) packages_only=true ;;
    --no-lint) lint=OFF ;;
    -*) fail "unknown option $1; see the lines at its top" ;;
    *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || set -- release
install_packages "$@"
! $packages_only || exit 0
for preset in "$@"; do
    run_preset "$preset"
    lint=OFF # what it says of the source has been said
done
