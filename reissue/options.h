/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A command's options: one table that the command line is read by, and that its help and the
 * shells' completion are made from.
 */
#ifndef REISSUE_OPTIONS_H
#define REISSUE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct option_spec {
    const char *name;
    const char *argument; /* "FILE", or the words to choose from: "pem|der"; "[=X]": may be left
                             out; NULL: it takes none */
    const char *help;     /* what it is for, in a few words */
    const char **text;    /* gets the argument, "" where that was left out; NULL: it takes none */
    bool *flag;           /* is set; may be NULL where there is `text` */
};

struct command_options {
    const char *usage; /* a line "usage: ...", and what the command does */
    const struct option_spec *own;
    size_t own_count;
    const struct option_spec *common; /* which the help only names */
    size_t common_count;
    bool words_follow; /* the first word that is no option ends them: the rest is another command */
};

/* How many options a command may have in all. */
#define OPTIONS_MAX 40

/*
 * Reads a command's words (its own name first). Returns -1 to go on, with `optind` at the first
 * word that is no option; or the exit code: after --help, and after wrong usage, which is told.
 */
int options_parse(const struct command_options *options, int argc, char **argv);

/* Says where help is, for who used a command wrongly; returns the exit code. */
int options_misused(const struct command_options *options);

/* The option that has a command print its options for the shells' completion, see complete.h. */
#define OPTIONS_LIST "--list-options"

/* One option as such a line: "--name", "=" if it takes an argument, its help and what its argument
   is called, with tabs in between. */
void options_list_one(FILE *out, const char *name, const char *argument, const char *help);

#endif
