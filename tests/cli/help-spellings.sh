# All ways to ask for help give the same screens.
vedette --help >wanted
vedette -h | cmp - wanted
vedette help | cmp - wanted
for command in replay fields live lists compile selftest; do
    vedette $command --help >wanted
    vedette $command -h | cmp - wanted
    vedette help $command | cmp - wanted
done
vedette lists check --help >wanted
vedette lists --help | cmp - wanted
