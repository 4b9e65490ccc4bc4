
/*
 * Copyright (C) The ngx_gemini_router authors
 */


/*
 * Runs a fuzz target over each file of its corpus, without libFuzzer: one TAP
 * line a file.  Each input is a heap block of its very size, so that a read
 * past its end is seen.
 */


#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define REPLAY_PATH  4096

#ifndef NGX_GEMINI_CORPUS
#define NGX_GEMINI_CORPUS  "t/fuzz/corpus"
#endif


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *replay_read(const char *path, size_t *size);
static int replay_file(const char *path);
static int replay_visible(const struct dirent *entry);


static uint8_t *
replay_read(const char *path, size_t *size)
{
    FILE     *f;
    long      end;
    uint8_t  *data;

    f = fopen(path, "rb");
    if (f == NULL) {
        return NULL;
    }

    data = NULL;

    if (fseek(f, 0, SEEK_END) != 0) {
        goto done;
    }

    end = ftell(f);

    if (end < 0 || fseek(f, 0, SEEK_SET) != 0) {
        goto done;
    }

    *size = end;

    data = malloc(*size);

    if (data != NULL && fread(data, 1, *size, f) != *size) {
        free(data);
        data = NULL;
    }

done:

    fclose(f);

    return data;
}


static int
replay_file(const char *path)
{
    size_t    size;
    uint8_t  *data;

    data = replay_read(path, &size);
    if (data == NULL) {
        return 1;
    }

    (void) LLVMFuzzerTestOneInput(data, size);

    free(data);

    return 0;
}


static int
replay_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}


int
main(int argc, char **argv)
{
    int              i, n, failed;
    char             path[REPLAY_PATH];
    const char      *dir;
    struct dirent  **entries;

    dir = (argc > 1) ? argv[1] : NGX_GEMINI_CORPUS;

    n = scandir(dir, &entries, replay_visible, alphasort);
    if (n <= 0) {
        printf("1..1\nnot ok 1 - no corpus in %s\n", dir);
        return 1;
    }

    printf("1..%d\n", n);

    failed = 0;

    for (i = 0; i < n; i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);

        if (replay_file(path) == 0) {
            printf("ok %d - %s\n", i + 1, path);

        } else {
            printf("not ok %d - %s\n", i + 1, path);
            failed = 1;
        }

        free(entries[i]);
    }

    free(entries);

    return failed;
}
