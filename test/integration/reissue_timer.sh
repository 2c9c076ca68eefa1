#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The service and the timer of examples/systemd: systemd finds nothing wrong with them, the service is confined,
# and its very command renews what is due with the secrets that systemd hands it.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
: "${EXAMPLES:?must name the directory of the examples}"

NAME=www.example.org
UNITS=$EXAMPLES/systemd

# ---- the units -----------------------------------------------------------------------------------------------

mkdir units
for unit in reissue-renew.service reissue-renew.timer; do
    sed "s|/usr/bin/reissue|$REISSUE|" "$UNITS/$unit" >"units/$unit"
done
SYSTEMD_UNIT_PATH=$WORK/units: systemd-analyze verify --man=no --recursive-errors=one units/reissue-renew.* >verify 2>&1 ||
    fail "$(<verify)"
! grep "reissue" verify || fail "$(<verify)"
systemd-analyze security --offline=true --threshold=45 --no-pager units/reissue-renew.service >security 2>&1 ||
    fail "$(tail -n 1 security)"
systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' units/reissue-renew.timer)" >/dev/null

# ---- its command -----------------------------------------------------------------------------------------------

acme_begin
make_config "[certificate $NAME]" "ca = pebble" "new-key = card:" "algorithm = P-256" "renew-before = 9000d" \
    "pin-source = credential:card-pin" "management-key-source = credential:card-management-key"
pcscd_start
card_insert --profile yubikey
# The configuration where it usually is, in the test's own mount namespace.
cp -a /etc etc
mkdir -p etc/reissue
cp reissue.conf etc/reissue/
mount --bind etc /etc
mkdir -m 700 credentials
printf %s "$PIN" >credentials/card-pin
printf %s "$MANAGEMENT_KEY" >credentials/card-management-key
chmod 400 credentials/*
mapfile -t LOADED < <(sed -n 's/^#LoadCredential=\([^:]*\):.*/\1/p' "$UNITS/reissue-renew.service")
[[ ${LOADED[*]} == "card-pin card-management-key" ]]

read -ra COMMAND < <(sed -n 's/^ExecStart=//p' units/reissue-renew.service)
export CREDENTIALS_DIRECTORY=$WORK/credentials
expect_reissue 0 start --subject "/CN=$NAME" --new-key card: --ca pebble --batch --pin-source credential:card-pin \
    --management-key-source credential:card-management-key
cp "$(live $NAME cert.pem)" before.pem
# With the service's limits, as far as they can be had without systemd.
capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' "$UNITS/reissue-renew.service" | sed 's/CAP_/+/g; s/ /,/g' | tr A-Z a-z)
env -i "CREDENTIALS_DIRECTORY=$CREDENTIALS_DIRECTORY" PATH="$PATH" prlimit --memlock=1048576 --core=0 \
    setpriv --no-new-privs --inh-caps -all --bounding-set "-all,$capabilities" "${COMMAND[@]}" >out 2>err </dev/null ||
    fail "$(<err)"
expect_in "$NAME is due" out
! cmp -s before.pem "$(live $NAME cert.pem)" || fail "not renewed"
key_works $NAME
