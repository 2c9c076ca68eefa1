#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Renewal by a timer: what is due, and only that; hooks are told; revocations are owed and done at their time.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
acme_begin
cat >hook <<'END'
#!/bin/sh
echo "$REISSUE_ACTION $REISSUE_NAME $REISSUE_LIVE $REISSUE_JOB" >>"$(dirname "$0")/hook.log"
END
chmod 755 hook
make_config "[certificate $NAME]" "ca = pebble" "new-key = $WORK/key" "algorithm = P-256" "deploy-hook = reload" \
    "revoke-after = 3s" "[hook reload]" "command = $WORK/hook deployed" "timeout = 10s"
first_predecessor

# Nothing is live yet: that is said, with the name.
expect_reissue 5 renew --all
expect_in "cannot renew $NAME" err
expect_reissue 0 start first.crt --name "$NAME" --ca pebble --new-key first-new.key --batch
[[ $(wc -l <hook.log) == 1 ]] || fail "the hook ran $(wc -l <hook.log) times"
grep -q "^deploy $NAME $(live "$NAME" "") [0-9a-f]*$" hook.log || fail "$(<hook.log)"

# The CA cannot be asked when it would like that: this is told, and the dates count.
sed -i 's/:14000/:14999/' reissue.conf
expect_reissue 0 renew --all
expect_in "$NAME: the CA did not say when to renew: " out
sed -i "/^algorithm/a renew-before = 9000d" reissue.conf
expect_reissue 0 renew --all --dry-run
expect_in "$NAME is due" out
sed -i '/^renew-before/d; s/:14999/:14000/' reissue.conf

# Not due: nothing is done, and the CA hears nothing.
cp "$(live "$NAME" cert.pem)" old.pem
requests=$(grep -c "calling handler" pebble.log)
expect_reissue 0 renew --all
expect_reissue 0 renew --all --dry-run
expect_in "$NAME is due on" out
cmp old.pem "$(live "$NAME" cert.pem)"
# But once, when it would like that (RFC 9773), which its directory may not offer; and not again today.
(($(grep -c "calling handler" pebble.log) <= requests + 2)) || fail "the CA was asked too often"

# Due: a new key in a new file, and the hook.
sed -i "/^algorithm/a renew-before = 9000d" reissue.conf
expect_reissue 0 renew --all --dry-run
expect_in "$NAME is due" out
cmp old.pem "$(live "$NAME" cert.pem)"
expect_reissue 0 renew "$NAME"
key_works "$NAME"
! cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "not renewed"
[[ $(wc -l <hook.log) == 2 ]]
[[ $(find . -maxdepth 1 -name 'key.*' | wc -l) == 1 ]] || fail "$(ls)"

# The predecessor is not revoked before its time, and by the next run after it; taking that back works.
[[ $(revocation_status old.pem) == Valid ]] || fail "revoked too early"
expect_reissue 0 status
expect_in "revocation-owed" out
sed -i '/^renew-before/d' reissue.conf
sleep 3.1
expect_reissue 0 renew --all
[[ $(revocation_status old.pem) == Revoked ]] || fail "not revoked"
cp "$(live "$NAME" cert.pem)" old.pem
expect_reissue 0 renew --force "$NAME"
expect_reissue 0 cancel "$(open_jobs)"
sleep 3.1
expect_reissue 0 renew --all
[[ $(revocation_status old.pem) == Valid ]] || fail "revoked although that was taken back"

# A certificate that came back into use is not revoked.
cp "$(live "$NAME" cert.pem)" old.pem
expect_reissue 0 renew --force "$NAME"
python3 - "$(openssl x509 -in old.pem -outform DER | sha256sum | cut -d ' ' -f 1)" <<'END'
import sqlite3, sys
connection = sqlite3.connect("state/state.db")
connection.execute("UPDATE lineage SET fingerprint = ?", (sys.argv[1],))
connection.commit()
END
sleep 3.1
expect_reissue 0 renew --all
expect_in "in use again" out
[[ $(revocation_status old.pem) == Valid ]] || fail "revoked although it is in use"

# A hook that fails stops the job after the switch; resume runs it again.
printf '#!/bin/sh\necho no such service >&2\nexit 1\n' >hook
expect_reissue 1 renew --force "$NAME"
expect_in "no such service" err
key_works "$NAME"
printf '#!/bin/sh\nexit 0\n' >hook
expect_reissue 0 renew --all

# It is listed, with where its key is.
expect_reissue 0 list --no-cards --json
[[ $(jq -r '.[0].name' out) == "$NAME" && $(jq -r '.[0].certificate' out) == "$(live "$NAME" cert.pem)" ]] ||
    fail "$(<out)"

# Names that are configured are asked for in place of the predecessor's.
sed -i "/^algorithm/a names = $NAME more.example.org" reissue.conf
expect_reissue 0 renew --force "$NAME"
openssl x509 -in "$(live "$NAME" cert.pem)" -noout -ext subjectAltName >names
expect_in "DNS:$NAME" names
expect_in "DNS:more.example.org" names

# What is there can be had in each form, and revoked by name: not by mistake, when it is in use.
expect_reissue 0 download "$NAME"
cmp <(openssl x509 -in out) <(openssl x509 -in "$(live "$NAME" cert.pem)")
expect_reissue 0 download "$NAME" --form der --out cert.der
cmp <(openssl x509 -inform DER -in cert.der) <(openssl x509 -in "$(live "$NAME" cert.pem)")
expect_reissue 0 download --chain "$NAME"
cmp out "$(live "$NAME" fullchain.pem)"
expect_reissue 5 download nobody
expect_reissue 10 download --form xml "$NAME"
expect_reissue 10 revoke "$NAME" --ca pebble --reason superseded
expect_in "in use as $NAME" err
expect_reissue 10 revoke "$NAME" --ca pebble --reason whim --yes
expect_reissue 9 revoke "$NAME" --ca manual --reason superseded --yes
expect_in "cannot be asked to revoke" err
expect_reissue 0 revoke "$NAME" --ca pebble --reason compromised-key --yes
[[ $(revocation_status "$(live "$NAME" cert.pem)") == Revoked ]] || fail "not revoked"

# Configurations that cannot be.
expect_config() {
    cp reissue.conf good.conf
    printf '%b\n' "$1" >>reissue.conf
    expect_reissue 2 renew --all
    expect_in "$2" err
    mv good.conf reissue.conf
}
expect_config "[certificate x]\nca = nobody" 'names a CA "nobody"'
expect_config "[certificate x]\nclour = red" 'knows no "clour"'
expect_config "[certificate x]\nrenew-before = soon" "30s, 10m, 4h or 14d"
expect_config "[ca y]\ndirectory = http://ca.example.org" "begins with https://"
expect_config "[ca y]\ntype = acme\ntype = acme" "said twice"
expect_config "[nonsense]\na = b" "there is no section"
expect_config "nonsense" "neither [SECTION] nor NAME = VALUE"
echo secret >eab.key
chmod 644 eab.key
expect_config "[ca y]\neab-key-file = $WORK/eab.key" "others can read"
