"""Pages of the intake room, one module for each kind of work."""
