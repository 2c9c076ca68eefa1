# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue_crashes.sh with CMP: the first certificate by a client's, each successor by a kur that the old key signs.
source "$(dirname "$0")/cmp_lib.sh"
export CA=company
# shellcheck disable=SC2034 # reissue_crashes.sh reads it
REVOKE=(--revoke now)

ca_begin() {
    cmp_make
    cmp_start
    cmp_config "ca-file = $WORK/cmp/ca.pem" "client-certificate = $WORK/cmp/customer.pem" \
        "client-key = $WORK/cmp/customer.key"
}

first_certificate() {
    expect_reissue 0 start first.crt --ca company --key card:slot=9a "${SECRETS[@]}"
}

revoked() {
    [[ -n $(revocation_of "$1") ]]
}

issued_so_far() {
    issued
}
