"""A Mastodon.py whose every answer is held against the types that Mastodon.py says it returns."""

from __future__ import annotations

import builtins
import datetime as datetimes
import typing
from collections.abc import Iterator
from functools import cache, wraps
from types import NoneType, UnionType
from typing import Any

from mastodon import Mastodon, return_types, types_base
from mastodon.types_base import AttribAccessDict, MaybeSnowflakeIdType

# Fields that are not as Mastodon.py has them, and why that is right.
EXCEPTIONS = {
    "Account.last_status_at": "is a day, without a time",
    "AdminDimensionData.value": "is the text of a version where versions are told",
    "AdminReport.account": "is an AdminAccount",
    "AdminReport.target_account": "is an AdminAccount",
    "ExtendedDescription.updated_at": "is null as long as there is no description",
    "FeaturedTag.last_status_at": "is a day, without a time",
    "FilterResult.filter": "is a Filter of today, not the one of version 1",
    "MediaAttachment.url": "is null while workers work on the file",
    "MediaAttachment.blurhash": "is null of sound, and while workers work on the file",
    "MediaAttachmentMetadataContainer.original": "is not there while workers work on the file",
    "MediaAttachmentMetadataContainer.small": "is not there of sound, and while workers work on the file",
    "NotificationPolicy.for_bots": "is in no documented version",
    "Poll.votes_count": "is null where the author hides the totals",
    "Report.rules_ids": "is misspelt: the field is rule_ids",
    "Status.application": "has a name and a website, never the secrets of an Application",
    # What 4.6 added: not here yet.
    "SearchV2.collections": "searches find no collections",
    "Status.tagged_collections": "links in thoughts are not read as collections",
    "Account.show_media": "told by /v1/profile alone",
    "Account.show_media_replies": "told by /v1/profile alone",
    "Account.show_featured": "told by /v1/profile alone",
}
# Methods that ask nobody, or promise what the server does not answer.
_NOT_JUDGED = {
    "make_poll": "makes what is sent",
    "get_approx_server_time": "names a module for a moment",
    "filter_v2": "is no Filter of version 1",
    "admin_accounts": "is a list that Mastodon.py leaves as it came",
    "admin_accounts_v1": "is a list that Mastodon.py leaves as it came",
    "push_subscription_generate_keys": "makes what is sent",
    "admin_delete_canonical_email_block": "answers with nothing",
    "featured_tag_suggestions": "are Tags, not FeaturedTags",
    "filters_apply": "gives back what it was given",
}
_NAMES = {**vars(types_base), **vars(return_types)}


def problems(value: Any, hint: Any, path: str) -> Iterator[str]:
    """Tell where a value is not of its type; entities are looked through, and lists."""
    hint = _NAMES.get(hint.__forward_arg__, hint) if isinstance(hint, typing.ForwardRef) else hint
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or isinstance(hint, typing.TypeVar) or hint is object:
        return
    if origin in (typing.Union, UnionType):
        yield from _of_union(value, arguments, path)
    elif hint is None or hint is NoneType:
        if value is not None:
            yield f"{path}: {value!r} where nothing is expected"
    elif value is None:
        yield f"{path}: missing or null, should be {types_base.stringify_type(hint)}"
    elif isinstance(origin, type) and issubclass(origin, list | builtins.tuple):
        if not isinstance(value, list | tuple):
            yield f"{path}: {type(value).__name__}, should be a list"
            return
        for place, one in enumerate(value):
            yield from problems(one, arguments[0], f"{path}[{place}]")
    elif isinstance(origin, type) and issubclass(origin, dict):
        if not isinstance(value, dict):
            yield f"{path}: {type(value).__name__}, should be an object"
            return
        for name, one in value.items():
            yield from problems(one, arguments[-1], f"{path}.{name}")
    elif isinstance(hint, type):
        yield from _of_class(value, hint, path)


def _of_union(value: Any, arguments: tuple[Any, ...], path: str) -> Iterator[str]:
    if value is None and NoneType in arguments:
        return
    found = [list(problems(value, one, path)) for one in arguments if one is not NoneType]
    if all(found):
        entities = [one for one in arguments if isinstance(one, type) and isinstance(value, one)]
        yield from problems(value, entities[0], path) if len(entities) == 1 else min(found, key=len)


def _of_class(value: Any, hint: type, path: str) -> Iterator[str]:
    if issubclass(hint, AttribAccessDict):
        if not isinstance(value, dict):
            yield f"{path}: {type(value).__name__}, should be {hint.__name__}"
            return
        for name, wanted in _fields(hint).items():
            place = f"{hint.__name__}.{name}"
            if place not in EXCEPTIONS:
                yield from (f"{path} {found}" for found in problems(value.get(name), wanted, place))
    elif hint is datetimes.datetime:
        if not isinstance(value, datetimes.datetime) or value.tzinfo is None:
            yield f"{path}: {value!r} is no moment"
    elif hint is float:
        if not isinstance(value, float | int):
            yield f"{path}: {value!r} is no number"
    elif hint is MaybeSnowflakeIdType:
        if not str(value):
            yield f"{path}: an empty id"
    elif (hint is int and isinstance(value, bool)) or not isinstance(value, hint):
        yield f"{path}: {value!r}, should be {hint.__name__}"


def _hint(written: Any) -> Any:
    while isinstance(written, str):  # Mastodon.py quotes its postponed annotations
        written = eval(written, _NAMES)
    return written


@cache
def _fields(entity: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in reversed(entity.__mro__):
        for name, hint in vars(one).get("__annotations__", {}).items():
            if not name.startswith("_"):
                found[name] = _hint(hint)
    return found


class Judged(Mastodon):
    """Mastodon.py, whose callers fail where an answer is not what its method promises."""

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        if name.startswith("_") or name not in _ANSWERS:
            return method

        @wraps(method)
        def judged(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            found = list(problems(answer, _ANSWERS[name], name))
            assert not found, "\n".join(found)
            return answer

        return judged


def _answers() -> dict[str, Any]:
    hints = {}
    for name in METHODS:
        returned = getattr(Mastodon, name).__annotations__.get("return")
        if returned is not None and name not in _NOT_JUDGED and not name.startswith(("fetch_", "pagination_")):
            hints[name] = _hint(returned)
    return hints


METHODS = frozenset(name for name in dir(Mastodon) if not name.startswith("_") and callable(getattr(Mastodon, name)))
_ANSWERS = _answers()
