# What an allow-list covers does not alert: a child of a listed name at match time, a whole indicator when it is loaded. All is counted.
printf 'www.evil.example\n' >good.txt
printf 'vedette: 1\nname: house\nallow:\n  - bot.example\n' >house.yaml
try replay --stats -l names.txt -l partner.yaml --allow good.txt --allow house.yaml capture.pcap >alerts
jq -c 'select(.event_type == "alert") | [.alert.context.ioc.field, .alert.context.ioc.observed]' alerts
jq -c 'select(.event_type == "stats") | .stats.detect.alerts_suppressed,
    (.metadata.flowints.vedette | .hits, .list_hits[], .allow_lists[], .allow_hits[])' alerts
# The order of lists does not matter, nor whether they are said to be allow-lists in a setting.
for lists in '-l names.txt -l house.yaml --allow good.txt' '--allow good.txt --allow house.yaml -l names.txt' \
    '-l house.yaml -l good.txt,allow=yes -l names.txt'; do
    vedette replay -q $lists capture.pcap | jq -c '[.alert.context.ioc.field, .alert.context.ioc.observed]'
done
# A stranger's list must not silence another's, when its exceptions are not wanted.
vedette replay -l names.txt -l house.yaml,exceptions=skip capture.pcap 2>&1 >/dev/null | grep -E "house|alerts  "
