/* SPDX-License-Identifier: BSD-2-Clause */
#include "unattended.h"

#include "card/manage.h"

#include <string.h>

/* A new key gets the policies of the card's own choice, but for OpenPGP, where they are the slot's.
 */
static bool inherits_policy(struct run *run, const struct card_uri *uri)
{
    struct card *card = NULL;
    struct error *error = card_find_for_key(run->crypto->cards, uri, &card);
    bool inherits = error == NULL && strcmp(card_application_name(card), "openpgp") == 0;

    error_free(error);
    card_free(card);
    return inherits;
}

static bool wants_touch(struct run *run, const struct card_uri *uri, bool is_new)
{
    struct card_key *key = NULL;
    struct error *error = card_find_key(run->crypto->cards, uri, &key);
    enum card_policy policy = error == NULL ? card_key_touch_policy(key) : CARD_POLICY_DEFAULT;

    error_free(error);
    card_key_free(key);
    return (policy == CARD_POLICY_ALWAYS || policy == CARD_POLICY_CACHED) &&
           (!is_new || inherits_policy(run, uri));
}

struct error *unattended_check(struct run *run, const struct job *job)
{
    const char *made = job_get(job, JOB_KEY);
    const char *name = made != NULL ? made : job_get(job, JOB_KEY_WANTED);
    bool is_new = made == NULL && strcmp(job_get(job, JOB_KEY_KIND), "same") != 0;
    struct card_uri *uri = NULL;
    struct error *error;

    if (!run->crypto->secrets.batch || name == NULL || !crypto_is_card_uri(name))
        return NULL;
    error = card_uri_parse(name, &uri);
    if (error == NULL && wants_touch(run, uri, is_new))
        error = error_new(ERROR_ARGUMENT,
                          "the key %s wants a touch when it is used, and nobody is there to give "
                          "it (--batch, reissue renew): nothing was started; use it by hand, with "
                          "reissue start, or a key that wants none (reissue card generate "
                          "--touch-policy never)",
                          name);
    card_uri_free(uri);
    return error;
}
