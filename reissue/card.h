/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card: what the commands of the card manager (card_*.c) share. */
#ifndef REISSUE_CARD_H
#define REISSUE_CARD_H

#include "card/manage.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* The options; each command takes some (as bits, 1 << option). */
enum card_option {
    OPTION_JSON,
    OPTION_WAIT,
    OPTION_PIN,
    OPTION_NEW_PIN,
    OPTION_PUK,
    OPTION_NEW_PUK,
    OPTION_ADMIN,
    OPTION_NEW_ADMIN,
    OPTION_LAST_TRY,
    OPTION_SLOT,
    OPTION_TO,
    OPTION_ALGORITHM,
    OPTION_PIN_POLICY,
    OPTION_TOUCH_POLICY,
    OPTION_OVERWRITE,
    OPTION_REFERENCE,
    OPTION_OUT,
    OPTION_ROOT,
    OPTION_DER,
    OPTION_FORCE,
    OPTION_YES,
    OPTION_SERIAL,
    OPTION_PROTECT,
    OPTION_NO_PROTECT,
    OPTION_TOUCH,
    OPTION_KEY_ONLY,
    OPTION_CERTIFICATE_ONLY,
    OPTION_HELP,
    OPTION_COUNT,
};

#define BIT(option) (1UL << (option))

/* One run of a command. */
struct card_run {
    const struct card_command *command;
    const char *values[OPTION_COUNT]; /* NULL: not given; "" for one without a value */
    const char *file;                 /* the word that is no URI, or NULL */
    struct card_uri *uri;             /* what was named; card: where nothing was */
    struct card_context *context;
    struct json_object *result; /* what is printed with --json */
};

static inline bool card_has(const struct card_run *run, enum card_option option)
{
    return run->values[option] != NULL;
}

struct card_command {
    const char *name;
    const char *words;     /* what follows the options in the usage */
    const char *summary;   /* a line */
    const char *help;      /* paragraphs */
    unsigned long options; /* that it takes, beside --json and --help */
    bool takes_file;
    struct error *(*run)(struct card_run *run);
};

/* The commands, one or a few to a file. */
struct error *card_list_run(struct card_run *run) MUST_CHECK;
struct error *card_show_run(struct card_run *run) MUST_CHECK;
struct error *card_init_run(struct card_run *run) MUST_CHECK;
struct error *card_pin_run(struct card_run *run) MUST_CHECK;
struct error *card_puk_run(struct card_run *run) MUST_CHECK;
struct error *card_unblock_run(struct card_run *run) MUST_CHECK;
struct error *card_management_key_run(struct card_run *run) MUST_CHECK;
struct error *card_generate_run(struct card_run *run) MUST_CHECK;
struct error *card_import_run(struct card_run *run) MUST_CHECK;
struct error *card_export_run(struct card_run *run) MUST_CHECK;
struct error *card_attest_run(struct card_run *run) MUST_CHECK;
struct error *card_delete_run(struct card_run *run) MUST_CHECK;
struct error *card_move_run(struct card_run *run) MUST_CHECK;
struct error *card_reset_run(struct card_run *run) MUST_CHECK;

/* ---- card_output.c ----------------------------------------------------------------------- */

/* Prints a line to standard output, but not with --json. */
void card_say(const struct card_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A warning: to standard error, and into "warnings" of the result. */
void card_warn(struct card_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Members of the result, or of an object in it. A NULL text, a negative number: null. */
void card_json_text(struct json_object *object, const char *name, const char *value);
void card_json_number(struct json_object *object, const char *name, long value);
void card_json_answer(struct json_object *object, const char *name, enum card_answer answer);

/* Words for people and machines. */
const char *card_policy_name(enum card_policy policy);
const char *card_origin_name(enum card_origin origin);

/* Bytes in PEM, for free(); NULL: no memory. */
char *card_pem(const char *label, const uint8_t *bytes, size_t length);

/* Reports a failure, where and how the run wants that, and returns the exit code for it. */
int card_report(struct card_run *run, struct error *error);

/* Prints the result, where it is wanted. */
struct error *card_print_result(struct card_run *run) MUST_CHECK;

/* ---- card_target.c ----------------------------------------------------------------------- */

/* The one card that is meant; for card_free(). Says which in the result. */
struct error *card_target(struct card_run *run, struct card **out) MUST_CHECK;

/* The slot that is meant; ERROR_ARGUMENT where none is named. */
struct error *card_target_slot(const struct card_run *run, const char **out) MUST_CHECK;

/* Asks for a yes at the terminal, unless there was --yes. ERROR_ARGUMENT: no, or nobody there. */
struct error *card_confirm(const struct card_run *run, const char *question) MUST_CHECK;

/* ---- card_secrets.c ---------------------------------------------------------------------- */

/* A present secret of the card: from its option, the URI (the PIN), or a person. */
struct error *card_get_secret(struct card_run *run, struct card *card,
                              const struct card_secret_info *info, enum card_secret which,
                              struct secret **out) MUST_CHECK;

/* A new one, which follows the rules in `info`; a person types it twice. */
struct error *card_get_new_secret(struct card_run *run, struct card *card,
                                  const struct card_secret_info *info, enum card_secret which,
                                  struct secret **out) MUST_CHECK;

/*
 * Whether the secret `which` is typed at the reader's keypad for that use, and with it the new
 * value of `changed` (unused to verify one): the sources that are given say so, or none is given
 * and the keypad serves. ERROR_PIN_SOURCE where it is wanted, and does not.
 */
struct error *card_at_pad(struct card_run *run, struct card *card, enum card_pad_use use,
                          enum card_secret which, enum card_secret changed, bool *out) MUST_CHECK;

/* The PIN, verified before the card is changed. */
struct error *card_get_pin(struct card_run *run, struct card *card,
                           struct card_admin *out) MUST_CHECK;

/*
 * What proves that one may change the card: --management-key-source; else nothing where it is the
 * factory's still; else the PIN where the card keeps the key behind it; else a person is asked.
 */
struct error *card_get_admin(struct card_run *run, struct card *card,
                             struct card_admin *out) MUST_CHECK;
void card_admin_clear(struct card_admin *admin);

/* ---- card_pin.c -------------------------------------------------------------------------- */

/*
 * What a management key shall be, as the options say: the one that is named; a random one that the
 * card makes and keeps behind the PIN (*key is NULL then); or a random one, which is written to
 * --out here. options->algorithm is given, the rest is set.
 */
struct error *card_choose_admin_key(struct card_run *run, const struct card_secret_info *info,
                                    struct card_admin_key_options *options,
                                    struct secret **key) MUST_CHECK;

#endif
