"""Import what is already on disk: web archives, dumps, tables, text and books.

Imported records land as pages like everything else: importing twice adds nothing, a killed import
is repeated by the same command. The engine lands; there is one module for each kind of input.
"""

from ingest.importers.engine import import_path

__all__ = ["import_path"]
