#pragma once
/* What `vedette lists` can do. argv[0] is the word behind `lists`; each returns the program's exit status. */
int lists_check(int argc, char **argv);
int lists_diff(int argc, char **argv);
int lists_convert(int argc, char **argv);
