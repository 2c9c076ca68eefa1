#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `reissue config check`: the example is right, and each mistake is told with its file and line.
source "$(dirname "$0")/lib.sh"
: "${REISSUE:?must name the program}"

# expect_config CODE TEXT: of the configuration in c.conf.
expect_config() {
    local code=0
    "$REISSUE" config check --config c.conf >out 2>err || code=$?
    [[ $code == "$1" ]] || fail "exit code $code, not $1: $(<out) $(<err)"
    cat out err >both
    expect_in "$2" both
}

# bad TEXT LINE...: a configuration of those lines is wrong.
bad() {
    local text=$1
    shift
    printf '%s\n' "$@" >c.conf
    expect_config 2 "$text"
}

good() {
    printf '%s\n' "$@" >c.conf
    expect_config 0 "nothing is wrong"
}

# ---- the example, with its files somewhere else ------------------------------------------------------

mkdir -p etc/hooks webroot
sed -e "s|/etc/reissue|$WORK/etc|g" -e "s|/var/www/html|$WORK/webroot|g" "$EXAMPLES/reissue.conf" >c.conf
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=ca -out etc/company-ca.pem 2>/dev/null
cp etc/company-ca.pem etc/registration.pem
(umask 077 && cp ca.key etc/registration.key && echo x >etc/management-key && echo "$PIN" >etc/pin)
for secret in eab.key certum.password est-password; do
    (umask 077 && echo secret >etc/$secret)
done
for hook in $(sed -n "s|^command = \(${WORK}[^ ]*\).*|\1|p" c.conf); do
    printf '#!/bin/sh\n' >"$hook"
    chmod 755 "$hook"
done
expect_config 0 "nothing is wrong"

# What it names is looked at.
chmod 640 etc/eab.key
expect_config 2 "others can read or write $WORK/etc/eab.key"
chmod 600 etc/eab.key
chown 33 etc/eab.key
expect_config 2 "belongs to user 33"
mkdir credentials
chown 0 etc/eab.key
chmod 440 etc/eab.key
cp -p etc/eab.key credentials/eab.key
sed -i "s|$WORK/etc/eab.key|$WORK/credentials/eab.key|" c.conf
expect_config 2 "others can read"
CREDENTIALS_DIRECTORY=$WORK/credentials expect_config 0 "nothing is wrong"
CREDENTIALS_DIRECTORY=$WORK/cred expect_config 2 "others can read"
export CREDENTIALS_DIRECTORY=$WORK/credentials
chmod 666 etc/pin
expect_config 2 "others can read or write $WORK/etc/pin"
chmod 600 etc/pin
chmod 775 "$hook"
expect_config 2 "others may write command $hook"
chmod 644 "$hook"
expect_config 2 "cannot be run"
rm "$hook"
expect_config 2 "No such file"
unset CREDENTIALS_DIRECTORY

# ---- mistakes, with their lines ----------------------------------------------------------------------

CA=("[ca a]" "type = acme" "directory = https://ca.test/dir")
good "${CA[@]}"
good "${CA[@]}" "[certificate c]" "ca = a" "names = a.test" "  b.test" "  ; a comment" "  192.0.2.1"
bad "c.conf, line 4: [ca a] knows no \"directry\"" "${CA[@]}" "directry = x"
bad "c.conf, line 4: directory is said twice" "${CA[@]}" "directory = https://ca.test/dir"
bad "type = acme has no url (type = certum cmp est has)" "${CA[@]}" "url = https://ca.test"
CMP=("[ca a]" "type = cmp" "url = http://ca.test/cmp")
bad "needs a ca-file" "${CMP[@]}"
good "${CMP[@]}" "ca-file = $WORK/etc/company-ca.pem"
bad "both needed" "${CMP[@]}" "secret-reference = a"
bad "client-key is nothing" "${CMP[@]}" "ca-file = $WORK/etc/company-ca.pem" "client-key = /x"
bad "implicit-confirm: has to be yes or no" "${CMP[@]}" "implicit-confirm = perhaps"
bad "$WORK/etc/nothing.pem" "${CMP[@]}" "ca-file = $WORK/etc/company-ca.pem" "client-certificate = $WORK/etc/nothing.pem"
EST=("[ca a]" "type = est" "url = https://ca.test")
good "${EST[@]}"
bad "begins with https://" "[ca a]" "type = est" "url = http://ca.test"
bad "one part of a URL's path" "${EST[@]}" "label = a/b"
bad "one part of a URL's path" "${EST[@]}" "label = .."
bad "SHA-256" "${EST[@]}" "ca-fingerprint = 00:11"
bad "both needed" "${EST[@]}" "user = alice"
bad "c.conf, line 4: there is a section [ca a] already, in line 1" "${CA[@]}" "[ca a]" "type = manual"
bad "c.conf, line 4: nothing is in this section" "${CA[@]}" "[certificate c]"
bad "c.conf, line 4: nothing is in this section" "${CA[@]}" "[certificate c]" "" "[hook h]" "command = /bin/true"
bad "c.conf, line 4: there is no section [cat c]" "${CA[@]}" "[cat c]" "ca = a"
bad "c.conf, line 1: this is before the first" "state = /x"
bad "c.conf, line 4: this is neither" "${CA[@]}" "something"
bad "c.conf, line 4: a section's name has more than" "${CA[@]}" "[certificate $(printf 'a%.0s' {1..60})]" "ca = a"
bad "c.conf, line 4: the section has a name with something else" "${CA[@]}" "[certificate a/b]" "ca = a"
bad "c.conf, line 4: the section has a name that begins" "${CA[@]}" "[certificate ..]" "ca = a"
bad "c.conf, line 4: the section has no name" "${CA[@]}" "[certificate]" "ca = a"
bad "c.conf, line 5: a section begins at the beginning" "${CA[@]}" "" " [certificate c]" "ca = a"
bad "c.conf, line 4: the line has more than" "${CA[@]}" "contact = $(printf 'a%.0s' {1..300})"
bad "c.conf, line 4: [certificate c]: ca names a CA \"b\"" "${CA[@]}" "[certificate c]" "ca = b"
bad "c.conf, line 4: [certificate c]: deploy-hook names a hook \"h\"" "${CA[@]}" "[certificate c]" "deploy-hook = h"
bad "c.conf, line 4: [hook h]: command is missing" "${CA[@]}" "[hook h]" "timeout = 5s"
bad "c.conf, line 1: [ca a]: type is missing" "[ca a]" "directory = https://ca.test/dir"
bad "c.conf, line 1: [ca a]: type = acme needs a directory" "[ca a]" "type = acme"
bad "c.conf, line 1: [ca a]: type = manual has no directory (type = acme has)" "[ca a]" "type = manual" "directory = https://ca.test/"
bad "needs a dns-hook" "${CA[@]}" "challenge = dns-01"
bad "dns-hook names a hook" "${CA[@]}" "challenge = dns-01" "dns-hook = h"
bad "either a webroot" "${CA[@]}" "webroot = /tmp" "listen = 127.0.0.1:80"
bad "eab-key-id and eab-key-file" "${CA[@]}" "eab-key-id = x"
CERTUM=("[ca c]" "type = certum" "user = u" "password-file = $WORK/etc/certum.password")
good "${CERTUM[@]}"
good "${CERTUM[@]}" "validation = email" "approver = hostmaster"
good "${CERTUM[@]}" "validation = file" "webroot = $WORK/webroot"
good "${CERTUM[@]}" "dns-hook = h" "[hook h]" "command = /bin/true"
bad "needs user and password-file" "[ca c]" "type = certum" "user = u"
bad "dns-hook is for validation" "${CERTUM[@]}" "validation = file" "dns-hook = h" "[hook h]" "command = /bin/true"
bad "webroot is for validation" "${CERTUM[@]}" "webroot = $WORK/webroot"
bad "approver is for validation" "${CERTUM[@]}" "approver = admin"
bad "dns-hook names a hook" "${CERTUM[@]}" "dns-hook = h"
bad "type = certum has no challenge" "${CERTUM[@]}" "challenge = dns-01"
bad "validation: has to be one or several of dns-txt" "${CERTUM[@]}" "validation = dns-01"
bad "approver: has to be admin" "${CERTUM[@]}" "validation = email" "approver = me"
bad "url has to begin with https:// here" "${CERTUM[@]}" "url = http://gs.certum.pl/"
HOOK=("[hook h]" "command = /bin/true")
good "${CA[@]}" "challenge = http-01 dns-01" "webroot = $WORK/webroot" "dns-hook = h" "${HOOK[@]}"
good "${CA[@]}" "challenge = http-01 tls-alpn-01" "webroot = $WORK/webroot" "listen = 127.0.0.1:443"
good "${CA[@]}" "challenge = http-01 dns-01" "dns-hook = h" "${HOOK[@]}" "[certificate c]" "ca = a" "names = *.a.test"
good "${CA[@]}" "challenge = http-01 dns-01" "dns-hook = h" "${HOOK[@]}" "[certificate c]" "ca = a" "validation = dns-01"
good "${CERTUM[@]}" "validation = dns-txt email" "approver = admin" "[certificate c]" "ca = c" "validation = email"
bad "challenge: has to be one or several of http-01, dns-01, tls-alpn-01" "${CA[@]}" "challenge = http-01 dns"
bad "needs a dns-hook" "${CA[@]}" "challenge = http-01 dns-01"
bad "webroot is for challenge" "${CA[@]}" "challenge = dns-01 tls-alpn-01" "dns-hook = h" "webroot = $WORK/webroot" "${HOOK[@]}"
bad "approver is for validation" "${CERTUM[@]}" "validation = dns-txt file" "approver = admin"
bad "wildcards need dns-01" "${CA[@]}" "[certificate c]" "ca = a" "names = *.a.test"
bad "IP addresses http-01, tls-alpn-01" "${CA[@]}" "challenge = dns-01" "dns-hook = h" "${HOOK[@]}" \
    "[certificate c]" "ca = a" "names = 192.0.2.1"
bad "cannot validate all of these names by http-01:" "${CA[@]}" "challenge = http-01 dns-01" "dns-hook = h" "${HOOK[@]}" \
    "[certificate c]" "ca = a" "validation = http-01" "names = *.a.test"
bad "validation dns-01 is none of those that [ca a] lists: there is http-01" "${CA[@]}" \
    "[certificate c]" "ca = a" "validation = dns-01"
bad "the CA manual is not told how it is to validate" "[certificate c]" "ca = manual" "validation = dns-01"
for value in "directory = http://ca.test/" "type = acmee" "contact = admin@a.test" "terms = yes" "challenge = dns" \
    "webroot = html" "account-key = key.pem" "account-key = card:?pin-value=123456" "account-key = card:slot=99;slot=9a" \
    "eab-key-file = $WORK/missing"; do
    bad "c.conf, line 2: ${value%% *}" "[ca a]" "$value"
    if grep -q 123456 both; then
        fail "a PIN is in the message"
    fi
done
for value in "names = a..b" "names = a_b.test" "algorithm = rsa" "renew-before = soon" "revoke-after = 14" \
    "pin-source = 123456" "install = relative.pem"; do
    bad "c.conf, line 3: ${value%% *}" "[certificate a]" "ca = manual" "$value"
    if grep -q 123456 both; then
        fail "a PIN is in the message"
    fi
done
bad "c.conf, line 2: command" "[hook h]" "command = true"
# A value that goes on is checked as a whole, and told with its first line.
bad "c.conf, line 2: names" "[certificate c]" "names = a.test" "  b..test" "  c.test" "ca = manual"
printf '[ca a]\ntype = man\0ual\n' >c.conf
expect_config 2 "c.conf, line 2: there is a NUL"
printf '\xef\xbb\xbf[ca a]\r\ntype = manual\r\n' >c.conf
expect_config 0 "nothing is wrong"
printf '[ca a]\ntype = \e]0;x\a\n' >c.conf
expect_config 2 "c.conf, line 2: type"
if grep -q $'[\e\a]' both; then
    fail "an escape sequence came through"
fi
printf '[\e]0;x\a]\ntype = manual\n' >c.conf
expect_config 2 "there is no section"
if grep -q $'[\e\a]' both; then
    fail "an escape sequence came through"
fi

# ---- what can be asked of which CA -------------------------------------------------------------------

printf '%s\n' "${CA[@]}" "[ca office]" "type = manual" >c.conf
"$REISSUE" ca list --config c.conf >out
grep -Eq '^a +acme +yes' out || fail "$(<out)"
grep -Eq '^office +manual +yes' out || fail "$(<out)"
"$REISSUE" ca list --config c.conf --json >out
[[ $(jq -c 'map([.name, .type, .revoke])' out) == '[["manual","manual",false],["a","acme",true],["office","manual",false]]' ]] || fail "$(<out)"
"$REISSUE" ca list --types >out
grep -Eq '^acme .*RFC 8555' out || fail "$(<out)"

# What a CA does not offer is refused before anything is started.
openssl req -x509 -newkey rsa:2048 -nodes -keyout old.key -subj /CN=old.test -out old.pem 2>/dev/null
refused() {
    local code=0
    "$REISSUE" start old.pem --state "$WORK/state" --config c.conf --batch --new-key "$WORK/new.key" "$@" >out 2>err || code=$?
    [[ $code == 9 ]] || fail "exit code $code: $(<err)"
    [[ ! -e $WORK/new.key ]] || fail "a key was made"
    "$REISSUE" status --state "$WORK/state" >out
    expect_in "No job is under way" out
}
refused --revoke now
expect_in "the CA manual cannot be asked to revoke" err
refused --ca office --revoke-after 14d
expect_in "the CA office cannot be asked to revoke" err

# ---- where it is looked for --------------------------------------------------------------------------

code=0
"$REISSUE" config check --config "$WORK/none.conf" 2>err || code=$?
[[ $code == 2 ]] || fail "exit code $code"
expect_in "cannot open $WORK/none.conf" err
code=0
"$REISSUE" config 2>err || code=$?
[[ $code == 2 ]] || fail "exit code $code"
printf '[ca mine]\ntype = manual\n' >c.conf
mkdir -p config/reissue home/.config/reissue
cp c.conf config/reissue/reissue.conf
printf '[ca mine]\ntipe = manual\n' >home/.config/reissue/reissue.conf
chmod -R a+rX .
chmod a+x "$WORK" "${WORK%/*}"
as_nobody() {
    setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
if as_nobody test -x "$REISSUE"; then
    as_nobody env XDG_CONFIG_HOME="$WORK/config" "$REISSUE" config check >out
    expect_in "$WORK/config/reissue/reissue.conf: nothing is wrong" out
    code=0
    as_nobody env -u XDG_CONFIG_HOME HOME="$WORK/home" "$REISSUE" config check 2>err || code=$?
    [[ $code == 2 ]] || fail "exit code $code"
    expect_in "$WORK/home/.config/reissue/reissue.conf, line 2" err
fi

# ---- what CAs can be asked for -------------------------------------------------------------------------------

# The table in the documentation is the program's.
"$REISSUE" ca list --types --json | jq -r '.[] | [.type, .first, .same_key, .given_request, .revoke, .unattended] |
    map(if . == true then "yes" elif . == false then "-" else . end) | join(" ")' >types
sed -n 's/^| `\([a-z]*\)` |/\1 |/p' "$EXAMPLES/../docs/cas.md" | awk -F ' *[|] *' '{ print $1, $2, $3, $4, $5, $6 }' >documented
diff types documented || fail "docs/cas.md tells something else"
