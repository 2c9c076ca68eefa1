# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests share in which the power fails during a job, after lib.sh, acme_lib.sh and reissue_lib.sh. Before each
# of the job's syncs there is a picture of what the disk would hold: see power_cut.py. The old certificate is good
# as long as it is in use, and `resume` goes on from there: one new key, one certificate; and in the journal, in the
# files and on the card it is the same.
: "${POWER_CUT:?must name the library that tells of syncs}"
export POWER_CUT

NAME=www.example.org
DISK=$WORK/disk
POINT=$WORK/nowhere GENERATED=0 # see restore()
make_ca
mkdir "$DISK"
mount -t tmpfs tmpfs "$DISK" # whose inodes get no number twice
make_config
sed -i "s,^state = .*,state = $DISK/lib/reissue," reissue.conf

live() {
    echo "$DISK/lib/reissue/live/$1/$2"
}

sign() {
    openssl x509 -req -in "$1" -CA ca.pem -CAkey ca.key -copy_extensions copyall -days 30 -out "$2" 2>/dev/null
}

# the_certificate FROM NEW SECRET...: what all jobs are about: from that certificate to a new key, with those options.
the_certificate() {
    FROM=$1 NEW=$2
    shift 2
    SECRETS=("$@")
}

start_job() {
    expect_reissue 12 start "$FROM" --name "$NAME" --new-key "$NEW" --alg P-256 "${SECRETS[@]}"
}

# the_job: from the wish to the end, with a person in between, who sees the request and keeps the answer.
the_job() {
    start_job
    sign "$DISK"/lib/reissue/jobs/*/request.csr answer.pem
    expect_reissue 0 resume --cert answer.pem "${SECRETS[@]}"
}

# record DIRECTORY: the_job, and what of it would survive a power cut, in DIRECTORY/NUMBER-KIND.
record() {
    cp "$(live "$NAME" cert.pem)" old.pem 2>/dev/null || : >old.pem
    printf -v secrets '%q ' "${SECRETS[@]}"
    export -f the_job start_job expect_reissue reissue sign fail openssl
    python3 "$HERE/power_cut.py" "$DISK" "$WORK/card.state" "$WORK/card.log" answer.pem "$1" bash -euc \
        "$(declare -p NAME DISK REISSUE FROM NEW OPENSSL); SECRETS=($secrets); the_job"
}

# restore POINT: the disk as it is then. Leaves the point in POINT, and in GENERATED how many keys the card has made.
restore() {
    echo "power cut $1, before $(<"$1/where") was synced"
    POINT=$1 GENERATED=$(<"$1/generated")
    find "$DISK" -mindepth 1 -delete
    cp -a "$1/disk/." "$DISK"
    rm -f answer.pem
}

# of_certificate FILE, of_key FILE: the public key.
of_certificate() {
    openssl x509 -in "$1" -noout -pubkey
}

of_key() {
    openssl pkey -provider default -provider card -in "$1" -pubout
}

# check_live: key and certificate belong together, whichever they are; leaves in OLD whether they are the old ones.
check_live() {
    OLD=yes
    [[ -s old.pem || -d $(live "$NAME" "") ]] || return 0
    PUBLIC_KEY=$(of_certificate "$(live "$NAME" cert.pem)")
    [[ $(of_key "$(live "$NAME" privkey.pem)") == "$PUBLIC_KEY" ]] || fail "live key and certificate do not fit"
    cmp -s old.pem "$(live "$NAME" cert.pem)" || OLD=no
}

# finish: goes on with what there is, or begins anew where there is nothing yet. A person answers what is asked for;
# who has an answer from before the power cut gives that.
finish() {
    local code=0 job
    job=$(open_jobs)
    if [[ -n $job ]]; then
        reissue resume "$job" "${SECRETS[@]}" || code=$?
        [[ $code == 0 || $code == 12 ]] || fail "exit code $code: $(<err)"
    elif [[ $OLD == yes ]]; then
        [[ $GENERATED == 0 && ! -e $DISK/new.key ]] || fail "a key was made, and no job knows of it"
        start_job
        code=12
    fi
    if [[ $code == 12 ]]; then
        if [[ -s $POINT/answer.pem ]]; then
            cp "$POINT/answer.pem" answer.pem
        else
            sign "$DISK"/lib/reissue/jobs/*/request.csr answer.pem
        fi
        expect_reissue 0 resume --cert answer.pem "${SECRETS[@]}"
    fi
}

# check_end: everything is the successor's, and there is nothing left to do.
check_end() {
    check_live
    [[ $OLD == no ]] || fail "the old certificate is still in use"
    [[ -z $(open_jobs) ]] || fail "a job is left"
    expect_reissue 0 status --all --json
    [[ $(sed '1d;$d' <<<"$PUBLIC_KEY" | base64 -d | sha256sum | cut -d ' ' -f 1) == "$(jq -r '.jobs | max_by(.created) | .public_key_sha256' out)" ]] ||
        fail "another key is in the journal"
    [[ ! -s $POINT/answer.pem ]] || cmp -s "$POINT/answer.pem" "$(live "$NAME" cert.pem)" ||
        fail "another certificate is in use than the one that came back"
}
