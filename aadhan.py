"""aadhan: the command line.

Each verb imports what it needs when it runs, so that --help answers at once. Data goes to stdout,
talk to stderr; an error is one line that names the fix, with exit status 1 (2 for wrong usage).
"""

import csv
import json
import sys
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import click

from ingest.errors import AadhanError

FORMATS = click.Choice(["table", "json", "csv"])


class Commands(click.Group):
    """Verbs in the order of a pipeline, errors of the user's in one line."""

    def list_commands(self, ctx):
        return list(self.commands)

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except AadhanError as error:
            click.echo(f"aadhan: {error}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option("0.1.0", package_name="aadhan")
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings instead of ./aadhan.toml."
)
@click.pass_context
def main(ctx, config):
    """The corpus lakehouse for Tamil: crawl or import, build, publish under a name, train on it.

    \b
    Example:
      aadhan crawl --source projectmadurai
      aadhan build --name ta-2026.11
      aadhan sql "select source, count(*) from corpus group by all" --at ta-2026.11
      aadhan export ta-2026.11 --to data/final/tamil_texts/hf
      aadhan train mlm --snapshot ta-2026.11
    """
    ctx.obj = config


def settings() -> dict:
    from ingest.settings import load_settings

    return load_settings(click.get_current_context().obj)


def lake_option(command):
    return click.option(
        "--lake",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("data"),
        show_default=True,
        help="The lake's folder.",
    )(command)


def format_option(command):
    return click.option(
        "--format",
        "form",
        type=FORMATS,
        default="table",
        show_default=True,
        help="How the answer is printed.",
    )(command)


def say(text: str) -> None:
    click.echo(text, err=True)


def answer(names: list[str], rows: list[tuple], form: str) -> None:
    """Print rows on stdout as a table for people, or as json or csv for programs."""
    if form == "json":
        objects = [dict(zip(names, map(_plain, row), strict=True)) for row in rows]
        click.echo(json.dumps(objects, ensure_ascii=False, indent=2))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_flat(value) for value in row] for row in rows)
    else:
        _table(names, rows)


def answer_one(fields: dict, form: str) -> None:
    """Print one object: its fields as rows of a table, or as one row of json or csv."""
    if form == "table":
        _table(["", ""], [(name, _flat(value)) for name, value in fields.items()], head=False)
    else:
        answer(list(fields), [tuple(fields.values())], form)


def _table(names: list[str], rows: list[tuple], head: bool = True) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=head, pad_edge=False, header_style="bold")
    for index, name in enumerate(names):
        numbers = rows and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    # Not a terminal: as wide as the rows need, so that nothing is folded in a file.
    width = None if sys.stdout.isatty() else 400
    Console(width=width, highlight=False, markup=False).print(table)


def _cell(value) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(_flat(value))


def _flat(value):
    if value is None:
        return ""
    return (
        _plain(value)
        if not isinstance(value, dict | list)
        else json.dumps(value, ensure_ascii=False)
    )


def _plain(value):
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, str | int | float | bool | dict | list | None) else str(value)


@contextmanager
def progress_bar(what: str, total: int | None = None):
    """A bar on stderr; yields update(done, total, what)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=total)

        def update(done: int, total: int | None = None, what: str = what) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield update


@main.command()
@format_option
def sources(form):
    """List the source registry."""
    from ingest.registry import load_sources

    found = load_sources().values()
    rows = [(one.name, one.category, one.home, one.licence, one.title) for one in found]
    answer(["name", "category", "home", "licence", "title"], rows, form)


@main.command()
@click.option("--source", "names", multiple=True, help="A source of the registry; may be repeated.")
@click.option("--strategy", help="Crawl all sources, in shares by this strategy's weights.")
@click.option("--max-records", type=click.IntRange(min=1), help="Land at most so many pages.")
@click.option("--base-url", help="Fetch the source from here instead of its home, e.g. a mirror.")
@lake_option
@format_option
def crawl(names, strategy, max_records, base_url, lake, form):
    """Fetch sources and land their pages as they are; run again to resume or to recrawl.

    \b
    Example:
      aadhan crawl --source cybervattam
      aadhan crawl --strategy modern --max-records 80000
      aadhan crawl --source demo --base-url http://127.0.0.1:8000/
    """
    from ingest.crawl import crawl as run_crawl
    from ingest.registry import find_source, load_sources, shares
    from ingest.settings import strategy_weights

    known, config = load_sources(), settings()
    if not names and not strategy:
        raise click.UsageError("say what to crawl: --source NAME or --strategy NAME")
    if base_url and len(names) != 1:
        raise click.UsageError("--base-url goes with exactly one --source")
    chosen = [find_source(name, known) for name in names] or [
        one for one in known.values() if one.name != "demo"
    ]
    weights = strategy_weights(config, strategy) if strategy else {}
    bounds = shares(chosen, weights, max_records)
    with progress_bar("crawling") as update:
        totals = {}

        def on_page(run) -> None:
            totals[run.source] = sum(run.counts.values())
            update(sum(totals.values()), None, f"crawling {run.source}")

        runs = run_crawl(
            chosen, lake, config["crawl"], base_url=base_url, max_records=bounds, on_page=on_page
        )
    for run in runs:
        if run.resumed_count:
            say(f"{run.source}: went on with {run.folder.name}, {run.resumed_count} landed before")
        if run.reason != "finished":
            say(f"{run.source}: stopped early ({run.reason}); run the same command to go on")
    kinds = ("ok", "redirect", "http_error", "disallowed", "failed", "truncated")
    rows = [(run.source, *(run.counts[kind] for kind in kinds), str(run.folder)) for run in runs]
    answer(["source", *kinds, "landed_in"], rows, form)


@main.command("import")
@click.argument("kind", type=click.Choice(["parquet", "jsonl", "html"]))
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--source", required=True, help="Name the records go by; a registry name or a new one."
)
@click.option(
    "--category", help="Category of records that name none [default: the registry's, or book]."
)
@click.option("--licence", help="Licence of the records [default: the registry's].")
@click.option("--base-url", help="Public address of an HTML folder's root.")
@lake_option
@format_option
def import_(kind, path, source, category, licence, base_url, lake, form):
    """Land what is already on disk; importing twice adds nothing.

    \b
    Example:
      aadhan import jsonl corpus.jsonl --source mycorpus --category news --licence CC-BY-4.0
      aadhan import parquet sangraha/ta --source sangraha
      aadhan import html site/ --source mysite --base-url https://my.site/
    """
    from ingest.importers import import_path
    from ingest.registry import check_slug, load_sources

    entry = load_sources().get(check_slug(source, "source name"))
    category = category or (entry.category if entry else "book")
    licence = licence or (entry.licence if entry else None)
    with progress_bar(f"importing {path.name}") as update:
        counts = import_path(
            kind,
            path,
            lake,
            source=source,
            category=category,
            licence=licence,
            base_url=base_url or (entry.home if entry and kind == "html" else None),
            on_record=lambda counts: update(sum(counts.values())),
        )
    answer(["outcome", "count"], sorted(counts.items()), form)


@main.command()
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


@main.command()
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


@main.command()
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


@main.command()
@click.argument("query")
@click.option("--at", "name", required=True, help="The snapshot to ask.")
@lake_option
@format_option
def sql(query, name, lake, form):
    """Run one SELECT over a snapshot: corpus, documents, verdicts, fates. Read-only.

    \b
    Example:
      aadhan sql "select source, count(*) from corpus group by all" --at ta-2026.11
      aadhan sql "select rule, count(*) from fates group by all" --at ta-2026.11 --format csv
    """
    from warehouse.query import run_query
    from warehouse.snapshots import find_snapshot

    names, rows = run_query(find_snapshot(lake, name), query)
    answer(names, rows, form)


@main.command()
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
    from warehouse.snapshots import find_snapshot

    manifest = run_export(find_snapshot(lake, name), folder, overwrite=overwrite)
    rows = [(file, entry.get("rows"), entry["sha256"]) for file, entry in manifest["files"].items()]
    answer(["file", "rows", "sha256"], rows, form)


@main.command()
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
    from warehouse.export import verify_export
    from warehouse.snapshots import NAME, find_snapshot
    from warehouse.snapshots import verify as verify_snapshot

    is_name = NAME.fullmatch(target) and (lake / "snapshots" / target).exists()
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


@main.group()
def train():
    """Train on a named snapshot."""


@train.command()
@click.option("--snapshot", "name", required=True, help="The snapshot to train on.")
@click.option(
    "--model", default="xlm-roberta-base", show_default=True, help="Local folder or hub name."
)
@click.option("--tiny", is_flag=True, help="A tiny model and tokenizer made from the snapshot.")
@click.option("--epochs", type=float, default=3.0, show_default=True)
@click.option("--max-steps", type=int, default=-1, help="Stop after so many steps.")
@click.option("--batch-size", type=click.IntRange(min=1), default=8, show_default=True)
@click.option("--gradient-accumulation", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--learning-rate", type=float, default=5e-5, show_default=True)
@click.option("--block-size", type=click.IntRange(min=16), default=512, show_default=True)
@click.option("--seed", type=int, default=42, show_default=True)
@click.option(
    "--models", type=click.Path(path_type=Path), default=Path("models"), show_default=True
)
@lake_option
@format_option
def mlm(name, models, lake, form, **arguments):
    """Masked-language-model training of XLM-RoBERTa, 15 % of tokens masked.

    \b
    Example:
      aadhan train mlm --snapshot ta-2026.11
      aadhan train mlm --snapshot ta-2026.11 --tiny --block-size 128 --learning-rate 1e-3
    """
    import training
    from ingest.errors import MissingExtra
    from warehouse.snapshots import find_snapshot

    snapshot = find_snapshot(lake, name)
    training.quieten()
    try:
        from training.mlm import MlmArguments, train_mlm
    except ImportError as error:
        raise MissingExtra("training", "train", error.name or "torch") from error
    with progress_bar("training") as update:
        run = train_mlm(snapshot, models, MlmArguments(**arguments), update)
    for sample in run.fields["fill_mask"]:
        guesses = ", ".join(f"{one['token']} {one['share']:.0%}" for one in sample["guesses"])
        say(f"{sample['prompt']}\n    hidden: {sample['hidden']}; guessed: {guesses}")
    answer_one(
        {
            "run": str(run.folder),
            "snapshot": name,
            "content_hash": snapshot.content_hash,
            "steps": run.fields["steps"],
            **{
                f"{split}_{key}": value
                for split, values in run.fields["evaluation"].items()
                for key, value in values.items()
            },
        },
        form,
    )


if __name__ == "__main__":
    main()
