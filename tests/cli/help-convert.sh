# The help screen of `vedette lists convert`, asked for either way.
vedette lists convert --help | tee wanted
vedette help convert | cmp - wanted
