# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of PKCS #11 modules share: SoftHSM with a token of the test's own, "one".
: "${CARD_PKCS11_PROGRAM:?must name the program that modules run in}" "${CARD_TOOL:?must name card_tool}"

SOFTHSM=/usr/lib/softhsm/libsofthsm2.so
export SOFTHSM2_CONF=$WORK/softhsm.conf SO_PIN=87654321
mkdir tokens
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$WORK/tokens" >softhsm.conf
printf '%s\n' "$PIN" >pin
# shellcheck disable=SC2034 # used by those who source this
SOURCE="pin-source=file:$WORK/pin"

# token_new LABEL: a token, and its serial number in SERIAL.
token_new() {
    softhsm2-util --init-token --free --label "$1" --so-pin "$SO_PIN" --pin "$PIN" >/dev/null
    SERIAL=$(softhsm2-util --show-slots | grep -B 3 "Label: *$1 *\$" | awk '/Serial number/ { print $3 }')
    [[ -n $SERIAL ]] || fail "no token $1"
}

# softhsm_tool ARGUMENT...: pkcs11-tool on the token "one".
softhsm_tool() {
    pkcs11-tool --module "$SOFTHSM" --token-label one --login --pin "$PIN" "$@" 2>&1
}

# helpers: the processes that modules run in, and those that watch them; not those that ended and that
# nobody waited for.
helpers() {
    ps -e -o stat=,pid=,args= | awk '$1 !~ /^Z/ && $3 == "card-pkcs11-module" { print $2 }'
}

no_helpers() {
    [[ -z $(helpers) ]]
}

# The provider, with a module for URIs that name none.
cat >module.cnf <<END
openssl_conf = init
[init]
providers = providers
[providers]
default = default_sect
card = card_sect
[default_sect]
activate = 1
[card_sect]
activate = 1
module-path = $SOFTHSM
END
