# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# reissue_crashes.sh with Certum's Partner API.
source "$(dirname "$0")/certum_lib.sh"
export CA=certum
# shellcheck disable=SC2034 # reissue_crashes.sh reads it
REVOKE=(--revoke now)

ca_begin() {
    make_ca
    dns_start
    certum_start
    control '{"reverify": true}'
    dns_hook hook
    certum_config "dns-hook = dns" "[hook dns]" "command = $WORK/hook"
    ordered "$NAME" A1
}

first_certificate() {
    expect_reissue 0 start "$NAME.crt" --ca certum --new-key card:slot=9a --alg P-256 --overwrite-key "${SECRETS[@]}"
}

revoked() {
    [[ $(status_of "$1") != VALID ]]
}

issued_so_far() {
    order_of '[.[] | select(.serial)] | length'
}
