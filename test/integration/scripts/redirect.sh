#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# The key by the shell's redirection.
set -e
umask 077
openssl genrsa 3072 > k.pem
openssl req -new -key k.pem -subj "/CN=www.example.org" > r.csr
