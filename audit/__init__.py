"""What the security administrator watches over: alerts of much reading (批量查看告警) and incidents (安全事件)."""
