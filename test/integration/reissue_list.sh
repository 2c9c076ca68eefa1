#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `reissue list`: certificates in files, below directories and on a card, each once, with its key.
source "$(dirname "$0")/lib.sh"
: "${REISSUE:?must name the program}"

unset OPENSSL_CONF

# certificate NAME DAYS [SUBJECT]: NAME.pem and NAME.key.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days "$2" \
        -subj "${3:-/CN=$1.test}" -addext "basicConstraints=critical,CA:FALSE" 2>/dev/null
}

# list OPTION...: the JSON is in out, the table in text.
list() {
    "$REISSUE" list --json "$@" >out 2>err || fail "list: $(<err)"
    "$REISSUE" list "$@" >text 2>err || fail "list: $(<err)"
}

# names: what was listed, in order.
names() {
    jq -r '[.[].name] | join(" ")' out
}

mkdir -p tree/live/one tree/deep/a/b outside
certificate tree/live/one/cert 30 /CN=one.test
mv tree/live/one/cert.key tree/live/one/privkey.pem
cat tree/live/one/cert.pem >tree/live/one/fullchain.pem
certificate tree/deep/a/b/two 5 /CN=two.test
openssl x509 -in tree/deep/a/b/two.pem -outform DER -out tree/deep/a/b/two.der
rm tree/deep/a/b/two.pem
openssl crl2pkcs7 -nocrl -certfile tree/live/one/cert.pem -out tree/one.p7b
certificate outside/three 90 /CN=three.test
ln -s ../outside tree/link
ln -s ../outside/three.pem tree/three.pem
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=authority -out tree/ca.pem 2>/dev/null
head -c 100000 /dev/urandom >tree/random
mkfifo tree/fifo
printf -- '-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n' >tree/rubbish.pem
touch tree/empty
head -c 3000000 /dev/zero >tree/huge

# Below a directory: end entities' certificates, once each, with the key beside them; no link is followed.
list --no-cards tree
[[ $(jq -r '[.[].name] | sort | join(" ")' out) == "one.test two.test" ]] || fail "not these: $(names)"
[[ $(jq -r '.[] | select(.name == "one.test") | .places' out) == 3 ]] || fail "$(<out)"
[[ $(jq -r '.[] | select(.name == "one.test") | .key' out) == tree/live/one/privkey.pem ]] || fail "$(<out)"
[[ $(jq -r '.[] | select(.name == "two.test") | .key' out) == tree/deep/a/b/two.key ]] || fail "$(<out)"
expect_in "2 symbolic links were not followed" err
expect_in "tree/deep/a/b/two.der" text

# What is said of each is what openssl says.
openssl x509 -in tree/live/one/cert.pem -noout -serial -fingerprint -sha256 >said
serial=$(sed -n 's/^serial=//p' said)
fingerprint=$(sed -n 's/.*Fingerprint=//p' said | tr -d : | tr A-F a-f)
[[ $(jq -r '.[] | select(.name == "one.test") | .serial + " " + .fingerprint' out) == "$serial $fingerprint" ]] ||
    fail "not serial $serial, $fingerprint: $(<out)"
days=$(jq -r '.[] | select(.name == "one.test") | .days_left' out)
[[ $days == 29 || $days == 30 ]] || fail "$days days left"

# Those that end soon; and files by name, also an authority's.
list --no-cards --expiring 10 tree
[[ $(names) == two.test ]] || fail "not only the one that expires: $(names)"
list --no-cards --expiring 3 tree
[[ $(<out) == "[]" ]] || fail "$(<out)"
expect_in "no certificate ends that soon" err
list --no-cards tree/ca.pem tree/three.pem
[[ $(jq -r '[.[].name] | sort | join(" ")' out) == "authority three.test" ]] || fail "$(names)"
[[ $(jq -r '.[] | select(.name == "three.test") | .key' out) == null ]] || fail "$(<out)"
list --no-cards outside/three.pem
[[ $(jq -r '.[].key' out) == outside/three.key ]] || fail "$(<out)"
printf 'cn = ended.test\nactivation_date = "2020-01-01 00:00:00"\nexpiration_date = "2020-06-01 00:00:00"\n' >ended.cfg
certtool --generate-self-signed --load-privkey ca.key --template ended.cfg --outfile ended.pem 2>/dev/null
list --no-cards --expiring 0 ended.pem
[[ $(jq -r '.[].days_left' out) -lt 0 ]] || fail "$(<out)"

# On a terminal, lines are no longer than it is wide; serial numbers are for wide ones.
long=$(printf 'long%.0s' {1..30})
mkdir "$long"
cp outside/three.pem "$long/three.pem"
for columns in 90 400; do
    script -qefc "stty cols $columns; $REISSUE list --no-cards $long" typescript >/dev/null
    grep -a "three.test" typescript | tr -d '\r' >line
    (($(awk '{ print length }' line) <= columns)) || fail "longer than $columns: $(<line)"
    ((columns > 100)) || expect_in "longlong" line
done
expect_in "$long/three.pem" line
expect_in "$(openssl x509 -in outside/three.pem -noout -serial | cut -d = -f 2)" line

# A name that is no name for a terminal.
openssl req -x509 -key ca.key -subj $'/CN=\e]0;evil\a' -out escape.pem -addext basicConstraints=critical,CA:FALSE
list --no-cards escape.pem
if grep -q $'[\e\a]' text out; then
    fail "an escape sequence came through"
fi

# What is not there is said.
for what in missing.pem tree/rubbish.pem tree/random tree/empty tree/fifo tree/huge; do
    expect_failure "$REISSUE" list --no-cards "$what"
    expect_in "$what" err
done
code=0
"$REISSUE" list --expiring soon 2>err || code=$?
[[ $code == 2 ]] || fail "exit code $code"

# Without any reader that is no error; nor without certificates.
list tree
[[ $(jq length out) == 2 ]] || fail "$(<out)"

# ---- on a card ---------------------------------------------------------------------------------------

pcscd_start
card_insert --profile yubikey --key 9a=p256 --certificate "9a=/CN=card.test" --key 9c=rsa2048 --certificate "9c=/CN=sign.test"
list
[[ $(jq -r '[.[].name] | sort | join(" ")' out) == "card.test sign.test" ]] || fail "$(<out)"
[[ $(jq -r '.[] | select(.name == "card.test") | .certificate' out) == card:*slot=9a*type=cert ]] || fail "$(<out)"
key=$(jq -r '.[] | select(.name == "card.test") | .key' out)
[[ $key == card:*slot=9a*type=private ]] || fail "$(<out)"
[[ $(pins_sent) == 0 ]] || fail "a PIN was sent"
openssl storeutl -provider default -provider card -noout -text "$key" >/dev/null 2>&1 || fail "no such key: $key"
list --card card:slot=9c
[[ $(names) == sign.test ]] || fail "$(<out)"

# A file with the card's certificate is joined with it, and its key is the card's.
"$CARD_TOOL" certificate card:slot=9a >card.der 2>/dev/null ||
    openssl storeutl -provider default -provider card -certs 'card:slot=9a;type=cert' >card.pem
[[ ! -s card.der ]] || openssl x509 -inform DER -in card.der -out card.pem
list card.pem
[[ $(jq -r '.[] | select(.name == "card.test") | [.places, .key] | join(" ")' out) == "2 $key" ]] || fail "$(<out)"
card_remove
list
[[ $(<out) == "[]" ]] || fail "$(<out)"
