# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What code signing is tested with.

# make_executable FILE: the least that is a PE executable (PE/COFF specification): DOS header, PE signature, COFF header,
# optional header with sixteen data directories, one section with a `ret`.
make_executable() {
    /usr/bin/python3 - "$1" <<'PYTHON'
import struct
import sys
dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x22)
optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 512, 0, 0, 0x1000, 0x1000)
optional += struct.pack("<QIIHHHHHHIIIIHH", 0x140000000, 0x1000, 512, 6, 0, 0, 0, 6, 0, 0, 0x2000, 512, 0, 3, 0)
optional += struct.pack("<QQQQII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16) + bytes(128)
section = struct.pack("<8sIIIIIIHHI", b".text", 1, 0x1000, 512, 512, 0, 0, 0, 0, 0x60000020)
headers = dos + coff + optional + section
open(sys.argv[1], "wb").write(headers.ljust(512, b"\0") + b"\xc3".ljust(512, b"\0"))
PYTHON
}
