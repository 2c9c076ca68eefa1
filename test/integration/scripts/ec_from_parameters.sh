#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# Parameters from a file that is a process.
openssl req -new -newkey ec:<(openssl ecparam -name secp384r1) -nodes -keyout k.pem -out r.csr \
    -subj "/CN=www.example.org"
