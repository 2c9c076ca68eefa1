// SPDX-License-Identifier: BSD-2-Clause
// An HTTPS server whose key is on a smart card, for Debian's Node, which uses the system's OpenSSL:
//
//     node --openssl-shared-config --openssl-config=/etc/ssl/openssl-card.cnf server.js 8443 CERTIFICATE KEY PIN_FILE
//
// KEY is a key reference. What Node calls its passphrase is the card's PIN.
'use strict';
const fs = require('fs');
const https = require('https');

const [port, certificate, key, pinFile] = process.argv.slice(2);
const options = {
  cert: fs.readFileSync(certificate),
  key: fs.readFileSync(key),
  passphrase: fs.readFileSync(pinFile, 'utf8').split('\n')[0],
};
https.createServer(options, (request, response) => response.end('Hello\n')).listen(Number(port), '127.0.0.1');
