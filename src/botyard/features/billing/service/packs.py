"""Packs: plans that are lengths of one thing, together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from botyard.features.billing.service.catalog import Offer


@dataclass(frozen=True, slots=True)
class Pack:
    """What is sold for one length or several; `offers` are its lengths, in the order of the catalog."""

    code: str
    title: str
    offers: tuple[Offer, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """What its plans give, each once."""
        return tuple(dict.fromkeys(feature for offer in self.offers for feature in offer.features))


def packs_of(offers: Iterable[Offer]) -> list[Pack]:
    """The packs of these plans, in the order of the catalog."""
    found: dict[str, list[Offer]] = {}
    for offer in offers:
        found.setdefault(offer.pack, []).append(offer)
    return [Pack(code, _title(code, plans), tuple(plans)) for code, plans in found.items()]


def currencies_of(offers: Iterable[Offer]) -> list[str]:
    """The currencies that there are prices in, by their code."""
    return sorted({currency for offer in offers for currency in offer.prices})


def _title(code: str, offers: Sequence[Offer]) -> str:
    """What the titles of its plans have in common: `Gold signals` of `Gold signals, 3 months` and others."""
    titles = [offer.title for offer in offers]
    if len(titles) == 1:
        return titles[0]
    heads = {title.rpartition(",")[0].strip() for title in titles}
    if len(heads) == 1 and (head := heads.pop()):
        return head
    columns = zip(*(title.split() for title in titles), strict=False)
    common = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns)]
    return " ".join(common).rstrip(" ,:;-\u2013") or code
