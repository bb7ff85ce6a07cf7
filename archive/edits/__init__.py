"""Edit requests (信息修改) and supplements (补录): nobody changes an accepted file in place."""
