#pragma once
/* What this build is made of. */
#include <stdio.h>

void version_print(FILE *to);

/* The commit it was built from, "-dirty" behind it when the sources had changed; "unknown" outside of a repository. */
extern const char version_commit[];
