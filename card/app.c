/* SPDX-License-Identifier: BSD-2-Clause */
#include "app.h"

#include <stdlib.h>
#include <string.h>

const struct card_app *const card_apps[] = {&piv_app, &openpgp_app, &certum_app, NULL};

struct error *app_slot_list_add(struct app_slot_list *list, const char *name)
{
    if (strlen(name) >= APP_SLOT_MAX)
        return error_new(ERROR_INTERNAL, "the slot's name \"%s\" is too long", name);
    void *names = reallocarray(list->names, list->count + 1, APP_SLOT_MAX);
    if (names == NULL)
        return error_no_memory();
    list->names = names;
    (void)stpcpy(list->names[list->count++], name);
    return NULL;
}

void app_slot_list_clear(struct app_slot_list *list)
{
    free(list->names);
    *list = (struct app_slot_list){0};
}

bool app_is_slot_failure(const struct error *error)
{
    switch (error_code(error)) {
    case ERROR_NOT_FOUND:
    case ERROR_UNSUPPORTED:
    case ERROR_CARD_ANSWER:
        return true;
    default:
        return false;
    }
}

struct error *app_cannot(const struct card_app *app, const char *what)
{
    return error_new(
        ERROR_UNSUPPORTED, "a %s card %s%s%s", app->title, what,
        app->way_out == NULL ? "" : " here: ", app->way_out == NULL ? "" : app->way_out);
}
