# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue_crashes.sh with EST: the first certificate by a client's, each successor by the predecessor's key in TLS.
source "$(dirname "$0")/est_lib.sh"
export CA=company
# shellcheck disable=SC2034 # reissue_crashes.sh reads it
REVOKE=()

ca_begin() {
    est_make
    est_start
    est_certify /CN=customer customer
    est_config "ca-fingerprint = $(est_fingerprint)" "client-certificate = $WORK/customer.pem" \
        "client-key = $WORK/customer.key"
}

first_certificate() {
    expect_reissue 0 start first.crt --ca company --key card:slot=9a "${SECRETS[@]}"
}

revoked() {
    false
}

issued_so_far() {
    issued
}
