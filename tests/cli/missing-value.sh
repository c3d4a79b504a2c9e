try replay -l
try replay --list
try replay --eve
try fields -o
try live -i
try compile --output
