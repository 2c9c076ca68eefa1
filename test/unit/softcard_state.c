/* SPDX-License-Identifier: BSD-2-Clause */
/* The state's file, and what the log shows. */
#include "softcard/log.h"
#include "softcard/setup.h"
#include "softcard_harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct files {
    char directory[32];
    char state[64];
    char log[64];
};

static int files_new(void **state)
{
    struct files *files = calloc(1, sizeof(*files));

    assert_non_null(files);
    strcpy(files->directory, "/tmp/softcard-unit.XXXXXX");
    assert_non_null(mkdtemp(files->directory));
    snprintf(files->state, sizeof(files->state), "%s/state", files->directory);
    snprintf(files->log, sizeof(files->log), "%s/log", files->directory);
    *state = files;
    return 0;
}

static int files_free(void **state)
{
    struct files *files = *state;
    char lock[80];

    snprintf(lock, sizeof(lock), "%s.lock", files->state);
    unlink(lock);
    unlink(files->state);
    unlink(files->log);
    assert_int_equal(rmdir(files->directory), 0);
    free(files);
    return 0;
}

static void card_load(struct soft_state *state, const char *path)
{
    bool found;

    memset(state, 0, sizeof(*state));
    assert_null(soft_state_lock(state, path));
    assert_null(soft_state_load(state, &found));
    assert_true(found);
}

static void remembers_everything(void **state)
{
    struct files *files = *state;
    struct soft_card *card = harness_card_new(SOFT_PROFILE_YUBIKEY);
    struct soft_state loaded;

    assert_null(soft_state_lock(&card->state, files->state));
    harness_key(card, "9c=ed25519:once:cached");
    assert_null(soft_setup_certificate(card, "9c=/CN=x/O=y,gzip"));
    assert_status(card, SELECT_PIV, SOFT_OK);
    assert_status(card, VERIFY_WRONG, SOFT_TRIES_LEFT | 2);
    harness_card_free(card);
    card_load(&loaded, files->state);
    assert_int_equal(loaded.serial, 12345678);
    assert_int_equal(loaded.pin.tries, 2);
    assert_non_null(loaded.keys[0x9C].pkey);
    assert_int_equal(loaded.keys[0x9C].pin_policy, SOFT_POLICY_ONCE);
    assert_int_equal(loaded.keys[0x9C].touch_policy, 3);
    assert_true(loaded.keys[0x9C].generated);
    assert_non_null(loaded.keys[0xF9].pkey);
    assert_non_null(soft_state_object(&loaded, 0x5FC10A));
    assert_true(loaded.attestation_root.length > 100);
    soft_state_free(&loaded);
}

static void remembers_openpgp(void **state)
{
    struct files *files = *state;
    struct soft_card *card = harness_card_new(SOFT_PROFILE_OPENPGP);
    struct soft_state loaded;
    struct soft_openpgp *openpgp = &loaded.openpgp;

    assert_null(soft_state_lock(&card->state, files->state));
    harness_key(card, "aut=brainpool384");
    assert_null(soft_setup_certificate(card, "aut=/CN=x"));
    assert_status(card, "00A4040006D27600012401", SOFT_OK);
    assert_status(card, "00200083083132333435363738", SOFT_OK);
    assert_status(card, "00DA00D3083838383838383838", SOFT_OK);
    assert_status(card, "00DA005E026162", SOFT_OK);
    assert_status(card, "0020008106393939393939", SOFT_TRIES_LEFT | 2);
    harness_card_free(card);
    card_load(&loaded, files->state);
    assert_int_equal(loaded.profile, SOFT_PROFILE_OPENPGP);
    assert_false(openpgp->terminated);
    assert_int_equal(openpgp->passwords[SOFT_PGP_PW1].tries, 2);
    assert_int_equal(openpgp->passwords[SOFT_PGP_RC].length, 8);
    assert_int_equal(openpgp->passwords[SOFT_PGP_RC].tries, 3);
    assert_non_null(openpgp->keys[SOFT_PGP_AUT].pkey);
    assert_int_equal(openpgp->keys[SOFT_PGP_AUT].origin, SOFT_PGP_GENERATED);
    assert_null(openpgp->keys[SOFT_PGP_SIG].pkey);
    assert_int_equal(soft_objects_find(&openpgp->objects, 0xC9)->length, 20);
    assert_int_equal(soft_objects_find(&openpgp->objects, 0x5E)->length, 2);
    assert_true(soft_objects_find(&openpgp->objects, 0x7F2100)->length > 100);
    soft_state_free(&loaded);
}

static void is_used_by_one_card_only(void **state)
{
    struct files *files = *state;
    struct soft_state first = {0};
    struct soft_state second = {.lock = -1};
    char *message;

    assert_null(soft_state_lock(&first, files->state));
    message = soft_state_lock(&second, files->state);
    assert_non_null(message);
    assert_non_null(strstr(message, "another softcard"));
    free(message);
    soft_state_free(&second);
    soft_state_free(&first);
}

static void refuses_broken_files(void **state)
{
    static const char *const broken[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"format\":1,\"profile\":\"other\"}",
        "{\"format\":1,\"profile\":\"piv\",\"serial\":-1}",
        "{\"format\":1,\"profile\":\"piv\",\"serial\":1,\"guid\":\"00\"}",
        "{\"format\":1,\"profile\":\"piv\",\"serial\":1,\"guid\":"
        "\"00112233445566778899aabbccddeefx\"}",
        "{\"format\":1,\"profile\":\"piv\",\"serial\":1,\"guid\":"
        "\"00112233445566778899aabbccddeeff\",\"pin\":7}",
    };
    struct files *files = *state;

    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct soft_state loaded = {.lock = -1, .path = strdup(files->state)};
        FILE *file = fopen(files->state, "w");
        bool found;
        char *message;

        assert_non_null(file);
        fputs(broken[i], file);
        fclose(file);
        message = soft_state_load(&loaded, &found);
        if (message == NULL)
            fail_msg("'%s' was taken for a state", broken[i]);
        free(message);
        soft_state_free(&loaded);
    }
}

static void log_write(const char *path, const char *const *commands, size_t count)
{
    static const uint8_t response[] = {0x90, 0x00};
    struct soft_log log;

    assert_int_equal(soft_log_open(&log, path), 0);
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[64];
        size_t length = strlen(commands[i]) / 2;

        for (size_t j = 0; j < length; j++) {
            unsigned byte;

            assert_int_equal(sscanf(commands[i] + 2 * j, "%2x", &byte), 1);
            bytes[j] = (uint8_t)byte;
        }
        soft_log_command(&log, bytes, length, response, sizeof(response));
    }
    assert_int_equal(log.count, count);
    soft_log_close(&log);
}

/* Every byte of a secret is E5 here: none may be seen. */
static void logs_no_secrets(void **state)
{
    static const char *const commands[] = {
        "0020008008E5E5E5E5E5E5E5E5",
        "1020008008E5E5E5E5E5E5E5E5",
        "00200080000008E5E5E5E5E5E5E5E5",
        "00200080E5E5E5E5E5E5E5E5", /* Lc forgotten: the byte in its place is the PIN's */
        "00200080E5",
        "0024008010E5E5E5E5E5E5E5E5E5E5E5E5E5E5E5E5",
        "002C008010E5E5E5E5E5E5E5E5E5E5E5E5E5E5E5E5",
        "00FE119A05E5E5E5E5E5",
        "10FE119A05E5E5E5E5E5",
        "00FFFFFF05E5E5E5E5E5",
        "00870A9B04E5E5E5E5",
        "0020008306E5E5E5E5E5E5",
        "00DA00D308E5E5E5E5E5E5E5E5",
        "00DA00F904E5E5E5E5",
        "00DB3FFF044D02E5E5",
        "10DB3FFF044D02E5E5",
        "00DB3FFF045CE5E5E5", /* the end of the chain before */
        "00DB3FFF000004E5E5E5E5",
        "00DB3FFFE5E5",
        "00DB3FFF075C035FC1057000", /* a certificate of PIV is no secret */
    };
    struct files *files = *state;
    char text[4096];
    size_t length;
    FILE *file;

    log_write(files->log, commands, sizeof(commands) / sizeof(commands[0]));
    file = fopen(files->log, "r");
    assert_non_null(file);
    length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[length] = '\0';
    assert_null(strstr(text, "e5"));
    assert_non_null(strstr(text, "\"command\":\"0020008008\""));
    assert_non_null(strstr(text, "\"ins\":\"fe\""));
    assert_non_null(strstr(text, "\"command\":\"00db3fff075c035fc1057000\""));
}

#define file_test(test) cmocka_unit_test_setup_teardown(test, files_new, files_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        file_test(remembers_everything),     file_test(remembers_openpgp),
        file_test(is_used_by_one_card_only), file_test(refuses_broken_files),
        file_test(logs_no_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
