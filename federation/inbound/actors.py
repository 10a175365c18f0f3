"""Update and Delete of actors, Block and its Undo, from other servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.accounts import forget_person
from federation.actions.blocks import block_person, unblock_person
from federation.inbound.envelope import Envelope, find_ours
from federation.remote.actors import refresh_actor
from storage import endings

if TYPE_CHECKING:
    from federation.protocol.activities import Block
    from federation.services import Services
    from storage.people import Person


async def update_actor(services: Services, signer: Person) -> str:
    """Read the signer's profile anew: what their server shows counts, not what the activity carries."""
    await refresh_actor(services.reader, signer.ap_id)
    return ""


async def delete_actor(services: Services, signer: Person) -> str:
    """Delete a remote person at their own word, with everything of theirs; a suspension outlasts it."""
    async with services.database.transaction() as db:
        await endings.lock_touched(db, signer.id)
        await forget_person(db, signer)
        if signer.state != "suspended":
            await endings.DELETE_REMOTE.run(db, signer.id)
    services.reader.memory.keys.drop_where(lambda key: key.owner_id == signer.id)
    return ""


async def on_block(services: Services, envelope: Envelope, activity: Block) -> str:
    """Keep the signer and one of ours apart."""
    blocked = await find_ours(services, activity.object)
    if blocked is None:
        return "blocks nobody here"
    await block_person(services, envelope.signer, blocked, ap_id=activity.id)
    return ""


async def undo_block(services: Services, envelope: Envelope, blocked_ap_id: str) -> str:
    """Let the signer and one of ours meet again."""
    blocked = await find_ours(services, blocked_ap_id)
    if blocked is None:
        return "unblocks nobody here"
    await unblock_person(services, envelope.signer, blocked)
    return ""
