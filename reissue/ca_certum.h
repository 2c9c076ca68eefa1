/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the Certum backend share: the session, what a job remembers of its order. */
#ifndef REISSUE_CA_CERTUM_H
#define REISSUE_CA_CERTUM_H

#include "ca.h"
#include "certum.h"
#include "challenge.h"
#include "names.h"

struct certum_ca {
    const struct config_ca *config;
    struct certum *certum;
    unsigned looks; /* how often this process had to look again */
    bool asked;     /* it has had Certum look for what is published */
    bool new_code;  /* it has asked for another code: not twice */
};

/* The session with the job's CA, opened where there is none yet. Belongs to the run. */
struct error *certum_ca_open(struct run *run, const struct job *job,
                             struct certum_ca **out) MUST_CHECK;

/* The same for a section of the configuration. */
struct error *certum_ca_reach(struct run *run, const struct config_ca *config,
                              struct certum_ca **out) MUST_CHECK;

/* ---- JOB_ORDER_DETAILS: ca_certum_details.c ---------------------------------------------- */

/* An order that was there before ours was sent, and shows no key yet. */
struct certum_before {
    char id[CERTUM_ID_SIZE];
    long long ordered;
};

struct certum_details {
    long long sent; /* Unix time: ours may be there, and its number is not known; 0: it is */
    struct certum_before *before;
    size_t before_count;
    struct certum_challenge challenge;
    bool shown; /* a person was told what to publish */
};

/* *out is for certum_details_clear(). */
struct error *certum_details_read(const struct job *job, struct certum_details *out) MUST_CHECK;
struct error *certum_details_write(struct job *job,
                                   const struct certum_details *details) MUST_CHECK;
struct error *certum_details_add_before(struct certum_details *details, const char *id,
                                        long long ordered) MUST_CHECK;
void certum_details_clear(struct certum_details *details);

/* ---- the order, the certificate: ca_certum_order.c, ca_certum_certificate.c -------------- */

step_function certum_make_order, certum_take_certificate;

/* ---- taking back: ca_certum_revoke.c ----------------------------------------------------- */

step_function certum_revoke_predecessor;
struct error *certum_cancel_order(struct run *run, struct job *job) MUST_CHECK;

/* The predecessor's serial number in hexadecimal digits, for free(). */
struct error *certum_predecessor_serial(const struct job *job, char **out) MUST_CHECK;

/* ---- answers that were lost: ca_certum_lost.c -------------------------------------------- */

/* Notes, durably, that an order is about to be sent, and which there are before it. */
struct error *certum_note_before(struct run *run, struct job *job, struct certum_ca *ca) MUST_CHECK;

/*
 * Looks for the order that was sent, and of which no answer came: JOB_ORDER is set where it is
 * found. `*end` says so where a person has to tell which it is.
 */
struct error *certum_find_lost(struct run *run, struct job *job, struct certum_ca *ca,
                               enum step_end *end) MUST_CHECK;

/* ---- rules: ca_certum_rules.c ------------------------------------------------------------ */

struct error *certum_check_rules(struct run *run, const struct job *job) MUST_CHECK;

/* ---- ways: ca_certum_way.c --------------------------------------------------------------- */

/* Who is to approve the job's order, and how. */
struct certum_approver certum_approver_of(const struct job *job, const struct config_ca *config);

/* Whether that is by a mail; and whether we publish what is looked for, rather than a person. */
bool certum_is_by_mail(const struct job *job, const struct config_ca *config);
bool certum_is_automatic(const struct job *job, const struct config_ca *config);

/* Publishes what is looked for, or takes it back. */
struct error *certum_change(struct run *run, const struct job *job, const struct config_ca *config,
                            const struct certum_challenge *challenge,
                            enum challenge_action action) MUST_CHECK;

/* Has the job wait for a person to publish what Certum looks for, or to follow a mail's link. */
struct error *certum_ask_person(struct job *job, const struct config_ca *config,
                                const struct certum_challenge *challenge,
                                enum step_end *end) MUST_CHECK;

/* ---- verification: ca_certum_verify.c ---------------------------------------------------- */

step_function certum_publish, certum_validate;
void certum_clean_up(struct run *run, struct job *job);

/* Another code, or another mail: what was published for the last one is taken back. */
struct error *certum_ask_for_code(struct run *run, struct job *job, struct certum_ca *ca,
                                  struct certum_details *details) MUST_CHECK;

/* Publishes, and has Certum look; `*end` says so where a person has to publish first. */
struct error *certum_publish_and_look(struct run *run, struct job *job, struct certum_ca *ca,
                                      struct certum_details *details,
                                      enum step_end *end) MUST_CHECK;

/* ---- waiting: ca_certum_await.c ---------------------------------------------------------- */

step_function certum_await;
struct error *certum_resend_mail(struct run *run, struct job *job) MUST_CHECK;

/* Why an order came to nothing, as an error. */
struct error *certum_rejected(struct certum_ca *ca, const struct job *job,
                              const struct certum_progress *progress) MUST_CHECK;

/* ---- what they share: ca_certum.c -------------------------------------------------------- */

/* Looks again soon, and then less and less often. */
struct error *certum_look_later(struct certum_ca *ca, struct job *job, const char *what,
                                enum step_end *end) MUST_CHECK;

/* ---- the list of orders: ca_certum_orders.c ---------------------------------------------- */

struct error *certum_list_orders(struct run *run, const struct config_ca *config,
                                 const struct ca_orders_wish *wish,
                                 struct ca_order_list *out) MUST_CHECK;
struct error *certum_download(struct run *run, const struct config_ca *config, const char *id,
                              STACK_OF(X509) * *out) MUST_CHECK;

#endif
