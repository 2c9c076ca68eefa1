#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A timer whose source has a wrong PIN, or a wrong admin PIN, spends one try of the card's in all, not one a run;
# a key that wants a touch is not for a timer at all.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
make_ca

# sign_request: what the CA does with the request of the only open job.
sign_request() {
    openssl x509 -req -in "$WORK"/state/jobs/*/request.csr -CA ca.pem -CAkey ca.key -copy_extensions copyall -days 30 -out new.pem 2>/dev/null
}

# finish_job OPTION...: brings the certificate for the only open job, which reaches its end.
finish_job() {
    sign_request
    expect_reissue 0 resume --cert new.pem --batch "$@"
    rm -r "$WORK"/state/jobs/*
}

printf '%s\n' "$PIN" >pin
printf '%s\n' "$PIN" >right
printf '%s\n' "$MANAGEMENT_KEY" >key
chmod 600 pin right key
SECRETS=(--pin-source "file:$WORK/pin" --management-key-source "file:$WORK/key" --batch)
make_config "[certificate $NAME]" "ca = manual" "key = card:slot=9a" "pin-source = file:$WORK/pin" \
    "management-key-source = file:$WORK/key"
pcscd_start
card_insert --profile yubikey --key 9a=p256 --certificate "9a=/CN=$NAME"
expect_reissue 12 start card:slot=9a --key card:slot=9a "${SECRETS[@]}"
finish_job "${SECRETS[@]}"

# ---- the PIN ---------------------------------------------------------------------------------------------

echo 654321 >pin
apdu_log_clear
expect_reissue 6 renew --all --force
expect_in "refused the PIN (tries left: 2)" err
for _ in 1 2; do
    expect_reissue 6 renew --all --force
    expect_in "refused this PIN in an earlier run" err
    expect_in "--try-refused" err
done
expect_reissue 6 resume "${SECRETS[@]}"
[[ $(pins_sent) == 1 ]] || fail "$(pins_sent) tries, not one in all"
! grep -rq 654321 state || fail "the PIN is in the state"
[[ $(stat -c %a state/refusals.key) == 600 ]] || fail "the key can be read by others"

# Another PIN is not kept from the card, and what the card takes ends it all.
cp right pin
expect_reissue 12 renew --all
[[ $(pins_sent) == 2 ]] || fail "$(pins_sent) PINs were sent"
finish_job "${SECRETS[@]}"
echo 654321 >pin
expect_reissue 6 renew --all --force
expect_in "tries left: 2" err

# A PIN that was refused, and is right since: that has to be said.
printf 654321 >new
timeout 60 "$REISSUE" card pin --pin-source "file:$WORK/right" --new-pin-source "file:$WORK/new" card:app=piv >/dev/null
expect_reissue 6 renew --all
expect_in "in an earlier run" err
expect_reissue 12 renew --all --try-refused
finish_job "${SECRETS[@]}"
expect_reissue 12 renew --all --force
finish_job "${SECRETS[@]}"

# Nor is one kept that a URI has in it.
for option in --key --new-key --install; do
    expect_reissue 10 start "$NAME" $option "card:slot=9a?pin-value=98765432" "${SECRETS[@]}"
    expect_in "--pin-source" err
done
! grep -rq 98765432 state out err || fail "the PIN is in the state, or was shown"
card_remove

# ---- the admin PIN of an OpenPGP card -----------------------------------------------------------------------

card_insert --profile openpgp --state "$WORK/openpgp.state"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.crt -subj "/CN=$NAME" 2>/dev/null
printf 99999999 >admin.pin
chmod 600 admin.pin
SECRETS=(--batch --pin-source "file:$WORK/right" --management-key-source "file:$WORK/admin.pin")
apdu_log_clear
expect_reissue 6 start other.crt --name openpgp --new-key card:slot=sig --alg P-256 "${SECRETS[@]}"
expect_in "refused the admin PIN" err
for _ in 1 2; do
    expect_reissue 6 resume "${SECRETS[@]}"
    expect_in "in an earlier run" err
done
[[ $(pins_sent) == 1 ]] || fail "$(pins_sent) tries, not one in all"
printf 12345678 >admin.pin
expect_reissue 12 resume "${SECRETS[@]}"
finish_job "${SECRETS[@]}"

# ---- a touch ------------------------------------------------------------------------------------------------

# refused_unattended: the last reissue began nothing.
refused_unattended() {
    expect_in "wants a touch" err
    [[ -z $(open_jobs) ]] || fail "a job was begun"
}

card_remove
card_insert --profile yubikey --state "$WORK/touch.state" --key 9a=p256:once:cached --key aut=p256 --openpgp-object D8=0120
apdu_log_clear
expect_reissue 10 start other.crt --key "card:app=openpgp;slot=aut" "${SECRETS[@]}"
refused_unattended
expect_reissue 10 start other.crt --new-key "card:app=openpgp;slot=aut" --overwrite-key "${SECRETS[@]}"
refused_unattended
[[ $(pins_sent) == 0 ]]
make_config "[certificate $NAME]" "ca = manual" "key = card:slot=9a" "pin-source = file:$WORK/right"
expect_reissue 10 renew --all --force
refused_unattended

# With somebody there it is that person's to touch. A timer does not go on with what was begun so while the key is
# needed.
SECRETS=(--pin-source "file:$WORK/right" --management-key-source "file:$WORK/key")
expect_reissue 12 start "$NAME" --key card:slot=9a "${SECRETS[@]}"
expect_reissue 10 renew --all
expect_in "wants a touch" err
sign_request
expect_reissue 0 resume --cert new.pem "${SECRETS[@]}"
