"""What this place says of itself: description, rules, privacy, terms; written by admins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.administration import check_admin
from federation.errors import Invalid, NotFound
from federation.protocol.text import normalise_source, render_bio
from storage import moderation, site
from storage.site import SiteRule, SiteText, Week

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

KINDS = ("description", "about", "privacy", "terms")
MOST_CHARS = {"description": 500, "about": 50_000, "privacy": 50_000, "terms": 50_000}
MOST_RULES = 50
SWITCHES = ("trends", "trendable_by_default")
# Said as long as the admins say nothing else; it is what the software does.
_PRIVACY = """This server keeps what you give it: your user name, your e-mail address, a scrambled form of your \
password, your profile, and what you write, with whom you share it.

What is public, anybody can read, and other servers keep copies. What is for followers goes to the servers of your \
followers, and what is direct to those of the people you name. Their admins, and ours, could read it.

When you sign in, or an app acts for you, we note when that was, the name of your browser and the first part of your \
address, so that you can see whether it was you.

Your browser keeps a cookie while you are signed in, and nothing else. Pictures of other servers reach you through \
ours, so that they do not learn who looks at them. Nothing is sold, and nobody is followed around.

You can delete what you wrote, and your whole account, at any time. We then ask every server that may have a copy to \
delete it too."""
_PRIVACY_SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Text:
    """A text as people read it. `succeeded_by`: when newer terms take its place."""

    html: str
    source: str
    updated_at: datetime
    effective_on: date
    succeeded_by: date | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What stands beside the door: a line or two, and the rules."""

    description: str
    rules: list[SiteRule]


def default_description(services: Services) -> str:
    """Return what is said of this place until an admin says more."""
    return f"Short thoughts, federated, on {services.settings.account_domain}."


async def get_house(services: Services) -> House:
    """Return description and rules."""
    async with services.database.connection() as db:
        texts = await site.list_texts(db, "description")
        return House(texts[0].content if texts else default_description(services), await site.list_rules(db))


def _shown(services: Services, text: SiteText, succeeded_by: date | None = None) -> Text:
    html = render_bio(text.content, origin=services.settings.origin)
    return Text(html, text.content, text.updated_at, text.effective_on, succeeded_by)


async def get_text(services: Services, kind: str) -> Text | None:
    """Return a text, None when nobody wrote it; there is always one about privacy."""
    async with services.database.connection() as db:
        texts = await site.list_texts(db, kind)
    if texts:
        return _shown(services, texts[0])
    if kind == "privacy":
        return _shown(services, SiteText(kind, _PRIVACY_SINCE.date(), _PRIVACY, _PRIVACY_SINCE))
    return None


async def get_terms(services: Services, on: date | None = None) -> Text:
    """Return the terms in force, or those of a day; `NotFound` when there are none."""
    today = services.now().date()
    async with services.database.connection() as db:
        versions = await site.list_texts(db, "terms")
    for place, one in enumerate(versions):
        wanted = one.effective_on == on if on is not None else one.effective_on <= today
        if wanted or (on is None and place == len(versions) - 1):
            return _shown(services, one, versions[place - 1].effective_on if place else None)
    raise NotFound("There are no terms of service.")


async def has_terms(services: Services) -> bool:
    """Tell whether there are terms of service."""
    async with services.database.connection() as db:
        return bool(await site.list_texts(db, "terms"))


async def save_text(
    services: Services, admin: Person, kind: str, content: str, *, effective_on: date | None = None
) -> None:
    """Store what an admin wrote; nothing takes the text away. Terms need the day from which they hold."""
    content = normalise_source(content)
    if kind not in KINDS:
        raise NotFound("There is no such text.")
    if len(content) > MOST_CHARS[kind]:
        raise Invalid(f"That is too long; {MOST_CHARS[kind]} characters fit.", field=kind)
    if kind == "terms" and effective_on is None:
        raise Invalid("Say from which day the terms hold.", field="effective_on")
    async with services.database.transaction() as db:
        await site.save_text(db, kind, content, effective_on=effective_on if kind == "terms" else None)
        await moderation.insert_audit(db, admin.id, "write", kind)


async def add_rule(services: Services, admin: Person, text: str, hint: str = "") -> None:
    """Add a rule of the house."""
    text, hint = " ".join(normalise_source(text).split()), normalise_source(hint)
    if not 1 <= len(text) <= 300:
        raise Invalid("A rule has 1 to 300 characters.", field="text")
    if len(hint) > 1000:
        raise Invalid("What it means has up to 1000 characters.", field="hint")
    async with services.database.transaction() as db:
        if len(await site.list_rules(db)) >= MOST_RULES:
            raise Invalid(f"There is room for {MOST_RULES} rules.", field="text")
        await site.insert_rule(db, text, hint)
        await moderation.insert_audit(db, admin.id, "add rule", text[:100])


async def delete_rule(services: Services, admin: Person, rule_id: UUID) -> None:
    """Take a rule away."""
    async with services.database.transaction() as db:
        if not await site.delete_rule(db, rule_id):
            raise NotFound("There is no such rule.")
        await moderation.insert_audit(db, admin.id, "delete rule", str(rule_id))


async def get_switches(services: Services) -> dict[str, bool]:
    """Return how what admins turn on and off stands, by name."""
    async with services.database.connection() as db:
        on = await site.find_switched_on(db, SWITCHES)
    return {name: name in on for name in SWITCHES}


async def turn_switch(services: Services, admin: Person, name: str, *, is_on: bool) -> None:
    """Turn something on or off; quiet when it was turned so before."""
    check_admin(admin)
    if name not in SWITCHES:
        raise NotFound("There is no such switch.")
    async with services.database.transaction() as db:
        if await site.turn_switch(db, name, is_on=is_on):
            await moderation.insert_audit(db, admin.id, f"switch {'on' if is_on else 'off'}", name)


async def list_peers(services: Services) -> list[str]:
    """List the servers that we know somebody of."""
    async with services.database.connection() as db:
        return await site.list_peers(db)


async def list_weeks(services: Services) -> list[Week]:
    """Count what happened in the last twelve weeks. Reads whole ranges: keep the answer for a while."""
    async with services.database.connection() as db:
        return await site.list_weeks(db)
