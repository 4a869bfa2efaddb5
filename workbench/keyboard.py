"""The one table of keys, and what a person changed of it (ux.md section 4, decision 0016).

A key is a place on the keyboard by its `event.code`, so that layouts do not matter: "KeyX", or "Shift+KeyX". Without
Shift it works with Shift too, unless another command has that key.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as noop
from django.utils.translation import pgettext_lazy

from workbench import audit
from workbench.errors import BadInput, WorkbenchError
from workbench.models import User

DECIDE, LOOK, MOVE = "decide", "look", "move"
GROUPS = {DECIDE: lazy("Decide"), LOOK: lazy("Look"), MOVE: lazy("Move")}
SHIFT = "Shift+"
# What can be chosen: what types a character, space, some keys that type none. Browsers and systems keep the others.
FREE = re.compile(
    r"(Shift\+)?(Key[A-Z]|Digit[0-9]|Numpad([0-9]|Add|Subtract|Multiply|Divide|Decimal)|Minus|Equal|Bracket(Left|Right)"
    r"|Semicolon|Quote|Backslash|IntlBackslash|Comma|Period|Slash|Space|Backspace|Insert|Delete|F[2489])"
)


class KeyTaken(WorkbenchError):
    """This key does something else already. Choose another one, or change that first."""

    code = "key-taken"
    status = HTTPStatus.CONFLICT


class KeyNotFree(WorkbenchError):
    """This key cannot be chosen: it is fixed, or belongs to the browser. Choose a letter, a digit or a sign."""

    code = "key-not-free"


@dataclass(frozen=True, slots=True)
class Command:
    """A line of the table. `keys`: its keys as they come, the first is shown. `does`: what scripts call it, "" = `id`.

    `hold`: acts until the key goes up. `fixed`: nobody changes it. `on`: where else than at the desk it works, "looks"
    (pages with a picture) or "pages" (everywhere). `under`: the line of the sheet that shows it too. `legend`: what
    the sheet shows instead of keys. `category`: whose key of a scheme it is; Shift with it is taken too.
    """

    id: str
    group: str
    text: Any  # lazy
    keys: tuple[str, ...] = ()
    does: str = ""
    hold: bool = False
    fixed: bool = False
    on: str = ""
    under: str = ""
    legend: tuple[Any, ...] = ()  # lazy, where a keyboard names them in its own language
    category: str = ""


def _category(digit: int) -> Command:
    text = format_lazy(lazy("category key {digit}"), digit=digit)
    keys = (f"Digit{digit}", f"Numpad{digit}")
    return Command(f"category-{digit}", DECIDE, text, keys, does="decide", under="decide", category=str(digit))


COMMANDS = (
    Command("decide", DECIDE, lazy("category, item and exact copies"), fixed=True),
    Command("decide-stack", DECIDE, lazy("category, whole stack"), fixed=True),
    *(_category(digit) for digit in range(10)),
    Command("unsure", DECIDE, lazy("unsure, asks a second view"), ("KeyX",)),
    Command("skip", DECIDE, lazy("skip, comes back last"), ("KeyS",)),
    Command("grounds", DECIDE, lazy("why, and how sure, if you like"), ("KeyW",)),
    Command("flag", DECIDE, lazy("flag, or take the flag away"), ("KeyF",)),
    Command("note", DECIDE, lazy("note on the item in focus"), ("KeyN",)),
    Command("mark", DECIDE, lazy("mark a moment of a film; again: up to here"), ("KeyI",)),
    Command("unmark", DECIDE, lazy("take the mark away"), ("Shift+KeyI",)),
    Command("clear", DECIDE, lazy("clear the decision"), ("Backspace",)),
    Command("undo", DECIDE, lazy("undo, any number of steps"), ("KeyZ",)),
    Command("redo", DECIDE, lazy("redo"), ("Shift+KeyZ",)),
    Command("split", DECIDE, lazy("in a stack: move out"), ("Shift+KeyS",)),
    Command("join", DECIDE, lazy("put the selected units together"), ("KeyU",)),
    Command("unveil", LOOK, lazy("hold to unveil, one after the other"), ("Space",), hold=True, on="looks"),
    Command("enlarge", LOOK, lazy("enlarge while held, in the viewer, counted"), ("KeyE",), hold=True),
    Command("blur", LOOK, lazy("blur of the item in focus"), ("KeyB",)),
    Command("grey", LOOK, lazy("grey when unveiled"), ("KeyG",)),
    Command("view", LOOK, lazy("a film: storyboard, clip, sound"), ("KeyV",)),
    Command("play", LOOK, lazy("hold to play a film, muted"), ("KeyP",), hold=True),
    Command("panic", LOOK, lazy("cover the window at once, in fields too"), ("Backquote",), fixed=True, on="looks"),
    Command("smaller", LOOK, lazy("smaller tiles; a film slower"), ("BracketLeft",)),
    Command("larger", LOOK, lazy("larger tiles; a film faster"), ("BracketRight",)),
    Command("similar", LOOK, lazy("what resembles it, beside the queue"), ("KeyR",)),
    Command("folder", LOOK, lazy("same folder"), ("KeyD",)),
    Command("camera", LOOK, lazy("same camera"), ("KeyM",)),
    Command("day", LOOK, lazy("same day"), ("KeyY",)),
    Command("left", MOVE, lazy("next item"), ("ArrowLeft",), fixed=True, legend=("← ↑ → ↓",)),
    Command("right", MOVE, "", ("ArrowRight",), fixed=True),
    Command("up", MOVE, "", ("ArrowUp",), fixed=True),
    Command("down", MOVE, "", ("ArrowDown",), fixed=True),
    Command("to-left", MOVE, lazy("to the left, as its arrow"), ("KeyH",), does="left", under="left"),
    Command("to-below", MOVE, lazy("down, as its arrow"), ("KeyJ",), does="down", under="left"),
    Command("to-above", MOVE, lazy("up, as its arrow"), ("KeyK",), does="up", under="left"),
    Command("to-right", MOVE, lazy("to the right, as its arrow"), ("KeyL",), does="right", under="left"),
    Command("range", MOVE, lazy("select a range; in a film, from scene to scene"), fixed=True, legend=("⇧ ← →",)),
    Command(
        "first",
        MOVE,
        lazy("first, last"),
        ("Home",),
        fixed=True,
        legend=(pgettext_lazy("key", "Home"), pgettext_lazy("key", "End")),
    ),
    Command("last", MOVE, "", ("End",), fixed=True),
    Command(
        "page-up",
        MOVE,
        lazy("a screen up, down"),
        ("PageUp",),
        fixed=True,
        legend=(pgettext_lazy("key", "PgUp"), pgettext_lazy("key", "PgDn")),
    ),
    Command("page-down", MOVE, "", ("PageDown",), fixed=True),
    Command("open", MOVE, lazy("open in the viewer"), ("Enter", "NumpadEnter"), fixed=True),
    Command("stack", MOVE, lazy("into the stack, or out of it"), ("KeyT",)),
    Command("back", MOVE, lazy("back, or drop the selection"), ("Escape",), fixed=True, legend=("Esc",)),
    Command("tab", MOVE, lazy("next region"), fixed=True, legend=("Tab",)),
    Command("goto", MOVE, lazy("go to anything"), ("Slash",), on="pages"),
    Command("help", MOVE, lazy("this sheet"), ("Shift+Slash",), on="pages"),
)
CHANGEABLE = {command.id: command for command in COMMANDS if not command.fixed}


def keys_of(command: Command, own: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of a command; what the person chose takes the place of all that came with it."""
    chosen = own.get(command.id)
    return (chosen,) if chosen else command.keys


def own_keys(user: Any) -> dict[str, str]:
    """What the person changed: keys by command, those that are still commands."""
    kept = getattr(user, "keyboard", None) or {}
    return {name: key for name, key in kept.get("keys", {}).items() if name in CHANGEABLE}


def single_on(user: Any) -> bool:
    """Whether keys that type a character do anything."""
    kept = getattr(user, "keyboard", None) or {}
    return bool(kept.get("single", True))


def as_json(user: Any) -> str:
    """The table as pages get it, with the person's keys."""
    now = own_keys(user)
    return json.dumps({"single": single_on(user), "lines": [_line(one, keys_of(one, now)) for one in COMMANDS]})


def _line(command: Command, keys: tuple[str, ...]) -> dict[str, Any]:
    told = {"id": command.id, "group": command.group, "text": str(command.text), "keys": keys}
    if command.legend:
        told["legend"] = [str(key) for key in command.legend]
    more = ("does", "hold", "fixed", "on", "under", "category")
    return told | {name: value for name in more if (value := getattr(command, name))}


@transaction.atomic
def choose(*, by: User, keys: Mapping[str, str], single: bool) -> None:
    """Keep a person's keys: all that he wants, by command; a command's own key, or none, is how it came.

    Raises BadInput, KeyNotFree, KeyTaken. One transaction with its event.
    """
    wanted = {name: key for name, key in keys.items() if key and (key,) != _command(name).keys[:1]}
    check(wanted)
    _keep(by, wanted, single)


@transaction.atomic
def switch(*, by: User, single: bool) -> None:
    """Switch keys that type a character off or on. One transaction with its event."""
    _keep(by, own_keys(by), single)


def _keep(by: User, keys: Mapping[str, str], single: bool) -> None:
    before = own_keys(by)
    if (keys, single) == (before, single_on(by)):
        return
    by.keyboard = {"keys": dict(keys), "single": single}
    by.save(update_fields=["keyboard"])
    differing = sorted(name for name in {**keys, **before} if keys.get(name) != before.get(name))
    audit.record(audit.KEYS_SET, by=by, on=by, changed=differing, single=single)  # not to what: they are his


def _command(name: str) -> Command:
    try:
        return CHANGEABLE[name]
    except KeyError:
        raise BadInput(noop("There is no key to change for “%(name)s”. Load the page again."), name=name[:40]) from None


def check(wanted: Mapping[str, str]) -> None:
    """Raises KeyNotFree for a key that nobody may choose, KeyTaken where two commands would have the same one."""
    for name, key in wanted.items():
        if not FREE.fullmatch(key) or (_command(name).category and key.startswith(SHIFT)):
            raise KeyNotFree
    taken: dict[str, Command] = {}
    for command in COMMANDS:
        for key in _claims(command, keys_of(command, wanted)):
            other = taken.setdefault(key, command)
            if other is not command:
                raise KeyTaken(
                    noop("One key cannot mean both “%(one)s” and “%(other)s”. Choose another one for one of them."),
                    [other.id, command.id],
                    one=other.text,
                    other=command.text,
                )


def _claims(command: Command, keys: Iterable[str]) -> list[str]:
    """What a command takes: a category its key with Shift too, for the whole stack."""
    return [claimed for key in keys for claimed in ((key, SHIFT + key) if command.category else (key,))]
