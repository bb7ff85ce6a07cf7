"""Alerts of much reading (批量查看告警)."""
