/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures with a PIV card in memory: how many commands they take, and what happens when other
 * processes, people and broken cards interfere. */
#include "soft_reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WITH_PIN   "?pin-value=123456"
#define WITH_WRONG "?pin-value=654321"

static struct soft_reader *yubikey(void)
{
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_YUBIKEY);
    soft_reader_key(soft, "9a=p256", NULL);
    soft_reader_key(soft, "9c=p256", NULL);
    soft_reader_key(soft, "9e=p384", NULL);
    return soft;
}

static struct soft_reader *plain(void)
{
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_PIV);
    soft_reader_key(soft, "9a=p256", "9a=/CN=a");
    soft_reader_key(soft, "9c=rsa2048", "9c=/CN=c,gzip");
    return soft;
}

static void assert_signs(struct soft_reader *soft, struct card_key *key, const char *commands)
{
    assert_no_error(soft_reader_sign(key));
    assert_string_equal(soft_reader_log(soft), commands);
}

/* ---- budgets ----------------------------------------------------------------------------- */

static void counts_on_yubikey(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9A" WITH_PIN);
    assert_signs(soft, key, "a4 f7 f7 20 87");
    assert_signs(soft, key, "87");
    assert_signs(soft, key, "87");
    struct card_key *always = soft_reader_find(soft, "card:slot=9c" WITH_PIN);
    assert_signs(soft, always, "f7 20 87");
    assert_signs(soft, always, "20 87");
    assert_signs(soft, key, "87");
    struct card_key *never = soft_reader_find(soft, "card:slot=9e");
    assert_signs(soft, never, "f7 87");
    assert_int_equal(soft->memory->connects, 1);
    card_key_free(never);
    card_key_free(always);
    card_key_free(key);
    soft_reader_free(soft);
}

static void counts_on_plain_piv(void **state)
{
    (void)state;
    struct soft_reader *soft = plain();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_signs(soft, key, "a4 f7 cb 20 20 87");
    assert_signs(soft, key, "87");
    struct card_key *always = soft_reader_find(soft, "card:slot=9c" WITH_PIN);
    assert_signs(soft, always, "cb 20 87");
    assert_signs(soft, always, "20 87");
    card_key_free(always);
    card_key_free(key);
    soft_reader_free(soft);
}

static void keys_outlive_the_context(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    card_context_free(soft->context);
    soft->context = NULL;
    assert_no_error(soft_reader_sign(key));
    assert_int_equal(soft->memory->closes, 0);
    card_key_free(key);
    assert_int_equal(soft->memory->closes, 1);
    soft_reader_free(soft);
}

/* ---- state lost -------------------------------------------------------------------------- */

static void recovers_from_another_application(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_signs(soft, key, "a4 f7 f7 20 87");
    soft->interloper = soft_select_dummy;
    assert_signs(soft, key, "87 a4 f7 f7 20 87");
    card_key_free(key);
    soft_reader_free(soft);
}

/* Between finding the key and the first signature: the question for the tries finds out. */
static void never_shows_the_pin_to_another_application(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    (void)soft_reader_log(soft);
    soft->interloper = soft_select_dummy;
    assert_signs(soft, key, "f7 a4 f7 f7 20 87");
    assert_int_equal(soft->card->dummy_verifies, 0);
    card_key_free(key);
    soft_reader_free(soft);
}

/* After the first encounter, SELECT comes before each PIN. */
static void learns_that_the_card_is_shared(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9c" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    soft->always = soft_select_dummy;
    for (int i = 0; i < 10; i++)
        assert_no_error(soft_reader_sign(key));
    assert_true(soft->card->dummy_verifies <= 1);
    assert_int_equal(soft->card->state.pin.tries, 3);
    card_key_free(key);
    soft_reader_free(soft);
}

static void is_not_fooled_by_the_other_count_of_tries(void **state)
{
    (void)state;
    for (uint8_t tries = 2; tries <= 3; tries++) {
        struct soft_reader *soft = plain();
        struct card_key *key = soft_reader_find(soft, "card:slot=9c" WITH_PIN);
        soft->card->state.pin.tries = tries;
        soft->interloper = soft_select_dummy;
        assert_no_error(soft_reader_sign(key));
        soft->interloper = soft_select_dummy;
        assert_no_error(soft_reader_sign(key));
        assert_int_equal(soft->card->state.pin.tries, 3);
        card_key_free(key);
        soft_reader_free(soft);
    }
}

static void recovers_from_a_reset(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_signs(soft, key, "a4 f7 f7 20 87");
    soft->interloper = soft_reset;
    assert_signs(soft, key, "a4 f7 f7 20 87");
    soft->interloper = soft_remove_and_insert;
    assert_signs(soft, key, "a4 f7 f7 20 87");
    assert_int_equal(soft->memory->connects, 3);
    card_key_free(key);
    soft_reader_free(soft);
}

static int resets_to_come;

static struct error *reset_again(struct soft_reader *soft)
{
    return resets_to_come-- > 0 ? soft_reset(soft) : NULL;
}

/* Another program resets the card after each of its transactions, while we wait for our turn. */
static void outlasts_resets(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    (void)soft_reader_log(soft);
    soft->always = reset_again;
    resets_to_come = 20;
    assert_signs(soft, key, "a4 f7 f7 20 87");
    resets_to_come = 1000;
    assert_error(soft_reader_sign(key), ERROR_CARD_RESET, "reset");
    resets_to_come = 0;
    assert_no_error(soft_reader_sign(key));
    card_key_free(key);
    soft_reader_free(soft);
}

static struct error *other_card(struct soft_reader *soft)
{
    harness_card_free(soft->card);
    soft->card = harness_card_new(SOFT_PROFILE_YUBIKEY);
    harness_key(soft->card, "9a=p256");
    return error_new(ERROR_CARD_REMOVED, "somebody put another card in");
}

static void refuses_another_card(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_signs(soft, key, "a4 f7 f7 20 87");
    soft->interloper = other_card;
    assert_error(soft_reader_sign(key), ERROR_OTHER_KEY, "another card");
    assert_string_equal(soft_reader_log(soft), "a4 f7");
    assert_error(soft_reader_sign(key), ERROR_OTHER_KEY, "another card");

    /* A search finds the other card's key, without the first one's PIN. */
    struct card_key *other = soft_reader_find(soft, "card:slot=9a");
    assert_error(soft_reader_sign(other), ERROR_PIN_SOURCE, "nobody to ask");
    card_key_free(other);
    card_key_free(key);
    soft_reader_free(soft);
}

/* The same when only the search notices. */
static void forgets_the_pin_with_the_card(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    soft->interloper = other_card;
    struct card_key *other = soft_reader_find(soft, "card:slot=9a");
    assert_false(EVP_PKEY_eq(card_key_public(key), card_key_public(other)));
    assert_error(soft_reader_sign(other), ERROR_PIN_SOURCE, "nobody to ask");
    card_key_free(other);

    /* Whereas the same card, put back, is known again. */
    card_key_free(key);
    key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    soft->interloper = soft_remove_and_insert;
    other = soft_reader_find(soft, "card:slot=9a");
    assert_no_error(soft_reader_sign(other));
    card_key_free(other);
    card_key_free(key);
    soft_reader_free(soft);
}

static void notices_a_replaced_key(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    EVP_PKEY_free(soft->card->state.keys[0x9A].pkey);
    soft->card->state.keys[0x9A] = (struct soft_key){0};
    assert_error(soft_reader_sign(key), ERROR_OTHER_KEY, "slot 9a is empty");
    harness_key(soft->card, "9a=p256");
    assert_error(soft_reader_sign(key), ERROR_OTHER_KEY, "replaced");
    card_key_free(key);
    soft_reader_free(soft);
}

static void says_which_card_is_missing(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a;serial=12345678" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    soft->memory->card_present = false;
    soft->interloper = soft_remove_and_insert;
    assert_error(soft_reader_sign(key), ERROR_NO_CARD, "insert PIV card 12345678");
    soft->memory->card_present = true;
    assert_no_error(soft_reader_sign(key));
    soft->answers[0] = (struct soft_answer){.ins = 0x87, .times = 1, .error = ERROR_CARD_REMOVED};
    assert_error(soft_reader_sign(key), ERROR_CARD_REMOVED, "taken out");
    assert_no_error(soft_reader_sign(key));
    card_key_free(key);
    soft_reader_free(soft);
}

/* ---- PINs -------------------------------------------------------------------------------- */

static void spends_one_try(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_WRONG);
    struct card_key *other = soft_reader_find(soft, "card:slot=9c" WITH_WRONG);
    assert_error(soft_reader_sign(key), ERROR_PIN_WRONG, "tries left: 2");
    assert_error(soft_reader_sign(key), ERROR_PIN_WRONG, "before");
    assert_error(soft_reader_sign(other), ERROR_PIN_WRONG, "before");
    assert_int_equal(soft->card->state.pin.tries, 2);

    /* Nor by another context, nor after the card was put back. */
    card_context_free(soft->context);
    assert_no_error(card_context_new_with(NULL, &soft->system.base, &soft->context));
    soft->interloper = soft_remove_and_insert;
    struct card_key *again = soft_reader_find(soft, "card:slot=9a" WITH_WRONG);
    assert_error(soft_reader_sign(again), ERROR_PIN_WRONG, "before");
    assert_int_equal(soft->card->state.pin.tries, 2);

    /* Another PIN is another matter. */
    struct card_key *right = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_no_error(soft_reader_sign(right));
    assert_int_equal(soft->card->state.pin.tries, 3);
    card_key_free(right);
    card_key_free(again);
    card_key_free(other);
    card_key_free(key);
    soft_reader_free(soft);
}

static void spends_one_try_on_plain_piv(void **state)
{
    (void)state;
    struct soft_reader *soft = plain();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_WRONG);
    assert_error(soft_reader_sign(key), ERROR_PIN_WRONG, "tries left: 2");
    assert_error(soft_reader_sign(key), ERROR_PIN_WRONG, "before");
    assert_int_equal(soft->card->state.pin.tries, 2);
    card_key_free(key);
    soft_reader_free(soft);
}

/* The card is pulled when it was just asked whose refusal that was: it is found out later. */
static void spends_one_try_even_when_interrupted(void **state)
{
    (void)state;
    struct soft_reader *soft = plain();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_WRONG);
    soft->answers[0] = (struct soft_answer){.ins = 0xA4, .times = 1, .error = ERROR_CARD_REMOVED};
    assert_error(soft_reader_sign(key), ERROR_CARD_REMOVED, "taken out");
    assert_int_equal(soft->card->state.pin.tries, 2);
    assert_error(soft_reader_sign(key), ERROR_PIN_WRONG, "tries left: 2");
    assert_int_equal(soft->card->state.pin.tries, 2);
    card_key_free(key);
    soft_reader_free(soft);
}

static void keeps_the_last_try(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    struct card_key *bold = soft_reader_find(soft, "card:slot=9a" WITH_PIN "&use-last-try=yes");
    soft->card->state.pin.tries = 1;
    assert_error(soft_reader_sign(key), ERROR_PIN_LAST_TRY, "use-last-try=yes");
    assert_int_equal(soft->card->state.pin.tries, 1);
    assert_no_error(soft_reader_sign(bold));
    assert_no_error(soft_reader_sign(key));
    card_key_free(bold);
    card_key_free(key);
    soft_reader_free(soft);
}

static void says_that_the_pin_is_blocked(void **state)
{
    (void)state;
    struct soft_reader *readers[2] = {yubikey(), plain()};
    for (int i = 0; i < 2; i++) {
        struct card_key *key = soft_reader_find(readers[i], "card:slot=9a" WITH_PIN);
        readers[i]->card->state.pin.tries = 0;
        assert_error(soft_reader_sign(key), ERROR_PIN_BLOCKED, "PUK");
        card_key_free(key);
        soft_reader_free(readers[i]);
    }
}

static void refuses_lengths_that_cannot_be(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    const char *const uris[] = {"card:slot=9a?pin-value=12345", "card:slot=9a?pin-value=123456789"};
    for (int i = 0; i < 2; i++) {
        struct card_key *key = soft_reader_find(soft, uris[i]);
        (void)soft_reader_log(soft);
        assert_error(soft_reader_sign(key), ERROR_PIN_FORMAT, "6 to 8");
        assert_string_equal(soft_reader_log(soft), "");
        card_key_free(key);
    }
    soft_reader_free(soft);
}

static struct error *prompt(void *argument, const char *what, struct secret **pin)
{
    int *asked = argument;
    (*asked)++;
    assert_non_null(strstr(what, "PIV"));
    return secret_new("123456", 6, pin);
}

static void asks_a_person_once(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a");
    struct card_key *never = soft_reader_find(soft, "card:slot=9e");
    int asked = 0;
    assert_no_error(card_key_prepare_pin(never, NULL, prompt, &asked));
    assert_int_equal(asked, 0);
    assert_no_error(card_key_prepare_pin(key, NULL, prompt, &asked));
    assert_no_error(card_key_prepare_pin(key, NULL, prompt, &asked));
    assert_int_equal(asked, 1);
    assert_no_error(soft_reader_sign(key));
    card_key_free(never);
    card_key_free(key);
    soft_reader_free(soft);
}

/* A pause long enough for others to come by: SELECT goes before the PIN where nothing else shows
   who will see it. */
static void does_not_believe_for_long(void **state)
{
    (void)state;
    struct soft_reader *soft = plain();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    (void)soft_reader_log(soft);
    usleep(600000);
    soft->interloper = soft_select_dummy;
    assert_signs(soft, key, "a4 20 20 87");
    assert_int_equal(soft->card->dummy_verifies, 0);
    card_key_free(key);
    soft_reader_free(soft);
}

/* ---- hostile cards ----------------------------------------------------------------------- */

static void withholds_bad_signatures(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "7C0682043002020190 00",         /* not the whole sequence */
        "7C0A8208300602010102010190 00", /* well-formed, wrong */
        "7C0282009000",                  /* empty */
        "7C0281009000",                  /* no response */
        "9000",                          /* nothing */
        "7C820200829000",                /* longer than it is */
        "829000",
        "6F00",
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        char hex[64] = "";
        for (const char *from = answers[i]; *from != '\0'; from++)
            if (*from != ' ')
                strncat(hex, from, 1);
        struct soft_reader *soft = yubikey();
        struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
        (void)soft_reader_log(soft);
        soft_reader_answer(soft, 0x87, 0, -1, hex);
        struct error *error = soft_reader_sign(key);
        assert_non_null(error);
        assert_true(error_code(error) == ERROR_SIGNATURE ||
                    error_code(error) == ERROR_CARD_ANSWER ||
                    error_code(error) == ERROR_CARD_STATUS);
        error_free(error);
        /* Once more after a fresh start, and not again. */
        assert_string_equal(soft_reader_log(soft), "f7 20 87 a4 f7 f7 20 87");
        card_key_free(key);
        soft_reader_free(soft);
    }
}

static void survives_one_bad_answer(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    soft_reader_answer(soft, 0x87, 0, 1, "7C028200FFFF");
    assert_no_error(soft_reader_sign(key));
    card_key_free(key);
    soft_reader_free(soft);
}

/* ---- threads and processes --------------------------------------------------------------- */

struct worker {
    pthread_t thread;
    struct card_key *key;
    struct error *error;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    for (int i = 0; i < 20 && worker->error == NULL; i++)
        worker->error = soft_reader_sign(worker->key);
    return NULL;
}

static void run_threads(struct worker *workers, struct card_key **keys)
{
    for (int i = 0; i < 8; i++) {
        workers[i] = (struct worker){.key = keys[i % 2]};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(workers[i].thread, NULL);
}

static void signs_in_eight_threads(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct worker workers[8];
    soft->always = soft_select_dummy;
    struct card_key *keys[2] = {soft_reader_find(soft, "card:slot=9a" WITH_PIN),
                                soft_reader_find(soft, "card:slot=9c" WITH_PIN)};
    run_threads(workers, keys);
    for (int i = 0; i < 8; i++)
        assert_no_error(workers[i].error);
    card_key_free(keys[0]);
    card_key_free(keys[1]);
    soft_reader_free(soft);
}

static void spends_one_try_in_eight_threads(void **state)
{
    (void)state;
    struct soft_reader *soft = plain();
    struct worker workers[8];
    struct card_key *keys[2] = {soft_reader_find(soft, "card:slot=9a?pin-value=765432"),
                                soft_reader_find(soft, "card:slot=9c?pin-value=765432")};
    run_threads(workers, keys);
    for (int i = 0; i < 8; i++)
        assert_error(workers[i].error, ERROR_PIN_WRONG, "tries left: 2");
    assert_int_equal(soft->card->state.pin.tries, 2);
    card_key_free(keys[0]);
    card_key_free(keys[1]);
    soft_reader_free(soft);
}

/* The child was forked off while another thread held the card's lock. */
static void child_goes_on(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, "card:slot=9a" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    for (int held = 0; held < 2; held++) {
        if (held)
            lock_acquire(&key->card->lock);
        pid_t child = fork();
        if (child == 0) {
            alarm(10);
            (void)soft_reader_log(soft);
            struct error *error = soft_reader_sign(key);
            bool good = error == NULL && strcmp(soft_reader_log(soft), "a4 f7 f7 20 87") == 0 &&
                        soft->memory->connects == 2 && soft->memory->closes == 0 &&
                        soft->memory->abandons == (held ? 0 : 1);
            _exit(good ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        if (held)
            lock_release(&key->card->lock);
    }
    assert_no_error(soft_reader_sign(key));
    card_key_free(key);
    soft_reader_free(soft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_on_yubikey),
        cmocka_unit_test(counts_on_plain_piv),
        cmocka_unit_test(keys_outlive_the_context),
        cmocka_unit_test(recovers_from_another_application),
        cmocka_unit_test(never_shows_the_pin_to_another_application),
        cmocka_unit_test(learns_that_the_card_is_shared),
        cmocka_unit_test(is_not_fooled_by_the_other_count_of_tries),
        cmocka_unit_test(recovers_from_a_reset),
        cmocka_unit_test(outlasts_resets),
        cmocka_unit_test(refuses_another_card),
        cmocka_unit_test(forgets_the_pin_with_the_card),
        cmocka_unit_test(notices_a_replaced_key),
        cmocka_unit_test(says_which_card_is_missing),
        cmocka_unit_test(keeps_the_last_try),
        cmocka_unit_test(says_that_the_pin_is_blocked),
        cmocka_unit_test(refuses_lengths_that_cannot_be),
        cmocka_unit_test(asks_a_person_once),
        cmocka_unit_test(does_not_believe_for_long),
        cmocka_unit_test(withholds_bad_signatures),
        cmocka_unit_test(survives_one_bad_answer),
        cmocka_unit_test(signs_in_eight_threads),
        cmocka_unit_test(child_goes_on),
        /* Last, because the process remembers. */
        cmocka_unit_test(spends_one_try),
        cmocka_unit_test(spends_one_try_on_plain_piv),
        cmocka_unit_test(spends_one_try_even_when_interrupted),
        cmocka_unit_test(spends_one_try_in_eight_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
