"""REST: the calls, one file for each kind of caller, and their shapes."""
