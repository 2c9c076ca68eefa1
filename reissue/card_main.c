/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card: the card manager's commands, their options, and their help. */
#include "ask.h"
#include "card.h"
#include "command.h"
#include "complete.h"
#include "options.h"
#include "terminal.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *value; /* what it is called in the help; NULL: it takes none */
    const char *help;
} options[OPTION_COUNT] = {
    [OPTION_JSON] = {"json", NULL, "print one JSON object, errors too"},
    [OPTION_WAIT] = {"wait", "[=SECONDS]", "wait for a card to be inserted"},
    [OPTION_PIN] = {"pin-source", "SOURCE", "where the PIN comes from"},
    [OPTION_NEW_PIN] = {"new-pin-source", "SOURCE", "where the new PIN comes from"},
    [OPTION_PUK] = {"puk-source", "SOURCE", "where the PUK (or reset code) comes from"},
    [OPTION_NEW_PUK] = {"new-puk-source", "SOURCE", "where the new PUK comes from"},
    [OPTION_ADMIN] = {"management-key-source", "SOURCE",
                      "where the management key or admin PIN comes from"},
    [OPTION_NEW_ADMIN] = {"new-management-key-source", "SOURCE", "where the new one comes from"},
    [OPTION_LAST_TRY] = {"use-last-try", NULL, "spend the last try of a PIN or PUK if need be"},
    [OPTION_SLOT] = {"slot", "SLOT", "the slot, as slot= in the URI"},
    [OPTION_LABEL] = {"label", "TEXT", "what a new PKCS #11 token is called (\"reissue\")"},
    [OPTION_TO] = {"to", "SLOT", "the slot to move the key to"},
    [OPTION_ALGORITHM] = {"algorithm", "NAME", "such as P-256, RSA-3072, AES-192"},
    [OPTION_PIN_POLICY] = {"pin-policy", "POLICY", "never, once or always"},
    [OPTION_TOUCH_POLICY] = {"touch-policy", "POLICY", "never, always or cached"},
    [OPTION_OVERWRITE] = {"overwrite-key", NULL, "replace a key that is, or may be, in the slot"},
    [OPTION_REFERENCE] = {"reference", "FILE", "write a key reference (PEM) for programs"},
    [OPTION_OUT] = {"out", "FILE", "write to this new file"},
    [OPTION_ROOT] = {"root", "FILE", "certificates (PEM) that the attestation has to lead to"},
    [OPTION_DER] = {"der", NULL, "write DER, not PEM"},
    [OPTION_FORCE] = {"force", NULL, "also on a card that is in use"},
    [OPTION_YES] = {"yes", NULL, "do not ask whether that is meant"},
    [OPTION_SERIAL] = {"serial", "NUMBER", "the serial number of the card that is meant"},
    [OPTION_PROTECT] = {"protect", NULL, "keep the management key on the card, behind the PIN"},
    [OPTION_NO_PROTECT] = {"no-protect", NULL, "do not keep it there"},
    [OPTION_TOUCH] = {"touch", NULL, "the management key wants a touch each time"},
    [OPTION_KEY_ONLY] = {"key-only", NULL, "leave the certificate"},
    [OPTION_CERTIFICATE_ONLY] = {"certificate-only", NULL, "leave the key"},
    [OPTION_HELP] = {"help", NULL, "print this"},
};

#define HELP_COLUMN 37

#define ALWAYS (BIT(OPTION_JSON) | BIT(OPTION_HELP))
#define ADMIN  (BIT(OPTION_ADMIN) | BIT(OPTION_PIN) | BIT(OPTION_LAST_TRY))

/* ---- commands ---------------------------------------------------------------------------- */

static const struct card_command commands[] = {
    {"list", "", "which readers and cards there are",
     "Lists every reader, the card in it, and its applications with their URIs. With --wait it\n"
     "waits until there is a card; without a number as long as it takes.",
     BIT(OPTION_WAIT), false, card_list_run},
    {"show", "[URI]", "what is on a card",
     "Shows the state of PIN and PUK, what the card can generate, its keys and certificates,\n"
     "and what is wrong with them. Sends no PIN.",
     BIT(OPTION_SLOT), false, card_show_run},
    {"init", "[URI]", "set up a new card: PIN, PUK, management key",
     "Gives a new card its first PIN and PUK, and a management key: a random one that the card\n"
     "keeps behind the PIN where it can, unless --new-management-key-source names one. A card\n"
     "that is in use is refused without --force, with which keys and certificates stay.\n"
     "Behind a PKCS #11 module, the PUK is the PIN of the security officer; a token that was\n"
     "never initialised is, with --label as its label.",
     BIT(OPTION_NEW_PIN) | BIT(OPTION_NEW_PUK) | BIT(OPTION_NEW_ADMIN) | BIT(OPTION_PUK) |
         BIT(OPTION_NO_PROTECT) | BIT(OPTION_OUT) | BIT(OPTION_FORCE) | BIT(OPTION_LABEL) | ADMIN,
     false, card_init_run},
    {"pin", "[URI]", "change the PIN", "Changes the PIN. A wrong one costs one try, once.",
     BIT(OPTION_PIN) | BIT(OPTION_NEW_PIN) | BIT(OPTION_LAST_TRY), false, card_pin_run},
    {"puk", "[URI]", "change the PUK, or set the reset code",
     "Changes the PUK. A wrong one costs one try, once.",
     BIT(OPTION_PUK) | BIT(OPTION_NEW_PUK) | BIT(OPTION_LAST_TRY) | BIT(OPTION_ADMIN), false,
     card_puk_run},
    {"unblock", "[URI]", "give the PIN new tries, and a new value",
     "Sets a new PIN by the PUK (or reset code), or by the admin PIN where the card has one.",
     BIT(OPTION_PUK) | BIT(OPTION_NEW_PIN) | BIT(OPTION_LAST_TRY) | BIT(OPTION_ADMIN), false,
     card_unblock_run},
    {"management-key", "[URI]", "set the management key, or change the admin PIN",
     "Sets a random management key, which the card keeps behind the PIN; or the one that\n"
     "--new-management-key-source names. With --no-protect the card does not keep it, and\n"
     "--out FILE has to say where a random one goes.",
     BIT(OPTION_NEW_ADMIN) | BIT(OPTION_ALGORITHM) | BIT(OPTION_PROTECT) | BIT(OPTION_NO_PROTECT) |
         BIT(OPTION_TOUCH) | BIT(OPTION_OUT) | ADMIN,
     false, card_management_key_run},
    {"generate", "[URI]", "make a key",
     "Makes a key in the slot that is named, or in a free one, and prints its URI. A slot that\n"
     "is in use, or that the card does not show to be free, is refused without --overwrite-key.\n"
     "The algorithm is P-256 unless --algorithm says otherwise.",
     BIT(OPTION_SLOT) | BIT(OPTION_ALGORITHM) | BIT(OPTION_PIN_POLICY) | BIT(OPTION_TOUCH_POLICY) |
         BIT(OPTION_OVERWRITE) | BIT(OPTION_REFERENCE) | ADMIN,
     false, card_generate_run},
    {"import-cert", "[URI] FILE", "write a certificate to the card",
     "Writes a certificate (PEM or DER; \"-\": standard input) beside its key: into the slot that\n"
     "is named, or the one whose key it is for. One that is for another key is refused.",
     BIT(OPTION_SLOT) | ADMIN, true, card_import_run},
    {"export-cert", "[URI]", "read a certificate from the card",
     "Writes the certificate in a slot to standard output, or to --out FILE.",
     BIT(OPTION_SLOT) | BIT(OPTION_OUT) | BIT(OPTION_DER), false, card_export_run},
    {"attest", "[URI]", "have the card prove that it made a key",
     "Shows what the card states of a key that was made on it. With --root FILE the statement\n"
     "has to lead to one of the certificates in there, which is checked offline; with --out FILE\n"
     "statement and issuer are written in PEM.",
     BIT(OPTION_SLOT) | BIT(OPTION_ROOT) | BIT(OPTION_OUT), false, card_attest_run},
    {"delete", "[URI]", "delete a key and its certificate",
     "Deletes what is in a slot: the key, if the card can, and the certificate.",
     BIT(OPTION_SLOT) | BIT(OPTION_KEY_ONLY) | BIT(OPTION_CERTIFICATE_ONLY) | BIT(OPTION_YES) |
         ADMIN,
     false, card_delete_run},
    {"move", "[URI]", "move a key and its certificate to another slot",
     "Moves what is in a slot to the free slot that --to names.",
     BIT(OPTION_SLOT) | BIT(OPTION_TO) | ADMIN, false, card_move_run},
    {"reset", "[URI]", "make the card as new: deletes every key",
     "Deletes every key and certificate of the application, and gives it back the PIN, PUK and\n"
     "management key of a new card. Asks for the serial number; in scripts: --serial N --yes.\n"
     "One that was interrupted is finished by another. A PKCS #11 token is emptied by its\n"
     "security officer (--puk-source), and has no PIN then.",
     BIT(OPTION_SERIAL) | BIT(OPTION_YES) | BIT(OPTION_ADMIN) | BIT(OPTION_PUK) |
         BIT(OPTION_LAST_TRY),
     false, card_reset_run},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* ---- help -------------------------------------------------------------------------------- */

static void print_overview(FILE *out)
{
    fprintf(out, "usage: reissue card COMMAND [OPTION ...] [URI]\n\n"
                 "Manages smart cards. A card is named by its URI, such as card:serial=12345678;\n"
                 "the only card there is needs no name.\n\ncommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-15s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\nreissue card help COMMAND says more; so does the manual, reissue-card(1).\n");
}

static void print_help(FILE *out, const struct card_command *command)
{
    fprintf(out, "usage: reissue card %s [OPTION ...] %s\n", command->name, command->words);
    terminal_print_wrapped(out, command->help, 0, 0);
    fputc('\n', out);
    for (int i = 0; i < OPTION_COUNT; i++) {
        char left[64];

        if (((command->options | ALWAYS) & BIT(i)) == 0)
            continue;
        (void)snprintf(left, sizeof(left), "--%s%s%s", options[i].name,
                       options[i].value == NULL || options[i].value[0] == '[' ? "" : " ",
                       options[i].value == NULL ? "" : options[i].value);
        fprintf(out, "  %-34s ", left);
        terminal_print_wrapped(out, options[i].help, HELP_COLUMN, HELP_COLUMN);
    }
    if ((command->options & (BIT(OPTION_PIN) | BIT(OPTION_PUK) | BIT(OPTION_ADMIN))) != 0)
        fprintf(out,
                "\nA SOURCE is file:PATH, env:NAME or credential:NAME; what has none is asked "
                "for\nat the terminal. A management key is written in hexadecimal digits; "
                "\"factory\"\nis that of a new card, which is used unasked where the card says "
                "that it has it\nstill.\n");
}

static const struct card_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[COMMAND_COUNT];
    const char *nearest;

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    nearest = command_nearest(name, names, COMMAND_COUNT);
    fprintf(stderr, "reissue: there is no command \"card %s\"", name);
    if (nearest != NULL) {
        fprintf(stderr, ": is \"card %s\" meant?\n", nearest);
    } else {
        fputs("\n\n", stderr);
        print_overview(stderr);
    }
    return EXIT_CODE_USAGE;
}

/* ---- for completion: complete.h ---------------------------------------------------------- */

static int list_commands(void)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("%s\t%s\n", commands[i].name, commands[i].summary);
    return EXIT_CODE_SUCCESS;
}

static int list_options(const struct card_command *command)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (((command->options | ALWAYS) & BIT(i)) != 0)
            options_list_one(stdout, options[i].name, options[i].value, options[i].help);
    return EXIT_CODE_SUCCESS;
}

/* ---- help on one ------------------------------------------------------------------------- */

static int help(const char *name)
{
    const struct card_command *command = name == NULL ? NULL : find_command(name);

    if (name != NULL && command == NULL)
        return unknown_command(name);
    if (command == NULL)
        print_overview(stdout);
    else
        print_help(stdout, command);
    return EXIT_CODE_SUCCESS;
}

/* ---- reading the command line ------------------------------------------------------------ */

static int see_help(const struct card_run *run)
{
    (void)fprintf(stderr, "reissue: see reissue card help %s\n", run->command->name);
    return EXIT_CODE_USAGE;
}

static int argument_kind(const char *value)
{
    if (value == NULL)
        return no_argument;
    return value[0] == '[' ? optional_argument : required_argument;
}

static void make_table(struct option table[OPTION_COUNT + 1], unsigned long taken)
{
    size_t used = 0;

    memset(table, 0, (OPTION_COUNT + 1) * sizeof(*table));
    for (int i = 0; i < OPTION_COUNT; i++)
        if (((taken | ALWAYS) & BIT(i)) != 0)
            table[used++] =
                (struct option){options[i].name, argument_kind(options[i].value), NULL, 256 + i};
}

/* Words: at most one URI, and one file where the command takes one. Returns an exit code, or -1. */
static int take_word(struct card_run *run, const char *word, const char **uri)
{
    if (strncmp(word, "card:", 5) == 0 && *uri == NULL)
        *uri = word;
    else if (strncmp(word, "card:", 5) != 0 && run->command->takes_file && run->file == NULL)
        run->file = word;
    else {
        (void)fprintf(stderr, "reissue: what is \"%s\" to mean? Cards are named by a card: URI\n",
                      word);
        return see_help(run);
    }
    return -1;
}

static int parse(struct card_run *run, int argc, char **argv, const char **uri)
{
    struct option table[OPTION_COUNT + 1];
    int option;
    int code = -1;

    make_table(table, run->command->options);
    argv[0] = (char *)"reissue"; /* how getopt_long() begins its messages; is only read */
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (option < 256) /* getopt_long() has said what is wrong */
            return see_help(run);
        run->values[option - 256] = optarg == NULL ? "" : optarg;
    }
    for (int i = optind; i < argc && code < 0; i++)
        code = take_word(run, argv[i], uri);
    if (code < 0 && run->command->takes_file && run->file == NULL && !card_has(run, OPTION_HELP)) {
        (void)fprintf(stderr, "reissue: which file?\n");
        return see_help(run);
    }
    return code;
}

static struct error *take_uri(struct card_run *run, const char *text)
{
    struct error *error = card_uri_parse(text == NULL ? "card:" : text, &run->uri);
    const char *slot = run->values[OPTION_SLOT];

    if (error != NULL || slot == NULL)
        return error;
    if (run->uri->slot != NULL && strcmp(run->uri->slot, slot) != 0)
        return error_new(ERROR_URI, "--slot %s and the URI's slot=%s contradict each other", slot,
                         run->uri->slot);
    free(run->uri->slot);
    run->uri->slot = strdup(slot);
    return run->uri->slot == NULL ? error_no_memory() : NULL;
}

static int execute(struct card_run *run, const char *uri)
{
    int code = EXIT_CODE_SUCCESS;
    struct error *error;

    json_write_object(&run->result, NULL);
    error = take_uri(run, uri);
    if (error == NULL)
        error = card_context_new(NULL, &run->context);
    if (error == NULL) {
        card_context_set_pad_notice(run->context, ask_tell);
        error = run->command->run(run);
    }
    if (error == NULL)
        error = card_print_result(run);
    if (error != NULL)
        code = card_report(run, error);
    card_context_free(run->context);
    card_uri_free(run->uri);
    card_result_clear(run);
    return code;
}

int card_command(int argc, char **argv)
{
    struct card_run run = {0};
    const char *uri = NULL;
    const char *word = argc > 1 ? argv[1] : NULL;
    int code;

    if (word == NULL) {
        print_overview(stderr);
        return EXIT_CODE_USAGE;
    }
    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    if (strcmp(word, COMPLETE_COMMANDS) == 0)
        return list_commands();
    run.command = find_command(word);
    if (run.command == NULL)
        return unknown_command(word);
    if (argc == 3 && strcmp(argv[2], OPTIONS_LIST) == 0)
        return list_options(run.command);
    code = parse(&run, argc - 1, argv + 1, &uri);
    if (code >= 0)
        return code;
    if (card_has(&run, OPTION_HELP))
        return help(word);
    return execute(&run, uri);
}
