"""Roles asked for by a request (权限申请)."""
