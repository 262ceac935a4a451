"""The ISO 20022 schemas that the sepaxml package ships, compiled once a process."""

from functools import cache
from importlib.resources import files

from lxml import etree


@cache
def schema(version: str) -> etree.XMLSchema:
    """Return the compiled schema of a message version ("pain.001.001.09")."""
    source = files("sepaxml").joinpath("schemas", f"{version}.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(source))
