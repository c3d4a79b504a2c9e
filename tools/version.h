#pragma once
/* What this build is made of. */
#include <stdio.h>

void version_print(FILE *to);
