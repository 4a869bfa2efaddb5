"""What both the server and the page's scripts must know: each number is read in both and is the same."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cases import grounds, playing, resuming
from cases.care import forms
from cases.models import Note
from cases.queue import adding
from workbench import keyboard

SCRIPTS = Path(__file__).resolve().parent.parent / "static" / "js"


def constant(script: str, name: str) -> str:
    """What stands behind `const NAME =` in a script; it must stand there once."""
    [value] = re.findall(rf"^(?:export )?const {name} = (.+?);", (SCRIPTS / script).read_text(encoding="utf-8"), re.M)
    return str(value)


@pytest.mark.parametrize(
    ("script", "name", "told"),
    [
        ("grid.js", "SIZES", list(forms.TILES)),
        ("film.js", "SPEEDS", list(playing.SPEEDS)),
        ("note.js", "LONGEST", Note.LONGEST),
        ("grounds.js", "LONGEST", grounds.LONGEST),
        ("beside.js", "MOST", adding.MOST),
        ("bar.js", "PACE_FROM", resuming.PACE_FROM),
        ("legends.js", "SHIFT", keyboard.SHIFT),
    ],
)
def test_a_script_has_the_number_that_the_server_has(script: str, name: str, told: Any) -> None:
    assert json.loads(constant(script, name)) == told


def test_the_keys_that_can_be_chosen_are_those_that_the_server_takes() -> None:
    offered = constant("keyfields.js", "FREE").removeprefix("/^").removesuffix("$/")
    assert offered.replace(r"\d", "[0-9]") == keyboard.FREE.pattern
