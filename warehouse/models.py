"""The SQL models: files in sql/, one relation each, run in the order their own text asks for.

Dependencies are what sqlglot finds after `from` and `join`; there is no ref() and no Jinja, so a
model runs as it stands in any DuckDB shell. Steps in Python sit in the same graph by the relation
they read and the one they make.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import sqlglot
from sqlglot import exp

from ingest.errors import SettingsError

SQL_FOLDER = Path(__file__).parents[1] / "sql"
LAYERS = ("staging", "verdicts", "marts")


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    sql: str
    reads: frozenset[str]


def load_models(folder: Path = SQL_FOLDER) -> dict[str, Model]:
    """Every model by the name of its file.

    Raises SettingsError for SQL that does not parse and for two files of one name.
    """
    models: dict[str, Model] = {}
    for path in sorted(file for layer in LAYERS for file in (folder / layer).glob("*.sql")):
        if path.stem in models:
            raise SettingsError(f"{path}: another model is called {path.stem} already")
        sql = path.read_text(encoding="utf-8")
        models[path.stem] = Model(path.stem, sql, frozenset(relations(sql, path)))
    return models


def relations(sql: str, where: Path | str = "query") -> set[str]:
    """Names of the relations a query reads, its own CTEs left out."""
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.ParseError as error:
        raise SettingsError(f"{where}: {str(error).splitlines()[0]}") from error
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    return {table.name for table in tree.find_all(exp.Table)} - ctes


def run_order(reads: dict[str, frozenset[str]], given: Iterable[str]) -> list[str]:
    """An order in which everything is made before it is read; the same on every run.

    `reads` maps each relation to what it reads. Raises SettingsError where a relation is neither
    made nor given, or where models read each other in a circle.
    """
    known = set(reads) | set(given)
    for name, sources in sorted(reads.items()):
        if missing := sorted(sources - known):
            raise SettingsError(f"sql model {name} reads {missing[0]}, which nothing makes")
    graph = {name: sorted(reads[name] & set(reads)) for name in sorted(reads)}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise SettingsError(f"sql models read each other: {' → '.join(error.args[1])}") from error


def sql_hash(models: dict[str, Model]) -> str:
    text = "\n".join(f"{name}\n{models[name].sql}" for name in sorted(models))
    return hashlib.sha256(text.encode()).hexdigest()
