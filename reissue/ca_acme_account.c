/* SPDX-License-Identifier: BSD-2-Clause */
/* The session with an ACME server, and the account there. */
#include "base64url.h"
#include "ca_acme.h"
#include "file_load.h"
#include "key_file.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTACTS_MAX 8
#define EAB_KEY_MAX  4096 /* bytes, of its text */

/* ---- the account's key ------------------------------------------------------------------- */

static struct error *usual_key_path(struct run *run, const char *ca, char **out)
{
    char *directory;
    struct error *error = state_subdirectory(run->state, "accounts", &directory);

    if (error == NULL && asprintf(out, "%s/%s.key", directory, ca) < 0)
        error = error_no_memory();
    free(directory);
    return error;
}

struct error *acme_ca_key_path(struct run *run, const struct config_ca *config, char **out)
{
    if (config->account_key == NULL)
        return usual_key_path(run, config->name, out);
    *out = strdup(config->account_key);
    return *out == NULL ? error_no_memory() : NULL;
}

/* It is on disk before the server hears of it: an account without its key is of use to nobody. */
static struct error *load_account_key(struct run *run, struct acme_ca *ca)
{
    char *path = NULL;
    struct error *error = acme_ca_key_path(run, ca->config, &path);

    if (error == NULL && !crypto_is_card_uri(path))
        error = key_file_make(run->crypto, path, ACME_ACCOUNT_ALGORITHM);
    if (error == NULL)
        error = crypto_load_key(run->crypto, path, &ca->account_key);
    free(path);
    return error;
}

/* ---- the account ------------------------------------------------------------------------- */

static struct error *take_url(void *argument, const char *const *row)
{
    char **url = argument;

    free(*url);
    *url = strdup(row[0]);
    return *url == NULL ? error_no_memory() : NULL;
}

/* Up to the line's end, or the padding that some CAs write. */
static size_t word_length(const struct buffer *text)
{
    size_t length = 0;

    while (length < text->length && strchr(" \t\r\n=", text->bytes[length]) == NULL)
        length++;
    return length;
}

static struct error *read_eab_key(const struct config_ca *config, struct buffer *out)
{
    struct buffer text = {0};
    struct error *error;

    if (config->eab_id == NULL || config->eab_key_file == NULL)
        return NULL;
    error = file_load_secret(config->eab_key_file, EAB_KEY_MAX, &text);
    if (error == NULL)
        error = base64url_decode((const char *)text.bytes, word_length(&text), out);
    if (error != NULL)
        error = error_wrap(error, ERROR_CONFIG,
                           "cannot use the key of the external account binding in %s",
                           config->eab_key_file);
    if (text.length > 0)
        OPENSSL_cleanse(text.bytes, text.length);
    buffer_clear(&text);
    return error;
}

/* Splits "a b c" in place. */
static size_t split_words(char *text, const char **words, size_t room)
{
    size_t count = 0;
    char *rest = text;

    for (char *word = strtok_r(text, " \t", &rest); word != NULL && count < room;
         word = strtok_r(NULL, " \t", &rest))
        words[count++] = word;
    return count;
}

static struct error *make_account(struct acme_ca *ca, char **url)
{
    const struct config_ca *config = ca->config;
    const char *contacts[CONTACTS_MAX];
    char *text = strdup(config->contact == NULL ? "" : config->contact);
    struct buffer eab = {0};
    struct acme_account account = {0};
    struct error *error = text == NULL ? error_no_memory() : read_eab_key(config, &eab);

    if (error == NULL) {
        const struct acme_account_request request = {
            .contacts = contacts,
            .contact_count = split_words(text, contacts, CONTACTS_MAX),
            .terms_agreed = config->terms != NULL,
            .eab_id = config->eab_id,
            .eab_key = eab.bytes,
            .eab_key_length = eab.length,
        };

        error = acme_account_new(ca->acme, &request, &account);
    }
    if (error == NULL && (*url = strdup(account.url)) == NULL)
        error = error_no_memory();
    acme_account_clear(&account);
    buffer_clear(&eab);
    free(text);
    return error;
}

/* As the state has it, for free(); NULL where it has none. */
static struct error *known_url(struct run *run, const struct acme_ca *ca, char **out)
{
    *out = NULL;
    return state_query(run->state, "SELECT url FROM account WHERE ca = ?1",
                       STATE_VALUES(ca->config->name), take_url, out);
}

/* The one that is known, or a new one. The server answers for one that it has as for a new one, so
   an answer that was lost costs nothing. */
static struct error *find_account(struct run *run, struct acme_ca *ca)
{
    char *url = NULL;
    struct error *error = known_url(run, ca, &url);

    if (error == NULL && url != NULL)
        error = acme_use_account(ca->acme, url);
    else if (error == NULL)
        error = make_account(ca, &url);
    if (error == NULL)
        error = state_run(run->state, "INSERT OR REPLACE INTO account (ca, url) VALUES (?1, ?2)",
                          STATE_VALUES(ca->config->name, url));
    free(url);
    return error;
}

struct error *acme_ca_forget_account(struct run *run, const struct job *job)
{
    ca_session_close(run);
    return state_run(run->state, "DELETE FROM account WHERE ca = ?1",
                     STATE_VALUES(job_get(job, JOB_CA)));
}

/* ---- the session ------------------------------------------------------------------------- */

static struct error *open_session(struct run *run, const struct config_ca *config, void *session)
{
    struct acme_ca *ca = session;
    const struct acme_options options = {
        .directory = config->directory,
        .http = {.ca_file = config->ca_file},
    };

    ca->config = config;
    if (config->directory == NULL)
        return error_new(ERROR_CONFIG, "%s: [ca %s] names no directory, the URL of the ACME server",
                         run->config->path, config->name);
    return acme_open(&options, &ca->acme);
}

static void close_session(void *session)
{
    struct acme_ca *ca = session;

    challenge_listener_close(ca->listener);
    acme_close(ca->acme);
    EVP_PKEY_free(ca->account_key);
}

struct error *acme_ca_reach(struct run *run, const char *name, struct acme_ca **out)
{
    static const struct ca_session_kind kind = {sizeof(**out), open_session, close_session};
    void *session;
    struct error *error = ca_session_open(run, config_find_ca(run->config, name), &kind, &session);

    *out = session;
    return error;
}

struct error *acme_ca_open(struct run *run, const struct job *job, struct acme_ca **out)
{
    bool settled;
    struct error *error = acme_ca_reach(run, job_get(job, JOB_CA), out);

    if (error != NULL || (*out)->account_key != NULL)
        return error;
    error = load_account_key(run, *out);
    if (error != NULL)
        return error;
    acme_use_key((*out)->acme, (*out)->account_key);
    error = acme_ca_settle_key(run, *out, &settled);
    if (error == NULL && !settled)
        error = find_account(run, *out);
    if (error != NULL) { /* so that the next one asks again */
        EVP_PKEY_free((*out)->account_key);
        (*out)->account_key = NULL;
    }
    return error;
}

/* ---- without making one ------------------------------------------------------------------- */

static struct error *no_account(const struct acme_ca *ca)
{
    return error_new(ERROR_ACCOUNT_UNKNOWN,
                     "there is no account with %s yet: reissue account register makes one, and so "
                     "does the first order",
                     ca->config->name);
}

/* The one that is known, or the one that the CA has for the key. */
static struct error *find_existing(struct run *run, struct acme_ca *ca)
{
    static const struct acme_account_request request = {.only_existing = true};
    struct acme_account account = {0};
    char *url = NULL;
    struct error *error = known_url(run, ca, &url);

    if (error == NULL && url != NULL)
        error = acme_use_account(ca->acme, url);
    else if (error == NULL)
        error = acme_account_new(ca->acme, &request, &account);
    acme_account_clear(&account);
    free(url);
    return error;
}

struct error *acme_ca_find_account(struct run *run, const char *name, struct acme_ca **out)
{
    char *path = NULL;
    bool settled = false;
    struct error *error = acme_ca_reach(run, name, out);

    if (error == NULL)
        error = acme_ca_key_path(run, (*out)->config, &path);
    if (error == NULL && !crypto_is_card_uri(path) && access(path, F_OK) != 0)
        error = no_account(*out);
    if (error == NULL)
        error = crypto_load_key(run->crypto, path, &(*out)->account_key);
    free(path);
    if (error != NULL)
        return error;
    acme_use_key((*out)->acme, (*out)->account_key);
    error = acme_ca_settle_key(run, *out, &settled);
    return error != NULL || settled ? error : find_existing(run, *out);
}
