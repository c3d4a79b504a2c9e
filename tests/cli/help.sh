# The program's own help screen.
vedette --help
