/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions: one transaction each, and what is known about the card's state from one to the next.
 *
 * Between two transactions any other process may select another application, forget or use up the
 * PIN, reset the card, or a person may exchange it. Only the last two are told by PC/SC. So the
 * state is believed, and a failure in a state that was only believed is no failure yet: the
 * operation is run again from a fresh start, once.
 */
#include "atr.h"
#include "card_internal.h"
#include "public_key.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Another process is taken not to have used the card when our next transaction begins this soon
 * after the last one's end, in milliseconds, and as long as there was no sign of others at all: a
 * transaction that we had to wait for (libpcsclite then looks again every 100 ms; otherwise it
 * begins at once), a reset, a state that was lost. This only decides whether SELECT is repeated
 * before a PIN is sent (see key_pin.c); everything else is believed for any time, because a wrong
 * belief costs nothing there.
 */
#define BELIEF_MS 500.0
#define WAITED_MS 50.0

/* How often the card may be reset while we wait for our turn: each takes a tenth of a second. */
#define RESETS_MAX 100

/* ---- connection -------------------------------------------------------------------------- */

static void forget_state(struct card *card)
{
    card->selected = card->fresh = card->proven = false;
    card->pin_verified = 0;
}

/* In a process forked off since the last session: see drop_connection() in context.c. */
static void leave_to_parent(struct card *card)
{
    if (card->transport != NULL && !card->lock.torn) {
        apdu_channel_free(card->channel);
        card->transport->functions->abandon(card->transport);
    }
    if (card->lock.torn)
        card->state = NULL;
    card->transport = NULL;
    card->channel = NULL;
    card->connected = false;
    card->lock.torn = false;
    card->doubtful = true;
    card->process = getpid();
    forget_state(card);
}

static struct error *connect_card(struct card *card)
{
    struct error *error = NULL;
    if (card->transport == NULL)
        error = card->system->open(card->system, card->reader, &card->transport);
    if (error == NULL)
        error = card->transport->functions->connect(card->transport);
    if (error != NULL)
        return error;
    apdu_channel_free(card->channel);
    card->channel = NULL;
    error = apdu_channel_new(card->transport, &card->channel);
    card->connected = error == NULL;
    return error;
}

static bool connection_lost(const struct error *error)
{
    switch (error_code(error)) {
    case ERROR_CARD_RESET:
    case ERROR_CARD_REMOVED:
    case ERROR_NO_SERVICE:
    case ERROR_NO_READER:
    case ERROR_NO_CARD:
    case ERROR_TRANSPORT:
        return true;
    default:
        return false;
    }
}

/* After a reset it is the same card still; after anything else it need not be. */
static void note_loss(struct card *card, const struct error *error)
{
    if (error_code(error) == ERROR_CARD_RESET)
        card->shared = true;
    else
        card->doubtful = true;
    card->connected = false;
    forget_state(card);
}

/* Connects where needed, and begins a transaction, once. */
static struct error *begin_once(struct card *card)
{
    struct error *error = card->connected ? NULL : connect_card(card);
    if (error != NULL)
        return error;
    double asked_at = trace_clock();
    error = card->transport->functions->begin(card->transport);
    if (trace_clock() - asked_at > WAITED_MS)
        card->shared = true;
    return error;
}

/*
 * A connection that is lost is made anew. What is lost by a reset may well be lost again while we
 * wait for our turn, as long as another program resets the card after each of its own; anything
 * else is tried once more.
 */
static struct error *begin(struct card *card)
{
    struct error *error = begin_once(card);
    int resets = 0;
    for (int losses = 0; error != NULL && connection_lost(error);) {
        bool reset = error_code(error) == ERROR_CARD_RESET;
        bool unusable = !card->connected; /* nothing to connect to */
        note_loss(card, error);
        if (reset ? ++resets > RESETS_MAX : unusable || ++losses > 2)
            break;
        error_free(error);
        error = begin_once(card);
    }
    if (atomic_load(&card->place->selected) != card)
        forget_state(card); /* we have selected another application of this card meanwhile */
    card->fresh = card->proven = false;
    card->pin_tries_asked = -1;
    card->stale = card->shared || trace_clock() - card->left_at > BELIEF_MS;
    return error;
}

/* Also where the connection was lost: otherwise pcscd could keep the others waiting for us. */
static void end(struct card *card)
{
    card->transport->functions->end(card->transport);
    card->left_at = trace_clock();
}

/* ---- fresh starts ------------------------------------------------------------------------ */

static struct error *not_on_card(const struct card *card)
{
    char atr[ATR_TEXT_MAX];
    atr_format(card->transport->atr, card->transport->atr_length, atr);
    return error_new(ERROR_UNKNOWN_CARD,
                     "the card in the reader \"%s\" (ATR %s) has no %s application", card->reader,
                     atr, card->app->title);
}

/* A SELECT that fails leaves the application selected that was (ISO 7816-4 11.2.2). */
static struct error *select_application(struct card *card)
{
    bool found = false;
    struct error *error = card->app->select(card->channel, card->libctx, &card->state, &found);
    if (error == NULL && !found)
        return not_on_card(card);
    atomic_store(&card->place->selected, card);
    return error;
}

struct error *session_select(struct card *card)
{
    struct error *error = select_application(card);
    card->selected = card->proven = error == NULL;
    card->stale = false;
    return error;
}

static struct error *another_card(const struct card *card)
{
    char *name = card_describe_wanted(card);
    struct error *error = error_new(ERROR_OTHER_KEY,
                                    "the reader \"%s\" holds another card, or the key on it was "
                                    "replaced: put back %s, or load the key again",
                                    card->reader, name == NULL ? "the card" : name);
    free(name);
    return error;
}

static struct error *compare_serial(struct card *card)
{
    char *serial = NULL;
    struct error *error = card->app->serial(card->channel, card->state, &serial);
    if (error == NULL && strcmp(serial, card->serial) != 0)
        error = another_card(card);
    free(serial);
    return error;
}

/* Whether the card keeps what is in the slot to itself: a key may be there, or none. */
static bool is_hidden(struct card *card, const char *slot)
{
    struct app_key key;
    if (card->app->describe_key == NULL || card->serial == NULL)
        return false;
    struct error *error = card->app->describe_key(card->channel, card->state, slot, &key);
    error_free(error);
    return error == NULL;
}

/* The serial number stands for the key then; each signature is checked. */
static struct error *compare_hidden(struct card *card, struct error *cause)
{
    error_free(cause);
    return compare_serial(card);
}

static struct error *compare_slot(struct card *card, const char *slot, const EVP_PKEY *expected)
{
    struct app_key read;
    struct error *error = card->app->read_key(card->channel, card->state, slot, &read);
    if (error == NULL && !public_key_equal(read.public_key, expected))
        error = another_card(card);
    else if (error != NULL && error_code(error) == ERROR_NOT_FOUND && is_hidden(card, slot))
        error = compare_hidden(card, error);
    else if (error != NULL && error_code(error) == ERROR_NOT_FOUND)
        error = error_wrap(error, ERROR_OTHER_KEY,
                           "the key that was loaded is not on the card in the reader \"%s\" any "
                           "more",
                           card->reader);
    EVP_PKEY_free(read.public_key);
    return error;
}

/* Whether it is the card that it was; where nothing is known of it, it is. */
static struct error *compare_card(struct card *card)
{
    if (!card->doubtful)
        return NULL;
    if (card->serial != NULL)
        return compare_serial(card);
    if (card->witness != NULL)
        return compare_slot(card, card->witness_slot, card->witness);
    return NULL;
}

/* Whether it is the card that has the key. */
static struct error *compare_key(struct card *card, const struct card_key *key)
{
    if (card->app->serial_known && card->serial != NULL)
        return compare_serial(card);
    return compare_slot(card, key->key.slot, key->key.public_key);
}

static struct error *start_fresh(struct card *card, const struct card_key *key)
{
    card->pin_verified = 0;
    struct error *error = session_select(card);
    if (error == NULL)
        error = key != NULL ? compare_key(card, key) : compare_card(card);
    card->fresh = error == NULL;
    if (error == NULL)
        card->doubtful = false;
    else
        card->selected = false;
    return error;
}

/* ---- running operations ------------------------------------------------------------------ */

/* Whether a failure may be due to what another process did: not when this very transaction has
   shown that it is not. */
static bool explained_by_others(const struct card *card, const struct error *error)
{
    switch (error_code(error)) {
    case ERROR_CARD_RESET:
        return true;
    case ERROR_CARD_STATUS:
    case ERROR_CARD_ANSWER:
    case ERROR_NOT_FOUND:
    case ERROR_UNSUPPORTED:
    case ERROR_SIGNATURE:
        return !card->fresh;
    case ERROR_PIN_WRONG:
    case ERROR_PIN_LAST_TRY:
    case ERROR_PIN_BLOCKED:
        return !card->fresh && !card->proven;
    default:
        return false;
    }
}

/* The transaction goes on after most failures; a reset needs a new one. */
static struct error *recover(struct card *card, struct error *error, bool *open)
{
    card->selected = false;
    if (connection_lost(error)) {
        end(card);
        note_loss(card, error);
        *open = false;
    }
    error_free(error);
    card->shared = true;
    if (*open)
        return NULL;
    error = begin(card);
    *open = error == NULL;
    return error;
}

static struct error *run_once(struct card *card, const struct card_key *key,
                              card_operation *operation, void *argument)
{
    struct error *error = card->selected ? NULL : start_fresh(card, key);
    return error != NULL ? error : operation(card, argument);
}

/*
 * How often an operation is run again because the card was reset in the middle of it: pcscd does
 * that once for each process that died in a transaction.
 */
#define RESETS_DURING_OPERATION 8

/* In a transaction, which is ended. */
static struct error *run_and_end(struct card *card, const struct card_key *key,
                                 card_operation *operation, void *argument)
{
    bool open = true;
    int resets = 0;
    int others = 0;
    struct error *error = run_once(card, key, operation, argument);
    while (error != NULL && open && explained_by_others(card, error) &&
           (error_code(error) == ERROR_CARD_RESET ? resets++ < RESETS_DURING_OPERATION
                                                  : others++ < 1)) {
        error = recover(card, error, &open);
        if (error == NULL)
            error = run_once(card, key, operation, argument);
    }
    if (open)
        end(card);
    if (error != NULL && connection_lost(error))
        note_loss(card, error);
    return error;
}

static struct error *run(struct card *card, const struct card_key *key, bool fresh,
                         card_operation *operation, void *argument)
{
    lock_acquire(&card->lock);
    if (card->process != getpid())
        leave_to_parent(card);
    struct error *error = begin(card);
    if (error == NULL) {
        if (fresh)
            card->selected = false;
        error = run_and_end(card, key, operation, argument);
    }
    lock_release(&card->lock);
    return error;
}

struct error *session_run(struct card *card, const struct card_key *key, card_operation *operation,
                          void *argument)
{
    return run(card, key, false, operation, argument);
}

struct error *session_run_fresh(struct card *card, const struct card_key *key,
                                card_operation *operation, void *argument)
{
    return run(card, key, true, operation, argument);
}
