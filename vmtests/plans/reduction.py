"""Looking for a smaller batch of plans and scopes that still fails.

Each try is a start of the tracer on every kernel, so the cuts go from the coarse to the fine by
what plans and scopes are made of; Hypothesis, which sees only the sequence of its choices, has
not come far after as many tries.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from vmtests.plans.drawn_scopes import Drawn
from vmtests.workload.plan import Dies, Execs, Exits, Fork, Image, Item, Track

Part = TypeVar("Part")


@dataclass(frozen=True)
class Batch:
    """Plans that share one start of the tracer, and the scopes that it is given."""

    plans: tuple[Image, ...]
    scopes: tuple[Drawn, ...]


def reduced(batch: Batch, fails: Callable[[Batch], bool], seconds: float) -> Batch:
    """The smallest batch that was found to fail as well within the time."""
    until = time.monotonic() + seconds
    tried = {batch}
    found = True
    while found:
        found = False
        for smaller in smaller_batches(batch):
            if time.monotonic() > until:
                return batch
            if smaller in tried:
                continue
            tried.add(smaller)
            if fails(smaller):
                batch, found = smaller, True
                break
    return batch


def smaller_batches(batch: Batch) -> Iterator[Batch]:
    """Ever finer cuts."""
    for scopes in fewer(batch.scopes):
        if scopes:
            yield replace(batch, scopes=scopes)
    for plans in fewer(batch.plans):
        if plans:
            yield replace(batch, plans=plans)
    for scopes in with_one_smaller(batch.scopes, smaller_scopes):
        yield replace(batch, scopes=scopes)
    for plans in with_one_smaller(batch.plans, smaller_images):
        yield replace(batch, plans=plans)


def fewer(parts: tuple[Part, ...]) -> Iterator[tuple[Part, ...]]:
    """Either half, then all but a quarter, and so on to all but one."""
    size = len(parts)
    if size > 1:
        yield parts[: size // 2]
        yield parts[size // 2 :]
    step = size // 4
    while step > 1:
        for place in range(0, size, step):
            yield parts[:place] + parts[place + step :]
        step //= 2
    for place in range(size):
        yield parts[:place] + parts[place + 1 :]


def with_one_smaller(
    parts: Sequence[Part], smaller: Callable[[Part], Iterator[Part]]
) -> Iterator[tuple[Part, ...]]:
    """The same, with a smaller part in one place."""
    for place, part in enumerate(parts):
        for one in smaller(part):
            yield (*parts[:place], one, *parts[place + 1 :])


def smaller_scopes(scope: Drawn) -> Iterator[Drawn]:
    """Without a condition, or without follow."""
    for condition in sorted(scope.conditions, key=repr):
        yield replace(scope, conditions=scope.conditions - {condition})
    if scope.follow:
        yield replace(scope, follow=False)


def smaller_images(image: Image) -> Iterator[Image]:
    """A process or program that it begins, in its place; then less of itself."""
    items = chain.from_iterable(track.items for track in image.tracks)
    yield from (item.child for item in items if isinstance(item, Fork))
    if isinstance(image.ending, Execs):
        yield image.ending.image
        yield replace(image, ending=Exits())
    for place in range(len(image.tracks)):
        if place not in (0, image.ender):
            rest = image.tracks[:place] + image.tracks[place + 1 :]
            yield replace(image, tracks=rest, ender=image.ender - (image.ender > place))
    for tracks in with_one_smaller(image.tracks, smaller_tracks):
        yield replace(image, tracks=tracks)
    if isinstance(image.ending, Execs):
        for after in smaller_images(image.ending.image):
            yield replace(image, ending=Execs(image.ending.name, after))


def smaller_tracks(track: Track) -> Iterator[Track]:
    """With fewer items, or smaller ones."""
    for items in chain(fewer(track.items), with_one_smaller(track.items, smaller_items)):
        yield replace(track, items=items)


def smaller_items(item: Item) -> Iterator[Item]:
    """Only forks have anything in them."""
    if isinstance(item, Fork):
        yield from (replace(item, count=count) for count in (1, 2) if count < item.count)
        for child in smaller_images(item.child):
            if may_be_first(child) or not item.pidns:
                yield replace(item, child=child)


def may_be_first(image: Image) -> bool:
    """Whether it may be the first process of a pid namespace (see ``Fork``)."""
    if isinstance(image.ending, Execs) and not may_be_first(image.ending.image):
        return False
    return not image.abandons and not isinstance(image.ending, Dies)
