/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reissue exec: runs a script that knows nothing of cards. The keys that its `openssl` makes are
 * made on the card, and what it finds in its key files are references to them.
 */
#include "ask.h"
#include "card/manage.h"
#include "command.h"
#include "key_scan.h"
#include "openssl_config.h"
#include "options.h"
#include "secret_file.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] =
    "usage: reissue exec [OPTION ...] [--] COMMAND [ARGUMENT ...]\n"
    "Runs COMMAND. Keys that `openssl` makes in it (req -newkey, genpkey, genrsa, ecparam\n"
    "-genkey) are made on the card; the key files become references to them.\n";

struct options {
    const char *to;
    const char *pin_source;
    const char *management_key;
    bool overwrite_key;
    char **command;
};

static int fail(struct error *error, int code)
{
    char *text = error_describe(error);

    fprintf(stderr, "reissue: %s\n", text != NULL ? text : error_message(error));
    free(text);
    error_free(error);
    return code;
}

/* Returns -1 to go on, or an exit code. */
static int parse_options(int argc, char **argv, struct options *options)
{
    const struct option_spec own[] = {
        {"to", "URI", "where on the card, such as card:slot=9a (a free slot)", &options->to, NULL},
        {"pin-source", "SOURCE",
         "where the PIN comes from in this run: file:PATH, env:NAME, credential:NAME, pad: (typed "
         "at "
         "the reader's keypad if it has one, else asked for at the terminal)",
         &options->pin_source, NULL},
        {"management-key-source", "SOURCE",
         "the same for the card's management key, in hexadecimal; or \"factory\", for a card on "
         "which it was never changed",
         &options->management_key, NULL},
        {"overwrite-key", NULL, "in the slot of --to, which may hold a key: that key is lost", NULL,
         &options->overwrite_key},
    };
    const struct command_options command = {.usage = usage,
                                            .own = own,
                                            .own_count = sizeof(own) / sizeof(own[0]),
                                            .words_follow = true};
    int code;

    *options = (struct options){.to = "card:"};
    code = options_parse(&command, argc, argv);
    options->command = argv + optind;
    return code < 0 && optind == argc ? options_misused(&command) : code;
}

/* ---- the PIN ----------------------------------------------------------------------------- */

/* Asks at the terminal; ERROR_PIN_SOURCE where there is none. */
static struct error *ask_pin(struct secret **pin)
{
    *pin = NULL;
    if (isatty(STDERR_FILENO))
        return ask_secret("PIN of the card: ", false, "--pin-source", pin);
    return error_new(ERROR_PIN_SOURCE, "no PIN for the card: name a source with --pin-source "
                                       "(file:PATH, env:NAME or credential:NAME)");
}

/* Asked for once, here: the script's programs read it from memory that they inherit. */
static struct error *keep_pin(char **source)
{
    char path[32];
    struct secret *pin;
    struct error *error = ask_pin(&pin);

    if (error != NULL)
        return error;
    error = secret_file_new(pin, path, sizeof(path));
    secret_free(pin);
    if (error == NULL && asprintf(source, "file:%s", path) < 0)
        error = error_no_memory();
    return error;
}

/* The same source for programs that run in another directory; for free(). */
static struct error *absolute_source(const char *source, char **out)
{
    static const char file[] = "file:";
    char *directory = NULL;
    int length;

    if (strncmp(source, file, strlen(file)) != 0 || source[strlen(file)] == '/') {
        *out = strdup(source);
        return *out == NULL ? error_no_memory() : NULL;
    }
    directory = getcwd(NULL, 0);
    if (directory == NULL)
        return error_new(ERROR_ARGUMENT, "cannot tell the current directory: %s", strerror(errno));
    length = asprintf(out, "file:%s/%s", directory, source + strlen(file));
    free(directory);
    return length < 0 ? error_no_memory() : NULL;
}

/* ---- the configuration ------------------------------------------------------------------- */

static void settings_clear(struct openssl_config_settings *settings)
{
    free(settings->generate);
    free(settings->pin_source);
    free(settings->management_key);
    free(settings->report);
}

/* Whether the PIN is typed at the reader's keypad, when the script's programs need it. What is
   wrong with the card shows when they do. */
static bool has_keypad(const struct card_uri *uri)
{
    struct card_context *context = NULL;
    struct card *card = NULL;
    bool serves = false;
    struct error *error = card_context_new(NULL, &context);

    if (error == NULL)
        error = card_find_for_key(context, uri, &card);
    if (error == NULL)
        error = card_pad_serves(card, CARD_PAD_VERIFY, CARD_SECRET_PIN, &serves, NULL);
    error_free(error);
    card_free(card);
    card_context_free(context);
    return serves;
}

/*
 * A source in the URI goes into the references that are written, for their later users. One that is
 * given for this run does not, nor does the memory in which a typed PIN waits: it goes when we go.
 */
static struct error *choose_pin(const struct options *options, struct card_uri *uri,
                                struct openssl_config_settings *settings)
{
    char *given = uri->pin_source;
    struct error *error;

    if (options->pin_source != NULL)
        return absolute_source(options->pin_source, &settings->pin_source);
    if (given == NULL)
        return has_keypad(uri) ? NULL : keep_pin(&settings->pin_source);
    uri->pin_source = NULL;
    error = absolute_source(given, &uri->pin_source);
    free(given);
    return error;
}

static struct error *make_settings(const struct options *options,
                                   struct openssl_config_settings *settings)
{
    struct card_uri *uri;
    struct error *error = card_uri_parse(options->to, &uri);

    if (error != NULL)
        return error;
    settings->overwrite_key = options->overwrite_key;
    error = choose_pin(options, uri, settings);
    if (error == NULL)
        error = card_uri_format(uri, &settings->generate);
    if (error == NULL && options->management_key != NULL)
        error = absolute_source(options->management_key, &settings->management_key);
    card_uri_free(uri);
    return error;
}

/*
 * Writes the file that OPENSSL_CONF will name; `path` is a template for mkstemps(). The provider is
 * to put losses on record in `report`.
 */
static struct error *write_config(const struct options *options, const char *report, char *path)
{
    struct openssl_config_settings settings = {.report = strdup(report)};
    struct error *error =
        settings.report == NULL ? error_no_memory() : make_settings(options, &settings);
    int descriptor = error == NULL ? mkstemps(path, 4) : -1;
    FILE *out = descriptor < 0 ? NULL : fdopen(descriptor, "w");

    if (error == NULL && out == NULL)
        error = error_new(ERROR_ARGUMENT, "cannot write %s: %s", path, strerror(errno));
    if (error == NULL)
        error = openssl_config_write(out, &settings);
    if (out != NULL && fclose(out) != 0 && error == NULL)
        error = error_new(ERROR_ARGUMENT, "cannot write %s: %s", path, strerror(errno));
    settings_clear(&settings);
    return error;
}

/* ---- the command ------------------------------------------------------------------------- */

static int exit_code_of(int status)
{
    return WIFSIGNALED(status) ? EXIT_CODE_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static _Noreturn void become(char **command, const char *config)
{
    if (setenv("OPENSSL_CONF", config, 1) == 0)
        execvp(command[0], command);
    fprintf(stderr, "reissue: cannot run %s: %s\n", command[0], strerror(errno));
    _exit(errno == ENOENT ? EXIT_CODE_NOT_FOUND : EXIT_CODE_NOT_RUN);
}

/* The command's process, for pass_on(). */
static volatile pid_t child;

static void pass_on(int signal_number)
{
    if (child > 0)
        (void)kill(child, signal_number);
}

/*
 * What the terminal sends (interrupt, quit) reaches the command without us, and what others send us
 * to end is passed on to it: this waits for its end, to clean up.
 */
static const struct {
    int number;
    void (*handler)(int signal_number);
} signals[] = {{SIGINT, SIG_IGN}, {SIGQUIT, SIG_IGN}, {SIGTERM, pass_on}, {SIGHUP, pass_on}};

#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

static int run(char **command, const char *config)
{
    struct sigaction before[SIGNAL_COUNT];
    int status = 0;

    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        struct sigaction action = {.sa_handler = signals[i].handler};

        sigaction(signals[i].number, &action, &before[i]);
    }
    child = fork();
    if (child == 0) {
        for (size_t i = 0; i < SIGNAL_COUNT; i++)
            sigaction(signals[i].number, &before[i], NULL);
        become(command, config);
    }
    if (child < 0)
        return fail(error_new(ERROR_INTERNAL, "cannot start a process: %s", strerror(errno)),
                    EXIT_CODE_FAILURE);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return exit_code_of(status);
}

static void report_plain_key(const char *path, const char *label)
{
    fprintf(stderr,
            "reissue: %s holds a %s that was made in software, not on the card: delete it, do not "
            "use its certificate requests\n",
            path, label);
}

/* A file in the directory for temporary ones; `path` becomes its name. */
static struct error *make_temporary(const char *directory, char *path, size_t size)
{
    int descriptor;

    (void)snprintf(path, size, "%s/reissue-XXXXXX.txt",
                   directory != NULL && directory[0] == '/' ? directory : "/tmp");
    descriptor = mkstemps(path, 4);
    if (descriptor < 0)
        return error_new(ERROR_ARGUMENT, "cannot write %s: %s", path, strerror(errno));
    (void)close(descriptor);
    return NULL;
}

/* Passes on what is on record there, and removes the file. Returns whether there was anything. */
static bool pass_report_on(const char *path)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    bool any = false;

    while (file != NULL && getline(&line, &size, file) > 0) {
        fprintf(stderr, "reissue: %s", line);
        any = true;
    }
    free(line);
    if (file != NULL)
        (void)fclose(file);
    (void)unlink(path);
    return any;
}

/* With the configuration written; returns the exit code. */
static int run_and_check(const struct options *options, const char *config, const char *report)
{
    struct timespec start;
    bool lost;
    int code;

    clock_gettime(CLOCK_REALTIME_COARSE, &start); /* which files are dated by */
    code = run(options->command, config);
    lost = pass_report_on(report);
    if (key_scan(".", &start, report_plain_key) > 0)
        return EXIT_CODE_PLAIN_KEY;
    return lost && code == EXIT_CODE_SUCCESS ? EXIT_CODE_LOST : code;
}

int exec_command(int argc, char **argv)
{
    const char *directory = secure_getenv("TMPDIR");
    char config[4096];
    char report[4096];
    struct options options;
    struct error *error;
    int code = parse_options(argc, argv, &options);

    if (code >= 0)
        return code;
    error = make_temporary(directory, report, sizeof(report));
    if (error != NULL)
        return fail(error, EXIT_CODE_FAILURE);
    (void)snprintf(config, sizeof(config), "%s/reissue-XXXXXX.cnf",
                   directory != NULL && directory[0] == '/' ? directory : "/tmp");
    error = write_config(&options, report, config);
    code = error != NULL ? fail(error, EXIT_CODE_FAILURE) : run_and_check(&options, config, report);
    (void)unlink(config);
    (void)unlink(report);
    return code;
}
