"""Incidents (安全事件): leaks, tampering and loss of data, from the report to what was learnt (workflow E.16)."""
