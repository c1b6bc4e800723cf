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
    defaults = _read(DEFAULTS)
    local = Path("aadhan.toml")
    user = path or (local if local.exists() else None)
    if user is None or user.resolve() == DEFAULTS:
        return defaults
    return _overlay(defaults, _read(user), str(user))


def _read(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"no settings file {path}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} is not readable TOML: {error}") from error


def _overlay(defaults: dict, user: dict, where: str) -> dict:
    merged = dict(defaults)
    for key, value in user.items():
        if key not in defaults and not where.endswith("strategies"):
            known = ", ".join(sorted(defaults))
            raise SettingsError(f"{where}: unknown key {key!r}; known here are {known}")
        if isinstance(value, dict) and isinstance(defaults.get(key), dict):
            merged[key] = _overlay(defaults[key], value, f"{where}: {key}")
        else:
            merged[key] = value
    return merged


def strategy_weights(settings: dict, strategy: str) -> dict[str, float]:
    strategies = settings["strategies"]
    if strategy in strategies:
        return strategies[strategy]
    known = ", ".join(sorted(strategies))
    raise SettingsError(f"no strategy {strategy!r} in aadhan.toml: known are {known}")
