#!/usr/bin/env python
"""Django's command line for Xueji.

Commands that change or compare tables connect as the owner of the tables; all others as the application's role.
"""

import os
import sys

from django.core.management import execute_from_command_line

OWNER_COMMANDS = {"makemigrations", "migrate", "showmigrations", "sqlmigrate", "squashmigrations"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if OWNER_COMMANDS.intersection(sys.argv[1:2]):
        os.environ.setdefault("XUEJI_DATABASE_ROLE", "owner")
    execute_from_command_line(sys.argv)
