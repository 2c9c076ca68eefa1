#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The power fails at each sync of a job with an ACME server, and whatever was not synced is lost; the server goes on with
# what it has heard. `resume` ends with one account, one key and one certificate, and the server has issued no other.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/reissue_power_lib.sh"

dns_start
pebble_config
pebble_start
make_config
sed -i "s,^state = .*,state = $DISK/lib/reissue," reissue.conf
first_predecessor
START=(start first.crt --name "$NAME" --ca pebble --new-key "$DISK/new.key" --alg P-256 --batch)

issued() {
    grep -c "Issued certificate serial" pebble.log || true
}

accounts() {
    grep -c "accounts in memory" pebble.log || true
}

# cut NUMBER: a job whose power fails at that sync; fails where it has come to its end before.
cut() {
    local code=0
    find "$DISK" -mindepth 1 -delete
    rm -rf point
    ISSUED=$(issued) ACCOUNTS=$(accounts)
    STOP=$1 python3 "$HERE/power_cut.py" "$DISK" none none none point "$REISSUE" "${START[0]}" --config reissue.conf "${START[@]:1}" \
        >out 2>err || code=$?
    [[ $code == 137 || $code == 0 ]] || fail "exit code $code: $(<err)"
    [[ $code == 137 ]]
}

check_end() {
    [[ -z $(open_jobs) ]] || fail "a job is left"
    key_works "$NAME"
    cmp "$DISK/new.key" "$(live "$NAME" privkey.pem)" || fail "another key is in the file"
    (($(issued) == ISSUED + 1)) || fail "$(($(issued) - ISSUED)) certificates"
    (($(accounts) == ACCOUNTS + 1)) || fail "$(($(accounts) - ACCOUNTS)) accounts"
}

cuts=0
while cut $((cuts + 1)); do
    cuts=$((cuts + 1))
    restore point/cut
    job=$(open_jobs)
    if [[ -n $job ]]; then
        expect_reissue 0 resume "$job" --batch
    elif [[ ! -e $(live "$NAME" cert.pem) ]]; then
        [[ ! -e $DISK/new.key ]] || fail "a key was made, and no job knows of it"
        expect_reissue 0 "${START[@]}"
    fi
    check_end
done
check_end
echo "$cuts cuts"
((cuts > 30)) || fail "$cuts cuts only"
