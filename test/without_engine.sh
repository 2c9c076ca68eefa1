#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds and installs the tree without the engine: where it is not wanted, and where OpenSSL's headers say
# that it has no engines. The provider is there all the same, and works.
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

# build NAME OPTION...: into $work/NAME, installed below $work/NAME.root.
build() {
    local name=$1
    shift
    "$cmake" -S "$tree" -B "$work/$name" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Debug \
        -DCARD_WERROR=ON -DCARD_TESTS=OFF "$@" >"$work/$name.log" || fail "$name: $(<"$work/$name.log")"
    "$cmake" --build "$work/$name" >"$work/$name.log" || fail "$name: $(<"$work/$name.log")"
    DESTDIR=$work/$name.root "$cmake" --install "$work/$name" >"$work/$name.log" ||
        fail "$name: $(<"$work/$name.log")"
}

# without NAME OPTION...: no engine is installed, and the provider loads.
without() {
    local installed
    build "$@"
    mapfile -t installed < <(find "$work/$1.root" -name '*.so')
    [[ ${#installed[@]} == 1 && ${installed[0]} == */ossl-modules/card.so ]] ||
        fail "$1: not the provider alone: ${installed[*]}"
    OPENSSL_CONF=/dev/null OPENSSL_MODULES=${installed[0]%/*} \
        openssl list -providers -provider default -provider card | grep -q '^  card$' ||
        fail "$1: the provider does not load"
}

without off -DCARD_ENGINE=OFF
without no_engines -DCMAKE_C_FLAGS=-DOPENSSL_NO_ENGINE
if "$cmake" -S "$tree" -B "$work/wrong" -DCARD_TESTS=OFF -DCARD_ENGINE=maybe >"$work/log" 2>&1; then
    fail "CARD_ENGINE=maybe was taken"
fi
grep -q 'AUTO or OFF' "$work/log" || fail "$(<"$work/log")"
