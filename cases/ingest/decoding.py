"""This process's own decoders: started when first needed, kept while the process lives."""

from functools import cache

from workbench import decoders
from workbench.jail import Decoder
from workbench.jail.image_pool import Images


@cache
def decoder() -> Decoder:
    """The one `Decoder` of this process."""
    return Decoder(decoders.terms())


@cache
def images() -> Images:
    """The disk images that this process has open."""
    return Images(decoders.terms())
