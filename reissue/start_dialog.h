/* SPDX-License-Identifier: BSD-2-Clause */
/* `reissue start` with a person: asks for what was not given. */
#ifndef REISSUE_START_DIALOG_H
#define REISSUE_START_DIALOG_H

#include "certificate_scan.h"
#include "job_command.h"
#include "question.h"
#include "start.h"

/* What has been asked so far. */
struct start_dialog {
    struct run *run;
    struct start_wish *wish; /* completed as answers come; points into `kept` */
    struct certificate_scan scan;
    const struct found_certificate *predecessor; /* in `scan`; NULL: none is known (yet) */
    const char *key_kind;                        /* a card's URI, or START_KEY_...; NULL: given */
    const char *names_before;                    /* what is asked for unless others are given */
    struct choices choices;                      /* of the question at hand */
    char **kept;                                 /* the answers */
    size_t kept_count;
};

/* Whether the wish says for whom the certificate is: a predecessor, or a first one's subject, names
   or request. */
bool start_says_whose(const struct start_wish *wish);

/* Whether the wish leaves something open that has no default. */
bool start_is_open(const struct start_wish *wish);

/*
 * Asks, step by step, for what the wish leaves open, says what will be done, and asks whether to go
 * on: *go. `command` is what else was on the command line. The wish points into the dialog, which
 * start_dialog_clear() clears in any case. ERROR_ARGUMENT where the person calls it off.
 */
struct error *start_dialog(struct start_dialog *dialog, const struct job_command *command,
                           bool *go) MUST_CHECK;
void start_dialog_clear(struct start_dialog *dialog);

/* Keeps a copy of a text as long as the dialog; *out is that copy. */
struct error *start_dialog_keep(struct start_dialog *dialog, const char *text,
                                const char **out) MUST_CHECK;

/* The reason that was given or chosen, or the usual one. */
const struct start_reason *start_dialog_reason(const struct start_dialog *dialog);

/* Adds what there is to choose from to dialog->choices; *preset is one of the values, or NULL. */
typedef struct error *start_offer(struct start_dialog *dialog, const char **preset);
start_offer start_offer_certificates, start_offer_reasons, start_offer_cas, start_offer_keys,
    start_offer_slots, start_offer_algorithms, start_offer_validations, start_offer_revocation;

/* Whether the CA can be shown in several ways whose these names are. */
bool start_has_validations(const struct start_dialog *dialog);

/* The values of start_offer_keys() that are no card's URI, and that of start_offer_certificates()
   which is no place. */
#define START_KEY_FILE    "file"
#define START_KEY_SAME    "same"
#define START_KEY_REQUEST "request"
#define START_FIRST       "first"

/* What stands for no names at all. */
#define START_NO_NAMES "none"

/* Before the URI of a slot in start_offer_slots() whose key is lost then. */
#define START_OVERWRITE "overwrite "

/* Looks at everything that there is to choose from, or at what is known of the certificate that was
   given. */
struct error *start_dialog_look(struct start_dialog *dialog) MUST_CHECK;

/* The questions, in their order (start_questions.c). */
struct start_question {
    const char *title;
    bool (*is_open)(const struct start_dialog *dialog);
    start_offer *offer;    /* the choices, or the default of a text; NULL: neither */
    question_check *check; /* of a text, or NULL; its argument is the dialog */
    struct error *(*take)(struct start_dialog *dialog, const char *answer);
    size_t field; /* of the wish, which gets the answer where there is no take() */
    const char *help;
};
extern const struct start_question start_questions[];
extern const size_t start_question_count;

/* The wish, and what else was said, as a command for a shell. For free(). */
struct error *start_command_line(const struct start_wish *wish, const struct job_command *command,
                                 char **out) MUST_CHECK;

#endif
