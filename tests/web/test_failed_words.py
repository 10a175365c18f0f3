"""Dead letters are told in words that a person understands."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import orjson
import pytest

from storage.failed_events import FailedEvent
from web.presenting.deliveries import subject_words


def _event(kind: str, subject: str) -> FailedEvent:
    return FailedEvent(
        id=uuid4(), kind=kind, source_id=uuid4(), host="far.example", subject=subject, error_class="timeout",
        last_status=None, answer="", attempts=[], died_at=datetime.now(UTC), resolution=None, resolved_by=None,
        resolved_at=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "subject", "words"),
    [
        ("delivery", "Create to https://far.example/inbox", "A thought could not be delivered to far.example"),
        ("delivery", "Like to https://far.example/inbox", "A like could not be delivered to far.example"),
        ("delivery", "Listen to https://far.example/x", "Something (Listen) could not be delivered to far.example"),
        ("inbox", "Announce from https://far.example/u/1", "A boost from far.example could not be taken in"),
        ("fetch", "Read profile https://far.example/u/1", "A profile on far.example could not be read"),
        ("delivery", "", "Something could not be delivered to far.example"),
    ],
)
def test_subjects_are_sentences(kind: str, subject: str, words: str) -> None:
    assert subject_words(_event(kind, subject)) == words


@pytest.mark.parametrize(
    ("thought", "words"),
    [
        ({"inReplyTo": "https://far.example/1", "tag": [{"type": "Mention", "name": "@x@far.example"}]},
         "An answer to @x@far.example could not be delivered to far.example"),
        ({"inReplyTo": None, "tag": [{"type": "Hashtag", "name": "#a"}, {"type": "Mention", "name": "@x"},
                                     {"type": "Mention", "name": "@y"}]},
         "A thought that names @x and 1 more could not be delivered to far.example"),
        ({"inReplyTo": None, "tag": []}, "A thought could not be delivered to far.example"),
        ("https://ours.example/1", "A thought could not be delivered to far.example"),
    ],
)  # fmt: skip
def test_a_letter_that_is_looked_into_says_to_whom_it_was(thought: Any, words: str) -> None:
    activity = cast("Any", SimpleNamespace(payload=orjson.dumps({"type": "Create", "object": thought})))
    assert subject_words(_event("delivery", "Create to https://far.example/inbox"), activity) == words
