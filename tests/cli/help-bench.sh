# The help screen of `vedette bench`.
vedette bench --help
