/* `vedette lists`: picks what to do with them. */
#include "tools/lists.h"

#include <stdio.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/help.h"
#include "tools/message.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} actions[] = {
    {"check", lists_check},
    {"diff", lists_diff},
    {"convert", lists_convert},
};

int command_lists(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help_print(stdout, "lists");
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(name, actions[i].name) == 0)
            return actions[i].run(argc - 1, argv + 1);
    return usage_error("lists ", "check, diff or convert is wanted");
}
