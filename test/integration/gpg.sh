# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# GnuPG as a stranger that judges OpenPGP cards: `source "$HERE/gpg.sh"` after lib.sh. It has a home of its
# own, its scdaemon shares the card, and a pinentry that types what the file $WORK/pins says.
GNUPGHOME=$WORK/gnupg
export GNUPGHOME
mkdir -m 700 "$GNUPGHOME"
echo pinentry-program "$WORK/pinentry" >"$GNUPGHOME/gpg-agent.conf"
# Without pcsc-shared scdaemon takes the card for itself; its own reader driver would look for USB.
printf '%s\n' disable-ccid pcsc-shared "reader-port $READER" >"$GNUPGHOME/scdaemon.conf"

# Assuan's other side. What is asked for is in the prompt ("PIN", "Admin PIN"); for a reset code and for new
# ones it is in the description ("New PIN" ...), and what "Repeat this PIN" means is what was asked for before.
cat >"$WORK/pinentry" <<'EOF'
#!/bin/bash
echo "OK"
while read -r command rest; do
    case $command in
    SETPROMPT | SETDESC) declare "$command=$rest" ;;
    GETPIN)
        what=$SETPROMPT
        [[ $SETDESC != *"enter the Reset Code"* ]] || what="Reset Code"
        [[ $SETDESC != New* ]] || what=$SETDESC
        [[ $SETDESC != Repeat* ]] || what=$(tail -n 1 prompts)
        echo "$what" >>prompts
        echo "D $(sed -n "s/^$what=//p" pins)"
        ;;
    esac
    echo "OK"
    [[ $command != BYE ]] || exit 0
done
EOF
sed -i "2i cd '$WORK'" "$WORK/pinentry"
chmod 700 "$WORK/pinentry"

# pins_set PIN ADMIN_PIN [RESET_CODE [NEW_PIN [NEW_ADMIN_PIN [NEW_RESET_CODE]]]]: what the pinentry types.
pins_set() {
    local prompt names=("PIN" "Admin PIN" "Reset Code" "New PIN" "New Admin PIN" "New Reset Code")
    for prompt in "${names[@]}"; do
        printf '%s=%s\n' "$prompt" "${1-}"
        shift || true
    done >"$WORK/pins"
}

# gpg_card COMMAND...: types the commands, and the answers to what they ask, into gpg --card-edit.
gpg_card() {
    printf '%s\n' "$@" quit | timeout 120 gpg --command-fd 0 --status-fd 1 --no-tty --expert --card-edit \
        >"$WORK/gpg.out" 2>"$WORK/gpg.err" || fail "gpg --card-edit: $(<"$WORK/gpg.err")"
}

# gpg_quiet ARGUMENT...
gpg_quiet() {
    timeout 120 gpg --batch --no-tty --quiet --yes "$@" 2>"$WORK/gpg.err" || fail "gpg $*: $(<"$WORK/gpg.err")"
}

# gpg_clear: all that gpg knows is forgotten, keys as well.
gpg_clear() {
    gpg_forget
    find "$GNUPGHOME" -mindepth 1 ! -name '*.conf' -delete
}

_gpg_ended() {
    ! compgen -G "$GNUPGHOME/S.*" >/dev/null
}

# Ends agent and scdaemon, which know what they have seen of the card, and hold it. Each takes its socket away
# when it ends, a while after it was told to.
gpg_forget() {
    gpgconf --kill all
    wait_until 20 "GnuPG's daemons to end" _gpg_ended
}
