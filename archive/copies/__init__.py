"""Copies of a student file on paper and for the student himself (本人副本), and packages for other archives."""
