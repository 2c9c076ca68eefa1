/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of `reissue`, and how they end. */
#ifndef REISSUE_COMMAND_H
#define REISSUE_COMMAND_H

#include <stddef.h>

/* Exit codes, documented in reissue(1) and stable. */
enum exit_code {
    EXIT_CODE_SUCCESS = 0,
    EXIT_CODE_FAILURE = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_PLAIN_KEY = 3,     /* exec: a private key in plain text appeared */
    EXIT_CODE_NO_CARD = 4,       /* no reader, no card, or none that can be spoken to */
    EXIT_CODE_NOTHING_THERE = 5, /* no such key, slot or certificate; or more than one */
    EXIT_CODE_DENIED = 6,        /* the card refused a PIN, PUK or management key */
    EXIT_CODE_BLOCKED = 7,       /* no try is left, or the last one was not spent */
    EXIT_CODE_NOT_SENT = 8,      /* a secret is missing, or cannot be right: nothing was sent */
    EXIT_CODE_UNSUPPORTED = 9,   /* the card, or the CA, cannot do that */
    EXIT_CODE_REFUSED = 10,      /* refused here: it would destroy something, or does not fit */
    EXIT_CODE_CARD = 11,         /* the card refused a command, or its answer makes no sense */
    EXIT_CODE_WAITING = 12,      /* a job waits, for a person or for the CA: resume it later */
    EXIT_CODE_CA = 13,           /* the CA refused, or its answer makes no sense */
    EXIT_CODE_TRY_LATER = 14,    /* the CA was not reached, or is in trouble: try again later */
    EXIT_CODE_BUSY = 15,         /* another reissue is at work on the same thing */
    EXIT_CODE_VERDICT = 16,      /* check: the request should not be sent */
    EXIT_CODE_LOST = 17,         /* exec: a key reference was lost */
    EXIT_CODE_NOT_RUN = 126,     /* exec: the command cannot be run */
    EXIT_CODE_NOT_FOUND = 127,   /* exec: there is no such command */
    EXIT_CODE_SIGNAL = 128,      /* exec: and the signal's number, where one ended the command */
};

/* The program: everything that main() does. */
int reissue_main(int argc, char **argv);

/* The name that is so near to `word` that it may be meant, or NULL. */
const char *command_nearest(const char *word, const char *const *names, size_t count);

/* Each takes its words, its own name first, and returns the exit code. */
int check_command(int argc, char **argv);
int config_command(int argc, char **argv);
int exec_command(int argc, char **argv);
int ca_command(int argc, char **argv);
int card_command(int argc, char **argv);
int list_command(int argc, char **argv);
int start_command(int argc, char **argv);
int resume_command(int argc, char **argv);
int renew_command(int argc, char **argv);
int download_command(int argc, char **argv);
int revoke_command(int argc, char **argv);
int status_command(int argc, char **argv);
int cancel_command(int argc, char **argv);
int show_command(int argc, char **argv);
int install_command(int argc, char **argv);
int account_command(int argc, char **argv);

#endif
