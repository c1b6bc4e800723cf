"""Build: from landed pages to a named snapshot.

blocks (one cached file per raw file) → SQL models and Python steps in one graph → candidate folder
→ gate → name. Nothing of a build is visible under the name before all of it is finished; a build
that is killed leaves its cached blocks, which the next one finds by the hash of what made them.
"""

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import duckdb
import pyarrow as pa

from ingest.errors import AadhanError, ChecksFailed, LakeError
from ingest.landing import locked, raw_files
from warehouse import near
from warehouse.cache import cache_blocks
from warehouse.models import load_models, run_order, sql_hash
from warehouse.snapshots import (
    CORPUS_COLUMNS,
    RELATIONS,
    Snapshot,
    canonical_json,
    content_hash,
    file_sha256,
    find_snapshot,
    git_commit,
    parquet_relation,
    publish,
    refuse_taken,
    seal,
    sql_text,
    verify_files,
)

# The relation a step makes: (the relation it reads, its schema, the function from batch to batch).
# Without a schema the function takes the whole relation at once.
STEPS = {
    "passage_shingles": ("distinct_passages", near.SHINGLE_SCHEMA, near.shingles),
    "passage_bands": ("passage_shingles", near.BAND_SCHEMA, near.bands),
    "near_components": ("near_duplicate_pairs", None, near.components),
}
GIVEN = ("raw_pages", "page_blocks", "recipe", "category_weights", "parent_splits")
STEP_ROWS = 2_000
# What a person asks about a snapshot later, besides the corpus itself.
SIDE_TABLES = [name for name in RELATIONS if name != "corpus"]
PACKAGES = (
    *("duckdb", "lxml", "markdown-it-py", "mwparserfromhell", "numpy", "pyarrow"),
    *("regex", "rensa", "selectolax", "sqlglot"),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything a person can choose about a build; echoed into the manifest."""

    name: str
    strategy: str
    weights: dict[str, float]
    build: dict
    rules: dict
    max_records: int | None = None
    parent: str | None = None

    def echo(self) -> dict:
        """What decides the content: not the name, not how much memory may be used."""
        build = {key: value for key, value in self.build.items() if key != "memory_limit"}
        return {
            "strategy": self.strategy,
            "weights": self.weights,
            "build": build,
            "rules": self.rules,
            "max_records": self.max_records,
            "parent": self.parent,
        }


# Progress: called with (what is going on, parts done, parts in all).
Progress = Callable[[str, int, int], None]
# The gate: given the candidate folder, returns the check results, failing ones included.
Gate = Callable[[Path], dict]


def build(
    lake: Path,
    recipe: Recipe,
    *,
    gate: Gate | None,
    threads: int = 2,
    progress: Progress = lambda what, done, total: None,
) -> Snapshot:
    """Build, check and publish a snapshot.

    `gate` None publishes unchecked, which the manifest records. Raises NameTaken, LakeError for an
    empty or damaged lake, ChecksFailed where the gate refuses; the candidate then stays.
    """
    refuse_taken(lake, recipe.name)
    parent = find_snapshot(lake, recipe.parent) if recipe.parent else None
    if parent:
        verify_files(parent, ["split_history"])
    files = raw_files(lake)
    if not files:
        raise LakeError(f"no landed pages in {lake}: run aadhan crawl or aadhan import first")
    blocks = cache_blocks(lake, files, threads, progress)
    with candidate_folder(lake, recipe.name) as folder:
        # In memory: tables beyond the limit spill to disk, and nothing is written twice to a log.
        with duckdb.connect() as connection:
            connection.execute(f"set threads = {threads}")
            connection.execute(f"set memory_limit = {sql_text(recipe.build['memory_limit'])}")
            connection.execute(f"set temp_directory = {sql_text(str(folder / 'spill'))}")
            _load_given(connection, recipe, files, [path for _, path in blocks], parent)
            models = load_models()
            _run(connection, models, progress)
            progress("freezing", 0, 1)
            manifest = _freeze(connection, folder, recipe, parent)
        manifest |= {
            "code": code_version(),
            "sql_hash": sql_hash(models),
            "inputs": {
                str(path.relative_to(lake)): digest
                for path, (digest, _) in zip(files, blocks, strict=True)
            },
        }
        shutil.rmtree(folder / "spill", ignore_errors=True)
        progress("checking", 0, 1)
        checks = gate(folder) if gate else {"state": "unchecked"}
        manifest["checks"] = checks
        _write_manifest(folder, manifest)
        if checks["state"] == "failed":
            raise _refusal(_keep(folder, lake, recipe.name), checks)
        return publish(folder, lake, recipe.name)


def _refusal(kept: Path, checks: dict) -> ChecksFailed:
    first = next(check for check in checks["results"] if not check["success"])
    examples = f" (for example {first['examples'][0]})" if first["examples"] else ""
    return ChecksFailed(
        f"{checks['failed_count']} of {len(checks['results'])} checks failed, first: "
        f"{first['description']}{examples}; the candidate stays in {kept} for inspection"
    )


@contextmanager
def candidate_folder(lake: Path, name: str) -> Iterator[Path]:
    """A folder of this build's own, locked while it runs and removed unless it was published.

    Folders that a killed build left, known by their free lock, are removed first.
    """
    parent = lake / "candidates"
    for old in parent.glob("*.building"):
        # Its lock is held as long as its build runs.
        with suppress(LakeError), locked(old.with_suffix(".lock"), "its build is running"):
            shutil.rmtree(old, ignore_errors=True)
    folder = parent / f"{name}.{uuid.uuid4().hex[:8]}.building"
    with locked(folder.with_suffix(".lock"), "its build is running"):
        try:
            folder.mkdir()
            yield folder
        except (duckdb.IOException, duckdb.FatalException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise LakeError(
                f"the build stopped ({reason}): make room, or mend what it names, and run it again"
            ) from error
        finally:
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)


def _keep(folder: Path, lake: Path, name: str) -> Path:
    kept = lake / "candidates" / f"{name}.failed"
    shutil.rmtree(kept, ignore_errors=True)
    return folder.rename(kept)


def _load_given(connection, recipe: Recipe, files, blocks, parent: Snapshot | None) -> None:
    """Relations the models start from: what was landed, its blocks, and the recipe as rows."""
    connection.execute(
        f"create view raw_pages as select * exclude (body) from {parquet_relation(files)}"
    )
    connection.execute(f"create view page_blocks as from {parquet_relation(blocks)}")
    permille = recipe.build["train_permille"]
    scalars = recipe.build | recipe.rules
    scalars |= {
        "max_records": recipe.max_records,
        # Splits compare hex digits of a hash with these, which every engine does alike.
        "train_below": _hex_share(permille),
        "validation_below": _hex_share(permille + recipe.build["validation_permille"]),
    }
    columns = ", ".join(f"{_literal(value)} as {key}" for key, value in scalars.items())
    connection.execute(f"create table recipe as select {columns}")
    connection.execute("create table category_weights (category varchar, weight double)")
    for category, weight in sorted(recipe.weights.items()):
        connection.execute("insert into category_weights values (?, ?)", [category, weight])
    if parent:
        query = f"from {parquet_relation(parent.files('split_history'))}"
    else:
        query = "select '' as doc_id, '' as text_sha256, '' as split where false"
    connection.execute(f"create table parent_splits as {query}")


def _hex_share(permille: int) -> str:
    return "g" if permille >= 1000 else f"{permille * 2**32 // 1000:08x}"


def _literal(value) -> str:
    if value is None:
        return "cast(null as bigint)"
    if isinstance(value, str):
        return sql_text(value)
    return f"cast({value} as {'double' if isinstance(value, float) else 'bigint'})"


def _run(connection, models, progress: Progress) -> None:
    reads = {name: model.reads for name, model in models.items()}
    reads |= {name: frozenset([source]) for name, (source, _, _) in STEPS.items()}
    order = run_order(reads, GIVEN)
    for done, name in enumerate(order):
        progress("models", done, len(order))
        try:
            if name in STEPS:
                _run_step(connection, name)
            else:
                connection.execute(f"create table {name} as {models[name].sql}")
        except duckdb.OutOfMemoryException as error:
            raise LakeError(
                f"model {name} needs more memory than memory_limit or more disk than there is: "
                "raise memory_limit under [build] in aadhan.toml or make room"
            ) from error
        except (duckdb.IOException, duckdb.FatalException):
            raise
        except duckdb.Error as error:
            raise AadhanError(f"sql model {name}: {error}") from error
    progress("models", len(order), len(order))


def _run_step(connection, name: str) -> None:
    """Make a relation in Python from the rows of another in their order."""
    source, schema, function = STEPS[name]
    rows = connection.cursor().sql(f"from {source}")
    if schema is None:
        result = function(rows.to_arrow_table())
    else:
        batches = map(function, rows.to_arrow_reader(STEP_ROWS))
        result = pa.RecordBatchReader.from_batches(schema, batches)
    connection.register("step_result", result)
    connection.execute(f"create table {name} as from step_result")
    connection.unregister("step_result")


def _freeze(connection, folder: Path, recipe: Recipe, parent: Snapshot | None) -> dict:
    """Write the candidate's Parquet files; the manifest so far."""
    sources = [
        row[0]
        for row in connection.execute("select distinct source from corpus order by 1").fetchall()
    ]
    (folder / "corpus").mkdir()
    columns = ", ".join(CORPUS_COLUMNS)
    for source in sources:
        where = f"from corpus where source = {sql_text(source)} order by id"
        _copy(connection, f"select {columns} {where}", folder / "corpus" / f"{source}.parquet")
    if not sources:
        _copy(connection, f"select {columns} from corpus", folder / "corpus" / "none.parquet")
    for table in SIDE_TABLES:
        _copy(connection, f"from {table}", folder / f"{table}.parquet")
    files = {}
    for path in sorted(folder.rglob("*.parquet")):
        name = str(path.relative_to(folder))
        rows = connection.execute(f"select count(*) from {parquet_relation([path])}").fetchall()
        files[name] = {"sha256": file_sha256(path), "rows": rows[0][0]}
        if parent and parent.manifest["files"].get(name) == files[name]:
            _share(path, parent.folder / name, files[name]["sha256"])
    echo = recipe.echo()
    return {
        "format": 1,
        "kind": "snapshot",
        "name": recipe.name,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "parent": parent and {"name": parent.name, "content_hash": parent.content_hash},
        "recipe": echo,
        "recipe_hash": hashlib.sha256(canonical_json(echo).encode()).hexdigest(),
        "files": files,
        "content_hash": content_hash(connection, "corpus"),
        **_counts(connection),
    }


def _share(path: Path, earlier: Path, digest: str) -> None:
    """Make equal files of two snapshots one on disk, where that can be and the earlier is whole."""
    if earlier.exists() and file_sha256(earlier) == digest:
        linked = path.with_suffix(".linked")
        with suppress(OSError):
            linked.hardlink_to(earlier)
            linked.replace(path)


def _copy(connection, query: str, path: Path) -> None:
    connection.execute(
        f"copy ({query}) to {sql_text(str(path))} "
        "(format parquet, compression zstd, compression_level 3, row_group_size 50000)"
    )


def _counts(connection) -> dict:
    def table(query: str) -> list[tuple]:
        return connection.execute(query).fetchall()

    return {
        "rows": table("select count(*) from corpus")[0][0],
        "words": table("select coalesce(sum(word_count), 0)::bigint from corpus")[0][0],
        "splits": {
            split: {"rows": rows, "documents": documents, "words": words}
            for split, rows, documents, words in table(
                "select split, count(*), count(distinct doc_id), sum(word_count)::bigint "
                "from corpus group by split order by split"
            )
        },
        "sources": {
            source: {"rows": rows, "words": words}
            for source, rows, words in table(
                "select source, count(*), sum(word_count)::bigint from corpus "
                "group by source order by source"
            )
        },
        "pages": table("select count(*) from stg_pages")[0][0],
        "documents": table("select count(*) from documents")[0][0],
        "fates": [
            {"stage": stage, "rule": rule, "count": count}
            for stage, rule, count in table(
                "select stage, rule, count(*) from fates group by all order by 3 desc, 1, 2"
            )
        ],
    }


def _write_manifest(folder: Path, manifest: dict) -> None:
    sealed = manifest | {"seal": seal(manifest)}
    text = json.dumps(sealed, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def code_version() -> dict:
    """What made the bytes: git commit where there is one, source hash, package versions."""
    root = Path(__file__).parents[1]
    sources = sorted([*(root / "warehouse").glob("*.py"), *(root / "ingest").rglob("*.py")])
    digest = hashlib.sha256()
    for path in sources:
        digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    versions = {package: metadata.version(package) for package in PACKAGES}
    return {
        "git_commit": git_commit(),
        "source_sha256": digest.hexdigest(),
        "packages": versions,
        "packages_sha256": hashlib.sha256(canonical_json(versions).encode()).hexdigest(),
    }
