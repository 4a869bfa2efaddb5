"""What the product writes is for nobody else on the machine, whatever the mode of the folder it was given."""

import subprocess
import sys
from pathlib import Path

ASK = """
import contextlib, os, sys, manage
sys.argv = ["manage.py", "help", "--commands"]
with contextlib.suppress(SystemExit):
    manage.main()
print(oct(os.umask(0)))
"""


def test_a_command_and_all_its_children_write_files_that_only_their_owner_reads() -> None:
    checkout = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", ASK], cwd=checkout, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0o77"
