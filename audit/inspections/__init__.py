"""Inspections of departments by the archives, with a sample of files drawn by the system (监督检查)."""
