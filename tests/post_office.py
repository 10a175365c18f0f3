"""A mail server on loopback that keeps what it is handed, and refuses what it is told to."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, cast

from aiosmtpd.smtp import SMTP

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope

_LINK = re.compile(r"https?://\S+")


@dataclass
class PostOffice:
    """Letters in the order in which they came; `refusal` is what the next ones are answered with."""

    url: str = ""
    letters: list[EmailMessage] = field(default_factory=list)
    refusal: str = ""

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a letter, or refuse it."""
        if self.refusal:
            return self.refusal
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.letters.append(cast("EmailMessage", message))
        return "250 taken"

    def link(self) -> str:
        """Return the path of the link in the newest letter."""
        found = _LINK.search(self.letters[-1].get_content())
        assert found is not None
        return found[0].split("/", 3)[3].join(("/", ""))


@asynccontextmanager
async def open_post_office() -> AsyncIterator[PostOffice]:
    """Run a mail server for the length of a block."""
    office = PostOffice()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(office, loop=loop), "127.0.0.1", 0)
    office.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield office
