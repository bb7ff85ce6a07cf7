"""Deletion of student files (删除): into the inactive archive, after a verified snapshot, by different people."""
