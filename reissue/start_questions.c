/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person is asked: when, what there is to choose from, and what comes of the answer. */
#include "ca.h"
#include "names.h"
#include "start_dialog.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the predecessor ---------------------------------------------------------------------- */

static bool certificate_is_open(const struct start_dialog *dialog)
{
    return !start_says_whose(dialog->wish);
}

static struct error *take_certificate(struct start_dialog *dialog, const char *answer)
{
    struct error *error;

    if (strcmp(answer, START_FIRST) == 0)
        return NULL;
    error = start_dialog_keep(dialog, answer, &dialog->wish->certificate);
    return error != NULL ? error : start_dialog_look(dialog);
}

/* ---- reason and CA ------------------------------------------------------------------------ */

static bool reason_is_open(const struct start_dialog *dialog)
{
    return dialog->wish->reason == NULL && dialog->predecessor != NULL;
}

static bool ca_is_open(const struct start_dialog *dialog)
{
    return dialog->wish->ca == NULL;
}

/* ---- subject and names -------------------------------------------------------------------- */

static bool subject_is_open(const struct start_dialog *dialog)
{
    const struct start_wish *wish = dialog->wish;

    return dialog->predecessor == NULL && wish->subject == NULL && wish->names == NULL &&
           wish->csr == NULL;
}

static struct error *check_subject(void *argument, const char *text)
{
    (void)argument;
    return start_check_subject(text);
}

static bool names_are_open(const struct start_dialog *dialog)
{
    return dialog->wish->names == NULL && dialog->wish->csr == NULL;
}

/* "NAME ADDRESS ..." */
static struct error *names_before(struct start_dialog *dialog, const char **preset)
{
    const struct names *names = &dialog->predecessor->names;
    char *text = NULL;
    struct error *error = names_text(names, NAMES_MAX, &text);

    for (char *comma = text; error == NULL && (comma = strstr(comma, ", ")) != NULL;)
        memmove(comma, comma + 1, strlen(comma));
    if (error == NULL)
        error = start_dialog_keep(dialog, names->count == 0 ? START_NO_NAMES : text, preset);
    free(text);
    return error;
}

/* Of a first one: the common name, if that is the name of a machine. */
static struct error *first_names(struct start_dialog *dialog, const char **preset)
{
    char *name = NULL;
    struct error *error = start_common_name(dialog->wish->subject, &name);

    if (error == NULL)
        error = start_dialog_keep(dialog, name != NULL ? name : START_NO_NAMES, preset);
    free(name);
    return error;
}

/* What an empty line takes is what there was, whatever kinds of names those are. */
static struct error *offer_names(struct start_dialog *dialog, const char **preset)
{
    struct error *error =
        dialog->predecessor != NULL ? names_before(dialog, preset) : first_names(dialog, preset);

    dialog->names_before = *preset;
    return error;
}

static struct error *check_names(void *argument, const char *text)
{
    const struct start_dialog *dialog = argument;

    return strcmp(text, dialog->names_before) == 0 ? NULL : start_check_names(text);
}

static struct error *take_names(struct start_dialog *dialog, const char *answer)
{
    if (strcmp(answer, dialog->names_before) == 0)
        return NULL;
    return start_dialog_keep(dialog, answer, &dialog->wish->names);
}

/* ---- the validation ----------------------------------------------------------------------- */

/* Where there is something to choose. */
static bool validation_is_open(const struct start_dialog *dialog)
{
    return dialog->wish->validation == NULL && start_has_validations(dialog);
}

/* ---- the key ------------------------------------------------------------------------------ */

static bool key_is_open(const struct start_dialog *dialog)
{
    const struct start_wish *wish = dialog->wish;

    return wish->new_key == NULL && wish->key == NULL && wish->csr == NULL;
}

static struct error *take_key(struct start_dialog *dialog, const char *answer)
{
    struct error *error = start_dialog_keep(dialog, answer, &dialog->key_kind);

    if (error == NULL && crypto_is_card_uri(answer))
        error = start_dialog_keep(dialog, answer, &dialog->wish->new_key);
    if (error == NULL && strcmp(answer, START_KEY_SAME) == 0)
        error = start_dialog_keep(dialog, dialog->predecessor->key, &dialog->wish->key);
    return error;
}

static bool slot_is_open(const struct start_dialog *dialog)
{
    return dialog->key_kind != NULL && crypto_is_card_uri(dialog->key_kind);
}

static struct error *take_slot(struct start_dialog *dialog, const char *answer)
{
    size_t length = strlen(START_OVERWRITE);

    dialog->wish->overwrite_key = strncmp(answer, START_OVERWRITE, length) == 0;
    return start_dialog_keep(dialog, answer + (dialog->wish->overwrite_key ? length : 0),
                             &dialog->wish->new_key);
}

static bool is_kind(const struct start_dialog *dialog, const char *kind)
{
    return dialog->key_kind != NULL && strcmp(dialog->key_kind, kind) == 0;
}

static bool file_is_open(const struct start_dialog *dialog)
{
    return is_kind(dialog, START_KEY_FILE);
}

/* A path below a directory that there is, where nothing is yet. */
static struct error *check_new_file(void *argument, const char *text)
{
    (void)argument;
    if (crypto_is_card_uri(text))
        return error_new(ERROR_ARGUMENT, "that is no file");
    return access(text, F_OK) == 0 ? error_new(ERROR_ARGUMENT, "there is such a file already")
                                   : NULL;
}

static bool request_is_open(const struct start_dialog *dialog)
{
    return is_kind(dialog, START_KEY_REQUEST) && dialog->wish->csr == NULL;
}

static struct error *check_request(void *argument, const char *text)
{
    (void)argument;
    return access(text, R_OK) == 0 ? NULL : error_new(ERROR_ARGUMENT, "there is no such file");
}

static bool algorithm_is_open(const struct start_dialog *dialog)
{
    return dialog->wish->new_key != NULL && dialog->wish->algorithm == NULL;
}

/* ---- the name, and the previous certificate ----------------------------------------------- */

/* One that goes by a name keeps it. */
static bool name_is_open(const struct start_dialog *dialog)
{
    return dialog->wish->name == NULL &&
           (dialog->predecessor == NULL || dialog->predecessor->lineage == NULL);
}

static struct error *offer_name(struct start_dialog *dialog, const char **preset)
{
    char *name = NULL;
    X509 *predecessor = NULL;
    struct error *error = NULL;

    if (dialog->predecessor != NULL)
        error = found_certificate_read(dialog->predecessor, &predecessor);
    if (error == NULL &&
        (predecessor != NULL || dialog->wish->subject != NULL || dialog->wish->names != NULL))
        error = start_usual_name(dialog->run, predecessor, dialog->wish, &name);
    if (error == NULL && name != NULL)
        error = start_dialog_keep(dialog, name, preset);
    free(name);
    X509_free(predecessor);
    return error;
}

static struct error *check_name(void *argument, const char *text)
{
    (void)argument;
    return start_check_name(text);
}

/* A CA that cannot be asked to is not. */
static bool revocation_is_open(const struct start_dialog *dialog)
{
    const struct start_wish *wish = dialog->wish;
    const struct ca *ca = NULL;
    struct error *error = ca_find_name(dialog->run->config, wish->ca, &ca);
    bool open = error == NULL && ca->revoke != NULL && dialog->predecessor != NULL &&
                wish->revoke == NULL && wish->revoke_after == NULL;

    error_free(error); /* which the job will have as well */
    return open;
}

static struct error *take_revocation(struct start_dialog *dialog, const char *answer)
{
    struct start_wish *wish = dialog->wish;
    bool word = strcmp(answer, "no") == 0 || strcmp(answer, "now") == 0;

    return start_dialog_keep(dialog, answer, word ? &wish->revoke : &wish->revoke_after);
}

/* ---- the questions, in their order -------------------------------------------------------- */

#define FIELD(name) offsetof(struct start_wish, name)

const struct start_question start_questions[] = {
    {"Which certificate is to have a successor?", certificate_is_open, start_offer_certificates,
     NULL, take_certificate, 0,
     "The list has those that reissue looks after and those on the cards in the readers, the "
     "newest first. One in a file is named on the command line: reissue start FILE."},
    {"Why?", reason_is_open, start_offer_reasons, NULL, NULL, FIELD(reason),
     "It decides what is offered: a key that is lost or compromised is not kept, and only a "
     "compromised one has the previous certificate revoked by default."},
    {"Which CA?", ca_is_open, start_offer_cas, NULL, NULL, FIELD(ca),
     "Those of the configuration, see reissue.conf(5). With \"manual\" you get a request, give it "
     "to whatever CA you like, and bring back what it makes of it."},
    {"What is the subject, such as /C=PL/O=Company/CN=www.example.org?", subject_is_open, NULL,
     check_subject, NULL, FIELD(subject),
     "Whom the certificate is for, as openssl req -subj has it: \"/\" before each part, \"\\\" "
     "before a / within one. Public CAs fill in all but the common name (CN) themselves."},
    {"For which names, with blanks in between?", names_are_open, offer_names, check_names,
     take_names, 0,
     "DNS names (*.example.org is one), IP and mail addresses; if need be with dns:, ip:, email: "
     "or uri: before them. An empty line takes what is in brackets."},
    {"How is the CA to see that the names are yours?", validation_is_open, start_offer_validations,
     NULL, NULL, FIELD(validation),
     "Those that the CA's section of the configuration lists, as far as they can be used for all "
     "of these names. What a hook or a webroot publishes, reissue does by itself."},
    {"Which key is it to be for?", key_is_open, start_offer_keys, NULL, take_key, 0,
     "A key on a card never leaves it. A new key leaves the present one usable until the new "
     "certificate is in use."},
    {"Where on the card?", slot_is_open, start_offer_slots, NULL, take_slot, 0,
     "A free slot leaves what the card has as it is. A key that is overwritten is lost for good, "
     "and the certificate beside it useless."},
    {"In which new file?", file_is_open, NULL, check_new_file, NULL, FIELD(new_key),
     "A path. The file is for you alone (mode 0600); --passphrase-source has it encrypted."},
    {"In which file is the request?", request_is_open, NULL, check_request, NULL, FIELD(csr),
     "A certificate signing request, PEM. It is checked before the CA sees it; its successor will "
     "need another one, so that it cannot be renewed by a timer."},
    {"What kind of key?", algorithm_is_open, start_offer_algorithms, NULL, NULL, FIELD(algorithm),
     "What can be made there. For code signing, RSA has to have 3072 bits; P-256 is as strong, and "
     "faster."},
    {"What is it to go by here?", name_is_open, offer_name, check_name, NULL, FIELD(name),
     "Its files are in live/NAME/ in the state directory, and other commands call it by that name. "
     "Its successors keep it."},
    {"What becomes of the previous certificate?", revocation_is_open, start_offer_revocation, NULL,
     take_revocation, 0,
     "It is never revoked before the new one is in use, nor when something else still uses it. "
     "reissue cancel takes back what is not done yet."},
};
const size_t start_question_count = sizeof(start_questions) / sizeof(start_questions[0]);
