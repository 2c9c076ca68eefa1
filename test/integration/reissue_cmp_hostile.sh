#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# CMP answers that are lost, and answers that are no good: nothing is taken that the CA has not said to this request,
# the key stays one, the certificate in use stays what it was, and the job ends well as soon as the CA does its part.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/cmp_lib.sh"

NAME=www.example.org
cmp_make
cmp_start
certify "/CN=$NAME" first "subjectAltName=DNS:$NAME,DNS:example.org"
cmp_config "ca-file = $WORK/cmp/ca.pem" "client-certificate = $WORK/first.pem" "client-key = $WORK/first.key"
cmp_forget
expect_reissue 0 start first.pem --ca company --new-key 0.key --batch
[[ $(cmp_said) == got:kur* ]] || fail "$(cmp_said)"
cmp_config "ca-file = $WORK/cmp/ca.pem"
NUMBER=0

# trouble CODE TEXT BEHAVIOUR...: with the CA's misbehaviour the job ends with that code and text; what is in use stays.
trouble() {
    local code=$1 text=$2
    shift 2
    NUMBER=$((NUMBER + 1))
    cp "$(live "$NAME" cert.pem)" old.pem
    behave "$@"
    cmp_forget
    expect_reissue "$code" start "$NAME" --ca company --new-key $NUMBER.key --batch
    expect_in "$text" err
    behaved
    cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "$*: another certificate is in use"
    key_works "$NAME"
}

# recovers ISSUED CONVERSATION: the next resume finishes the job, with the same key.
recovers() {
    expect_reissue 0 resume --batch
    (($(issued) == $1)) || fail "$(issued) certificates, not $1: $(cmp_said)"
    [[ $(cmp_said) == "$2" ]] || fail "not \"$2\": $(cmp_said)"
    key_works "$NAME"
    cmp <(openssl pkey -in $NUMBER.key -pubout) <(spki_of "$(live "$NAME" cert.pem)") || fail "another key was made"
    [[ $(<cmp/log) != *"confirmed rejected"* ]] || fail "the good certificate was refused"
}

GOOD="got:kur sent:kup got:certConf confirmed:accepted sent:pkiConf"

# ---- lost --------------------------------------------------------------------------------------------------

# The certificate: nobody can ask for it again. One more, for the same key; the first was never confirmed.
trouble 14 "resume" lose-kup
recovers 2 "got:kur lost:kup $GOOD"
expect_in "there is one more now" out
# The word that it still thinks about it, then the certificate that came of that.
trouble 14 "resume" "wait 1" lose-pollRep
recovers 1 "got:kur sent:kup got:pollReq lost:pollRep got:pollReq sent:error $GOOD"
expect_in "does not go on with the transaction" out
trouble 14 "resume" "wait 0" lose-issued
recovers 2 "got:kur sent:kup got:pollReq lost:kup got:pollReq sent:error $GOOD"
# The last word on the confirmation: the CA may have taken it, and knows nothing of it any more.
trouble 14 "resume" lose-pkiConf
recovers 2 "got:kur sent:kup got:certConf confirmed:accepted lost:pkiConf got:certConf sent:error $GOOD"
expect_in "does not go on with the transaction" out
trouble 13 "missing protection" forget
recovers 2 "got:kur sent:kup got:certConf sent:error got:certConf sent:error $GOOD"
cp "$(live "$NAME" cert.pem)" before.pem
behave lose-rp
expect_reissue 14 start "$NAME" --ca company --new-key revoking.key --revoke now --batch
expect_reissue 0 resume --batch
[[ $(revocation_of before.pem) == 4 ]] || fail "not revoked: $(<cmp/revoked)"

# ---- killed while the CA answers ---------------------------------------------------------------------------

# killed TYPE: in place of trouble, the process is killed while that answer is awaited.
killed() {
    local pid
    NUMBER=$((NUMBER + 1))
    behave "hold-$1"
    cmp_forget
    "$REISSUE" start --config "$WORK/reissue.conf" "$NAME" --ca company --new-key $NUMBER.key --batch >out 2>err &
    pid=$!
    wait_until 20 "the CA to hold the answer" grep -q "held $1" cmp/log
    kill -9 $pid
    wait $pid 2>/dev/null || true
    key_works "$NAME"
}
killed kup
recovers 2 "got:kur sent:kup $GOOD"
# The certificate was durable before its confirmation went out, which is therefore sent again.
killed pkiConf
recovers 2 "got:kur sent:kup got:certConf confirmed:accepted sent:pkiConf got:certConf sent:error $GOOD"

# ---- not the CA's answer to this request -------------------------------------------------------------------

for bad in truncate damage nonsense append replay sign-as-customer sign-as-other; do
    trouble 13 "127.0.0.1:8080" $bad
    recovers 2 "got:kur sent:kup $GOOD"
done
for bad in html "status 404 Not Found" huge; do
    trouble 13 "127.0.0.1:8080" "$bad"
    recovers 2 "got:kur sent:kup $GOOD"
done
trouble 14 "try again later" "status 503 Busy"
recovers 2 "got:kur sent:kup $GOOD"

# ---- the CA's, but not what was asked for: the CA is told so -----------------------------------------------

REJECTED="got:kur sent:kup got:certConf confirmed:rejected sent:pkiConf"
for bad in "other-ca" "other-key" "no-names"; do
    trouble 13 "not taken" "$bad"
    [[ $(cmp_said) == "$REJECTED" ]] || fail "$(cmp_said)"
    cmp_forget
    recovers 1 "$GOOD"
done

# ---- refused -----------------------------------------------------------------------------------------------

trouble 13 "badCertTemplate): look at the names" "refuse 19 no [31msuch names"
! grep -q $'\033' err || fail "the CA's escapes reach the terminal"
recovers 1 "got:kur sent:kup $GOOD"
trouble 14 "try again later" "refuse 25 out of paper"
recovers 1 "got:kur sent:kup $GOOD"

# A wrong secret: the CA cannot even protect what it says.
cmp_stop
cmp_start --secret right
echo wrong >secret
chmod 600 secret
cmp_config "secret-reference = client" "secret-file = $WORK/secret" "ca-file = $WORK/cmp/ca.pem"
expect_reissue 13 start first.pem --ca company --new-key secret.key --name secret --batch
expect_in "the CA says" err
chmod 644 secret
expect_reissue 2 config check
expect_in "secret" err

# What is in the configuration, and cannot be.
cmp_config "secret-reference = client"
expect_reissue 2 config check
expect_in "both needed" err
cmp_config "implicit-confirm = yes"
expect_reissue 2 config check
expect_in "ca-file" err
