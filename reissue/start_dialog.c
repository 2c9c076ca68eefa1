/* SPDX-License-Identifier: BSD-2-Clause */
#include "start_dialog.h"

#include "command_list.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool start_says_whose(const struct start_wish *wish)
{
    return wish->certificate != NULL || wish->csr != NULL || wish->subject != NULL ||
           wish->names != NULL;
}

bool start_is_open(const struct start_wish *wish)
{
    bool key = wish->new_key != NULL || wish->key != NULL || wish->csr != NULL;

    return !start_says_whose(wish) || !key || wish->ca == NULL;
}

struct error *start_dialog_keep(struct start_dialog *dialog, const char *text, const char **out)
{
    char **kept = reallocarray(dialog->kept, dialog->kept_count + 1, sizeof(*kept));

    if (kept == NULL)
        return error_no_memory();
    dialog->kept = kept;
    *out = kept[dialog->kept_count] = strdup(text);
    if (*out == NULL)
        return error_no_memory();
    dialog->kept_count++;
    return NULL;
}

void start_dialog_clear(struct start_dialog *dialog)
{
    for (size_t i = 0; i < dialog->kept_count; i++)
        free(dialog->kept[i]);
    free(dialog->kept);
    choices_clear(&dialog->choices);
    certificate_scan_clear(&dialog->scan);
    *dialog = (struct start_dialog){0};
}

struct error *start_dialog_look(struct start_dialog *dialog)
{
    certificate_scan_clear(&dialog->scan);
    return list_find(dialog->run, dialog->wish->certificate, &dialog->scan, &dialog->predecessor);
}

/* ---- asking ------------------------------------------------------------------------------- */

static struct error *ask(struct start_dialog *dialog, const struct start_question *entry)
{
    struct question question = {
        .title = entry->title, .help = entry->help, .check = entry->check, .argument = dialog};
    char *answer = NULL;
    struct error *error = entry->offer == NULL ? NULL : entry->offer(dialog, &question.preset);

    if (dialog->choices.count > 0)
        question.choices = &dialog->choices;
    if (error == NULL)
        error = question_ask(&question, &answer);
    if (error == NULL && entry->take != NULL)
        error = entry->take(dialog, answer);
    else if (error == NULL)
        error = start_dialog_keep(dialog, answer,
                                  (const char **)(void *)((char *)dialog->wish + entry->field));
    free(answer);
    choices_clear(&dialog->choices);
    return error;
}

static struct error *ask_to_go(struct start_dialog *dialog, const struct job_command *command,
                               bool *go)
{
    char *line = NULL;
    struct error *error = start_command_line(dialog->wish, command, &line);

    if (error == NULL) {
        printf(
            "\nThis will be done, as a command for scripts (which say --batch as well):\n\n  %s\n",
            line);
        (void)fflush(stdout);
        error = question_confirm("Go?",
                                 "\"n\" ends without anything having been done. What is begun "
                                 "survives an interruption: reissue resume goes on.",
                                 true, go);
    }
    free(line);
    return error;
}

struct error *start_dialog(struct start_dialog *dialog, const struct job_command *command, bool *go)
{
    struct error *error = start_dialog_look(dialog);

    for (size_t i = 0; error == NULL && i < start_question_count; i++)
        if (start_questions[i].is_open(dialog))
            error = ask(dialog, &start_questions[i]);
    return error != NULL ? error : ask_to_go(dialog, command, go);
}
