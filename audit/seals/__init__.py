"""Seals and verifications (封存与验证) for those who read the ledger."""
