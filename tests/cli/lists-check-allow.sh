# Whatever an allow-list covers is a finding, where each list names it.
printf 'vedette: 1\nname: house\nallow:\n  - bot.example\n  - {domain: evil.example, match: exact}\n  - good.example\n' >house.yaml
printf 'vedette: 1\nindicators:\n  - evil.example\n  - www.bot.example\nallow:\n  - www.bot.example\n' >own.yaml
try lists check --allow house.yaml names.txt own.yaml bad.txt
try lists check --json --allow house.yaml names.txt own.yaml |
    jq -c ".findings[], (.lists[] | [.name, .loaded, .allowed, .suppressed])"
try lists check own.yaml
