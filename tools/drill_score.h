#pragma once
/* `vedette drill score`: what a drill expects against what sensors reported. */
int drill_score(int argc, char **argv); /* argv[0] is "score"; returns the program's exit status */
