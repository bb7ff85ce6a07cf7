"""Holds and loans of files (封存、借阅): what keeps a file where and as it is."""
