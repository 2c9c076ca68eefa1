/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the shells' completion (reissue/completion/) asks the program for, so that it knows every
 * command and option without having them twice. Each line is a word, a tab, and what it means; of
 * options see options_list_one().
 *
 *   reissue --list-commands          reissue card --list-commands
 *   reissue COMMAND --list-options   reissue card COMMAND --list-options
 *   reissue --list-names             reissue --list-cas
 */
#ifndef REISSUE_COMPLETE_H
#define REISSUE_COMPLETE_H

#define COMPLETE_COMMANDS "--list-commands"
#define COMPLETE_NAMES    "--list-names"
#define COMPLETE_CAS      "--list-cas"

/* Prints the names that certificates go by here, and the jobs that are not at their end; nothing
   where the state cannot be read. Returns the exit code. */
int complete_names(void);

/* Prints the CAs of the configuration, and "manual". Returns the exit code. */
int complete_cas(void);

#endif
