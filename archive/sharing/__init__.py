"""Sharing (对外提供): data of students for a receiver outside, by consent or statute, until a day."""
