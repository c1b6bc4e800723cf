"""The dataset card of an export: what it is, how much of what, which licences, how to remake it."""

from collections.abc import Iterable

import duckdb

from warehouse.snapshots import SPLITS, Snapshot, parquet_relation

_CARD = """\
---
language: ta
pretty_name: {name}
task_categories: [text-generation, fill-mask]
configs:
- config_name: default
  data_files:
{data_files}
---

# {name}

A Tamil corpus frozen by aadhan. Content hash `{content_hash}`.

{checks}

{splits}

{sources}

Licences: {licences}. Each row keeps its `source` and `url`.

What was dropped on the way, by the first rule that dropped it:

{fates}

Load it:

```python
from datasets import load_dataset

files = {{split: f"{{split}}.jsonl" for split in {filled}}}
corpus = load_dataset("json", data_files=files)
```

Made with

```
{command}
aadhan export {name} --to DIR
```
"""


def card(snapshot: Snapshot, files: dict) -> str:
    """The card as Markdown with its YAML head; `files` are the export's, with their rows."""
    manifest = snapshot.manifest
    groups = _groups(snapshot)
    rows = {split: files[f"{split}.jsonl"]["rows"] for split in SPLITS}
    words = {split: manifest["splits"].get(split, {"words": 0})["words"] for split in SPLITS}
    # An empty file cannot be loaded; such a split is told in the table only.
    filled = [split for split in SPLITS if rows[split]]
    is_checked = manifest["checks"]["state"] == "passed"
    fates = [(one["stage"], one["rule"], one["count"]) for one in manifest["fates"] if one["stage"]]
    return _CARD.format(
        name=snapshot.name,
        content_hash=snapshot.content_hash,
        data_files="\n".join(f"  - {{split: {split}, path: {split}.jsonl}}" for split in filled),
        checks="All checks passed." if is_checked else "**It was published without checks.**",
        splits=_table("split rows: words:", [(one, rows[one], words[one]) for one in SPLITS]),
        sources=_table("source category licence rows: words:", groups),
        licences="; ".join(sorted({group[2] for group in groups})),
        fates=_table("stage rule count:", fates),
        filled=filled,
        command=_build_command(snapshot),
    )


def _groups(snapshot: Snapshot) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(
            "select source, category, coalesce(licence, 'unknown'), count(*), "
            f"sum(word_count)::bigint from {parquet_relation(snapshot.files('corpus'))} "
            "group by all order by 1, 2, 3"
        ).fetchall()


def _table(head: str, rows: Iterable[tuple]) -> str:
    """A Markdown table; columns whose name ends in a colon are numbers."""
    names = head.split()
    lines = ["| " + " | ".join(name.rstrip(":") for name in names) + " |"]
    lines.append("|" + "|".join("--:" if name.endswith(":") else "---" for name in names) + "|")
    for row in rows:
        cells = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _build_command(snapshot: Snapshot) -> str:
    recipe = snapshot.manifest["recipe"]
    words = [f"aadhan build --name {snapshot.name} --strategy {recipe['strategy']}"]
    words += [f"--max-records {recipe['max_records']}"] if recipe["max_records"] else []
    words += [f"--parent {recipe['parent']}"] if recipe["parent"] else []
    return " ".join(words)
