/* SPDX-License-Identifier: BSD-2-Clause */
#include "certum_error.h"

#include "text.h"

#include <stdlib.h>

/* The longest remark of the service's that is passed on, in bytes. */
#define VALUE_MAX 200

#define NEW_KEY "start again with a new key (--new-key, --alg)"
#define CHECK   "look at it with: reissue check"
#define ORDER   "look at the order with: reissue ca orders"
#define ASK     "ask Certum"

/* Those that what we ask for can meet with; the codes for orders of new products are left out. */
const struct certum_error certum_errors[] = {
    /* ---- the request */
    {1000, ERROR_CA_REFUSED, "the key is too short; " NEW_KEY},
    {1001, ERROR_CA_REFUSED, "it does not certify keys of this algorithm; " NEW_KEY},
    {1002, ERROR_CA_REFUSED, "it found no certificate request"},
    {1008, ERROR_CA_REFUSED, "a name of the request is no domain name; " CHECK},
    {1015, ERROR_CA_REFUSED, "the request has no common name; " CHECK},
    {1016, ERROR_CA_REFUSED, "the request names no organization; " CHECK},
    {1019, ERROR_CA_REFUSED, "the request names no state or province; " CHECK},
    {1020, ERROR_CA_REFUSED, "the request names no country; " CHECK},
    {1021, ERROR_CA_REFUSED, "the request has no mail address; " CHECK},
    {1022, ERROR_CA_REFUSED, "the request's mail address is wrong; " CHECK},
    {1024, ERROR_CA_REFUSED,
     "the common name has to be a UTF8String; let reissue make the request"},
    {1025, ERROR_CA_REFUSED,
     "the mail address has to be an IA5String; let reissue make the request"},
    {1026, ERROR_CA_REFUSED,
     "the country has to be a PrintableString; let reissue make the request"},
    {CERTUM_KEY_USED, ERROR_CA_REFUSED,
     "this key was certified before, and Certum certifies none twice; " NEW_KEY},
    {1045, ERROR_CA_REFUSED,
     "the common name is not among the request's domain names; add it to them"},
    {1046, ERROR_CA_REFUSED, "only one of the names may have a wildcard; leave the others out"},
    {1049, ERROR_CA_REFUSED, "it cannot read the request's key; " CHECK},
    {1059, ERROR_CA_REFUSED, "the request names no country; " CHECK},
    {1063, ERROR_CA_REFUSED,
     "the key is on the list of those that are known to be weak or lost; " NEW_KEY},
    {1078, ERROR_CA_REFUSED, "what it got is no certificate request; " CHECK},
    {1085, ERROR_CA_REFUSED, "a domain name is too long"},
    {1107, ERROR_CA_REFUSED,
     "the product has no room for so many domain names; ask for fewer, or buy another product"},
    {1115, ERROR_CA_REFUSED, "the product has no wildcards; leave out the name with one"},
    {1116, ERROR_CA_REFUSED, "the product has no wildcards; take another common name"},
    {1117, ERROR_CA_REFUSED, "the product's common name has to be a wildcard"},
    {1118, ERROR_CA_REFUSED, "the product needs a domain name with a wildcard"},
    {1148, ERROR_CA_REFUSED, "it certifies no private IP addresses; leave them out"},
    {1150, ERROR_CA_REFUSED, "the key is too long; " NEW_KEY},
    {1157, ERROR_CA_REFUSED, "one of the names is a whole top-level domain; leave it out"},
    {2088, ERROR_CA_REFUSED, "a part of a domain name is too long"},
    {2095, ERROR_CA_REFUSED, "a domain name is empty; " CHECK},
    {2097, ERROR_CA_REFUSED, "what it got is no certificate request; " CHECK},
    {2109, ERROR_CA_REFUSED, "the key has a length that is not allowed; " NEW_KEY},
    {2124, ERROR_CA_REFUSED, "it does not know the request's hash algorithm; use SHA-256"},
    {2125, ERROR_CA_REFUSED,
     "the request's signature is wrong; " CHECK ", and make another request"},
    {2130, ERROR_CA_REFUSED, "a domain name that was to be added is in the certificate already"},

    /* ---- the reissue */
    {1133, ERROR_CA_REFUSED,
     "it has no certificate with this serial number: is the certificate Certum's, and the account "
     "the one that it was ordered with?"},
    {1159, ERROR_CA_REFUSED, "there is no such certificate: it may not be issued yet; " ORDER},
    {1160, ERROR_CA_REFUSED, "the serial number is missing"},
    {1161, ERROR_CA_REFUSED, "the serial number is too long"},
    {1162, ERROR_CA_REFUSED, "neither a serial number nor an order was named"},
    {1163, ERROR_CA_REFUSED, "a serial number and an order were named at once"},
    {1164, ERROR_CA_REFUSED, "it cannot tell which certificate is meant"},
    {1165, ERROR_CA_REFUSED, "the certificate is not in PEM"},
    {1170, ERROR_CA_REFUSED,
     "the certificate was ordered with another account; name that one's user and password"},
    {1172, ERROR_CA_REFUSED,
     "it knows another form of this call; reissue has to be brought up to date"},
    {2003, ERROR_CA_REFUSED, "the certificate has expired, or was revoked; order a new one"},
    {2089, ERROR_CA_REFUSED, "the product has no such algorithm; " NEW_KEY},
    {2093, ERROR_CA_REFUSED, "the certificate would end in the past; order a renewal"},
    {2094, ERROR_CA_REFUSED,
     "the certificate cannot be reissued: it has expired, was revoked, or its product has no "
     "reissue; order a renewal"},
    {2096, ERROR_CA_REFUSED, "the serial number is not hexadecimal"},
    {CERTUM_CLOUD_KEY, ERROR_UNSUPPORTED,
     "certificates with keys in the cloud (SimplySign) cannot be reissued; in the web account a "
     "new one can be ordered. What there is can be listed and downloaded: reissue ca orders"},
    {2126, ERROR_CA_REFUSED,
     "this certificate was reissued before, and cannot be a second time; take the newest one of "
     "its order, which reissue ca orders shows"},
    {2131, ERROR_CA_REFUSED, "it has no request of that number; " ORDER},
    {2153, ERROR_CA_REFUSED,
     "the order was not made by this interface; go on with it in the web account, as with the CA "
     "manual"},
    {2163, ERROR_CA_REFUSED,
     "the product cannot be reissued by this interface; use the web account"},
    {2188, ERROR_CA_REFUSED,
     "the domains have to be verified again before a reissue; say how, with validation in the "
     "configuration"},

    /* ---- orders */
    {1013, ERROR_CA_REFUSED, "that is no order's number"},
    {1033, ERROR_CA_REFUSED, "there is no order of that number; " ORDER},
    {1110, ERROR_CA_REFUSED, "the first day is wrong"},
    {1111, ERROR_CA_REFUSED, "the last day is wrong"},
    {CERTUM_CANCEL_ISSUED, ERROR_CA_REFUSED,
     "the order has a valid certificate; revoke that, if it is not wanted: reissue revoke"},
    {1137, ERROR_CA_REFUSED, "the order's certificate has expired; there is nothing to cancel"},
    {1138, ERROR_CA_REFUSED, "it cannot do that by itself; " ASK},
    {1139, ERROR_CA_TROUBLE,
     "the order cannot be cancelled where it is now; try again later, and " ASK " if that goes on"},
    {CERTUM_ALREADY_CANCELLED, ERROR_CA_REFUSED, "the order was cancelled before"},
    {1153, ERROR_CA_REFUSED, "there are no more than 100 pages; ask for fewer days"},
    {1154, ERROR_CA_REFUSED, "there are too many orders; ask for fewer days"},
    {CERTUM_NO_SUCH_PAGE, ERROR_CA_REFUSED, "there is no such page"},
    {2052, ERROR_CA_REFUSED, "it lists what ends within 1 to 30 days only"},
    {2053, ERROR_CA_REFUSED, "it found nothing to cancel"},
    {2055, ERROR_CA_REFUSED, "the order's number is missing"},
    {2057, ERROR_CA_REFUSED, "the last day is before the first"},

    /* ---- verification */
    {1037, ERROR_CA_REFUSED, "the approver's mail address is wrong"},
    {1042, ERROR_CA_REFUSED,
     "it does not verify domains in this way; choose another validation in the configuration"},
    {1108, ERROR_CA_REFUSED,
     "the approver has to be admin, administrator, postmaster, hostmaster or webmaster"},
    {1113, ERROR_CA_REFUSED, "the order has no verification to do any more: no mail was sent"},
    {CERTUM_MAILS_ARE_VALID, ERROR_CA_REFUSED,
     "the mails that were sent are valid still, and no others go out; look for them, also among "
     "the spam"},
    {1176, ERROR_CA_REFUSED, "the order has no verification to do any more; " ORDER},
    {1182, ERROR_CA_REFUSED, "the verification code is missing"},
    {1183, ERROR_CA_REFUSED, "the verification code is too long"},
    {CERTUM_CODE_EXPIRED, ERROR_CA_REFUSED, "the verification code has expired; resume the job"},
    {CERTUM_CODE_WRONG, ERROR_CA_REFUSED, "the verification code is wrong; resume the job"},
    {2157, ERROR_CA_REFUSED,
     "it wants to know how the domains are verified; say so with validation in the configuration"},
    {2158, ERROR_CA_REFUSED, "only one approver can be named"},
    {2159, ERROR_CA_REFUSED, "the mail needs an approver; name one in the configuration"},
    {2160, ERROR_CA_REFUSED, "it wants an approver's mail address"},
    {2161, ERROR_CA_REFUSED, "it verifies a single domain in this way only"},
    {2162, ERROR_CA_REFUSED,
     "it wants to know how the domains are verified; say so with validation in the configuration"},
    {2171, ERROR_CA_REFUSED, "IP addresses are not verified in this way; use validation = file"},
    {2186, ERROR_CA_REFUSED,
     "wildcards are not verified in this way; use validation = dns-txt, dns-cname or email"},

    /* ---- revocation */
    {1131, ERROR_CA_REFUSED, "it found nothing to revoke"},
    {1132, ERROR_CA_REFUSED, "the serial number to revoke is missing"},
    {1134, ERROR_CA_REFUSED, "the serial number is too long"},
    {CERTUM_BAD_REASON, ERROR_CA_REFUSED,
     "it does not know that reason; name another one (--reason)"},
    {1140, ERROR_CA_REFUSED, "the day on which the key was compromised is wrong"},
    {1141, ERROR_CA_REFUSED,
     "the key cannot have been compromised on that day: it is before the certificate's, or to "
     "come"},
    {1142, ERROR_CA_REFUSED, "the note is too long"},
    {CERTUM_BEING_REVOKED, ERROR_ALREADY_REVOKED, "the certificate is being revoked already"},
    {CERTUM_EXPIRED, ERROR_CA_REFUSED, "the certificate has expired: nothing is left to revoke"},
    {CERTUM_ALREADY_REVOKED, ERROR_ALREADY_REVOKED, "the certificate was revoked before"},
    {1146, ERROR_CA_REFUSED, "the serial number is not hexadecimal"},
    {2104, ERROR_CA_REFUSED, "only a compromised key has a day on which that happened"},

    /* ---- the account */
    {1075, ERROR_CA_REFUSED, "the account may not order this product; " ASK},
    {1084, ERROR_CA_REFUSED, "the user's name is too long; look at user in the configuration"},
    {1090, ERROR_CA_REFUSED,
     "the password is too long; look at password-file in the configuration"},
    {2080, ERROR_CA_REFUSED, "the request is too big; leave names out"},
};
const size_t certum_error_count = sizeof(certum_errors) / sizeof(certum_errors[0]);

const struct certum_error *certum_error_find(int code)
{
    for (size_t i = 0; i < certum_error_count; i++)
        if (certum_errors[i].code == code)
            return &certum_errors[i];
    return NULL;
}

/* Such as the value that it dislikes. Without a text of ours, it is all that there is. */
static struct error *with_value(const struct certum_error *known, int code, const char *what,
                                const char *value)
{
    enum error_code error = known != NULL ? known->error : ERROR_CA_REFUSED;

    if (known == NULL)
        return error_new(error, "Certum refuses %s with error %d, and says: %s", what, code, value);
    return error_new(error, "Certum refuses %s: %s (error %d: %s)", what, known->words, code,
                     value);
}

struct error *certum_error_new(int code, const char *what, const char *value)
{
    const struct certum_error *known = certum_error_find(code);
    char *clean = NULL;
    struct error *error = NULL;

    if (value != NULL && value[0] != '\0')
        error = text_clean(value, VALUE_MAX, &clean);
    if (error != NULL)
        return error;
    if (clean != NULL)
        error = with_value(known, code, what, clean);
    else if (known != NULL)
        error =
            error_new(known->error, "Certum refuses %s: %s (error %d)", what, known->words, code);
    else
        error = error_new(ERROR_CA_REFUSED,
                          "Certum refuses %s with error %d, of which nothing is known here: "
                          "its guide to the Partner API may",
                          what, code);
    free(clean);
    return error;
}
