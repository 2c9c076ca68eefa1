/* SPDX-License-Identifier: BSD-2-Clause */
/* A wish as the command that says it. */
#include "start_dialog.h"
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS  72
#define WORD_MAX 4096

/* A line that grows; once memory is out it stays NULL. */
struct line {
    char *text;
    size_t length;
    size_t begin; /* of the terminal's line */
    bool failed;
};

static void append(struct line *line, const char *text, size_t length)
{
    char *grown = line->failed ? NULL : realloc(line->text, line->length + length + 1);

    if (grown == NULL) {
        line->failed = true;
        return;
    }
    line->text = grown;
    memcpy(grown + line->length, text, length);
    line->length += length;
    grown[line->length] = '\0';
}

static bool is_plain(const char *word)
{
    if (word[0] == '\0')
        return false;
    for (; *word != '\0'; word++)
        if (!isalnum((unsigned char)*word) && strchr("-_./:=@+,%", *word) == NULL)
            return false;
    return true;
}

/* A word as a shell reads it: in single quotes where it is not plain. */
static void quote(struct line *line, const char *word)
{
    if (is_plain(word)) {
        append(line, word, strlen(word));
        return;
    }
    append(line, "'", 1);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            append(line, "'\\''", 4);
        else
            append(line, word, 1);
    append(line, "'", 1);
}

/* What a terminal would obey is in no word that is of any use. */
static void add_word(struct line *line, const char *word)
{
    char *clean = NULL;
    struct error *error = text_clean(word, WORD_MAX, &clean);

    append(line, " ", 1);
    if (error == NULL)
        quote(line, clean);
    else
        line->failed = true;
    error_free(error);
    free(clean);
}

static void add_option(struct line *line, const char *name, const char *value)
{
    if (value == NULL)
        return;
    if (line->length - line->begin + strlen(name) + strlen(value) > COLUMNS) {
        append(line, " \\\n     ", 8);
        line->begin = line->length - 5;
    }
    add_word(line, name);
    add_word(line, value);
}

struct error *start_command_line(const struct start_wish *wish, const struct job_command *command,
                                 char **out)
{
    const struct {
        const char *name, *value;
    } options[] = {
        {"--subject", wish->subject},
        {"--names", wish->names},
        {"--ca", wish->ca},
        {"--csr", wish->csr},
        {"--key", wish->key},
        {"--new-key", wish->new_key},
        {"--alg", wish->algorithm},
        {"--name", wish->name},
        {"--install", wish->install},
        {"--reason", wish->reason},
        {"--revoke", wish->revoke},
        {"--revoke-after", wish->revoke_after},
        {"--validation", wish->validation},
        {"--profile", wish->profile},
        {"--preferred-chain", wish->preferred_chain},
        {"--pin-source", command->secrets.pin_source},
        {"--management-key-source", command->admin_source},
        {"--passphrase-source", command->secrets.passphrase_source},
        {"--config", command->config_path},
        {"--state", command->state_directory},
    };
    struct line line = {0};

    append(&line, "reissue start", strlen("reissue start"));
    if (wish->certificate != NULL)
        add_word(&line, wish->certificate);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        add_option(&line, options[i].name, options[i].value);
    if (wish->overwrite_key)
        add_word(&line, "--overwrite-key");
    if (!line.failed) {
        *out = line.text;
        return NULL;
    }
    free(line.text);
    *out = NULL;
    return error_no_memory();
}
