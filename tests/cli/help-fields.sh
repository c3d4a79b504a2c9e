# The help screen of `vedette fields`.
vedette fields --help
