# The matrix of `vedette selftest`: chosen rows and columns, of two groups.
vedette selftest --what dns --what tls-1.3 --what http --how plain --how bytes --how vlan --how qinq
