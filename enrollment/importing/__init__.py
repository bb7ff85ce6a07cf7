"""Import of applicants from files (导入): reading, checking, writing, mending, undoing."""
