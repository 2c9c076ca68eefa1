#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# osslsigncode signs an executable for Windows with a key on the card, and verifies it.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"
source "$HERE/executable.sh"

program_install
program_card
program_reference_with_source code 82
program_certificate code "$KEYS/code.key" "/CN=Example Publisher" extendedKeyUsage=codeSigning

make_executable program.exe

# sign KEY OUTPUT OPTION...
sign() {
    /usr/bin/osslsigncode sign -key "$1" -h sha256 -n "Example program" -in program.exe -out "$2" "${@:3}" >sign.out 2>&1 || fail "osslsigncode sign: $(<sign.out)"
}

verify() {
    /usr/bin/osslsigncode verify -CAfile "$CA_FILE" -ignore-timestamp -in "$1"
}

verified() {
    stranger verify "$1" >verify.out 2>&1 || fail "osslsigncode verify: $(<verify.out)"
    expect_in "Succeeded" verify.out
    expect_in "Example Publisher" verify.out
}

expect_signed 1 sign "$KEYS/code.key" signed.exe -certs "$CERTS/code.pem"
verified signed.exe

# With a PIN file, which osslsigncode reads as the key's passphrase.
expect_signed 1 sign "$KEYS/client.key" again.exe -certs "$CERTS/code.pem" -readpass "$KEYS/$NAME.pin" \
    -ac "$CERTS/code.pem"
verified again.exe

# Names of keys, from 2.10 on; with the provider, its certificate is taken from the card where no other is given.
if at_least 2.10 "$(/usr/bin/osslsigncode --version | sed -n 's/^osslsigncode \([0-9.]*\).*/\1/p')"; then
    expect_signed 1 sign card:slot=82 named.exe -certs "$CERTS/code.pem" -readpass "$KEYS/$NAME.pin"
    verified named.exe
    yubico-piv-tool --reader "$READER" --action import-certificate --slot 82 --input "$CERTS/code.pem" >import.out 2>&1
    expect_signed 1 sign "card:slot=82?pin-source=file:$KEYS/$NAME.pin" alone.exe -provider card
    verified alone.exe
fi

# What was changed after it was signed is found out.
printf '\x90' | dd of=signed.exe bs=1 seek=600 conv=notrunc status=none
expect_failure stranger verify signed.exe
