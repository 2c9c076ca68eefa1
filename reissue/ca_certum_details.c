/* SPDX-License-Identifier: BSD-2-Clause */
/* What a job remembers of its order with Certum: lines of a word and a value. */
#include "ca_certum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void certum_details_clear(struct certum_details *details)
{
    free(details->before);
    certum_challenge_clear(&details->challenge);
    *details = (struct certum_details){0};
}

struct error *certum_details_add_before(struct certum_details *details, const char *id,
                                        long long ordered)
{
    struct certum_before *before =
        reallocarray(details->before, details->before_count + 1, sizeof(*before));

    if (before == NULL)
        return error_no_memory();
    details->before = before;
    before[details->before_count].ordered = ordered;
    (void)snprintf(before[details->before_count].id, CERTUM_ID_SIZE, "%s", id);
    details->before_count++;
    return NULL;
}

static struct error *add_name(struct certum_challenge *challenge, const char *name)
{
    char **names = reallocarray(challenge->names, challenge->count + 1, sizeof(*names));

    if (names == NULL)
        return error_no_memory();
    challenge->names = names;
    names[challenge->count] = strdup(name);
    return names[challenge->count++] == NULL ? error_no_memory() : NULL;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* The value of a line that begins with that word, or NULL. */
static const char *value_of(const char *line, const char *word)
{
    size_t length = strlen(word);

    return strncmp(line, word, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

static struct error *read_before(struct certum_details *details, const char *value)
{
    char *id;
    long long ordered = strtoll(value, &id, 10);

    return *id == ' ' ? certum_details_add_before(details, id + 1, ordered) : NULL;
}

static struct error *read_line(struct certum_details *details, const char *line)
{
    struct certum_challenge *challenge = &details->challenge;
    const char *value;

    if ((value = value_of(line, "sent")) != NULL)
        details->sent = strtoll(value, NULL, 10);
    else if ((value = value_of(line, "before")) != NULL)
        return read_before(details, value);
    else if ((value = value_of(line, "code")) != NULL)
        (void)snprintf(challenge->code, sizeof(challenge->code), "%s", value);
    else if ((value = value_of(line, "name")) != NULL)
        return add_name(challenge, value);
    else if ((value = value_of(line, "email")) != NULL)
        return (challenge->email = strdup(value)) == NULL ? error_no_memory() : NULL;
    else if ((value = value_of(line, "shown")) != NULL)
        details->shown = true;
    return NULL;
}

struct error *certum_details_read(const struct job *job, struct certum_details *out)
{
    const char *text = job_get(job, JOB_ORDER_DETAILS);
    char *copy = strdup(text == NULL ? "" : text);
    char *rest = NULL;
    struct error *error = copy == NULL ? error_no_memory() : NULL;

    *out = (struct certum_details){0};
    for (char *line = copy == NULL ? NULL : strtok_r(copy, "\n", &rest);
         error == NULL && line != NULL; line = strtok_r(NULL, "\n", &rest))
        error = read_line(out, line);
    free(copy);
    if (error != NULL)
        certum_details_clear(out);
    return error;
}

/* ---- writing ----------------------------------------------------------------------------- */

static void write_lines(FILE *out, const struct certum_details *details)
{
    const struct certum_challenge *challenge = &details->challenge;

    if (details->sent != 0)
        fprintf(out, "sent %lld\n", details->sent);
    for (size_t i = 0; i < details->before_count; i++)
        fprintf(out, "before %lld %s\n", details->before[i].ordered, details->before[i].id);
    if (challenge->code[0] != '\0')
        fprintf(out, "code %s\n", challenge->code);
    if (challenge->email != NULL)
        fprintf(out, "email %s\n", challenge->email);
    for (size_t i = 0; i < challenge->count; i++)
        fprintf(out, "name %s\n", challenge->names[i]);
    if (details->shown)
        fprintf(out, "shown yes\n");
}

struct error *certum_details_write(struct job *job, const struct certum_details *details)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    struct error *error = NULL;

    if (out == NULL)
        return error_no_memory();
    write_lines(out, details);
    if (fclose(out) != 0)
        error = error_no_memory();
    if (error == NULL)
        error = job_set(job, JOB_ORDER_DETAILS, length == 0 ? NULL : text);
    free(text);
    return error;
}
