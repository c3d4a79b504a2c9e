# Settings from a file: told all that is wrong at once, with places; options win; what is printed says the same.
try live -c settings/good.yaml --check
try live -c settings/bad.yaml --check
try live -c settings/no-yaml.yaml --check
try live -c settings/nowhere.yaml --check
try live -c settings --check
try live -c
try live -c /dev/null --check
cd settings && vedette live --print-config -c good.yaml | sed "s#$(dirname "$PWD")#ROOM#" && cd ..
vedette live -i eth7 --snaplen 100 --cache kept --allow names.txt -c settings/good.yaml --eve 8 --print-config > printed.yaml
grep -E '^(eve|cache)|name:|filter:|snaplen|names.txt' printed.yaml | sed "s#$PWD#ROOM#"
vedette live -c printed.yaml --print-config | cmp - printed.yaml && echo the same
vedette live -c settings/good.yaml -l bad.txt --print-config | grep -A3 ^lists: | sed "s#$PWD#ROOM#"
vedette live -c settings/good.yaml --db some.vdb --print-config | grep -E '^#?(lists|db)' | sed "s#$PWD#ROOM#"
