#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Answers of the CA that are lost on the way, and a CA that forgets everything in the middle: the job ends
# with one key, one order and one certificate all the same.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
acme_begin
make_config
sed -i 's/:14000/:14001/' reissue.conf
touch lose
python3 "$HERE/lossy_proxy.py" 14001 14000 server.pem server.key ca.pem lose 2>proxy.err &
wait_until 30 "the proxy" _port_open 14001
first_predecessor

orders() {
    grep -c "Added order" pebble.log || true
}

issued() {
    grep -c "Issued certificate serial" pebble.log || true
}

# lost PATH WHAT: the answer to that request is lost; the job stops, and resume finishes it.
lost() {
    local code=0 before_orders before_issued
    before_orders=$(orders) before_issued=$(issued)
    echo "$1" >lose
    reissue start "${PREDECESSOR:-$NAME}" --ca pebble --new-key "$2.key" --revoke now --batch || code=$?
    [[ $code == 14 ]] || fail "$2: exit code $code: $(<err)"
    [[ ! -s lose ]] || fail "$2: nothing was lost"
    expect_in "reissue resume" err
    expect_reissue 0 resume --batch
    key_works "$NAME"
    (($(orders) - before_orders == 1)) || fail "$2: $(($(orders) - before_orders)) orders"
    (($(issued) - before_issued == 1)) || fail "$2: $(($(issued) - before_issued)) certificates"
}

# The first one has another CA's predecessor, which this one cannot revoke: it says so, and is ended.
PREDECESSOR=first.crt
code=0
echo /sign-me-up >lose
reissue start first.crt --ca pebble --new-key account.key --batch || code=$?
[[ $code == 14 ]] || fail "newAccount: $code: $(<err)"
expect_reissue 0 resume --batch
[[ $(issued) == 1 ]]
unset PREDECESSOR

lost /order-plz new_order
lost /finalize-order/ finalize
cp "$(live "$NAME" cert.pem)" old.pem
lost /revoke-cert revoke
[[ $(revocation_status old.pem) == Revoked ]]

# Pebble forgets accounts, orders and certificates when it is started again.
cp "$(live "$NAME" cert.pem)" old.pem
code=0
REISSUE_FAULT=order-known:after PROGRAM=$REISSUE_FAULTS reissue start "$NAME" --ca pebble --new-key forgotten.key --revoke now --batch || code=$?
[[ $code == 137 ]] || fail "$code: $(<err)"
pebble_stop
pebble_start
expect_reissue 13 resume --batch
expect_in "not revoked" err
key_works "$NAME"
! cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "the old one is in use"
cmp <(openssl pkey -in forgotten.key -pubout) <(spki_of "$(live "$NAME" cert.pem)") || fail "another key was made"
expect_reissue 0 cancel "$(open_jobs)"

# A CA that wants an external account binding: none, a wrong one, and the right one.
pebble_stop
pebble_config true
pebble_start
make_config
sed -i "s|^state = .*|state = $WORK/bound|" reissue.conf
expect_reissue 13 start first.crt --ca pebble --new-key bound.key --batch
expect_in "external account binding" err
job=$(open_jobs)
echo d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmc >eab.key
chmod 600 eab.key
sed -i "/^terms/a eab-key-id = kid-1\neab-key-file = $WORK/eab.key" reissue.conf
expect_reissue 13 resume "$job" --batch
echo zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W >eab.key
expect_reissue 0 resume "$job" --batch
