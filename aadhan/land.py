"""Verbs that land pages: sources, crawl, import."""

from pathlib import Path

import click

from aadhan.output import answer, format_option, lake_option, progress_bar, say, settings
from ingest.kinds import KINDS


@click.command()
@format_option
def sources(form):
    """List the sources: those that ship, and those of ./sources.toml.

    \b
    Example:
      aadhan sources --format json
    """
    from ingest.registry import load_sources

    found = load_sources().values()
    rows = [(s.name, s.kind, s.category, s.home, s.licence, s.title) for s in found]
    answer(["name", "kind", "category", "home", "licence", "title"], rows, form)


@click.command()
@click.option("--source", "names", multiple=True, help="A source of the registry; may be repeated.")
@click.option("--strategy", help="Crawl all sources, in shares by this strategy's weights.")
@click.option(
    "--max-records",
    type=click.IntRange(min=1),
    help="Land at most so many pages, shared among the sources.",
)
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
    from ingest.page import FETCH_STATUSES
    from ingest.quotas import quotas
    from ingest.registry import find_source, load_sources
    from ingest.settings import strategy_weights

    known, config = load_sources(), settings()
    if not names and not strategy:
        raise click.UsageError("say what to crawl: --source NAME or --strategy NAME")
    if base_url and len(names) != 1:
        raise click.UsageError("--base-url goes with exactly one --source")
    chosen = [find_source(name, known) for name in dict.fromkeys(names)] or [
        one for one in known.values() if one.name != "demo"
    ]
    weights = strategy_weights(config, strategy) if strategy else {}
    bounds = quotas(chosen, weights, max_records)
    chosen = [one for one in chosen if one.name in bounds]
    if not chosen:
        raise click.UsageError(f"strategy {strategy} gives no source of the registry any weight")
    with progress_bar("crawling") as update:
        totals = {}

        def on_page(run) -> None:
            totals[run.source] = sum(run.counts.values())
            update(sum(totals.values()), None, f"crawling {run.source}")

        runs = run_crawl(
            chosen, lake, config["crawl"], base_url=base_url, quotas=bounds, on_page=on_page
        )
    errors = [run.error for run in runs if run.error]
    if len(errors) == len(runs):
        raise errors[0]
    for run in runs:
        for warning in run.warnings:
            say(f"{run.source}: {warning}")
        if run.resumed_count:
            say(f"{run.source}: went on with {run.folder.name}; {run.resumed_count} landed before")
        if not (run.counts["ok"] or run.counts["not_modified"] or run.resumed_count):
            say(f"{run.source}: not one page could be read; is the address right (--base-url)?")
        if run.error:
            say(f"{run.source}: {run.error}")
        elif run.reason != "finished":
            say(f"{run.source}: stopped early ({run.reason}); run the same command to go on")
    kinds = FETCH_STATUSES
    rows = [(run.source, *(run.counts[kind] for kind in kinds), str(run.folder)) for run in runs]
    answer(["source", *kinds, "landed_in"], rows, form)
    if any(run.reason != "finished" for run in runs):
        click.get_current_context().exit(1)


class ImportCommand(click.Command):
    """Lists the kinds in its help, from the table that has them."""

    def format_epilog(self, ctx, formatter):
        with formatter.section("Kinds"):
            formatter.write_dl([(name, kind.about) for name, kind in KINDS.items()])


@click.command("import", cls=ImportCommand)
@click.argument("kind", type=click.Choice(list(KINDS)), metavar="KIND")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--source", required=True, help="Name the records go by; a registry name or a new one."
)
@click.option(
    "--category",
    help="Category of records that name none [default: the registry's, else the kind's: "
    "encyclopedia, conversation or book].",
)
@click.option("--licence", help="Licence of the records [default: the registry's].")
@click.option("--base-url", help="Public address of a folder's root; html, text, markdown, …")
@click.option("--text-column", help="The column that holds the text; jsonl, parquet, hf.")
@click.option("--per-line", is_flag=True, help="text: a document per line, or between blank lines.")
@lake_option
@format_option
def import_(kind, path, source, category, licence, base_url, text_column, per_line, lake, form):
    """Land what is already on disk; importing twice adds nothing.

    PATH is a file or a folder of files. What is broken in it is named and does not stop the rest;
    the exit status is 1 then. A killed import goes on with the same command.

    \b
    Example:
      aadhan import warc CC-MAIN-2026-40.warc.gz --source commoncrawl --category news
      aadhan import mediawiki tawiki-pages-articles.xml.bz2 --source tawiki
      aadhan import jsonl corpus.jsonl --source mycorpus --category news --licence CC-BY-4.0
      aadhan import parquet sangraha/ta --source sangraha
      aadhan import text books/ --source mybooks
      aadhan import html site/ --source mysite --base-url https://my.site/
    """
    from collections import Counter

    from ingest.importers import import_path
    from ingest.registry import check_category, check_slug, load_sources

    entry = load_sources().get(check_slug(source, "source name"))
    category = category or (entry.category if entry else None)
    licence = licence or (entry.licence if entry else None)
    counts = Counter()
    try:
        with progress_bar(f"importing {path.name} (MB)") as update:
            import_path(
                kind,
                path,
                lake,
                source=source,
                category=check_category(category) if category else None,
                licence=licence,
                base_url=base_url or (entry.home if entry and kind == "html" else None),
                text_column=text_column,
                per_line=per_line,
                max_record_bytes=settings()["crawl"]["max_body_bytes"],
                counts=counts,
                on_note=say,
                on_progress=lambda done, total: update(done >> 20, total >> 20),
            )
    finally:
        # An import that ends in an error may have landed most of it.
        if counts:
            answer(["outcome", "count"], sorted(counts.items()), form)
