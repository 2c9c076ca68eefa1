/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps that the CA's own functions do, and the look at what came back. */
#include "ca.h"
#include "certificate_check.h"

/* Runs one of the CA's functions, if it has it. */
static struct error *with(struct run *run, struct job *job, enum step_end *end,
                          step_function *(*choose)(const struct ca *ca))
{
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    if (error != NULL)
        return error;
    return choose(ca) == NULL ? NULL : choose(ca)(run, job, end);
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

static step_function *await(const struct ca *ca)
{
    return ca->await;
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
