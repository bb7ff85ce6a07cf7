"""The four checks (四性检测, DA/T 70-2018) of a student file: authenticity, integrity, usability, security."""
