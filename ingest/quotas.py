"""How many records a crawl may land: a strategy's weights divided among categories and sources."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ingest.registry import Source

UNBOUNDED = 1 << 62
Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class Quota:
    """How many records a crawl may still land from a source: in all, or of each category."""

    total: int | None = None
    by_category: dict[str, int] | None = None
    taken: Counter = field(default_factory=Counter)

    def is_full(self, category: str) -> bool:
        if self.total is not None and self.taken.total() >= self.total:
            return True
        if self.by_category is None:
            return False
        return self.taken[category] >= self.by_category.get(category, 0)

    def take(self, category: str) -> None:
        self.taken[category] += 1

    @property
    def is_bounded(self) -> bool:
        parts = self.by_category or {}
        return self.total is not None or any(part < UNBOUNDED for part in parts.values())

    def echo(self) -> dict:
        return {"total": self.total, "by_category": self.by_category}


def quotas(
    sources: list[Source], weights: dict[str, float], max_records: int | None
) -> dict[str, Quota]:
    """What each source may land, by source name; a source that may land nothing is left out.

    A strategy's weights (1 where it names none) share `max_records` among the categories at hand,
    and a category's share is divided evenly among the sources that have it. Weight 0 means that a
    category is not crawled, bounded or not. Without weights the sources share evenly.
    """
    if not weights:
        if max_records is None:
            return {source.name: Quota() for source in sources}
        parts = apportion(max_records, {source.name: 1.0 for source in sources})
        return {name: Quota(total=part) for name, part in parts.items() if part}
    holders: dict[str, list[str]] = {}
    for source in sources:
        for category in sorted({source.category, *source.categories.values()}):
            if weights.get(category, 1.0) > 0:
                holders.setdefault(category, []).append(source.name)
    weight = {
        (name, category): weights.get(category, 1.0) / len(names)
        for category, names in holders.items()
        for name in names
    }
    parts = dict.fromkeys(weight, UNBOUNDED)
    if max_records is not None:
        parts = apportion(max_records, weight)
    found: dict[str, Quota] = {}
    for (name, category), part in parts.items():
        if part:
            by_category = found.setdefault(name, Quota(by_category={})).by_category
            assert by_category is not None
            by_category[category] = part
    return found


def apportion(total: int, weights: Mapping[Key, float]) -> dict[Key, int]:
    """Whole parts of a total in proportion to the weights, by largest remainder; they add up."""
    whole = sum(weights.values())
    exact = {key: total * weight / whole for key, weight in weights.items()}
    parts = {key: int(value) for key, value in exact.items()}
    rest = sorted(weights, key=lambda key: (parts[key] - exact[key], str(key)))
    for key in rest[: total - sum(parts.values())]:
        parts[key] += 1
    return parts
