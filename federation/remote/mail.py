"""The admin's mail server: one letter at a time, with a verdict on what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from federation.errors import Permanent, Temporary

if TYPE_CHECKING:
    from federation.settings import Settings

_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Mail:
    """What somebody is to read."""

    address: str
    subject: str
    text: str


def sender(settings: Settings) -> str:
    """Return whom our letters come from."""
    return settings.mail_from or f"noreply@{settings.account_domain.partition(':')[0]}"


def mail_host(settings: Settings) -> str:
    """Return the mail server's name, for people."""
    return urlsplit(settings.smtp_url or "").hostname or ""


async def send_mail(settings: Settings, mail: Mail) -> None:
    """Hand a letter to the mail server: smtps:// from the first byte, smtp:// with STARTTLS when it is offered.

    Raises `Temporary`, or `Permanent` for an answer that is final.
    """
    url = urlsplit(settings.smtp_url or "")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender(settings), mail.address, mail.subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=settings.account_domain.partition(":")[0])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    try:
        await aiosmtplib.send(
            message,
            hostname=url.hostname,
            port=url.port,
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
            use_tls=url.scheme == "smtps",
            timeout=_TIMEOUT_S,
        )
    except aiosmtplib.SMTPRecipientsRefused as exc:
        refused = exc.recipients[0]
        raise _verdict(refused.code, refused.message) from exc
    except SMTPResponseException as exc:
        raise _verdict(exc.code, exc.message) from exc
    except (SMTPException, OSError, ValueError) as exc:
        raise Temporary(f"The mail server does not answer: {exc}") from exc


def _verdict(code: int, message: str) -> Temporary | Permanent:
    kind = Permanent if 500 <= code < 600 else Temporary
    return kind(f"The mail server answered {code}: {message}", status=code, body=message)
