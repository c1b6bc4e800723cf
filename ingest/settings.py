"""aadhan.toml: read once, handed on as plain values, echoed into every manifest.

The file beside the installed command holds every default with its explanation; one in the working
folder (or named by --config) overrides single keys of it. There are no environment variables.
"""

import tomllib
from pathlib import Path

from ingest.errors import SettingsError

DEFAULTS = Path(__file__).parents[1] / "aadhan.toml"


def load_settings(path: Path | None = None) -> dict:
    """The defaults with the user's file laid over them.

    Raises SettingsError for a file that is not TOML and for keys that no default knows:
    a misspelt threshold must not be silently ignored.
    """
    settings = _read(DEFAULTS)
    local = Path("aadhan.toml")
    user = path or (local if local.exists() else None)
    if user is not None and user.resolve() != DEFAULTS:
        settings = _overlay(settings, _read(user), [str(user)])
    _check_rules(settings["rules"])
    build = settings["build"]
    if not 0 < build["train_permille"] + build["validation_permille"] <= 1000:
        raise SettingsError("train_permille and validation_permille together must be 1 to 1000")
    return settings


def _read(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"no settings file {path}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} is not readable TOML: {error}") from error


def _overlay(defaults: dict, user: dict, path: list[str]) -> dict:
    """The user's keys over the defaults; each of the default's own type.

    Strategies, and categories in one, may be added; nothing else may.
    """
    merged = dict(defaults)
    where = ": ".join(path)
    is_open = path[1:2] == ["strategies"]
    for key, value in user.items():
        if key not in defaults and not is_open:
            known = ", ".join(sorted(defaults))
            raise SettingsError(f"{where}: unknown key {key!r}; known here are {known}")
        example = defaults.get(key, {} if len(path) == 2 else 1.0)
        if isinstance(example, dict) and isinstance(value, dict):
            merged[key] = _overlay(example, value, [*path, key])
        elif type(value) is type(example) or (type(example) is float and type(value) is int):
            merged[key] = float(value) if type(example) is float else value
        else:
            kind = type(example).__name__.replace("dict", "table").replace("str", "text")
            raise SettingsError(f"{where}: {key} = {value!r} must be of type {kind}")
    return merged


def _check_rules(rules: dict) -> None:
    """A feature is good beyond the threshold that drops it, or the score would run backwards."""
    for key, good in rules.items():
        feature = key.removeprefix("good_")
        least, most = rules.get(f"min_{feature}"), rules.get(f"max_{feature}")
        is_backwards = (least is not None and good <= least) or (most is not None and good >= most)
        if key.startswith("good_") and is_backwards:
            bound = f"min_{feature}" if least is not None else f"max_{feature}"
            raise SettingsError(f"rules: {key} = {good} is no better than {bound}")


def strategy_weights(settings: dict, strategy: str) -> dict[str, float]:
    strategies = settings["strategies"]
    if strategy in strategies:
        return strategies[strategy]
    known = ", ".join(sorted(strategies))
    raise SettingsError(f"no strategy {strategy!r} in aadhan.toml: known are {known}")
