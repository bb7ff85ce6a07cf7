"""Pages about users, grants and one's own account."""
