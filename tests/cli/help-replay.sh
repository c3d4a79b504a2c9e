# The help screen of `vedette replay`.
vedette replay --help
