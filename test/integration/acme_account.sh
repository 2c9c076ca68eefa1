#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ACME accounts: external binding, keys of each algorithm, changed keys, lists of orders, revocation, and a
# server that has forgotten everything.
source "$(dirname "$0")/lib.sh"
source "$HERE/acme_lib.sh"

EAB_KEY=zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W

make_ca
dns_start
make_key account.key
make_key leaf.key

# External account binding: missing, wrong, for an unknown identifier, right.
pebble_config true
pebble_start
acme directory
[[ $(value external-account) == 1 ]] || fail "$(<out)"
acme_fails account-binding "external account binding" --key account.key account
acme_fails ca-refused "the CA says: " --key account.key --eab-id kid-1 --eab-key c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0 account
acme_fails ca-refused "the CA says: " --key account.key --eab-id kid-9 --eab-key $EAB_KEY account
acme_fails argument "not base64url" --key account.key --eab-id kid-1 --eab-key "zW+/" account
acme_fails account-unknown "the CA says: " --key account.key --existing account
acme --key account.key --eab-id kid-1 --eab-key $EAB_KEY account
[[ $(value created) == 1 ]] || fail "$(<out)"
pebble_stop

# Keys that ACME servers take, and what ours says of those that sign otherwise.
pebble_config
pebble_start PEBBLE_WFE_ORDERS_PER_PAGE=2 PEBBLE_AUTHZREUSE=100
for algorithm in rsa p256 p384 p521; do
    make_key $algorithm.key $algorithm
    acme --key $algorithm.key account
    [[ $(value created) == 1 ]] || fail "$algorithm: $(<out)"
done
make_key ed25519.key ed25519
acme_fails ca-refused "the CA says: " --key ed25519.key account # Pebble knows no EdDSA
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.key 2>/dev/null
acme_fails unsupported "RSA key of 1024 bits" --key short.key account
openssl genpkey -algorithm X25519 -out x25519.key
acme_fails unsupported "X25519" --key x25519.key account

# An account is looked at, changed, found by its key alone.
acme --key account.key --contact mailto:a@example.org account
ACCOUNT=(--key account.key --account "$(value account)")
acme "${ACCOUNT[@]}" update mailto:b@example.org
acme "${ACCOUNT[@]}" show
orders_url=$(value orders)
[[ $orders_url == https://* ]] || fail "$(<out)"
acme_fails ca-refused "the CA says: " "${ACCOUNT[@]}" update tel:12345
acme_fails server-answer "is on another server" --key account.key --account https://localhost:14001/my-account/1 show

# A list of orders that takes several pages: each order once.
mkdir www
python3 -m http.server --bind 127.0.0.1 --directory www 5002 >web.log 2>&1 &
wait_until 30 "the web server" _port_open 5002
for i in 1 2 3 4 5; do
    acme "${ACCOUNT[@]}" order "n$i.example.org"
    value order >>made
done
acme "${ACCOUNT[@]}" --counts orders
cmp <(sort made) <(sed -n 's/^order //p' out | sort)
(($(value exchanges) >= 6)) || fail "no pages: $(<out)" # directory, nonce, account, three pages

# An order for nothing, and for what is no name, goes nowhere.
acme_fails argument '"exa mple.org" is neither' "${ACCOUNT[@]}" order "exa mple.org"
acme_fails argument '"a..b" is neither' "${ACCOUNT[@]}" order "a..b"
acme_fails argument "is neither" "${ACCOUNT[@]}" order "-x.example.org"

# An order cannot be finalized before it is ready; nor a second time: the order then tells.
make_csr leaf.csr leaf.key n1.example.org
order=$(head -n 1 made)
acme_fails order-not-ready "the CA says: " "${ACCOUNT[@]}" --csr leaf.csr finalize "$order"
acme "${ACCOUNT[@]}" --method webroot --webroot "$WORK/www" --csr leaf.csr --out leaf.pem issue n1.example.org
order=$(value order)
same_key leaf.pem leaf.key
acme_fails order-not-ready "the CA says: " "${ACCOUNT[@]}" --csr leaf.csr finalize "$order"
acme "${ACCOUNT[@]}" look-at-order "$order"
[[ $(value status) == 4 ]] || fail "$(<out)" # valid
authorization=$(value authorization)

# A request for the account's own key: the CA's words, and what to look at.
make_csr own.csr account.key n2.example.org
acme_fails ca-refused "(badCSR): look at the request with: reissue check" "${ACCOUNT[@]}" --method webroot \
    --webroot "$WORK/www" --csr own.csr --out never.pem issue n2.example.org
[[ ! -e never.pem ]]

# An authorization is looked at, and given up.
acme "${ACCOUNT[@]}" look-at-authorization "$authorization"
acme "${ACCOUNT[@]}" give-up "$authorization"
[[ $(value deactivated) == 1 ]] || fail "$(<out)"

# Revocation, by the account and by the certificate's own key. A second time is told apart.
[[ $(revocation_status leaf.pem) == Valid ]] || fail "$(revocation_status leaf.pem)"
acme_fails ca-refused "name another reason" "${ACCOUNT[@]}" revoke leaf.pem 7
[[ $(revocation_status leaf.pem) == Valid ]] || fail "$(revocation_status leaf.pem)"
acme "${ACCOUNT[@]}" revoke leaf.pem 1
[[ $(revocation_status leaf.pem) == Revoked ]] || fail "$(revocation_status leaf.pem)"
acme_fails already-revoked "the CA says: " "${ACCOUNT[@]}" revoke leaf.pem
make_csr leaf.csr leaf.key n2.example.org
acme "${ACCOUNT[@]}" --method webroot --webroot "$WORK/www" --csr leaf.csr --out leaf.pem issue n2.example.org
acme_fails ca-refused "the CA says: " --certificate-key p384.key revoke leaf.pem
acme --certificate-key leaf.key revoke leaf.pem 4
[[ $(revocation_status leaf.pem) == Revoked ]] || fail "$(revocation_status leaf.pem)"

# The account's key is changed, to another algorithm. Which key is valid can be found out.
make_key new.key p384
acme "${ACCOUNT[@]}" find-key new.key account.key
[[ $(value key) == account.key && $(value account) == "${ACCOUNT[3]}" ]] || fail "$(<out)"
acme "${ACCOUNT[@]}" key-change new.key
acme_fails ca-refused "the CA says: " "${ACCOUNT[@]}" show # the old one signs no more
acme --key account.key find-key account.key new.key
[[ $(value key) == new.key && $(value account) == "${ACCOUNT[3]}" ]] || fail "$(<out)"
acme_fails account-unknown "register again" --key account.key find-key account.key leaf.key
# Another account's key: Pebble calls that a fault of its own. From 2.6 on it says yes and does nothing, so that the
# next request fails.
if pebble_at_least 2.6; then
    acme_fails ca-refused "cannot look at the account: the CA says: " --key new.key --account "${ACCOUNT[3]}" key-change p256.key
else
    acme_fails ca-trouble "already in use" --key new.key --account "${ACCOUNT[3]}" key-change p256.key
fi

# Deactivated, for good.
acme --key new.key --account "${ACCOUNT[3]}" deactivate
[[ $(value deactivated) == 1 ]] || fail "$(<out)"
acme_fails ca-refused "the CA says: " --key new.key --account "${ACCOUNT[3]}" order n1.example.org

# A server that has forgotten: the account is not there any more, and that is told apart.
acme --key account.key account
ACCOUNT=(--key account.key --account "$(value account)")
pebble_stop
acme_fails network "cannot be reached" "${ACCOUNT[@]}" show
pebble_start
acme_fails account-unknown "register this key again" "${ACCOUNT[@]}" order n1.example.org
acme_fails account-unknown "the CA says: " --key account.key --existing account
acme --key account.key account
[[ $(value created) == 1 ]] || fail "$(<out)"

# Somebody else's server, and one without the CA that we trust: nothing is sent.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem -days 2 \
    -subj /CN=Other 2>/dev/null
acme_fails server-identity "was sent nothing" --ca "$WORK/other.pem" --key account.key account
at https://127.0.0.2:14000/dir
acme_fails network "cannot be reached" directory
at http://localhost:14000/dir
acme_fails server-answer "is not https" directory
