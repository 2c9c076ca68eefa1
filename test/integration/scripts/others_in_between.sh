#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# Programs in between that read OpenSSL's configuration as well, and make keys for their connections.
set -euo pipefail
openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -out r.csr -subj "/CN=www.example.org"
openssl rand -hex 16 > serial
openssl s_client -connect 127.0.0.1:9 < /dev/null > /dev/null 2>&1 || true
curl --silent --max-time 2 https://127.0.0.1:9/ || true
openssl dgst -sha256 r.csr > checksum
