/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors that say what failed, why, and what to do next, and that chain their causes.
 *
 * A fallible function returns `struct error *`: NULL is success; anything else belongs to the
 * caller, who returns it, wraps it or frees it.
 */
#ifndef CARD_ERROR_H
#define CARD_ERROR_H

/* What kind of thing went wrong; callers decide by the code, people read the message. */
enum error_code {
    ERROR_INTERNAL = 1, /* a fault of this program, or of libcrypto */
    ERROR_NO_MEMORY,    /* an allocation failed */
    ERROR_ARGUMENT,     /* the caller asked for something that makes no sense */
    ERROR_URI,          /* a card: URI that does not parse */
    ERROR_NO_SERVICE,   /* pcscd is not running, or does not let us in */
    ERROR_NO_READER,    /* no reader, or none that fits the URI */
    ERROR_NO_CARD,      /* no card in the reader, or none that fits the URI */
    ERROR_UNKNOWN_CARD, /* a card with none of the applications known here */
    ERROR_CARD_REMOVED, /* the card was taken out while in use */
    ERROR_CARD_RESET,   /* another process reset the card; its state is lost */
    ERROR_CARD_BUSY,    /* another program holds the card for itself */
    ERROR_TRANSPORT,    /* PC/SC failed otherwise */
    ERROR_CARD_STATUS,  /* the card refused a command (status words in the message) */
    ERROR_CARD_ANSWER,  /* the card's answer is malformed */
    ERROR_NOT_FOUND,    /* no such slot, key or certificate */
    ERROR_AMBIGUOUS,    /* several keys or cards fit where one is wanted */
    ERROR_OTHER_KEY,    /* the slot holds another key than the one that was loaded */
    ERROR_UNSUPPORTED,  /* the card cannot do this */
    ERROR_DENIED,       /* the card wants an authentication that was not given */
    ERROR_SIGNATURE,    /* the card's signature does not verify */
    ERROR_PIN_SOURCE,   /* no source for the PIN, or one that cannot be read */
    ERROR_PIN_FORMAT,   /* a PIN that cannot be right: too short or too long; not sent */
    ERROR_PIN_WRONG,    /* the card refused the PIN, in this process now or earlier */
    ERROR_PIN_LAST_TRY, /* one try is left, and it was not spent */
    ERROR_PIN_BLOCKED,  /* no try is left */
    ERROR_PIN_ABORTED,  /* somebody cancelled the entry at the reader's keypad; not sent */
    ERROR_PIN_TIMEOUT,  /* nobody typed a PIN at the reader's keypad; not sent */
    ERROR_CIPHERTEXT,   /* not encrypted for this key, in this way, or damaged since */
    ERROR_PADDING,      /* what the card decrypted is padded badly: not to be told to anybody */
    ERROR_MODULE,       /* a PKCS #11 module cannot be had, crashed, or did not answer */
    ERROR_STATE,        /* what reissue remembers cannot be read or written */
    ERROR_CONFIG,       /* what reissue's configuration says cannot be */
    ERROR_BUSY,         /* another process is at work on the same thing */
    ERROR_FILE,         /* a file or directory that cannot be read or written */
    ERROR_HOOK,         /* a program that was run for us failed, or took too long */
    ERROR_NETWORK,      /* a server was not reached, or broke off: nothing is known of its answer */
    ERROR_SERVER_IDENTITY,  /* a server cannot show that it is the one; nothing was sent to it */
    ERROR_SERVER_ANSWER,    /* a server's answer is malformed, too big, or not to be followed */
    ERROR_CA_REFUSED,       /* the CA refused, for good: its words are in the message */
    ERROR_CA_TROUBLE,       /* the CA has a fault of its own: the same may work later */
    ERROR_RATE_LIMITED,     /* the CA wants to be asked less often */
    ERROR_ACCOUNT_UNKNOWN,  /* the CA knows no account for this key */
    ERROR_ACCOUNT_BINDING,  /* the CA wants an external account binding */
    ERROR_ORDER_NOT_READY,  /* an order cannot be finalized: not yet, or not any more */
    ERROR_ALREADY_REVOKED,  /* the certificate had been revoked before */
    ERROR_ALREADY_REPLACED, /* the predecessor has a successor by another order */
    ERROR_CERTIFICATE,      /* no certificate or request, or not the one that is wanted */
};

struct error;

/*
 * A new error with a printf-like message of one line: no newline at the end, no PIN in it.
 * Never returns NULL: without memory it returns a static error that error_free() ignores.
 */
struct error *error_new(enum error_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result, returns_nonnull));

/* The same, with the error that caused it, which the new one owns from here on (may be NULL). */
struct error *error_wrap(struct error *cause, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result, returns_nonnull));

/* The error for an allocation that failed. */
struct error *error_no_memory(void) __attribute__((warn_unused_result, returns_nonnull));

enum error_code error_code(const struct error *error);

/* This error's own message, without its causes. Belongs to the error. */
const char *error_message(const struct error *error);

/* What caused it, or NULL. Belongs to the error. */
const struct error *error_cause(const struct error *error);

/* Message and causes in one line, "message: cause: cause"; the caller frees it. NULL: no memory. */
char *error_describe(const struct error *error) __attribute__((warn_unused_result));

/* Frees an error and its causes. NULL is fine. */
void error_free(struct error *error);

/* Fallible functions are declared with this, so that no error is dropped by accident. */
#define MUST_CHECK __attribute__((warn_unused_result))

#endif
