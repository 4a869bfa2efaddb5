#!/usr/bin/env python3
"""Run one command of Winnow.

Commands that need the database attach to the running one, or start PostgreSQL and Valkey
for themselves alone and stop them afterwards (workbench/launcher/attach.py).
"""

import os
import sys


def main() -> None:
    """Hand the command line to Django, inside a running database where the command needs one."""
    os.umask(0o077)  # what we and our children write is for nobody else, wherever WINNOW_DATA lies
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
    if sys.argv[1:2] == ["up"]:  # needs no Django of its own, and so starts two seconds sooner
        from workbench.launcher import up

        sys.exit(up.main(sys.argv[2:]))
    try:
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError:
        sys.exit("Django is not installed here. Type `make install`, then use .venv/bin/python manage.py ...")

    from workbench.launcher.attach import attached_for
    from workbench.launcher.errors import LauncherError

    try:
        with attached_for(sys.argv):
            execute_from_command_line(sys.argv)
    except LauncherError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
