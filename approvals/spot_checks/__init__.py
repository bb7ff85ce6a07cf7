"""Spot checks (事后抽查): each month the unit above looks at a sample of what small schools decided in merged steps."""
