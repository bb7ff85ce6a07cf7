"""Students' accounts (学生账号): opened by the school, they show one's own file and nothing else (S2-2.3-5)."""
