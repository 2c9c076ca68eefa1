#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Answers that nobody should believe, refusals, and the list of orders of Certum's Partner API.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/certum_lib.sh"

make_ca
certum_start
cat >hook <<'END'
#!/bin/sh
echo "$REISSUE_DNS_NAME $REISSUE_DNS_VALUE" >>"$(dirname "$0")/hook.log"
END
chmod 755 hook
certum_config "validation = dns-txt" "dns-hook = dns" "[hook dns]" "command = $WORK/hook"
ordered www.example.org A1
DAYS=20 ordered soon.example.org A2
ordered code A3 codeSigning

# ---- the list of orders --------------------------------------------------------------------------------------

# orders CODE [OPTION ...]
orders() {
    local code=$1
    shift
    expect_reissue "$code" ca orders certum "$@"
}

orders 0
grep -Eq '^A1 +valid +[0-9-]+ +[0-9]+  www.example.org$' out || fail "$(<out)"
grep -q "it ends soon: reissue start" out
[[ $(awk 'length > 80' out) == "" ]] || fail "too wide: $(<out)"
orders 0 --expiring 30
[[ $(grep -c '^A' out) == 1 ]] || fail "$(<out)"
orders 10 --expiring 31
orders 2 --expiring 3 --days 4
orders 0 --json
[[ $(jq -r '.[].order' out | sort | tr '\n' ' ') == "A1 A2 A3 " ]] || fail "$(<out)"
control '{"page": 1}'
before=$(calls getOrdersByDateRange)
orders 0 --json
[[ $(jq length out) == 3 && $(calls getOrdersByDateRange) == $((before + 3)) ]] || fail "not all pages: $(<out)"
orders 0 --certificate A3
cmp <(openssl x509 -in out) <(openssl x509 -in code.crt) || fail "another certificate"
orders 13 --certificate A9
expect_in "there is no order of that number" err
expect_reissue 9 ca orders manual

# ---- the wrong password ----------------------------------------------------------------------------------------

cp password right
echo wrong >password
orders 13
expect_in "does not accept the user partner" err
! grep -q wrong err || fail "the password is told"
cp right password
chmod 644 password
orders 2
expect_in "others can read" err
chmod 600 password
# A service that repeats the password in its answer does not have it shown.
control "$(jq -n --rawfile p password '{error: {getOrdersByDateRange: 9999}, value: ("for " + ($p | rtrimstr("\n")))}')"
orders 13
expect_in "words that have the password in them" err
! grep -qF "$(<password)" err || fail "the password is told"

# ---- refusals, in a person's words -------------------------------------------------------------------------------

# refused CODE TEXT: the reissue is refused with that code.
refused() {
    control "{\"error\": {\"reissueCertificate\": $1}}"
    expect_reissue "${3:-13}" start code.crt --ca certum --new-key "key-$1" --batch
    expect_in "$2" err
    expect_reissue 0 cancel "$(the_job)"
}

refused 1000 "the key is too short; start again with a new key"
refused 1032 "this key was certified before"
refused 2122 "SimplySign" 9
refused 2126 "was reissued before"
refused 2188 "have to be verified again"
refused 4711 "error 4711"
# The keys in the cloud can be listed, looked at and downloaded.
orders 0 --certificate A3

# ---- answers that make no sense -----------------------------------------------------------------------------------

# senseless OPERATION KIND CODE TEXT: of a reissue's, or of the list's.
senseless() {
    control "{\"reverify\": true, \"nonsense\": {\"$1\": \"$2\"}}"
    if [[ $1 == getOrdersByDateRange ]]; then
        orders "$3"
    else
        expect_reissue "$3" start www.example.org.crt --ca certum --new-key "key-$1-$2" --batch
    fi
    expect_in "$4" err
    ! grep -q $'[\x80-\x9f\x1b]\[31m' err out || fail "$2: control characters"
    [[ $1 == getOrdersByDateRange ]] || expect_reissue 0 cancel "$(the_job)"
}

for kind in "huge 13 was broken off" "deep 13 nested too deep" "many 13 too many elements" "bomb 13 a document type" \
    "external 13 a document type" "html 13 not XML" "empty 13 not XML" "words 13 no number" "headless 13 no header" \
    "gateway 14 in trouble" "busy 14 in trouble" "forbidden 13 does not let this machine in" "client 13 cannot" \
    "server 14 java.lang.Oops"; do
    read -r name code words <<<"$kind"
    senseless getOrdersByDateRange "$name" "$code" "$words"
done
[[ ! -e hook.log ]] || fail "a hook ran"
senseless reissueCertificate code 13 "code has characters"
senseless reissueCertificate domain 13 "www.victim.example to be verified, which was not asked for"
senseless reissueCertificate id 13 "orderID has characters"
senseless getOrderState state 13 "none of the words"
! grep -q "victim\|etc" hook.log || fail "a hook was told: $(<hook.log)"

# A certificate for another key is not taken; what was rejected says why.
control '{"swap": true}'
expect_reissue 1 start code.crt --ca certum --new-key good.key --batch
expect_in "none of the certificates is for this key" err
control '{}'
expect_reissue 0 resume --batch
key_works code
control '{"reverify": true, "reject": true}'
ordered rejected.example.org R1
expect_reissue 13 start rejected.example.org.crt --ca certum --new-key rejected.key --batch
expect_in "Certum has rejected the order" err
expect_in "with a new key" err
expect_reissue 0 cancel "$(the_job)"
control '{"reverify": true, "fails": true}'
ordered fails.example.org R2
expect_reissue 13 start fails.example.org.crt --ca certum --new-key fails.key --batch
expect_in "fails.example.org: CAA: not <allowed>" err
