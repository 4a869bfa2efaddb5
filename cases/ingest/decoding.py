"""This process's own decoders: started when first needed, kept while the process lives."""

from functools import cache

from workbench import decoders
from workbench.jail import Decoder


@cache
def decoder() -> Decoder:
    """The one `Decoder` of this process."""
    return Decoder(decoders.terms())
