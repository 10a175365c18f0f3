"""Flag from other servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.reports import receive_report
from federation.inbound.envelope import Envelope

if TYPE_CHECKING:
    from federation.protocol.activities import Flag
    from federation.services import Services


async def on_flag(services: Services, envelope: Envelope, activity: Flag) -> str:
    """Tell our moderators what another server says of our people."""
    return await receive_report(services, envelope.signer, activity.objects, activity.content, activity.id)
