"""What every verb shares: its options, answers on stdout, talk and progress on stderr."""

import csv
import json
import sys
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import click

FORMATS = click.Choice(["table", "json", "csv"])


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
        click.echo(json.dumps(objects, ensure_ascii=False, indent=2, default=str))
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
        else json.dumps(value, ensure_ascii=False, default=str)
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
