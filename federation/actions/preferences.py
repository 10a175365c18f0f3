"""What people prefer: how their thoughts start out, and what their profile shows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from federation.actions.acting import acting
from federation.actions.profiles import send_update
from federation.errors import Invalid
from federation.protocol.addressing import Visibility
from storage import cards, preferences
from storage.people import Person
from storage.preferences import Preferences

if TYPE_CHECKING:
    from federation.services import Services

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_MOST_DOMAINS = 100
_CHOICES: dict[str, frozenset[str]] = {
    "visibility": frozenset(Visibility),
    "quote_policy": frozenset({"public", "followers", "nobody"}),
    "expand_media": frozenset({"default", "show_all", "hide_all"}),
}


def check_language(language: str | None) -> str | None:
    """Return a language tag, or raise `Invalid` for what is none."""
    if not language:
        return None
    if not _LANGUAGE.fullmatch(language):
        raise Invalid(f"{language!r} is not a language tag such as en or pt-BR.", field="language")
    return language


async def get_preferences(services: Services, person: Person) -> Preferences:
    """Return what somebody prefers."""
    async with services.database.connection() as db:
        return await preferences.find_preferences(db, person.id)


async def edit_preferences(services: Services, person: Person, **changes: Any) -> Preferences:
    """Change what somebody prefers, by the names of `Preferences`; raise `Invalid` naming the field."""
    changes = check_preferences(changes)
    async with acting(services, person) as db:
        before = await preferences.find_preferences(db, person.id)
        wanted = replace(before, **changes)
        await preferences.save_preferences(db, person.id, wanted)
        renamed = wanted.attribution_domains != before.attribution_domains
        if renamed:
            # Other servers, too, show them as the author of what those sites publish.
            await cards.agree(db, person.id, wanted.attribution_domains)
            await send_update(db, services, person)
    if renamed:
        services.wake()
    return wanted


def check_preferences(changes: dict[str, Any]) -> dict[str, Any]:
    """Return changes as they are stored; raise `Invalid` naming the field."""
    for name, choices in _CHOICES.items():
        if name in changes and changes[name] not in choices:
            raise Invalid(f"{changes[name]!r:.40} is not one of {', '.join(sorted(choices))}.", field=name)
    checked = dict(changes)
    if "language" in checked:
        checked["language"] = check_language(checked["language"])
    if "attribution_domains" in checked:
        checked["attribution_domains"] = _domains(checked["attribution_domains"])
    return checked


def _domains(wanted: list[str]) -> list[str]:
    """Return domains as browsers write them; people paste whole addresses."""
    domains = []
    for text in wanted:
        domain = text.strip().lower().removeprefix("https://").removeprefix("http://").partition("/")[0].rstrip(".")
        if not domain:
            continue
        if not _DOMAIN.fullmatch(domain):
            raise Invalid(f"{text!r:.80} is not a domain such as example.org.", field="attribution_domains")
        domains.append(domain)
    if len(domains) > _MOST_DOMAINS:
        raise Invalid(f"There is room for {_MOST_DOMAINS} domains.", field="attribution_domains")
    return list(dict.fromkeys(domains))
