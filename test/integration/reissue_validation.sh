#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A CA that can be shown in several ways whose the names are: which of them a job takes by itself, by an option, by the
# configuration, and by a person's answer; and what is refused before the CA hears of it.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
acme_begin PEBBLE_AUTHZREUSE=0
mkdir www
python3 -m http.server --bind 127.0.0.1 --directory www 5002 >web.log 2>&1 &
wait_until 30 "the web server" _port_open 5002
dns_hook hook

# configure LIST LINE...: the CA with those challenges.
configure() {
    make_config
    sed -i "/^listen/d; s/^challenge.*/challenge = $1/" reissue.conf
    printf '%s\n' "webroot = $WORK/www" "dns-hook = zone" "[hook zone]" "command = $WORK/hook" "${@:2}" >>reissue.conf
}

# by WAY WORD...: a first certificate with those options, whose names are shown to be ours by file, or by dns.
by() {
    local way=$1 files records
    rm -rf state key.pem hook.log
    : >web.log
    expect_reissue 0 start --ca pebble --new-key key.pem --name one --batch "${@:2}"
    files=$(grep -c "GET /.well-known/acme-challenge/" web.log || true)
    records=$(grep -c publish hook.log 2>/dev/null || true)
    case $way in
    file) ((files > 0)) && [[ $records == "" || $records == 0 ]] ;;
    dns) [[ $files == 0 ]] && ((records > 0)) ;;
    esac || fail "not by $way: ${files} files, ${records} records"
}

# refused TEXT WORD...: nobody hears of it.
refused() {
    expect_reissue 10 start --new-key refused.key --batch "${@:2}"
    expect_in "$1" err
    [[ ! -e refused.key && -z $(open_jobs) ]] || fail "a job was begun"
}

configure "http-01 dns-01"
by file --names $NAME
! grep -q "public authorities" out || fail "this one is none, since it has a ca-file: $(<out)"
by dns --names $NAME --validation dns-01
by dns --names "*.example.org example.org"
by file --names 127.0.0.1
refused "is none of those that [ca pebble] lists: there is http-01, dns-01" --ca pebble --names $NAME --validation tls-alpn-01
refused "cannot validate all of these names by http-01: wildcards need dns-01" --ca pebble --names "*.example.org" --validation http-01
refused "cannot validate all of these names by http-01, dns-01:" --ca pebble --names "*.example.org 127.0.0.1"
refused "the CA manual is not told how it is to validate" --ca manual --names $NAME --validation http-01
configure "dns-01 http-01"
expect_reissue 0 start --ca pebble --new-key tried.key --names $NAME --dry-run --batch
expect_in "by a record in the DNS (dns-01)" out
by dns --names $NAME
by file --names 127.0.0.1

# A renewal does as its section says, and otherwise as the CA's.
by dns --names $NAME
configure "http-01 dns-01" "[certificate one]" "ca = pebble" "new-key = $WORK/renewed" "validation = dns-01"
: >web.log
rm -f hook.log
expect_reissue 0 renew --force one
grep -q publish hook.log || fail "the section was not heeded"

# A job keeps to what it began with, whatever the configuration lists by then.
rm -f hook.log
code=0
REISSUE_FAULT=order-known:after PROGRAM=$REISSUE_FAULTS reissue start one --ca pebble --new-key kept.key --validation http-01 --batch || code=$?
[[ $code == 137 ]] || fail "$code: $(<err)"
configure "dns-01 http-01"
expect_reissue 0 resume --batch
[[ ! -e hook.log ]] || fail "by dns: $(<hook.log)"

# What lies in a webroot that the configuration does not name any more stays there, and is told.
code=0
REISSUE_FAULT=challenge-published:before PROGRAM=$REISSUE_FAULTS reissue start one --ca pebble --new-key left.key --validation http-01 --batch || code=$?
[[ $code == 137 ]] || fail "$code: $(<err)"
sed -i '/^webroot/d' reissue.conf
expect_reissue 0 cancel "$(open_jobs)"
expect_in "names no webroot any more" out
[[ -n $(find www -type f) ]] || fail "nothing was published"

# A person is offered what suits the names, the first that the CA's section lists first.
configure "dns-01 http-01"
person() {
    timeout 60 python3 "$HERE/person.py" "$@" >screen 2>err || fail "exit code $?: $(cat screen err)"
}
person "Which CA?=pebble" "For which names=" "names are yours?=http-01" "Go?=n" \
    -- "$REISSUE" start one --config reissue.conf --reason next-period --new-key asked.key --alg P-256 --revoke no
expect_in "by a record in the DNS (dns-01)" screen
expect_in "--validation http-01" screen
person "Which CA?=pebble" "For which names=127.0.0.1" "Go?=n" \
    -- "$REISSUE" start one --config reissue.conf --reason next-period --new-key asked.key --alg P-256 --revoke no
! grep -q "names are yours" screen || fail "asked what has one answer: $(<screen)"
