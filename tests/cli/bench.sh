# Machine and lists before any figure, every section, and its own check; numbers differ from run to run.
vedette bench --seconds 10 names.txt partner.yaml regex.yaml > out
sed -E -e 's/^(vedette|machine|file) .*/\1/' -e '/^fields/s/:.*//' \
    -e 's/[0-9]+(\.[0-9]+)?/N/g' -e 's/ +/ /g' -e 's/(N|-) - (N|-)$/N - N/' -e 's/ \(N - N\)//' \
    -e 's/\b(KiB|MiB|bytes)\b/B/g' \
    -e 's/^ N (N N N%|- - -) (partner-cN|regex.yaml|names.txt)$/ N N N N% LIST/' out | sed '/names engine/,/no indicator/s/ N - N$//'
grep -c '^file .*sha256 [0-9a-f]\{64\}$' out
