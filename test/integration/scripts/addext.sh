#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# The new way, with an extension on the command line.
set -e
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout k.pem -out r.csr \
    -subj "/CN=www.example.org" -addext "subjectAltName=DNS:www.example.org,DNS:example.org"
openssl req -in r.csr -noout -text | grep -q "DNS:example.org"
