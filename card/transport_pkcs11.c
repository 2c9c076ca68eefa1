/* SPDX-License-Identifier: BSD-2-Clause */
#include "transport_pkcs11.h"

#include "lock.h"
#include "pkcs11_call.h"
#include "pkcs11_process.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pkcs11_system {
    struct transport_system base;
    atomic_int references;
    char *path;
    unsigned seconds;
    struct lock lock;             /* of what follows */
    struct pkcs11_process *spare; /* its module loaded, nobody logged in; or NULL */
    char **hidden;                /* names of environment variables, NULL at the end */
    size_t hidden_count;
};

struct pkcs11_transport {
    struct card_transport base;
    struct pkcs11_system *system;
    char *reader;
    struct pkcs11_process *process; /* or NULL */
};

/* ---- exchanges --------------------------------------------------------------------------- */

static struct error *pkcs11_transmit(struct card_transport *transport, const uint8_t *command,
                                     size_t command_length, uint8_t *response,
                                     size_t *response_length)
{
    struct pkcs11_transport *pkcs11 = (struct pkcs11_transport *)transport;
    return pkcs11_process_exchange(pkcs11->process, command, command_length, response,
                                   response_length);
}

static const struct card_transport_functions bare_functions = {.transmit = pkcs11_transmit};

/* A call before there is a transport, in the process alone. */
static struct error *ask(struct pkcs11_process *process, struct pkcs11_call *call)
{
    struct pkcs11_transport way = {.base = {.functions = &bare_functions}, .process = process};
    return pkcs11_call_make(call, &way.base);
}

/* ---- processes --------------------------------------------------------------------------- */

/* What runs with our rights has to be ours, or the machine's. */
static struct error *check_file(const char *path)
{
    struct stat status;
    if (path[0] != '/')
        return error_new(ERROR_ARGUMENT,
                         "module-path has to be an absolute path, which \"%s\" is not", path);
    if (stat(path, &status) != 0)
        return error_new(ERROR_MODULE, "there is no PKCS #11 module %s: %m", path);
    if ((status.st_uid != 0 && status.st_uid != geteuid()) || (status.st_mode & S_IWOTH) != 0)
        return error_new(ERROR_DENIED,
                         "the PKCS #11 module %s is not loaded: it belongs to another user, or "
                         "everybody can write to it",
                         path);
    return NULL;
}

static struct error *load(struct pkcs11_system *system, struct pkcs11_process *process)
{
    struct pkcs11_call *call;
    struct error *error = pkcs11_call_new(&call);
    if (error != NULL)
        return error;
    pkcs11_call_begin(call, WIRE_LOAD);
    error = ask(process, call);
    pkcs11_call_free(call);
    if (error == NULL || error_code(error) == ERROR_MODULE)
        return error;
    return error_wrap(error, ERROR_MODULE, "cannot use the PKCS #11 module %s", system->path);
}

static struct error *start(struct pkcs11_system *system, struct pkcs11_process **out)
{
    static const char *const nothing[] = {NULL};
    *out = NULL;
    struct error *error = check_file(system->path);
    if (error != NULL)
        return error;
    lock_acquire(&system->lock);
    error = pkcs11_process_start(
        system->path, system->seconds,
        system->hidden == NULL ? nothing : (const char *const *)system->hidden, out);
    lock_release(&system->lock);
    if (error == NULL)
        error = load(system, *out);
    if (error != NULL) {
        pkcs11_process_stop(*out);
        *out = NULL;
    }
    return error;
}

/* The spare one out of its place, or NULL. */
static struct pkcs11_process *take_spare(struct pkcs11_system *system)
{
    lock_acquire(&system->lock);
    struct pkcs11_process *process = system->spare;
    system->spare = NULL;
    if (system->lock.torn) /* another thread was at it when this process was forked off */
        process = NULL;
    system->lock.torn = false;
    lock_release(&system->lock);
    return process;
}

/* A process with its module loaded: the spare one, or a new one. */
static struct error *get_process(struct pkcs11_system *system, struct pkcs11_process **out)
{
    *out = take_spare(system);
    if (*out == NULL)
        return start(system, out);
    struct error *error = pkcs11_process_check(*out);
    if (error == NULL)
        return NULL;
    error_free(error);
    pkcs11_process_stop(*out);
    return start(system, out);
}

/* Gives a process back, which is kept if there is no other. */
static void put_back(struct pkcs11_system *system, struct pkcs11_process *process)
{
    lock_acquire(&system->lock);
    if (system->spare == NULL && !system->lock.torn) {
        system->spare = process;
        process = NULL;
    }
    lock_release(&system->lock);
    pkcs11_process_stop(process);
}

/* ---- one slot ---------------------------------------------------------------------------- */

static struct error *choose_slot(struct pkcs11_transport *pkcs11, struct pkcs11_call *call)
{
    pkcs11_call_begin(call, WIRE_CHOOSE);
    wire_put_text(&call->request, pkcs11->reader);
    struct error *error = ask(pkcs11->process, call);
    if (error != NULL)
        return error;
    bool present = wire_get_number(&call->results) != 0;
    error = pkcs11_call_check(call);
    return error != NULL || present ? error
                                    : error_new(ERROR_NO_CARD,
                                                "no token is in the slot \"%s\" of the module %s: "
                                                "insert it",
                                                pkcs11->reader, pkcs11->system->path);
}

/* After whatever went wrong: from the beginning, in another process. */
static struct error *pkcs11_connect(struct card_transport *transport)
{
    struct pkcs11_transport *pkcs11 = (struct pkcs11_transport *)transport;
    struct pkcs11_call *call;
    pkcs11_process_stop(pkcs11->process);
    pkcs11->process = NULL;
    struct error *error = pkcs11_call_new(&call);
    if (error != NULL)
        return error;
    error = get_process(pkcs11->system, &pkcs11->process);
    if (error == NULL)
        error = choose_slot(pkcs11, call);
    pkcs11_call_free(call);
    if (error != NULL) {
        pkcs11_process_stop(pkcs11->process);
        pkcs11->process = NULL;
    }
    return error;
}

/* PKCS #11 has no transactions; modules take care that each call is one. */
static struct error *pkcs11_begin(struct card_transport *transport)
{
    struct pkcs11_transport *pkcs11 = (struct pkcs11_transport *)transport;
    return pkcs11_process_check(pkcs11->process);
}

static void pkcs11_end(struct card_transport *transport)
{
    (void)transport;
}

static void release_system(const struct transport_system *base);

/* The process may go on for another slot; a login ends with its session. */
static bool is_reusable(struct pkcs11_process *process)
{
    struct pkcs11_call *call;
    struct error *error = pkcs11_process_check(process);
    if (error == NULL)
        error = pkcs11_call_new(&call);
    if (error == NULL) {
        pkcs11_call_begin(call, WIRE_CLOSE);
        error = ask(process, call);
        pkcs11_call_free(call);
    }
    bool reusable = error == NULL;
    error_free(error);
    return reusable;
}

static void free_transport(struct pkcs11_transport *pkcs11)
{
    release_system(&pkcs11->system->base);
    free(pkcs11->reader);
    free(pkcs11);
}

static void pkcs11_close(struct card_transport *transport)
{
    struct pkcs11_transport *pkcs11 = (struct pkcs11_transport *)transport;
    if (pkcs11->process != NULL && is_reusable(pkcs11->process))
        put_back(pkcs11->system, pkcs11->process);
    else
        pkcs11_process_stop(pkcs11->process);
    free_transport(pkcs11);
}

static void pkcs11_abandon(struct card_transport *transport)
{
    struct pkcs11_transport *pkcs11 = (struct pkcs11_transport *)transport;
    pkcs11_process_stop(pkcs11->process); /* not this process's: it knows */
    free_transport(pkcs11);
}

static const struct card_transport_functions pkcs11_functions = {
    .connect = pkcs11_connect,
    .begin = pkcs11_begin,
    .transmit = pkcs11_transmit,
    .end = pkcs11_end,
    .close = pkcs11_close,
    .abandon = pkcs11_abandon,
};

/* ---- the module -------------------------------------------------------------------------- */

static void hold_system(const struct transport_system *base)
{
    struct pkcs11_system *system = (struct pkcs11_system *)base;
    atomic_fetch_add(&system->references, 1);
}

static void release_system(const struct transport_system *base)
{
    struct pkcs11_system *system = (struct pkcs11_system *)base;
    if (atomic_fetch_sub(&system->references, 1) != 1)
        return;
    pkcs11_process_stop(take_spare(system));
    for (size_t i = 0; i < system->hidden_count; i++)
        free(system->hidden[i]);
    free(system->hidden);
    lock_destroy(&system->lock);
    free(system->path);
    free(system);
}

static struct error *pkcs11_open(const struct transport_system *base, const char *reader,
                                 struct card_transport **out)
{
    struct pkcs11_system *system = (struct pkcs11_system *)base;
    *out = NULL;
    struct pkcs11_transport *pkcs11 = calloc(1, sizeof(*pkcs11));
    if (pkcs11 == NULL)
        return error_no_memory();
    pkcs11->base.functions = &pkcs11_functions;
    pkcs11->reader = strdup(reader);
    if (pkcs11->reader == NULL) {
        free(pkcs11);
        return error_no_memory();
    }
    pkcs11->system = system;
    hold_system(base);
    *out = &pkcs11->base;
    return NULL;
}

static struct error *take_slots(const struct pkcs11_system *system, struct pkcs11_call *call,
                                struct transport_reader_list *out)
{
    char name[128];
    uint64_t count = wire_get_number(&call->results);
    for (uint64_t i = 0; i < count; i++) {
        wire_get_text(&call->results, name, sizeof(name));
        bool present = wire_get_number(&call->results) != 0;
        struct error *error = pkcs11_call_check(call);
        if (error == NULL)
            error = transport_reader_list_add(out, name, present);
        if (error != NULL)
            return error;
    }
    return out->count > 0
               ? NULL
               : error_new(ERROR_NO_READER, "the PKCS #11 module %s shows no slot", system->path);
}

static struct error *list_slots(const struct pkcs11_system *system, struct pkcs11_process *process,
                                struct transport_reader_list *out)
{
    struct pkcs11_call *call;
    struct error *error = pkcs11_call_new(&call);
    if (error != NULL)
        return error;
    pkcs11_call_begin(call, WIRE_SLOTS);
    error = ask(process, call);
    if (error == NULL)
        error = take_slots(system, call, out);
    pkcs11_call_free(call);
    return error;
}

static struct error *pkcs11_list(const struct transport_system *base,
                                 struct transport_reader_list *out)
{
    struct pkcs11_system *system = (struct pkcs11_system *)base;
    struct pkcs11_process *process;
    *out = (struct transport_reader_list){0};
    struct error *error = get_process(system, &process);
    if (error != NULL)
        return error;
    error = list_slots(system, process, out);
    if (error == NULL) {
        put_back(system, process);
        return NULL;
    }
    transport_reader_list_clear(out);
    pkcs11_process_stop(process);
    return error;
}

struct error *transport_pkcs11_new(const char *path, unsigned seconds,
                                   struct transport_system **out)
{
    *out = NULL;
    struct pkcs11_system *system = calloc(1, sizeof(*system));
    if (system == NULL)
        return error_no_memory();
    system->path = strdup(path);
    if (system->path == NULL) {
        free(system);
        return error_no_memory();
    }
    system->base = (struct transport_system){
        .module = system->path,
        .list = pkcs11_list,
        .open = pkcs11_open,
        .hold = hold_system,
        .release = release_system,
    };
    system->seconds = seconds;
    atomic_init(&system->references, 1);
    lock_init(&system->lock);
    *out = &system->base;
    return NULL;
}

/* With the lock held. */
static struct error *add_hidden(struct pkcs11_system *system, const char *variable)
{
    for (size_t i = 0; i < system->hidden_count; i++)
        if (strcmp(system->hidden[i], variable) == 0)
            return NULL;
    char **names = reallocarray(system->hidden, system->hidden_count + 2, sizeof(*names));
    if (names == NULL)
        return error_no_memory();
    system->hidden = names;
    names[system->hidden_count + 1] = NULL;
    names[system->hidden_count] = strdup(variable);
    return names[system->hidden_count++] != NULL ? NULL : error_no_memory();
}

struct error *transport_pkcs11_hide(struct transport_system *base, const char *variable)
{
    struct pkcs11_system *system = (struct pkcs11_system *)base;
    lock_acquire(&system->lock);
    struct error *error = add_hidden(system, variable);
    lock_release(&system->lock);
    return error;
}
