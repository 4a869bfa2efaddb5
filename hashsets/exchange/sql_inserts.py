"""The rows that INSERT statements of an SQL text name, and what else stands there. PURE.

Nothing is run: a statement is read as far as its form is known, whatever it would do. A value that is no literal (a
function, a sum) is not worked out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from hashsets.exchange.sql_tokens import MAX_TOKEN, Token, Tokens

MOST_VALUES = 2000  # of a row; SQLite's own limit of columns
MOST_TABLES = 100  # whose columns are remembered
_BRIEF = 200  # characters kept of a word that is only looked at
_END, _OPEN, _CLOSE, _COMMA = (Token("mark", each) for each in ";(),")
_CONSTRAINTS = {"PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"}
_BEGINS, _COMMITS = {"BEGIN"}, {"COMMIT", "END"}
_QUIET = {"PRAGMA", "ANALYZE", "VACUUM", "REINDEX", "SAVEPOINT", "RELEASE", "CREATE", "DROP", "ALTER"}  # name no files


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an INSERT. `values` in file order: text, or None for NULL and for what is no literal."""

    line: int
    table: str  # lower case
    columns: tuple[str, ...]  # lower case; () = nobody said
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """A statement that names no rows; `words` are its first ones. `what`: delete, update, unknown, bad (a row)."""

    line: int
    what: str
    table: str
    words: str


class Inserts:
    """Reads statements one by one. Raises MalformedDocument for a text that was cut, or undoes what it says."""

    def __init__(self, tokens: Tokens) -> None:
        self._source = tokens
        self._tokens = iter(tokens)
        self._columns: dict[str, tuple[str, ...]] = {}  # of the tables that the text itself makes
        self._open = False  # a transaction is

    def __iter__(self) -> Iterator[Row | Other]:
        for token in self._tokens:
            if token != _END:
                yield from self._statement(token)
        if self._open:
            raise self._source.fail("looks truncated: a transaction is begun and not committed")

    def _statement(self, first: Token) -> Iterator[Row | Other]:
        line, verb = self._source.line, first.value.upper() if first.kind == "word" else ""
        if verb in {"INSERT", "REPLACE"}:
            yield from self._insert(line)
        elif verb in {"DELETE", "UPDATE"}:
            words = self._rest(first)
            yield Other(line, verb.lower(), _table_of(words), _said(words))
        elif verb in _BEGINS | _COMMITS:
            self._open = verb in _BEGINS
            self._rest(first)
        elif verb == "ROLLBACK":
            raise self._source.fail("it takes back what it says (ROLLBACK): stopped")
        else:
            words = self._rest(first)
            if verb == "CREATE":
                self._created(words)
            if verb not in _QUIET:
                yield Other(line, "unknown", "", _said(words))

    def _insert(self, line: int) -> Iterator[Row | Other]:
        """INSERT [OR ...] INTO table [(columns)] VALUES (...), (...) ..."""
        head = [Token("word", "INSERT")]
        columns: tuple[str, ...] = ()
        while (token := self._next()) != _END:
            if token == _OPEN:
                columns = tuple(value.lower() for value in self._values() or () if value)
                head.append(Token("word", "(...)"))
            elif token.kind == "word" and token.value.upper() == "VALUES":
                yield from self._rows(line, _table_of(head), columns)
                return
            elif len(head) < MOST_VALUES:
                head.append(_brief(token))
        yield Other(line, "unknown", _table_of(head), _said(head))

    def _rows(self, line: int, table: str, columns: tuple[str, ...]) -> Iterator[Row | Other]:
        columns = columns or self._columns.get(table, ())
        while (token := self._next()) == _OPEN:
            line = self._source.line
            values = self._values()
            if values is None or (columns and len(values) != len(columns)):
                yield Other(line, "bad", table, f"INSERT INTO {table}")
            else:
                yield Row(line, table, columns, tuple(values))
            if (token := self._next()) != _COMMA:
                break
        if token != _END:  # ON CONFLICT and the like
            self._rest(token)

    def _values(self) -> list[str | None] | None:
        """What stands up to the closing bracket, by commas; None for more values or characters than any honest row."""
        found: list[str | None] = []
        parts: list[Token] = []  # of one value, the first few
        depth, held = 1, 0
        while depth:
            token = self._next()
            if token == _END:
                raise self._source.fail("a statement ends within brackets: looks damaged")
            depth += (token == _OPEN) - (token == _CLOSE)
            if not depth or (depth == 1 and token == _COMMA):
                value = _literal(parts)
                held += len(value or "")
                if len(found) <= MOST_VALUES and held <= MAX_TOKEN:
                    found.append(value)
                parts = []
            elif len(parts) < 3:
                parts.append(token)
        return found if len(found) <= MOST_VALUES and held <= MAX_TOKEN else None

    def _created(self, words: list[Token]) -> None:
        """Note the columns of CREATE TABLE name (column ..., ...)."""
        upper = [token.value.upper() if token.kind == "word" else "" for token in words]
        if "TRIGGER" in upper[:4]:
            raise self._source.fail("it makes a trigger, and no honest list does: stopped")
        if "TABLE" in upper[:3] and _OPEN in words and len(self._columns) < MOST_TABLES:
            at = words.index(_OPEN)
            self._columns[words[at - 1].value.lower()] = tuple(islice(_columns(words[at + 1 :]), MOST_VALUES))

    def _rest(self, first: Token) -> list[Token]:
        """The words up to the end of the statement, the first few thousand, of each the beginning."""
        found = [_brief(first)]
        while (token := self._next()) != _END:
            if len(found) < MOST_VALUES * 4:
                found.append(_brief(token))
        return found

    def _next(self) -> Token:
        token = next(self._tokens, None)
        if token is None:
            raise self._source.fail("looks truncated: a statement has no end")
        return token


def _brief(token: Token) -> Token:
    return token if len(token.value) <= _BRIEF else Token(token.kind, token.value[:_BRIEF])


def _literal(parts: list[Token]) -> str | None:
    if len(parts) == 2 and parts[0].value in {"-", "+"} and parts[1].kind == "number":
        return parts[0].value + parts[1].value
    if len(parts) != 1 or (parts[0].kind == "word" and parts[0].value.upper() == "NULL"):
        return None
    return parts[0].value if parts[0].kind != "mark" else None


def _columns(words: list[Token]) -> Iterator[str]:
    """The first word of every part between commas, but for what is said of several columns."""
    depth, begins = 1, True
    for token in words:
        if begins and not (token.kind == "word" and token.value.upper() in _CONSTRAINTS):
            yield token.value.lower()
        depth += (token == _OPEN) - (token == _CLOSE)
        begins = depth == 1 and token == _COMMA
        if not depth:
            return


def _table_of(words: list[Token]) -> str:
    """The table a statement is on: behind INTO, FROM or UPDATE, without the name of its database."""
    for at, token in enumerate(words[:-1]):
        if token.kind == "word" and token.value.upper() in {"INTO", "FROM", "UPDATE"}:
            dotted = len(words) > at + 3 and words[at + 2] == Token("mark", ".")
            return words[at + 3 if dotted else at + 1].value.lower()
    return ""


def _said(words: list[Token]) -> str:
    return " ".join(token.value for token in words[:8])[:100]
