#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# Whatever the defaults are.
openssl req -batch -new -newkey rsa:2048 -nodes -keyout k.pem -out r.csr
