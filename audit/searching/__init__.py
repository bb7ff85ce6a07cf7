"""Search over all events (操作记录): who, to whom, what, when, from where, with which result."""
