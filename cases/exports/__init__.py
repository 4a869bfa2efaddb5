"""Exports, one file per product. A new product is one import and one place in `BUILT_IN`."""

from cases import events
from cases.exports.base import Options, Product, UnknownProduct
from cases.exports.building import ExportLost, build, copy_to, fetch, stored, sweep
from cases.exports.schedule import Schedule
from cases.exports.summary import Summary
from cases.exports.vics import Vics
from workbench.words import gettext

BUILT_IN: tuple[Product, ...] = (Vics(), Schedule(), Summary())
BY_ID: dict[str, Product] = {product.id: product for product in BUILT_IN}
# Events after which an earlier export no longer shows the decisions in force.
CHANGES = (events.DECIDED, events.SUPERSEDED, events.TAKEN_BACK)


def name_of(variant: str) -> str:
    """A variant in words: `vics1.3` is "VICS case 1.3"."""
    found = next((one for one in BUILT_IN if variant.startswith(one.id)), None)
    if found is None:
        return variant
    rest = variant.removeprefix(found.id).replace("-", " ").replace("+", " with ")
    return f"{gettext(found.described.title)} {rest}".strip()


def product(product_id: str) -> Product:
    """The product of that id. Raises UnknownProduct."""
    try:
        return BY_ID[product_id]
    except KeyError:
        raise UnknownProduct(f"There is no export {product_id!r}. There are {', '.join(BY_ID)}.") from None


__all__ = [
    "BUILT_IN",
    "BY_ID",
    "CHANGES",
    "ExportLost",
    "Options",
    "Product",
    "UnknownProduct",
    "build",
    "copy_to",
    "fetch",
    "name_of",
    "product",
    "stored",
    "sweep",
]
