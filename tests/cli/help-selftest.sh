# The help screen of `vedette selftest`.
vedette selftest --help
