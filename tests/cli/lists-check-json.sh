vedette lists check --json names.txt bad.txt
