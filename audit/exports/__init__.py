"""Exports of students (数据导出): asked for, confirmed by a second person, made, recognised again."""
