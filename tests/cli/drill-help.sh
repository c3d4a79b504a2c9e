# The help screens of drill and of its score.
vedette drill --help
vedette drill score --help
vedette help score | head -n 1
