#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The account with an ACME server: made, shown, changed, given a new key (whose answer may be lost), ended.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
KEY=$WORK/state/accounts/pebble.key
acme_begin
touch lose
python3 "$HERE/lossy_proxy.py" 14001 14000 server.pem server.key ca.pem lose 2>proxy.err &
wait_until 10 "the proxy" _port_open 14001
make_config
sed -i 's|14000/dir|14001/dir|' reissue.conf

# key_id FILE
key_id() {
    openssl pkey -in "$1" -pubout | sha256sum
}

# ---- none yet, then one -------------------------------------------------------------------------------------

expect_reissue 13 account show
expect_in "account register" err
[[ ! -e $KEY ]] || fail "looking made a key"
expect_reissue 13 account update
expect_reissue 13 account key-rollover
expect_reissue 0 account register
expect_in "status    valid" out
expect_in "mailto:admin@example.org" out
expect_in "$KEY" out
account=$(sed -n 's/^  account *//p' out)
expect_reissue 0 account register --json
[[ $(jq -r '.account + " " + .status' out) == "$account valid" ]] || fail "another account: $(<out)"
expect_reissue 0 account show --ca pebble --json
[[ $(jq -r '.contacts[0]' out) == mailto:admin@example.org ]] || fail "$(<out)"
sed -i 's|^contact = .*|contact = mailto:one@example.org mailto:two@example.org|' reissue.conf
expect_reissue 0 account update --json
[[ $(jq -r '.contacts | sort | join(" ")' out) == "mailto:one@example.org mailto:two@example.org" ]] || fail "$(<out)"

# ---- a new key ------------------------------------------------------------------------------------------------

before=$(key_id "$KEY")
expect_reissue 0 account key-rollover
expect_in "has a new key" out
[[ $(key_id "$KEY") != "$before" && ! -e $KEY.next ]] || fail "$(ls "$WORK/state/accounts")"
[[ $(stat -c %a "$KEY") == 600 ]]
expect_reissue 0 account show --json
[[ $(jq -r .account out) == "$account" ]] || fail "another account: $(<out)"
expect_reissue 0 start --subject "/CN=$NAME" --new-key one.key --ca pebble --batch

# The answer is lost: both are tried at once.
before=$(key_id "$KEY")
echo /rollover-account-key >lose
expect_reissue 0 account key-rollover
[[ ! -s lose ]] || fail "nothing was lost"
[[ $(key_id "$KEY") != "$before" && ! -e $KEY.next ]] || fail "$(ls "$WORK/state/accounts")"

# And so is the answer to that: whatever opens the account next finds out.
before=$(key_id "$KEY")
printf '/rollover-account-key\n/sign-me-up\n' >lose
expect_reissue 14 account key-rollover
[[ $(key_id "$KEY") == "$before" && -e $KEY.next ]] || fail "$(ls "$WORK/state/accounts")"
expect_reissue 0 start --subject "/CN=$NAME" --new-key two.key --ca pebble --batch
[[ $(key_id "$KEY") != "$before" && ! -e $KEY.next ]] || fail "$(ls "$WORK/state/accounts")"

# Interrupted before the CA heard of it: the key that was made is used by the next attempt.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$KEY.next"
next=$(key_id "$KEY.next")
expect_reissue 0 account show --json
[[ $(jq -r .account out) == "$account" && -e $KEY.next ]] || fail "$(<out)"
expect_reissue 0 account key-rollover
[[ $(key_id "$KEY") == "$next" && ! -e $KEY.next ]]

# ---- the end of it --------------------------------------------------------------------------------------------

expect_reissue 10 account deactivate --batch
expect_in "--yes" err
code=0
python3 "$HERE/person.py" "for good?=" -- "$REISSUE" account deactivate --config reissue.conf >screen || code=$?
[[ $code == 10 ]] || fail "exit code $code: $(<screen)"
expect_in "nothing was done" screen
expect_reissue 0 account show
expect_reissue 0 account deactivate --yes
[[ ! -e $KEY && -e $KEY.deactivated ]] || fail "$(ls "$WORK/state/accounts")"
expect_reissue 13 account show
expect_reissue 0 start --subject "/CN=$NAME" --new-key three.key --ca pebble --batch
expect_reissue 0 account show --json
[[ $(jq -r .account out) != "$account" ]] || fail "the account is not gone"

# Wrong usage, and several CAs.
expect_reissue 2 account
expect_reissue 2 account frobnicate
expect_reissue 10 account show --ca manual
printf '[ca other]\ntype = acme\ndirectory = https://localhost:14000/dir\n' >>reissue.conf
expect_reissue 10 account show
expect_in "--ca" err
