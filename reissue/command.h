/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of `reissue`, and how they end. */
#ifndef REISSUE_COMMAND_H
#define REISSUE_COMMAND_H

/* Exit codes, documented in reissue(1) and stable. */
enum exit_code {
    EXIT_CODE_SUCCESS = 0,
    EXIT_CODE_FAILURE = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_PLAIN_KEY = 3, /* exec: a private key in plain text appeared */
    EXIT_CODE_WAITING = 4,   /* a job waits, for a person or for the CA: resume it later */
    EXIT_CODE_CARD = 5,      /* no card, not the right one, or it failed */
    EXIT_CODE_PIN = 6,       /* a PIN or another secret is missing, wrong or blocked */
    EXIT_CODE_CA = 7,        /* the CA refused */
    EXIT_CODE_TRY_LATER = 8, /* the CA was not reached, or is in trouble: the same may work later */
    EXIT_CODE_BUSY = 9,      /* another reissue is at work on the same thing */
    EXIT_CODE_NOT_RUN = 126, /* exec: the command cannot be run */
    EXIT_CODE_NOT_FOUND = 127, /* exec: there is no such command */
    EXIT_CODE_SIGNAL = 128,    /* exec: and the signal's number, where one ended the command */
};

/* The program: everything that main() does. */
int reissue_main(int argc, char **argv);

/* Each takes its words, its own name first, and returns the exit code. */
int exec_command(int argc, char **argv);
int start_command(int argc, char **argv);
int resume_command(int argc, char **argv);
int renew_command(int argc, char **argv);
int download_command(int argc, char **argv);
int revoke_command(int argc, char **argv);
int status_command(int argc, char **argv);
int cancel_command(int argc, char **argv);

#endif
