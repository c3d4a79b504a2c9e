# The help screen of `vedette live`.
vedette live --help
