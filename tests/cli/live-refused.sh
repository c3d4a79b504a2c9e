# What live says when it can't begin.
try live -q -i nowhere0 -l names.txt
try live -q -i lo -l nowhere.txt
