# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue_crashes.sh with ACME.
export CA=pebble
# shellcheck disable=SC2034 # reissue_crashes.sh reads it
REVOKE=(--revoke now)

ca_begin() {
    make_ca
    dns_start
    pebble_config
    pebble_start
    make_config
}

first_certificate() {
    expect_reissue 0 start first.crt --ca pebble --key card:slot=9a "${SECRETS[@]}"
}

revoked() {
    [[ $(revocation_status "$1") == Revoked ]]
}

issued_so_far() {
    grep -c "Issued certificate serial" pebble.log || true
}
