"""Verbs that make snapshots and hand them out: build, check, snapshots, sql, export, verify."""

from pathlib import Path

import click

from aadhan.output import (
    answer,
    answer_one,
    format_option,
    lake_option,
    progress_bar,
    say,
    settings,
)


@click.command()
@click.option(
    "--name", required=True, help="Name of the snapshot, such as ta-2026.11; never reused."
)
@click.option("--strategy", default="balanced", show_default=True, help="Weights of categories.")
@click.option("--max-records", type=click.IntRange(min=1), help="Keep at most so many rows.")
@click.option("--parent", help="Earlier snapshot whose splits are kept [default: none].")
@click.option("--unchecked", is_flag=True, help="Publish without checks; the manifest says so.")
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True)
@lake_option
@format_option
def build(name, strategy, max_records, parent, unchecked, threads, lake, form):
    """Build the corpus from what was landed, check it, and publish it under a name.

    \b
    Example:
      aadhan build --name ta-2026.11
      aadhan build --name ta-2026.12 --parent ta-2026.11 --strategy modern --max-records 80000
    """
    from ingest.landing import unfinished_crawls
    from ingest.settings import strategy_weights
    from warehouse.build import Recipe
    from warehouse.build import build as run_build

    config = settings()
    recipe = Recipe(
        name=name,
        strategy=strategy,
        weights=strategy_weights(config, strategy),
        build=config["build"],
        rules=config["rules"],
        max_records=max_records,
        parent=parent,
    )

    def gate(folder):
        from checks.gate import check as run_checks

        return run_checks(folder)

    for source in unfinished_crawls(lake):
        say(f"note: the last crawl of {source} has not finished; run it again for the rest")
    with progress_bar("building") as update:
        snapshot = run_build(
            lake,
            recipe,
            gate=None if unchecked else gate,
            threads=threads,
            progress=lambda what, done, total: update(done, total, what),
        )
    manifest = snapshot.manifest
    for fate in manifest["fates"]:
        if fate["stage"]:
            say(f"dropped {fate['count']:>7,}  {fate['stage']}: {fate['rule']}")
    splits = ", ".join(f"{split} {one['rows']:,}" for split, one in manifest["splits"].items())
    say(f"kept    {manifest['rows']:>7,}  rows ({splits})")
    answer_one(_summary(snapshot), form)


def _summary(snapshot) -> dict:
    manifest = snapshot.manifest
    return {
        "name": snapshot.name,
        "content_hash": snapshot.content_hash,
        "created_at": manifest["created_at"],
        "rows": manifest["rows"],
        "words": manifest["words"],
        "checks": manifest["checks"]["state"],
        "parent": manifest["parent"] and manifest["parent"]["name"],
    }


@click.command()
@click.argument("name")
@lake_option
@format_option
def check(name, lake, form):
    """Run the checks on a published snapshot again; exit 1 where one fails."""
    from checks.gate import check as run_checks
    from ingest.errors import ChecksFailed
    from warehouse.snapshots import find_snapshot

    checks = run_checks(find_snapshot(lake, name).folder)
    rows = [
        ("passed" if one["success"] else "FAILED", one["description"], "; ".join(one["examples"]))
        for one in checks["results"]
    ]
    answer(["state", "check", "examples"], rows, form)
    if checks["state"] == "failed":
        raise ChecksFailed(f"{checks['failed_count']} of {len(rows)} checks failed on {name}")


@click.command()
@lake_option
@format_option
def snapshots(lake, form):
    """List the published snapshots, oldest first."""
    from warehouse.snapshots import list_snapshots

    found = [_summary(one) for one in list_snapshots(lake)]
    names = ["name", "content_hash", "created_at", "rows", "words", "checks", "parent"]
    answer(names, [tuple(one[name] for name in names) for one in found], form)
    if not found:
        say(f"no snapshots in {lake} yet; make one with aadhan build")


@click.command()
@click.argument("query")
@click.option("--at", "name", required=True, help="The snapshot to ask.")
@lake_option
@format_option
def sql(query, name, lake, form):
    """Run one SELECT over a snapshot; it only reads.

    Relations: corpus, documents, verdicts, fates, near_duplicate_pairs, split_history;
    `describe corpus` lists columns.

    \b
    Example:
      aadhan sql "select source, count(*) from corpus group by all" --at ta-2026.11
      aadhan sql "select rule, count(*) from fates group by all" --at ta-2026.11 --format csv
    """
    from warehouse.query import run_query
    from warehouse.snapshots import find_snapshot

    names, rows = run_query(find_snapshot(lake, name), query)
    answer(names, rows, form)


@click.command()
@click.argument("name")
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--overwrite", is_flag=True, help="Replace an earlier export in the folder.")
@lake_option
@format_option
def export(name, folder, overwrite, lake, form):
    """Write a snapshot as train.jsonl, validation.jsonl, test.jsonl with card and manifest.

    \b
    Example:
      aadhan export ta-2026.11 --to data/final/tamil_texts/hf
    """
    from warehouse.export import export as run_export
    from warehouse.snapshots import file_sha256, find_snapshot

    manifest = run_export(find_snapshot(lake, name), folder, overwrite=overwrite)
    rows = [(file, entry.get("rows"), entry["sha256"]) for file, entry in manifest["files"].items()]
    rows.append(("manifest.json", None, file_sha256(folder / "manifest.json")))
    answer(["file", "rows", "sha256"], rows, form)


@click.command()
@click.argument("target")
@lake_option
@format_option
def verify(target, lake, form):
    """Recompute every hash of a snapshot or of an export's folder; exit 1 on any difference.

    \b
    Example:
      aadhan verify ta-2026.11
      aadhan verify data/final/tamil_texts/hf
    """
    from ingest.errors import NoSuchSnapshot
    from warehouse.export import verify_export
    from warehouse.snapshots import NAME, find_snapshot
    from warehouse.snapshots import verify as verify_snapshot

    is_name = NAME.fullmatch(target) and (lake / "snapshots" / target).exists()
    if not is_name and "/" in target and not Path(target).is_dir():
        raise NoSuchSnapshot(f"no folder {target}: give a snapshot's name or an export's folder")
    if not is_name and Path(target).is_dir():
        manifest = verify_export(Path(target))
        found = {
            "name": manifest["name"],
            "content_hash": manifest["content_hash"],
            "files": len(manifest["files"]),
            "rows": sum(entry.get("rows", 0) for entry in manifest["files"].values()),
            "verified": True,
        }
    else:
        found = verify_snapshot(find_snapshot(lake, target))
    answer_one(found, form)
