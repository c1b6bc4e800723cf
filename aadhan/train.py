"""Verbs that train: train mlm."""

from pathlib import Path

import click

from aadhan.output import answer_one, format_option, lake_option, progress_bar, say


@click.group()
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
@click.option("--seed", type=click.IntRange(min=0), default=42, show_default=True)
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
