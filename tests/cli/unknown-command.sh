try frobnicate
try --frobnicate
try lists
try lists frobnicate
