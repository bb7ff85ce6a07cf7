"""Seals of the ledger: making, copying off site, verifying, and proving single rows to an outsider (docs/seals.md)."""
