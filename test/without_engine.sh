#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds and installs the tree without the engine, where it is not wanted, and builds the provider where OpenSSL's
# headers say that it has no engines. It is there all the same, and works.
#
#   without_engine.sh CMAKE COMPILER
set -euo pipefail

cmake=$1
compiler=$2
tree=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*" >&2
    exit 1
}

# logged COMMAND...: what it said matters if it failed.
logged() {
    "$@" >"$work/log" 2>&1 || fail "$*: $(<"$work/log")"
}

# configure NAME OPTION...: a build in $work/NAME.
configure() {
    logged "$cmake" -S "$tree" -B "$work/$1" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Debug \
        -DCARD_WERROR=ON -DCARD_TESTS=OFF "${@:2}"
}

# the_provider_alone DIRECTORY: no engine is below it, and the provider loads.
the_provider_alone() {
    local modules
    mapfile -t modules < <(find "$1" -name '*.so')
    [[ ${#modules[@]} == 1 && ${modules[0]##*/} == card.so ]] || fail "not the provider alone: ${modules[*]}"
    OPENSSL_CONF=/dev/null OPENSSL_MODULES=${modules[0]%/*} \
        openssl list -providers -provider default -provider card | grep -q '^  card$' ||
        fail "$1: the provider does not load"
}

configure off -DCARD_ENGINE=OFF
logged "$cmake" --build "$work/off"
DESTDIR=$work/root logged "$cmake" --install "$work/off"
the_provider_alone "$work/root"
[[ -n $(find "$work/root" -path '*/ossl-modules/card.so') ]] || fail "the provider is in another place"

configure no_engines -DCMAKE_C_FLAGS=-DOPENSSL_NO_ENGINE
logged "$cmake" --build "$work/no_engines" --target provider
! "$cmake" --build "$work/no_engines" --target help | grep -w engine || fail "there is an engine to be built"
the_provider_alone "$work/no_engines"

if "$cmake" -S "$tree" -B "$work/wrong" -DCARD_TESTS=OFF -DCARD_ENGINE=maybe >"$work/log" 2>&1; then
    fail "CARD_ENGINE=maybe was taken"
fi
grep -q 'AUTO or OFF' "$work/log" || fail "$(<"$work/log")"
