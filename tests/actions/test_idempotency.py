"""The same Idempotency-Key makes one thought, however it comes."""

from __future__ import annotations

import asyncio

import pytest

from federation.actions.delete_thought import delete_thought
from federation.errors import Invalid, NotFound
from federation.services import Services
from tests.acting import again, say, scalar, sent
from tests.services_fixture import make_person


async def test_the_same_key_at_once_makes_one_thought(services: Services) -> None:
    ada = await make_person(services, "ada")
    made = await asyncio.gather(*(say(services, ada, f"try {number}", idempotency_key="k") for number in range(5)))
    assert len({one.id for one in made}) == 1
    assert await scalar(services, "SELECT count(*) FROM thoughts") == 1
    assert (await again(services, ada)).thoughts_count == 1
    assert len(await sent(services)) == 1


async def test_a_key_belongs_to_one_person(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    one, other = [await say(services, person, idempotency_key="k") for person in (ada, bob)]
    assert one.id != other.id
    assert (await say(services, ada, idempotency_key="other")).id != one.id


async def test_a_key_whose_attempt_failed_is_free(services: Services) -> None:
    ada = await make_person(services, "ada")
    with pytest.raises(Invalid):
        await say(services, ada, "x" * 501, idempotency_key="k")
    assert (await say(services, ada, "short", idempotency_key="k")).source == "short"


async def test_a_key_of_a_deleted_thought_makes_no_second_one(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, idempotency_key="k")
    await delete_thought(services, ada, thought.id)
    with pytest.raises(NotFound):
        await say(services, ada, idempotency_key="k")


async def test_an_endless_key_is_refused(services: Services) -> None:
    with pytest.raises(Invalid):
        await say(services, await make_person(services, "ada"), idempotency_key="k" * 201)
