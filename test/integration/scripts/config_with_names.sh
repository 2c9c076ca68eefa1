#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# A configuration of its own, written by a here-document, with alternative names.
set -euo pipefail
cat > san.cnf <<EOF
[req]
default_bits = 2048
prompt = no
default_md = sha256
req_extensions = req_ext
distinguished_name = dn

[dn]
C = PL
O = Example
CN = www.example.org

[req_ext]
subjectAltName = @alt_names
keyUsage = digitalSignature, keyEncipherment

[alt_names]
DNS.1 = www.example.org
DNS.2 = example.org
IP.1 = 192.0.2.1
EOF
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out k.pem
openssl req -new -config san.cnf -key k.pem -out r.csr
openssl req -in r.csr -noout -text | grep -q "DNS:www.example.org, DNS:example.org"
