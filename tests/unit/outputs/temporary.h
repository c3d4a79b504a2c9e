#pragma once
/* A folder of a test's own. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDER_ROOM = 64, FOLDER_PATH_ROOM = 512 };

static void folder_make(char folder[static FOLDER_ROOM])
{
    snprintf(folder, FOLDER_ROOM, "/tmp/vedette-test-XXXXXX");
    if (!mkdtemp(folder))
        abort();
}

static void folder_path(const char *folder, const char *name, char out[static FOLDER_PATH_ROOM])
{
    snprintf(out, FOLDER_PATH_ROOM, "%s/%s", folder, name);
}

/* All files in it, and the folder. */
static void folder_remove(const char *folder)
{
    char path[FOLDER_PATH_ROOM];
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        folder_path(folder, e->d_name, path);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}
