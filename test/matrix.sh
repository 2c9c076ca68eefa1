#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs the whole suite on another release of Debian, and so with another OpenSSL:
#
#   sudo test/matrix.sh RELEASE [PRESET...]      such as bookworm, trixie, sid; presets as in test/run.sh
#
# The release is a tree that debootstrap makes, once, in CARD_MATRIX_DIR (/var/cache/card-matrix if
# unset); later runs use it as it is. To have a newer one, remove it. It comes from the mirror that
# this machine's own apt uses.
#
# The suite runs in namespaces of its own with the tree as its root, the source read-only in /source, a
# fresh build in /build, and no network but the loopback of each test. Mounts and processes are gone when this script
# is, however it ends. What failed tests leave is in the tree's tmp.
set -euo pipefail

source=$(cd "$(dirname "$0")/.." && pwd)
readonly source
readonly script=$source/test/matrix.sh
readonly trees=${CARD_MATRIX_DIR:-/var/cache/card-matrix}
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
    echo "test/matrix.sh: $*" >&2
    exit 1
}

# ---- the machine's side ----------------------------------------------------------------------

install_debootstrap() {
    { ! command -v debootstrap || [ ! -e $keyring ]; } >/dev/null || return 0
    echo "== Installing debootstrap"
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        debootstrap debian-archive-keyring >/dev/null
}

# mirror LABEL DEFAULT: where this machine's apt has Debian's packages of that label ("Debian",
# "Debian-Security") from.
mirror() {
    local found

    # shellcheck disable=SC2016 # apt-get's own variables
    found=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
        sed -n "s/^$1 //p" | sed -n 1p)
    echo "${found:-$2}"
}

# The proxy that apt is told of in its configuration; debootstrap knows only the environment.
use_proxy_of_apt() {
    local proxy=
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "$proxy" ] || export http_proxy=$proxy
}

# namespaces OPTION... COMMAND...: runs this script's COMMAND with mounts and processes of its own. In
# the background, since only there can a signal end this shell before its child; and when this shell
# ends, even by SIGKILL, the kernel ends the child and with it all that runs in the namespaces.
namespaces() {
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
        --propagation private "$@" </dev/null &
    wait "$!"
}

# The tree gets its name when it is complete: one that was given up half way is made anew.
make_tree() {
    [ ! -d "$tree" ] || return 0
    install_debootstrap
    use_proxy_of_apt
    echo "== $release: making $tree"
    rm -rf --one-file-system "$tree.new"
    namespaces "$script" --make "$release" "$tree.new" \
        "$(mirror Debian http://deb.debian.org/debian)" \
        "$(mirror Debian-Security http://deb.debian.org/debian-security)" ||
        fail "debootstrap failed; $tree.new/debootstrap/debootstrap.log may say more"
    mv "$tree.new" "$tree"
}

install_packages() {
    cp -L /etc/resolv.conf /etc/hosts "$tree/etc/"
    namespaces "$script" --enter "$tree" test/run.sh --packages --no-lint "$@" ||
        fail "cannot install the tests' packages in $tree (if it is an old one, remove it)"
}

run_suite() {
    rm -rf --one-file-system "$tree/build" "${tree:?}/tmp"
    mkdir -m 1777 "$tree/tmp"
    # shellcheck disable=SC2016 # the inner shell's own
    namespaces --net "$script" --enter "$tree" -c 'ip link set lo up && exec test/run.sh --no-lint "$@"' - "$@" ||
        fail "$release: the suite failed; files that tests have kept in /tmp are in $tree/tmp"
}

# ---- inside the namespaces -------------------------------------------------------------------

# make_tree_inside NAME ROOT MIRROR SECURITY-MIRROR: debootstrap itself mounts things in the tree.
make_tree_inside() {
    local name=$1 root=$2

    debootstrap --variant=minbase "$name" "$root" "$3" >"$root.log" || {
        tail -n 20 "$root.log" >&2
        return 1
    }
    rm "$root.log"
    write_sources "$name" "$3" "$4" >"$root/etc/apt/sources.list"
    # A service that a package brings must not start.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    # Nobody needs this tree after a power cut, so dpkg need not wait for the disk.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/90matrix"
    # Packages are wanted once; and a mirror that lags behind, as sid's may, serves its purpose here.
    cat >"$root/etc/apt/apt.conf.d/90matrix" <<'END'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
END
    mkdir "$root/source"
}

# A stable release comes with its updates, as its users have it; sid has none.
write_sources() {
    echo "deb [signed-by=$keyring] $2 $1 main"
    case $1 in
    sid | unstable | experimental) ;;
    *)
        echo "deb [signed-by=$keyring] $2 $1-updates main"
        echo "deb [signed-by=$keyring] $3 $1-security main"
        ;;
    esac
}

# mount_devices DIRECTORY: the few that programs take for granted, and terminals of its own.
mount_devices() {
    local dev=$1 device

    mount -t tmpfs -o mode=0755 tmpfs "$dev"
    for device in null zero full random urandom tty; do
        touch "$dev/$device"
        mount --bind "/dev/$device" "$dev/$device"
    done
    mkdir -m 1777 "$dev/shm"
    mkdir "$dev/pts"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$dev/pts"
    ln -s pts/ptmx "$dev/ptmx"
    ln -s /proc/self/fd "$dev/fd"
    ln -s fd/0 "$dev/stdin"
    ln -s fd/1 "$dev/stdout"
    ln -s fd/2 "$dev/stderr"
}

# enter_tree ROOT COMMAND...: makes the tree the root, and runs a command of the source in it. Nothing
# of the machine's files is left to be seen.
enter_tree() {
    local root=$1
    shift

    mount --bind "$root" "$root"
    mount --bind -o ro "$source" "$root/source"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t tmpfs -o mode=0755 tmpfs "$root/run"
    mount_devices "$root/dev"
    cd "$root"
    pivot_root . .
    umount --lazy .
    cd /source
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        ${http_proxy:+"http_proxy=$http_proxy"} BUILD_ROOT=/build bash "$@"
}

# ---- the command -----------------------------------------------------------------------------

case ${1-} in
--make) make_tree_inside "${@:2}" ;;
--enter) enter_tree "${@:2}" ;;
esac
[[ ${1-} != --* ]] || exit 0
[[ ${1-} =~ ^[a-z]+$ ]] || fail "usage: sudo test/matrix.sh RELEASE [PRESET...], for instance: trixie"
[ "$(id -u)" -eq 0 ] || fail "needs root, for namespaces and packages. Type: sudo $0 $*"
command -v apt-get >/dev/null || fail "needs Debian's apt-get and debootstrap"
readonly release=$1
readonly tree=$trees/$release
shift
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$trees"
exec 9>"$tree.lock"
flock --nonblock 9 || fail "another run uses $tree. Wait for it, or name another CARD_MATRIX_DIR"
namespaces true || fail "no namespaces can be made here, so the suite cannot run on $release"
make_tree
install_packages "$@"
run_suite "$@"
