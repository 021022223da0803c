# SPDX-License-Identifier: Apache-2.0
"""Reduction of a failing batch of plans and scopes to a smaller one.

Each attempt starts the tracer on every kernel, so the cuts go from coarse to fine along the
structure of plans and scopes.  Hypothesis, which sees only its sequence of choices, shrinks little
in as many attempts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from vmtests.plans.scope_drafts import DrawnScope
from vmtests.workload.plan import Dies, Execs, Exits, Fork, Image, Item, Track

Part = TypeVar("Part")


@dataclass(frozen=True)
class Batch:
    """Plans that share one start of the tracer, and its scopes."""

    plans: tuple[Image, ...]
    scopes: tuple[DrawnScope, ...]


def reduced(batch: Batch, fails: Callable[[Batch], bool], seconds: float) -> Batch:
    """Return the smallest batch that fails, of those tried in ``seconds``."""
    deadline = time.monotonic() + seconds
    tried = {batch}
    found = True
    while found:
        found = False
        for smaller in smaller_batches(batch):
            if time.monotonic() > deadline:
                return batch
            if smaller in tried:
                continue
            tried.add(smaller)
            if fails(smaller):
                batch, found = smaller, True
                break
    return batch


def smaller_batches(batch: Batch) -> Iterator[Batch]:
    """Yield smaller batches, the coarsest cuts first."""
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
    """Yield each half, then all but a quarter, and so on to all but one part."""
    size = len(parts)
    if size > 1:
        yield parts[: size // 2]
        yield parts[size // 2 :]
    step = size // 4
    while step > 1:
        for index in range(0, size, step):
            yield parts[:index] + parts[index + step :]
        step //= 2
    for index in range(size):
        yield parts[:index] + parts[index + 1 :]


def with_one_smaller(
    parts: Sequence[Part], smaller: Callable[[Part], Iterator[Part]]
) -> Iterator[tuple[Part, ...]]:
    """Yield the parts with one of them replaced by a smaller one."""
    for index, part in enumerate(parts):
        for replacement in smaller(part):
            yield (*parts[:index], replacement, *parts[index + 1 :])


def smaller_scopes(scope: DrawnScope) -> Iterator[DrawnScope]:
    """Yield the scope without one of its conditions, and without follow."""
    for condition in sorted(scope.conditions, key=repr):
        yield replace(scope, conditions=scope.conditions - {condition})
    if scope.follow:
        yield replace(scope, follow=False)


def smaller_images(image: Image) -> Iterator[Image]:
    """Yield each image that this one forks or executes, then this one with less in it."""
    items = chain.from_iterable(track.items for track in image.tracks)
    yield from (item.child for item in items if isinstance(item, Fork))
    if isinstance(image.ending, Execs):
        yield image.ending.image
        yield replace(image, ending=Exits())
    for index in range(len(image.tracks)):
        if index not in (0, image.ender):
            rest = image.tracks[:index] + image.tracks[index + 1 :]
            yield replace(image, tracks=rest, ender=image.ender - (image.ender > index))
    for tracks in with_one_smaller(image.tracks, smaller_tracks):
        yield replace(image, tracks=tracks)
    if isinstance(image.ending, Execs):
        for after in smaller_images(image.ending.image):
            yield replace(image, ending=Execs(image.ending.name, after))


def smaller_tracks(track: Track) -> Iterator[Track]:
    """Yield the track with fewer items, or with a smaller item."""
    for items in chain(fewer(track.items), with_one_smaller(track.items, smaller_items)):
        yield replace(track, items=items)


def smaller_items(item: Item) -> Iterator[Item]:
    """Yield smaller forks; other items have no parts."""
    if isinstance(item, Fork):
        yield from (replace(item, count=count) for count in (1, 2) if count < item.count)
        for child in smaller_images(item.child):
            if may_be_first(child) or not item.pidns:
                yield replace(item, child=child)


def may_be_first(image: Image) -> bool:
    """Return whether an image may be the first process of a pid namespace (see ``Fork``)."""
    if isinstance(image.ending, Execs) and not may_be_first(image.ending.image):
        return False
    return not image.abandons and not isinstance(image.ending, Dies)
