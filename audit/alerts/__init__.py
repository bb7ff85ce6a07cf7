"""Alerts (告警): raised, looked into, answered."""
