#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A disk that is full, one that cannot be written to, a clock that jumps, two at work at once, a state from tomorrow: an
# error with its exit code, or a wait; and when that is over, the job comes to its end with nothing lost.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/reissue_power_lib.sh"
: "${CLOCK_LIBRARY:?must name the library that sets the clock}"

the_certificate "$NAME" "$DISK/new.key" --batch
first_predecessor
expect_reissue 12 start first.crt --key first.key --batch
sign "$DISK"/lib/reissue/jobs/*/request.csr answer.pem
expect_reissue 0 resume --cert answer.pem --batch
rm -r answer.pem "$DISK"/lib/reissue/jobs
cp "$(live "$NAME" cert.pem)" old.pem
cp -a "$DISK" before

# as_before: the disk as it was when the first certificate was in use.
as_before() {
    find "$DISK" -mindepth 1 -delete
    cp -a before/. "$DISK"
}

# ---- a full disk -------------------------------------------------------------------------------------------

# room KIBIBYTES: so much is left.
room() {
    mount -o "remount,size=$(($(du -sk "$DISK" | cut -f 1) + $1))k" "$DISK"
}

# None of it begins where there is too little.
as_before
room 400
expect_reissue 1 start "$FROM" --new-key "$NEW" --alg P-256 --batch
expect_in "there is no room" err
mount -o remount,size=100m "$DISK"
[[ -z $(open_jobs) ]] || fail "a job was begun"

# It runs full later, with each time more room than before: one stops at each of the things that are written.
codes=
for kibibytes in 0 4 12 24 40 64 80 100 130 170 400; do
    as_before
    code=0
    REISSUE_FAULT=wanted:before PROGRAM=$REISSUE_FAULTS reissue start "$FROM" --new-key "$NEW" --alg P-256 --batch || code=$?
    [[ $code == 137 ]] || fail "exit code $code: $(<err)"
    room "$kibibytes"
    code=0
    reissue resume --batch || code=$?
    if ((code == 12)); then
        sign "$DISK"/lib/reissue/jobs/*/request.csr answer.pem
        code=0
        reissue resume --cert answer.pem --batch || code=$?
    fi
    echo "$kibibytes KiB: exit code $code: $(tail -n 1 err)"
    [[ $code == 0 ]] || { [[ $code == 1 ]] && grep -Eq "make room|No space left" err; } || fail "exit code $code: $(<err)"
    codes+=$code
    check_live
    mount -o remount,size=100m "$DISK"
    finish
    check_end
done
[[ $codes == 1*0 ]] || fail "the disk was never full, or always"

# ---- one that cannot be written to ----------------------------------------------------------------------------

as_before
find "$DISK" -type f -exec sha256sum {} + | sort >sums
mount -o remount,ro "$DISK"
expect_reissue 1 start "$FROM" --new-key "$NEW" --alg P-256 --batch
expect_in "make the directory writable" err
mount -o remount,rw "$DISK"
find "$DISK" -type f -exec sha256sum {} + | sort | cmp - sums
check_live
finish
check_end

# ---- a clock that jumps ------------------------------------------------------------------------------------

# shifted SECONDS CODE WORD...: reissue, with the clock wrong by so much.
shifted() {
    echo "$1" >clock.shift
    LD_PRELOAD=$CLOCK_LIBRARY CLOCK_SHIFT=$WORK/clock.shift expect_reissue "${@:2}"
}
YEAR=31536000

# Back, or far ahead, when the certificate comes: it is not taken, and the job waits for a better clock.
as_before
start_job
sign "$DISK"/lib/reissue/jobs/*/request.csr answer.pem
for shift in -$((10 * YEAR)) -$((2 * 86400)) $YEAR; do
    shifted "$shift" 13 resume --cert answer.pem --batch
    expect_in "the clock may be" err
    check_live
    [[ $OLD == yes ]] || fail "switched"
done
expect_reissue 0 resume --cert answer.pem --batch
check_end

# What is due by a clock that is ahead is begun, once; by one that is behind, it is not due.
make_config "[certificate $NAME]" "ca = manual" "new-key = $DISK/renewed.key"
sed -i "s,^state = .*,state = $DISK/lib/reissue," reissue.conf
shifted -$((10 * YEAR)) 0 renew --all
shifted $((25 * 86400)) 12 renew --all
job=$(open_jobs)
shifted -$YEAR 12 renew --all
expect_reissue 12 renew --all
[[ $(open_jobs) == "$job" ]] || fail "another job was begun"
expect_reissue 0 cancel "$job"

# Back by a day, while it waits for a CA that takes its time: for as long as it was told to. (By more, nobody would
# believe the CA's server any more.)
dns_start
pebble_config
pebble_start PEBBLE_VA_NOSLEEP=0 PEBBLE_VA_SLEEPTIME=1000000
as_before
make_config
sed -i "s,^state = .*,state = $DISK/lib/reissue," reissue.conf
echo 86400 >clock.shift
LD_PRELOAD=$CLOCK_LIBRARY CLOCK_SHIFT=$WORK/clock.shift expect_reissue 12 start "$FROM" --ca pebble --new-key "$NEW" \
    --wait=4s --batch &
waiting=$!
wait_until 60 "the validation" grep -q "asking the CA to look" out
echo 0 >clock.shift
wait "$waiting"
pebble_stop

# ---- two at once -------------------------------------------------------------------------------------------

# On one job: the second one says so at once. The first goes on.
export REISSUE_PAUSE=$WORK/paused
as_before
REISSUE_FAULT=csr-ready:before PROGRAM=$REISSUE_FAULTS start_job &
first=$!
wait_until 60 "the first" test -e "$REISSUE_PAUSE"
job=$(open_jobs)
expect_reissue 15 resume "$job" --batch
expect_in "another reissue is at work" err
rm "$REISSUE_PAUSE"
wait "$first"
finish
check_end

# On one card: while it makes a key for one, which takes long, it has no answer for the other, who waits.
pcscd_start
card_insert --profile yubikey --serial 1111 --generate-seconds 3
SECRETS=(--pin-source env:CARD_PIN --management-key-source factory --batch)
export CARD_PIN=$PIN
generated() {
    apdu_log | jq -r 'select(.ins == "47" and .sw == "9000") | .ins' | wc -l
}
is_authenticated() {
    apdu_log | grep -q '"ins":"87"'
}
expect_reissue 12 start first.crt --name one --new-key card:slot=9a --alg P-256 "${SECRETS[@]}" &
first=$!
wait_until 30 "the key generation" is_authenticated
code=0
timeout 60 "$REISSUE" start first.crt --config reissue.conf --name two --new-key card:slot=9c --alg P-256 "${SECRETS[@]}" 2>two.err >two.out || code=$?
[[ $code == 12 ]] || fail "exit code $code: $(<two.err)"
wait "$first"
[[ $(generated) == 2 ]] || fail "$(generated) keys"

# And between two of its commands, while another one changes the card.
exec 9>/run/lock/reissue-card-1111
flock 9
expect_reissue 15 start first.crt --name three --new-key card:slot=9d --alg P-256 "${SECRETS[@]}"
expect_in "another reissue is changing the card" err
[[ $(generated) == 2 ]] || fail "a key was made all the same"
exec 9>&-
expect_reissue 12 resume "$(jq -r '.jobs[] | select(.name == "three") | .job' < <(reissue status --json; cat out))" "${SECRETS[@]}"
[[ $(generated) == 3 ]] || fail "$(generated) keys"

# ---- a state from tomorrow ---------------------------------------------------------------------------------

python3 -c "import sqlite3; c = sqlite3.connect('$DISK/lib/reissue/state.db'); c.execute('PRAGMA user_version = 99'); c.commit()"
find "$DISK" -type f -not -name 'state.db-*' -exec sha256sum {} + | sort >sums
for command in "status" "renew --all" "resume" "start $NAME --new-key $DISK/other.key"; do
    # shellcheck disable=SC2086 # words
    expect_reissue 1 $command
    expect_in "newer version of reissue" err
done
find "$DISK" -type f -not -name 'state.db-*' -exec sha256sum {} + | sort | cmp - sums
