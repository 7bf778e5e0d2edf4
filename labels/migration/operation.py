"""One change of the categories, and the taxonomy after it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from labels.taxonomy import HOTKEYS, Category, Guideline, Taxonomy
from seeds.base.errors import InputError

Kind = Literal["rename", "merge", "split", "retire", "add"]


@dataclass(frozen=True, slots=True)
class Target:
    """A category that there is to be. fr, en: its names; "": those that it has, or its id."""

    id: str
    fr: str = ""
    en: str = ""

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Return the target of "id", "id=Nom" or "id=Nom/Name"."""
        name, _, names = text.strip().partition("=")
        fr, _, en = names.partition("/")
        return cls(name.strip(), fr.strip(), en.strip() or fr.strip())


@dataclass(frozen=True, slots=True)
class Operation:
    """One change of the categories.

    Attributes:
        kind: what is done.
        sources: ids of the categories that it is done to; none for "add".
        targets: the categories that come of it; none for "retire".
    """

    kind: Kind
    sources: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()

    @property
    def words(self) -> str:
        """The operation as it is typed, without its names: "merge a b --into c"."""
        targets = ",".join(target.id for target in self.targets)
        into = f"--into {targets}" if self.kind in ("merge", "split") else targets
        return " ".join(filter(None, (self.kind, *self.sources, into)))

    @property
    def mapping(self) -> dict[str, str]:
        """The new id of each category that lives on under another one."""
        if self.kind not in ("rename", "merge"):
            return {}
        target = self.targets[0].id
        return {source: target for source in self.sources if source != target}

    @property
    def ended(self) -> tuple[str, ...]:
        """The categories that end without an heir: their votes are set aside."""
        return self.sources if self.kind in ("retire", "split") else ()

    def apply(self, taxonomy: Taxonomy, now: str) -> Taxonomy:
        """Return the taxonomy after it.

        now: ISO 8601; annotations older than this did not answer for categories that are new.

        Raises:
            InputError: a source is no category, a target may not be one, or nothing would change.
        """
        for source in self.sources:
            taxonomy[source]  # names the nearest if there is none
        self._refuse_repeats()
        self._refuse_reuse(taxonomy)
        if self.kind == "rename":
            return self._rename(taxonomy)
        if self.kind == "merge":
            return self._merge(taxonomy)
        return self._change_list(taxonomy, now)

    def _refuse_repeats(self) -> None:
        for names in (self.sources, tuple(target.id for target in self.targets)):
            repeated = [name for name in names if names.count(name) > 1]
            if repeated:
                raise InputError(f"{self.words}: {repeated[0]!r} is named twice. Name it once.")
        if self.kind == "split" and len(self.targets) < 2:
            raise InputError(
                f"{self.words}: a split needs two new categories or more. For one, use "
                "`classify labels migrate rename`."
            )

    def _refuse_reuse(self, taxonomy: Taxonomy) -> None:
        """Refuse a target whose id is, or was, another category's."""
        for target in self.targets:
            if target.id in taxonomy.retired:
                raise InputError(
                    f"{target.id!r} was a category before, and an id is never reused: its old "
                    "votes would count again. Choose another id."
                )
            if self.kind == "merge" or target.id not in taxonomy.places:
                continue
            if self.kind == "split" and target.id in self.sources:
                raise InputError(
                    f"{self.words}: the parts need new ids, as {target.id!r} no longer means what "
                    "it did. Choose another id."
                )
            advice = (
                f"To join them, run `classify labels migrate merge {' '.join(self.sources)} "
                f"--into {target.id}`."
                if self.kind == "rename"
                else "Choose another id."
            )
            raise InputError(f"{target.id!r} is a category already. {advice}")

    def _rename(self, taxonomy: Taxonomy) -> Taxonomy:
        (source,), (target,) = self.sources, self.targets
        old = taxonomy[source]
        new = replace(old, id=target.id, fr=target.fr or old.fr, en=target.en or old.en)
        return _replace(taxonomy, {source: (new,)})

    def _merge(self, taxonomy: Taxonomy) -> Taxonomy:
        """Put the target in the place of the first source, unless it has a place of its own."""
        (target,) = self.targets
        is_there = target.id in taxonomy.places
        merged = [
            taxonomy[name]
            for name in dict.fromkeys((*self.sources, target.id))
            if name in taxonomy.places
        ]
        if len(merged) < 2:
            raise InputError(
                f"{self.words}: there is nothing to join. Name two categories, or use "
                "`classify labels migrate rename`."
            )
        kept = (
            taxonomy[target.id]
            if is_there
            else replace(
                merged[0],
                id=target.id,
                iptc="",
                guideline=Guideline(),
                fr=target.id,
                en=target.id,
            )
        )
        origins = {category.split_from for category in merged}
        joined = replace(
            kept,
            fr=target.fr or kept.fr,
            en=target.en or kept.en,
            added=max(category.added for category in merged),
            split_from=origins.pop() if len(origins) == 1 else "",
        )
        place = target.id if is_there else self.sources[0]
        return _replace(taxonomy, dict.fromkeys(self.sources, ()) | {place: (joined,)})

    def _change_list(self, taxonomy: Taxonomy, now: str) -> Taxonomy:
        """Split, retire or add."""
        others = [c for c in taxonomy.categories if c.id not in self.sources]
        if not (others or self.targets):
            raise InputError(
                f"{self.words}: no category would be left. Add another one first, with "
                "`classify labels migrate add`."
            )
        taken = {category.hotkey for category in others}
        keys = iter([key for key in HOTKEYS if key not in taken])
        origin = self.sources[0] if self.kind == "split" else ""
        group = taxonomy[origin].group if origin else ""
        new = tuple(
            Category(
                id=target.id,
                fr=target.fr or target.id,
                en=target.en or target.id,
                hotkey=next(keys, ""),
                added=now,
                split_from=origin,
                group=group,
            )
            for target in self.targets
        )
        if self.kind == "add":
            return replace(taxonomy, categories=(*taxonomy.categories, *new))
        changed = _replace(taxonomy, dict.fromkeys(self.sources, ()) | {self.sources[0]: new})
        return replace(changed, retired=(*taxonomy.retired, *self.sources))


def _replace(taxonomy: Taxonomy, changes: Mapping[str, tuple[Category, ...]]) -> Taxonomy:
    """Return a taxonomy in which some categories are replaced by others, where they stand."""
    categories = (changes.get(category.id, (category,)) for category in taxonomy.categories)
    return replace(taxonomy, categories=tuple(new for group in categories for new in group))


def map_names(names: Iterable[str], mapping: Mapping[str, str]) -> tuple[str, ...]:
    """Return the new ids of categories, each once, in the order of the first."""
    return tuple(dict.fromkeys(mapping.get(name, name) for name in names))
