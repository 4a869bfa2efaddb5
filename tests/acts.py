"""Commands of a node, many in one process: `python -m tests.acts` with one JSON list of words on each line.

Starting a process for each would take most of a test's time. Each command answers with one line of JSON.
"""

import contextlib
import io
import json
import os
import sys

from workbench.launcher.attach import attached


def main() -> int:
    """Carry the commands out one after the other; on each line the answer, or what went wrong."""
    import django

    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
    with attached():
        django.setup()
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line))), flush=True)
    return 0


def answer(words: list[str]) -> dict[str, object]:
    """One command's answer: its fields, `status` and `said`."""
    from django.core.management import call_command

    if words[0] == "signed-in":
        return {"cookies": signed_in(words[1]), "status": 0}
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        with contextlib.redirect_stderr(err):
            call_command(*words, "--json", stdout=out, stderr=err)
    except SystemExit as end:
        status = int(end.code or 0)
    lines = out.getvalue().splitlines()
    fields = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return {**fields, "status": status, "said": err.getvalue()}


def signed_in(username: str) -> list[dict[str, object]]:
    """The cookies of a person who signed in just now, as a browser takes them; a password costs seconds on purpose."""
    from django.test import Client

    from workbench.models import User

    client = Client()
    client.force_login(User.objects.get(username=username), backend="workbench.people.PasswordBackend")
    return [{"name": name, "value": one.value, "secure": True} for name, one in client.cookies.items()]


if __name__ == "__main__":
    sys.exit(main())
