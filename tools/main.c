/* The command `vedette`: picks the subcommand. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/help.h"
#include "tools/message.h"
#include "tools/version.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"replay", command_replay}, {"fields", command_fields},   {"live", command_live},
    {"lists", command_lists},   {"compile", command_compile},
    {"bench", command_bench},
    {"selftest", command_selftest},
    {"drill", command_drill},
};

/* What went to stdout through stdio may still fail on its last step. */
static int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    say("stdout: writing failed: %s", strerror(errno));
    return status == EXIT_DONE ? EXIT_FAILED : status;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help_print(stderr, "");
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0)
            return finish(commands[i].run(argc - 1, argv + 1));
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        if (argc > 2 && !help_has(argv[2]))
            return usage_error("", "unknown command \"%s\"", argv[2]);
        help_print(stdout, argc > 2 ? argv[2] : "");
        return finish(EXIT_DONE);
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        version_print(stdout);
        return finish(EXIT_DONE);
    }
    return usage_error("", "unknown command \"%s\"", name);
}
