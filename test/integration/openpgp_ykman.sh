#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Yubico's own manager takes the card for a YubiKey: it shows both applications, sets tries, touch
# policies and certificates of OpenPGP, and resets it, which leaves PIV alone.
source "$(dirname "$0")/lib.sh"

# It wants a reader of a YubiKey's name, and Python's cryptography OpenSSL's legacy provider.
yk() {
    timeout 60 env -u OPENSSL_MODULES ykman --reader "$READER" "$@" >table 2>err || fail "ykman $*: $(tail -n 3 err)"
    tr -s ' ' <table >out
}

pcscd_start
card_insert --serial 12345678 --key 9a=p256 --certificate 9a=/CN=piv
yk openpgp info
expect_in "OpenPGP version: 3.4" out
expect_in "Application version: 5.7.1" out
expect_in "PIN tries remaining: 3" out

yk openpgp access set-retries 5 6 7 --force --admin-pin 12345678
yk openpgp info
expect_in "PIN tries remaining: 5" out
expect_in "Admin PIN tries remaining: 7" out

# Which certificate is whose. The second key's name was changed with version 5.
yk openpgp certificates import --help
second=dec
! grep -qiw enc out || second=enc
for key in sig "$second" aut; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out "$key.pem" \
        -subj "/CN=$key" 2>/dev/null
    yk openpgp certificates import "$key" "$key.pem" --admin-pin 12345678
done
for key in sig "$second" aut; do
    yk openpgp certificates export "$key" exported.pem
    cmp "$key.pem" exported.pem || fail "another certificate for $key: $(<exported.pem)"
done
yk openpgp keys set-touch "$second" on --force --admin-pin 12345678
yk openpgp keys set-touch aut cached-fixed --force --admin-pin 12345678
[[ $(jq -c '[.openpgp.objects.d7, .openpgp.objects.d8]' card.state) == '["0120","0420"]' ]] ||
    fail "touch policies: $(jq .openpgp.objects card.state)"

yk openpgp reset --force
yk openpgp info
expect_in "PIN tries remaining: 3" out
expect_in "Reset code tries remaining: 0" out
yk piv info
expect_in "PIV version: 5.7.1" out
expect_in "CN=piv" out
