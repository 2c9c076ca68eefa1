#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What can be said about the tree without running it: lint.sh format|shell|manual|licence|order
set -euo pipefail
cd "$(dirname "$0")/.."

files() {
    git -c safe.directory="$PWD" ls-files --cached --others --exclude-standard "$@"
}

case "${1-}" in
format) # as .clang-format says
    files '*.[ch]' | xargs clang-format-14 --dry-run --Werror
    ;;
shell) # no warning from shellcheck
    {
        files '*.sh'
        files | xargs grep -lE '^#!/(usr/)?bin/(env )?bash' | grep -v '\.sh$'
    } | xargs shellcheck --severity=warning --exclude=SC1091
    ;;
manual) # no warning from mandoc
    files 'docs/*.[1-8]' | xargs mandoc -T lint -W warning >/dev/null
    ;;
licence) # every source file says its licence
    if files '*.[ch]' '*.sh' '*CMakeLists.txt' | xargs grep -L 'SPDX-License-Identifier: BSD-2-Clause' |
        grep .; then
        exit 1
    fi
    ;;
order) # dependencies point one way, and PC/SC stays behind its transport
    if git -c safe.directory="$PWD" grep -nE '#include "(\.\./)?(provider|reissue)/' -- card ||
        git -c safe.directory="$PWD" grep -nE '#include <(PCSC/)?winscard.h>' -- card provider reissue |
        grep -v '^card/.*pcsc'; then
        exit 1
    fi
    ;;
*)
    echo "usage: test/lint.sh format|shell|manual|licence|order" >&2
    exit 2
    ;;
esac
