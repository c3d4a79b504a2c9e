# ~/.cache/vedette, or below $XDG_CACHE_HOME; nowhere with --no-cache.
vedette replay -q --no-cache -l names.txt capture.pcap >/dev/null
ls -A "$HOME"
vedette replay -q -l names.txt capture.pcap >/dev/null
ls -ld "$HOME/.cache/vedette" | cut -c1-10
ls "$HOME/.cache/vedette" | wc -l
XDG_CACHE_HOME="$PWD/xdg" vedette replay -q -l names.txt capture.pcap >/dev/null
ls xdg/vedette | wc -l
