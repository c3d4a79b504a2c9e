# The help screen of `vedette compile`.
vedette compile --help
