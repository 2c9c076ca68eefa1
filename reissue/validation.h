/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways in which a CA is shown that names are the customer's: ACME's challenges (RFC 8555, 8;
 * RFC 8737), and Certum's. The CA's section of the configuration lists those that can be used; a
 * job uses one.
 */
#ifndef REISSUE_VALIDATION_H
#define REISSUE_VALIDATION_H

#include "config.h"
#include "job.h"
#include "names.h"

struct validation {
    const char *ca_type;
    const char *name;    /* in the configuration */
    const char *meaning; /* for people */
    bool wildcards;      /* can show them */
    bool addresses;
};

/* All that there are, the usual one of each type of CA first; ends with a NULL name. */
extern const struct validation validations[];

/* Whether the section lists the one of that name. Where it says nothing, that is the usual one. */
bool validation_lists(const struct config_ca *config, const char *name);

/* How many the section lists: 0 where CAs of that type look at nothing. */
size_t validation_count(const struct config_ca *config);

/* Whether the section lists it, and it can show all these names to be somebody's. */
bool validation_is_possible(const struct config_ca *config, const struct validation *validation,
                            const struct names *names);

/* The first that the section lists and that suits these names; NULL: there is none. */
const struct validation *validation_usual(const struct config_ca *config,
                                          const struct names *names);

/* Whether that type of CA has one of that name. ERROR_CONFIG says which there are. */
struct error *validation_check_word(const char *ca_type, const char *name) MUST_CHECK;

/*
 * Whether these names (none: not known yet) can be validated with the one of that name, or, where
 * it is NULL, with any that the section lists. `config` is NULL for "manual". ERROR_ARGUMENT tells
 * the way out.
 */
struct error *validation_check(const struct config_ca *config, const char *name,
                               const struct names *names) MUST_CHECK;

/* The one that the job uses; NULL: CAs of that type look at nothing. */
const struct validation *validation_of(const struct job *job, const struct config_ca *config);

#endif
