"""`python -m tests.programmes [NAME [ARGUMENT...]]`: run one programme, or list them."""

import importlib
import pkgutil
import sys

from tests import programmes


def names() -> list[str]:
    """Return the names of all programmes."""
    return [module.name for module in pkgutil.iter_modules(programmes.__path__) if not module.name.startswith("_")]


def main(arguments: list[str]) -> int:
    """Run the named programme and return its exit status; without a name, list them and return 0."""
    if not arguments:
        for name in names():
            module = importlib.import_module(f"tests.programmes.{name}")
            print(f"{name:12} {(module.__doc__ or '').splitlines()[0]}")
        return 0
    name, *rest = arguments
    if name not in names():
        print(f"There is no programme {name!r}; there are: {', '.join(names()) or 'none yet'}.", file=sys.stderr)
        return 2
    return int(importlib.import_module(f"tests.programmes.{name}").main(rest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
