"""What surrounds a page: links, languages, the menu, who is signed in, the nonce of inlined style."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A destination with a name in the reader's language."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The same page in another language: `vi`, `km` or `en`."""

    language: str
    url: str


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the staff's menu; `code` is one of `verdicts.NAVIGATION`."""

    code: str
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class NavigationGroup:
    """Entries that unfold under one word; `code` is one of `verdicts.NAVIGATION_GROUPS`."""

    code: str
    pages: tuple[NavigationItem, ...]

    @property
    def current(self) -> bool:
        return any(each.current for each in self.pages)


@dataclass(frozen=True, slots=True)
class Shell:
    """Around every staff page. `notice` is a code of `verdicts.NOTICES`; `demo` marks synthetic figures."""

    stylesheet_url: str
    home_url: str
    languages: tuple[LanguageLink, ...] = ()
    navigation: tuple[NavigationItem | NavigationGroup, ...] = ()
    staff_name: str | None = None
    role: str | None = None
    sign_out_url: str | None = None
    account_url: str | None = None
    csrf_token: str = ""
    notice: str | None = None
    demo: bool = False


@dataclass(frozen=True, slots=True)
class CitizenShell:
    """Around every page that citizens see: style is inlined under the nonce, so the page is one request. Only with
    `khmer_font` does a page in Khmer fetch letters, for devices that have none."""

    nonce: str
    languages: tuple[LanguageLink, ...] = ()
    home_url: str = "/"
    khmer_font: bool = False
