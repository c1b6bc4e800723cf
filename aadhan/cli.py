"""The command `aadhan`: its verbs, and errors of the user's in one line.

Each verb imports what it needs when it runs, so that --help answers at once. Data goes to stdout,
talk to stderr; exit status 1 for an error whose message names the fix, 2 for wrong usage.
"""

import sys
from pathlib import Path

import click

from aadhan import land, publish, train
from ingest.errors import AadhanError


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
        except OSError as error:
            click.echo(f"aadhan: {error.filename or 'the system'}: {error.strerror}", err=True)
            ctx.exit(1)
        except (KeyboardInterrupt, RuntimeError) as error:
            # DuckDB tells an interrupt as a RuntimeError.
            if isinstance(error, RuntimeError) and "interrupt" not in str(error).lower():
                raise
            click.echo("aadhan: interrupted; nothing half-made is left, run it again", err=True)
            ctx.exit(130)


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


for verb in (
    land.sources,
    land.crawl,
    land.import_,
    publish.build,
    publish.check,
    publish.snapshots,
    publish.sql,
    publish.export,
    publish.verify,
    train.train,
):
    main.add_command(verb)
