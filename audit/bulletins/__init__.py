"""Bulletins (通报) of a school and quarter."""
