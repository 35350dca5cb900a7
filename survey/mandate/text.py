"""Wording in the languages of the platform: Vietnamese always, English and Khmer where somebody has written them."""

from collections.abc import Iterator, Mapping

from survey.mandate.errors import MissingText

LANGUAGES = ("vi", "en", "km")
FIRST_LANGUAGE = "vi"


class Text(Mapping[str, str]):
    """A frozen mapping of language code to wording.

    Raises `MissingText` when the Vietnamese wording is absent or a wording is empty, and `ValueError` for a language
    outside `LANGUAGES`.
    """

    __slots__ = ("_wordings",)

    def __init__(self, wordings: Mapping[str, str]) -> None:
        _check(wordings)
        ordered = tuple((language, wordings[language]) for language in LANGUAGES if language in wordings)
        self._wordings: tuple[tuple[str, str], ...] = ordered

    def in_language(self, language: str) -> str:
        """The wording in `language`, or in Vietnamese where nobody has written it in that language yet."""
        wordings = dict(self._wordings)
        return wordings.get(language, wordings[FIRST_LANGUAGE])

    @property
    def missing(self) -> tuple[str, ...]:
        """The languages that still lack a wording."""
        return tuple(language for language in LANGUAGES if language not in self)

    def __getitem__(self, language: str) -> str:
        return dict(self._wordings)[language]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._wordings))

    def __len__(self) -> int:
        return len(self._wordings)

    def __hash__(self) -> int:
        return hash(self._wordings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self._wordings == other._wordings

    def __repr__(self) -> str:
        return f"Text({dict(self._wordings)!r})"

    def __str__(self) -> str:
        return self.in_language(FIRST_LANGUAGE)


def _check(wordings: Mapping[str, str]) -> None:
    unknown = sorted(set(wordings) - set(LANGUAGES))
    if unknown:
        raise ValueError(f"Unknown language {unknown[0]!r}: write the text in {', '.join(LANGUAGES)}")
    if FIRST_LANGUAGE not in wordings:
        raise MissingText('A text has no Vietnamese wording: add vi = "..."')
    for language, wording in wordings.items():
        if not wording.strip():
            raise MissingText(f"The {language} wording is empty: write it, or leave the language out")
