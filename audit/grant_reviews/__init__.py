"""The yearly review of roles (权限年度复核)."""
