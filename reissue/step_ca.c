/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps that the CA's own functions do, and the look at what came back. */
#include "ca.h"
#include "issued_check.h"

/* Runs one of the CA's functions, if it has it. */
static struct error *with(struct run *run, struct job *job, enum step_end *end,
                          step_function *(*choose)(const struct ca *ca))
{
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    if (error != NULL)
        return error;
    if (choose(ca) == NULL)
        return NULL;
    return choose(ca)(run, job, end);
}

static step_function *prepare(const struct ca *ca)
{
    return ca->prepare;
}

static step_function *order(const struct ca *ca)
{
    return ca->order;
}

static step_function *publish(const struct ca *ca)
{
    return ca->publish;
}

static step_function *validate(const struct ca *ca)
{
    return ca->validate;
}

static step_function *finalize(const struct ca *ca)
{
    return ca->finalize;
}

struct error *step_prepare(struct run *run, struct job *job, enum step_end *end)
{
    return with(run, job, end, prepare);
}

struct error *step_order(struct run *run, struct job *job, enum step_end *end)
{
    return with(run, job, end, order);
}

struct error *step_publish(struct run *run, struct job *job, enum step_end *end)
{
    return with(run, job, end, publish);
}

struct error *step_validate(struct run *run, struct job *job, enum step_end *end)
{
    return with(run, job, end, validate);
}

struct error *step_await(struct run *run, struct job *job, enum step_end *end)
{
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    if (error != NULL || ca->await == NULL)
        return error;
    error = ca->await(run, job, end);
    if (*end == STEP_END_NEXT && ca->clean_up != NULL) /* however it ended */
        ca->clean_up(run, job);
    return error;
}

/* An answer that is not what was asked for makes room for another one. */
struct error *step_finalize(struct run *run, struct job *job, enum step_end *end)
{
    struct error *error = with(run, job, end, finalize);

    if (error != NULL || *end != STEP_END_NEXT)
        return error;
    error = issued_check(run, job);
    if (error == NULL)
        return NULL;
    for (size_t i = 0; i < 3; i++) {
        static const enum job_value values[] = {JOB_ANSWER, JOB_CERTIFICATE, JOB_CHAIN};

        error_free(job_set(job, values[i], NULL)); /* taking away does not fail */
    }
    return error;
}
