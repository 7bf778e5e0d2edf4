"""Names as people write them -> the categories they mean."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from labels.names import comparison_key, tidy_name, without_case, without_signs, without_spaces
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError

# A name means what is written exactly so; else what differs least from it.
_FORMS: tuple[Callable[[str], str], ...] = (
    *(tidy_name, without_case, comparison_key),
    *(without_spaces, without_signs),
)
_NAMES_SHOWN = 8  # in a message


class CategoryNames:
    """The ids and names of a taxonomy's categories, found however they are written."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        """Index the ids, and the French and English names."""
        self._by_form: list[dict[str, dict[str, None]]] = [{} for _ in _FORMS]
        for category in taxonomy.categories:
            for name in (category.id, category.fr, category.en):
                for form, index in zip(_FORMS[:-1], self._by_form, strict=False):
                    index.setdefault(form(name), {})[category.id] = None
        for name in taxonomy.ids:  # an id means its own category, whatever others are called
            self._by_form[0][name] = {name: None}
            # It was made of a name, which a person may have changed since.
            self._by_form[-1].setdefault(without_signs(name), {})[name] = None

    def find(self, name: str) -> str | None:
        """Return the id of the category that a name means, or None if it means none.

        Raises:
            InputError: several are alike, and none of them is written exactly so.
        """
        for form, index in zip(_FORMS, self._by_form, strict=True):
            if ids := index.get(form(name)):
                if len(ids) > 1:
                    raise InputError(
                        f"{name!r} may be any of the categories {', '.join(ids)}. Write its id."
                    )
                return next(iter(ids))
        return None

    def is_known(self, name: str) -> bool:
        """Tell whether a name means a category, or several."""
        return any(form(name) in index for form, index in zip(_FORMS, self._by_form, strict=True))

    @property
    def keys(self) -> dict[str, str]:
        """The comparison key of every id and name -> the id of a category that has it."""
        return {key: next(iter(ids)) for key, ids in self._by_form[2].items()}


@dataclass(slots=True)
class NameCount:
    """A name in a file.

    Attributes:
        name: as it stands in the file, composed.
        row: the number of the first row that has it.
        count: how many rows have it.
    """

    name: str
    row: str
    count: int = 0

    def __str__(self) -> str:
        """Return it for a message: "Médecine (1 article) in row 3"."""
        articles = f"{self.count:,} article{'' if self.count == 1 else 's'}"
        return f"{self.name} ({articles}) {'in' if self.count == 1 else 'first in'} row {self.row}"


def list_names(names: Iterable[NameCount], near: Mapping[str, str]) -> str:
    """List names for a message, in alphabetical order; of very many those that most rows have.

    near: name -> the known name that it resembles.
    """
    ranked = sorted(names, key=lambda name: -name.count)
    shown = [
        f"{name} (did you mean {near[name.name]!r}?)" if name.name in near else str(name)
        for name in sorted(ranked[:_NAMES_SHOWN], key=lambda name: name.name)
    ]
    more = f" and {len(ranked) - _NAMES_SHOWN:,} more" if len(ranked) > _NAMES_SHOWN else ""
    return ", ".join(shown) + more
