# 0 all was loaded, 1 something was skipped, 2 a list is unusable.
try lists check names.txt
try lists check bad.txt
try lists check not-a-list.yaml
try lists check --json not-a-list.yaml
try lists check --no-refang bad.txt
