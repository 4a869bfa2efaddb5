"""Exports, one file per product. A new product is one import and one place in `BUILT_IN`."""

from cases.exports.base import Options, Product, UnknownProduct
from cases.exports.building import ExportLost, build, copy_to, fetch, stored
from cases.exports.schedule import Schedule
from cases.exports.summary import Summary
from cases.exports.vics import Vics

BUILT_IN: tuple[Product, ...] = (Vics(), Schedule(), Summary())
BY_ID: dict[str, Product] = {product.id: product for product in BUILT_IN}


def product(product_id: str) -> Product:
    """The product of that id. Raises UnknownProduct."""
    try:
        return BY_ID[product_id]
    except KeyError:
        raise UnknownProduct(f"There is no export {product_id!r}. There are {', '.join(BY_ID)}.") from None


__all__ = [
    "BUILT_IN",
    "BY_ID",
    "ExportLost",
    "Options",
    "Product",
    "UnknownProduct",
    "build",
    "copy_to",
    "fetch",
    "product",
    "stored",
]
