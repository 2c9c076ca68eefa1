#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Answers of Certum's that are lost: an order is found again, by its key where it shows one, and never made twice.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/certum_lib.sh"

make_ca
certum_start
certum_config

# reissues: how many orders the service has beside those that were there.
reissues() {
    order_of '[.[] | select(.reissue)] | length'
}

# lost NAME CONTROL: the answer to the reissue is lost; the job stops; resume finishes it with the order there is.
lost() {
    local before
    before=$(reissues)
    control "$2"
    expect_reissue 14 start "$1.crt" --ca certum --new-key "$1-new.key" --batch
    expect_in "reissue resume" err
    [[ $(reissues) == $((before + 1)) ]] || fail "$1: the order did not reach the service"
    expect_reissue 0 resume --batch
    expect_in "the order had reached Certum" out
    [[ $(reissues) == $((before + 1)) ]] || fail "$1: it was ordered twice"
    key_works "$1"
}

ordered by-key.example.org A1
lost by-key.example.org '{"lose": ["reissueCertificate"]}'
ordered by-elimination.example.org A2
lost by-elimination.example.org '{"lose": ["reissueCertificate"], "hide_keys": true}'
expect_in "is the only reissue that is new" out
ordered same-number.example.org A3
lost same-number.example.org '{"lose": ["reissueCertificate"], "same_id": true}'
ordered pages.example.org A4
lost pages.example.org '{"lose": ["reissueCertificate"], "page": 1}'
# An answer that makes no sense, and one of something in between, say no more than none.
ordered nonsense.example.org A5
control '{"nonsense": {"reissueCertificate": "html"}}'
expect_reissue 13 start nonsense.example.org.crt --ca certum --new-key nonsense-new.key --batch
expect_reissue 0 resume --batch
expect_in "the order had reached Certum" out
ordered gateway.example.org A6
lost gateway.example.org '{"nonsense": {"reissueCertificate": "gateway"}}'

# A refusal says that there is no order: it is sent again when that is mended.
ordered refused.example.org A8
control '{"error": {"reissueCertificate": 1075}}'
expect_reissue 13 start refused.example.org.crt --ca certum --new-key refused-new.key --batch
before=$(calls getModifiedOrders)
expect_reissue 0 resume --batch
[[ $(calls getModifiedOrders) == "$before" ]] || fail "it looked for an order that was refused"

# What never arrived is sent again; what arrived and is not shown yet is not, since its key is known.
ordered never.example.org A9
control '{"error": {"reissueCertificate": 2080}}'
sed -i 's/14443/14444/' reissue.conf
expect_reissue 14 start never.example.org.crt --ca certum --new-key never-new.key --batch
expect_in "cannot be reached" err
sed -i 's/14444/14443/' reissue.conf
control '{}'
expect_reissue 0 resume --batch

# Two new orders that show no key: a person has to tell, and nothing is sent.
ordered one.example.org B1
ordered other.example.org B2
control '{"lose": ["reissueCertificate"], "hide_keys": true, "required": ["ORGANIZATION"]}'
expect_reissue 14 start one.example.org.crt --ca certum --new-key one-new.key --batch
job=$(the_job)
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout elsewhere.key -subj /CN=other.example.org \
    -addext subjectAltName=DNS:other.example.org -out elsewhere.csr 2>/dev/null
(sed "s|$WORK/state|$WORK/elsewhere|" reissue.conf >elsewhere.conf)
"$REISSUE" start other.example.org.crt --ca certum --csr elsewhere.csr --batch --config elsewhere.conf >elsewhere.out && fail "it did not wait"
before=$(reissues)
expect_reissue 12 resume "$job" --batch
expect_in "one of 2 new orders" out
[[ $(reissues) == "$before" ]]
# Cancelling asks which it is, too, and says that the CA has it still.
control '{}'
expect_reissue 12 resume "$job" --batch
expect_in "Certum's people to verify the organization" out
order=$(order_of '.[-2].id')
control '{"lose": ["cancelOrder"]}'
expect_reissue 0 cancel "$job"
expect_in "The CA still has the order" out
[[ $(order_of ".[] | select(.id == \"$order\").state") == REJECTED ]]

# A revocation whose answer is lost was done: asking again says so.
ordered revoke.example.org C1
control '{"lose": ["revokeCertificate"]}'
expect_reissue 14 start revoke.example.org.crt --ca certum --new-key revoke-new.key --revoke now --batch
expect_reissue 0 resume --batch
expect_in "being revoked already" out
[[ $(status_of revoke.example.org.crt) == REVOKING ]]
[[ $(calls revokeCertificate) == 2 ]]

# What only asks is asked again, by libcurl where the connection had been used, or else by resume.
for operation in getOrderState getCertificate; do
    name=${operation,,}.example.org
    ordered "$name" "D-$operation"
    before=$(reissues)
    control "{\"lose\": [\"$operation\"]}"
    code=0
    reissue start "$name.crt" --ca certum --new-key "$operation-new.key" --batch || code=$?
    [[ $code == 14 || $code == 0 ]] || fail "$operation: $code: $(<err)"
    [[ $(jq -c .lose certum/control.json) == "[]" ]] || fail "$operation: nothing was lost"
    [[ $code == 0 ]] || expect_reissue 0 resume --batch
    key_works "$name"
    [[ $(reissues) == $((before + 1)) ]] || fail "$operation: ordered twice"
done
