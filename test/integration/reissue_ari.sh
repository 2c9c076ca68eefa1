#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Renewal when the CA says so (RFC 9773), and orders that name what they replace, with a CA that knows both.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
acme_begin
make_config "[certificate $NAME]" "ca = pebble" "new-key = $WORK/key" "algorithm = P-256"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout first.key -out first.crt -subj "/CN=$NAME" \
    -addext "subjectAltName=DNS:$NAME" -addext authorityKeyIdentifier=keyid:always -days 3 2>/dev/null

# asked: how often the CA was asked when to renew.
asked() {
    grep -c "renewalInfo/ -> calling handler" pebble.log || true
}

# replacements: how many orders have named a predecessor that the CA takes.
replacements() {
    grep -c "ARI: order .* is a replacement of" pebble.log || true
}

# state SQL: the answer's first column.
state() {
    python3 -c 'import sqlite3, sys
connection = sqlite3.connect("state/state.db")
print(*[row[0] for row in connection.execute(sys.argv[1])])
connection.commit()' "$1"
}

# order_of CERTIFICATE: the order that it came of, by the CA's log.
order_of() {
    local serial
    serial=$(openssl x509 -in "$1" -noout -serial | tr A-F a-f)
    sed -n "s/.*Issued certificate serial ${serial#*=} for order //p" pebble.log
}

# findable NAME: one in 256 serial numbers has a zero before it in DER (RFC 9773, 4.1, keeps that), and Pebble does not find
# those. Then another certificate is made, whose order cannot name its predecessor.
findable() {
    local serial
    while serial=$(openssl x509 -in "$(live "$1" cert.pem)" -noout -serial) && [[ ${#serial} != 23 ]]; do
        expect_reissue 0 start "$1" --ca pebble --new-key "findable.$RANDOM.key" --batch
    done
}

# Another CA's certificate cannot be replaced here: it is ordered all the same.
expect_reissue 0 start first.crt --name "$NAME" --ca pebble --new-key first-new.key --batch
expect_in "without naming the predecessor" out
[[ $(replacements) == 0 ]]
findable "$NAME"
cp "$(live "$NAME" cert.pem)" old.pem

# In the window, which lies around two thirds of the lifetime: at any moment of it, also a later one.
acme renewal old.pem
start=$(value start) end=$(value end)
[[ $(value retry-after) == 21600 ]] || fail "$(<out)"
((start > $(date +%s) + 86400)) || fail "$(<out)"
for _ in 1 2 3 4 5 6 7 8; do
    expect_reissue 0 renew --all --dry-run
    moment=$(state "SELECT chosen FROM renewal")
    ((moment >= start && moment < end)) || fail "$moment is not in $start to $end"
    expect_in "$NAME is due on $(date -d "@$moment" "+%Y-%m-%d %H:%M")" out
    state "DELETE FROM renewal" >/dev/null
done

# Not due: nothing is done, and the CA is not asked again before the time that it gave.
expect_reissue 0 renew --all
moment=$(state "SELECT chosen FROM renewal")
before=$(asked)
expect_reissue 0 renew --all
[[ $(asked) == "$before" && $(state "SELECT chosen FROM renewal") == "$moment" ]] || fail "asked again"
cmp old.pem "$(live "$NAME" cert.pem)"

# What the configuration says is the latest.
sed -i "/^algorithm/a renew-before = 9000d" reissue.conf
expect_reissue 0 renew --all --dry-run
expect_in "$NAME is due" out
! grep -q "is due on" out || fail "$(<out)"
sed -i '/^renew-before/d' reissue.conf

# The successor's order names the predecessor.
expect_reissue 0 renew --force "$NAME"
key_works "$NAME"
new=$(live "$NAME" cert.pem)
grep -Fq "ARI: order \"$(order_of "$new")\" is a replacement of \"$(order_of old.pem)\"" pebble.log || fail "$(<pebble.log)"
wait_until 10 "the CA to note that" grep -q "has been marked as replaced" pebble.log
[[ $(replacements) == 1 ]]
findable "$NAME"

# One that has a successor already gets another, whose order does not name it.
expect_reissue 0 start old.pem --name other --ca pebble --new-key again.key --batch
expect_in "already has a replacement order" out
key_works other
[[ $(replacements) == 1 ]]
findable other

# Nor does one that the CA stumbles over, because the names are others.
make_key elsewhere.key
make_csr elsewhere.csr elsewhere.key elsewhere.example.org
expect_reissue 0 start other --name elsewhere --ca pebble --csr elsewhere.csr --batch
expect_in "at least one identifier" out
same_key "$(live elsewhere cert.pem)" elsewhere.key

# The CA has revoked it: the window is over, and so it is due, as soon as the CA may be asked again.
expect_reissue 0 revoke "$NAME" --ca pebble --reason compromised-key --yes
cp "$new" old.pem
expect_reissue 0 renew --all
state "UPDATE renewal SET ask_again = '0'" >/dev/null
expect_reissue 0 renew --all
! cmp -s old.pem "$new" || fail "not renewed"
key_works "$NAME"
[[ $(revocation_status "$new") == Valid ]]
[[ $(replacements) == 2 ]]

# A window beyond the certificate's end would be too late: two thirds of the lifetime count then. Where the CA cannot be
# told what to say, a certificate's hour is a part of the day that its windows are wide.
pebble_stop
jq '.pebble.certificateValidityPeriod = 3600' pebble.json >hour.json
mv hour.json pebble.json
pebble_start
mv state long-lived
expect_reissue 0 start first.crt --name "$NAME" --ca pebble --new-key hour.key --batch
end=$(date -d "$(openssl x509 -in "$new" -noout -enddate | cut -d = -f 2)" +%s)
day() {
    date -u -d "@$((end + $1 * 86400))" +%FT%TZ
}
if pebble_at_least 2.10; then
    jq -n --rawfile certificate "$new" --arg start "$(day 1)" --arg end "$(day 2)" \
        '{$certificate, ariResponse: ({suggestedWindow: {$start, $end}} | tojson)}' >window.json
    curl -sf --cacert ca.pem --data @window.json https://localhost:15000/set-renewal-info/
fi
beyond() {
    state "DELETE FROM renewal" >/dev/null
    expect_reissue 0 renew --all --dry-run
    (($(state "SELECT chosen FROM renewal") > end))
}
wait_until 60 "a moment beyond the end" beyond
due=$(date -d "$(sed -n "s/^$NAME is due on //p" out)" +%s)
((due > $(date +%s) && due < end)) || fail "$(<out)"
