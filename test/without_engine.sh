#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds the provider without the engine: where that is not wanted, and where OpenSSL's headers say that it has no
# engines. It is there all the same, and works.
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

# without NAME OPTION...: with those there is no engine to be built, and the provider loads.
without() {
    local build=$work/$1 modules
    logged "$cmake" -S "$tree" -B "$build" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Debug \
        -DCARD_WERROR=ON -DCARD_TESTS=OFF "${@:2}"
    ! "$cmake" --build "$build" --target help | grep -w engine || fail "$1: there is an engine to be built"
    logged "$cmake" --build "$build" --target provider
    mapfile -t modules < <(find "$build" -name '*.so')
    [[ ${#modules[@]} == 1 && ${modules[0]##*/} == card.so ]] || fail "$1: not the provider alone: ${modules[*]}"
    OPENSSL_CONF=/dev/null OPENSSL_MODULES=${modules[0]%/*} \
        openssl list -providers -provider default -provider card | grep -q '^  card$' ||
        fail "$1: the provider does not load"
}

without off -DCARD_ENGINE=OFF
without no_engines -DCMAKE_C_FLAGS=-DOPENSSL_NO_ENGINE
if "$cmake" -S "$tree" -B "$work/wrong" -DCARD_TESTS=OFF -DCARD_ENGINE=maybe >"$work/log" 2>&1; then
    fail "CARD_ENGINE=maybe was taken"
fi
grep -q 'AUTO or OFF' "$work/log" || fail "$(<"$work/log")"
