/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets, PIN sources, and the memory for refused PINs. */
#include "pin_memory.h"
#include "pin_source.h"
#include "pin_store.h"
#include "soft_reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/pin-test.XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
    char path[64];
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/pin", directory);
    (void)unlink(path);
    return rmdir(directory);
}

static void write_pin(const char *bytes, size_t length)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/pin", directory);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static struct error *read_back(const char *bytes, size_t length, struct secret **pin)
{
    char source[64];
    write_pin(bytes, length);
    (void)snprintf(source, sizeof(source), "file:%s/pin", directory);
    return pin_source_read(source, pin);
}

static void assert_pin(struct secret *pin, const char *expected)
{
    assert_int_equal(secret_length(pin), strlen(expected));
    assert_memory_equal(secret_bytes(pin), expected, strlen(expected));
    secret_free(pin);
}

static void reads_files(void **state)
{
    (void)state;
    static const struct {
        const char *content, *pin;
    } cases[] = {{"123456", "123456"},
                 {"123456\n", "123456"},
                 {"123456\r\n", "123456"},
                 {"123456\n\n", "123456\n"},
                 {" 123456 ", " 123456 "}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct secret *pin;
        assert_no_error(read_back(cases[i].content, strlen(cases[i].content), &pin));
        assert_pin(pin, cases[i].pin);
    }
}

static void refuses_files(void **state)
{
    (void)state;
    char source[64];
    char long_one[SECRET_MAX + 1];
    struct secret *pin;
    memset(long_one, '1', sizeof(long_one));
    assert_error(read_back("", 0, &pin), ERROR_PIN_SOURCE, "it is empty");
    assert_null(pin);
    assert_error(read_back("\n", 1, &pin), ERROR_PIN_SOURCE, "it is empty");
    assert_error(read_back(long_one, sizeof(long_one), &pin), ERROR_PIN_SOURCE, "too long");
    assert_error(read_back(long_one, SECRET_MAX, &pin), ERROR_PIN_SOURCE, "too long");
    (void)snprintf(source, sizeof(source), "file:%s", directory);
    assert_error(pin_source_read(source, &pin), ERROR_PIN_SOURCE, "Is a directory");
    assert_error(pin_source_read("file:/nonexistent/pin", &pin), ERROR_PIN_SOURCE,
                 "/nonexistent/pin: No such file");
    assert_null(pin);
    assert_error(pin_source_read("123456", &pin), ERROR_PIN_SOURCE, "has to be one of");
}

static void reads_the_environment(void **state)
{
    (void)state;
    struct secret *pin;
    setenv("TEST_PIN", "123456", 1);
    assert_no_error(pin_source_read("env:TEST_PIN", &pin));
    assert_pin(pin, "123456");
    setenv("TEST_PIN", "", 1);
    assert_error(pin_source_read("env:TEST_PIN", &pin), ERROR_PIN_SOURCE, "TEST_PIN");
    unsetenv("TEST_PIN");
    assert_error(pin_source_read("env:TEST_PIN", &pin), ERROR_PIN_SOURCE, "not set");
}

static void reads_credentials(void **state)
{
    (void)state;
    struct secret *pin;
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_error(pin_source_read("credential:pin", &pin), ERROR_PIN_SOURCE, "LoadCredential");
    setenv("CREDENTIALS_DIRECTORY", directory, 1);
    write_pin("654321\n", 7);
    assert_no_error(pin_source_read("credential:pin", &pin));
    assert_pin(pin, "654321");
    assert_error(pin_source_read("credential:other", &pin), ERROR_PIN_SOURCE, "/other: No such");
    assert_error(pin_source_read("credential:../pin", &pin), ERROR_PIN_SOURCE, "cannot be");
    assert_error(pin_source_read("credential:..", &pin), ERROR_PIN_SOURCE, "cannot be");
    unsetenv("CREDENTIALS_DIRECTORY");
}

static void assert_pin_answer(const char *app, const char *card, struct secret *pin,
                              enum pin_answer wanted)
{
    enum pin_answer answer;
    assert_no_error(pin_memory_look(NULL, app, card, pin, &answer));
    assert_int_equal(answer, wanted);
}

static void remembers_what_was_refused(void **state)
{
    (void)state;
    struct secret *pin;
    struct secret *other;
    assert_no_error(secret_new("123456", 6, &pin));
    assert_no_error(secret_new("123457", 6, &other));
    assert_false(pin_memory_used());
    assert_pin_answer("piv", "card one", pin, PIN_NOT_REFUSED);
    assert_no_error(pin_memory_add(NULL, "piv", "card one", pin, true));
    assert_true(pin_memory_used());
    assert_pin_answer("piv", "card one", pin, PIN_REFUSED_HERE);
    assert_pin_answer("piv", "card two", pin, PIN_NOT_REFUSED);
    assert_pin_answer("piv", "card one", other, PIN_NOT_REFUSED);
    assert_pin_answer("openpgp", "card one", pin, PIN_NOT_REFUSED);
    secret_free(pin);
    secret_free(other);
}

/* ---- the store --------------------------------------------------------------------------- */

static struct {
    uint8_t digest[PIN_STORE_DIGEST_SIZE];
    char app[16], identity[16];
    int count;
} kept;

static struct error *keep(void *argument, const struct pin_refusal *refusal)
{
    (void)argument;
    memcpy(kept.digest, refusal->digest, sizeof(kept.digest));
    (void)snprintf(kept.app, sizeof(kept.app), "%s", refusal->app);
    (void)snprintf(kept.identity, sizeof(kept.identity), "%s", refusal->identity);
    kept.count++;
    return NULL;
}

static struct error *look(void *argument, const struct pin_refusal *refusal, bool *refused)
{
    (void)argument;
    *refused = kept.count > 0 && strcmp(kept.app, refusal->app) == 0 &&
               memcmp(kept.digest, refusal->digest, sizeof(kept.digest)) == 0;
    return NULL;
}

static struct error *forget(void *argument, const struct pin_refusal *refusal)
{
    (void)argument;
    assert_null(refusal->digest);
    if (strcmp(kept.app, refusal->app) == 0 && strcmp(kept.identity, refusal->identity) == 0)
        kept.count = 0;
    return NULL;
}

/* The store knows what other processes were refused, under the same key, and nothing in clear. */
static void remembers_beyond_the_process(void **state)
{
    (void)state;
    struct pin_store store = {{1, 2, 3}, NULL, keep, look, forget};
    struct secret *pin;
    assert_no_error(secret_new("654321", 6, &pin));
    pin_store_use(&store);
    assert_pin_answer("piv", "card three", pin, PIN_NOT_REFUSED);
    assert_no_error(pin_memory_add(NULL, "piv", "card four", pin, false)); /* nobody knows */
    assert_int_equal(kept.count, 0);
    assert_no_error(pin_memory_add(NULL, "piv", "card three", pin, true));
    assert_int_equal(kept.count, 1);
    assert_null(memmem(kept.digest, sizeof(kept.digest), "654321", 6));
    for (int i = 0; i < 64; i++) { /* more than this process remembers */
        char card[16];
        (void)snprintf(card, sizeof(card), "other %d", i);
        assert_no_error(pin_memory_add(NULL, "piv", card, pin, false));
    }
    assert_pin_answer("piv", "card three", pin, PIN_REFUSED_EARLIER);
    assert_no_error(pin_memory_accept("piv", "card one"));
    assert_pin_answer("piv", "card three", pin, PIN_REFUSED_EARLIER);
    assert_no_error(pin_memory_accept("piv", "card three"));
    assert_pin_answer("piv", "card three", pin, PIN_NOT_REFUSED);
    pin_store_use(NULL);
    secret_free(pin);
}

static void keeps_secrets(void **state)
{
    (void)state;
    struct secret *secret;
    char long_one[SECRET_MAX + 1] = {0};
    assert_no_error(secret_new("123456", 6, &secret));
    secret_truncate(secret, 7);
    assert_int_equal(secret_length(secret), 6);
    secret_truncate(secret, 4);
    assert_int_equal(secret_length(secret), 4);
    assert_memory_equal(secret_bytes(secret), "1234\0\0", 6);
    secret_free(secret);
    assert_error(secret_new(long_one, sizeof(long_one), &secret), ERROR_ARGUMENT, "too long");
    secret_free(NULL);
}

/* The pages are left out of core dumps: "dd" in their flags (proc(5), VmFlags). */
static void stays_out_of_core_dumps(void **state)
{
    (void)state;
    struct secret *secret;
    char line[512];
    bool here = false;
    bool excluded = false;
    assert_no_error(secret_new("123456", 6, &secret));
    unsigned long address = (unsigned long)secret_bytes(secret);
    FILE *file = fopen("/proc/self/smaps", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        unsigned long start;
        unsigned long end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            here = start <= address && address < end;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            excluded = strstr(line, " dd") != NULL;
    }
    (void)fclose(file);
    secret_free(secret);
    assert_true(excluded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_files),
        cmocka_unit_test(refuses_files),
        cmocka_unit_test(reads_the_environment),
        cmocka_unit_test(reads_credentials),
        cmocka_unit_test(remembers_what_was_refused),
        cmocka_unit_test(remembers_beyond_the_process),
        cmocka_unit_test(keeps_secrets),
        cmocka_unit_test(stays_out_of_core_dumps),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
