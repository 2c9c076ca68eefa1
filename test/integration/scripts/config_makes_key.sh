#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# All in the configuration, the key's file and size too.
set -euo pipefail
cat > req.cnf <<'EOF'
[ req ]
default_bits        = 3072
default_keyfile     = k.pem
encrypt_key         = no
distinguished_name  = subject
prompt              = no

[ subject ]
commonName          = www.example.org
EOF
openssl req -new -config req.cnf -out r.csr
