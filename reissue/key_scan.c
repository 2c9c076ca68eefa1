/* SPDX-License-Identifier: BSD-2-Clause */
#include "key_scan.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

#define DESCRIPTORS 16
#define LINE_LENGTH 256

/* nftw() hands nothing through, so that the scan that is under way is kept here. */
static struct {
    struct timespec since;
    key_scan_found *found;
    size_t count;
} scan;

static const char *const labels[] = {
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
};

/* The label of a private key that this line begins, or NULL. */
static const char *private_key_label(const char *line)
{
    static const char begin[] = "-----BEGIN ";

    if (strncmp(line, begin, strlen(begin)) != 0)
        return NULL;
    line += strlen(begin);
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        if (strncmp(line, labels[i], strlen(labels[i])) == 0 &&
            strncmp(line + strlen(labels[i]), "-----", 5) == 0)
            return labels[i];
    return NULL;
}

static const char *find_private_key(const char *path)
{
    char line[LINE_LENGTH];
    const char *label = NULL;
    FILE *file = fopen(path, "re");

    while (file != NULL && label == NULL && fgets(line, sizeof(line), file) != NULL)
        label = private_key_label(line);
    if (file != NULL)
        fclose(file);
    return label;
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
    const struct timespec *changed = &status->st_mtim;
    const char *label;

    (void)place;
    if (type != FTW_F || !S_ISREG(status->st_mode) || changed->tv_sec < scan.since.tv_sec ||
        (changed->tv_sec == scan.since.tv_sec && changed->tv_nsec < scan.since.tv_nsec))
        return 0;
    label = find_private_key(path);
    if (label != NULL) {
        scan.count++;
        scan.found(path, label);
    }
    return 0;
}

size_t key_scan(const char *directory, const struct timespec *since, key_scan_found *found)
{
    scan.since = *since;
    scan.found = found;
    scan.count = 0;
    (void)nftw(directory, visit, DESCRIPTORS, FTW_PHYS | FTW_MOUNT); /* sees what it may see */
    return scan.count;
}
