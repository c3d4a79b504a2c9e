#pragma once
/* The subcommands. argv[0] is the subcommand's name; each returns the program's exit status. */
int command_replay(int argc, char **argv);
int command_fields(int argc, char **argv);
int command_live(int argc, char **argv);
int command_lists(int argc, char **argv);
int command_compile(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_selftest(int argc, char **argv);
int command_drill(int argc, char **argv);
