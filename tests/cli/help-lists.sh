# The help screen of `vedette lists`.
vedette lists --help
