"""What a look-up costs its person: charged here, counted by whoever registers; `hashsets` knows no budgets."""

from collections.abc import Callable

from workbench.models import User

Charge = Callable[[User], None]
_charges: list[Charge] = []


def register(charge: Charge) -> None:
    """Have each look-up counted from now on; `charge` may raise where somebody asked for enough."""
    if charge not in _charges:
        _charges.append(charge)


def lookup(by: User) -> None:
    """One look-up of the person's, of however many hashes: by page, or by token. Raises what a charge raises."""
    for charge in _charges:
        charge(by)
