"""Forms that are broken, break off, or never end: nothing of them is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.acting import scalar
from tests.media.samples import picture
from web import app as application

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App

MULTIPART = "multipart/form-data; boundary=x"
STATUS = b'--x\r\nContent-Disposition: form-data; name="status"\r\n\r\nHello\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + picture() + b"\r\n"
END = b"--x--\r\n"
BROKEN = {
    "cut in the last part": (MULTIPART, STATUS + STATUS[:-4]),
    "without an end": (MULTIPART, STATUS),
    "without anything": (MULTIPART, b""),
    "another boundary": (MULTIPART, (STATUS + END).replace(b"--x", b"--y")),
    "no boundary": ("multipart/form-data", STATUS + END),
    "an endless boundary": (f"multipart/form-data; boundary={'x' * 71}", STATUS + END),
    "a boundary of other letters": ("multipart/form-data; boundary=\xe9", STATUS + END),
    "a part without a name": (MULTIPART, STATUS + STATUS.replace(b'; name="status"', b"") + END),
    "a part without a disposition": (MULTIPART, STATUS + b"--x\r\n\r\nx\r\n" + END),
    "a name that is not UTF-8": (MULTIPART, STATUS.replace(b"status", b"\xff") + END),
    "a value that is not UTF-8": (MULTIPART, STATUS.replace(b"Hello", b"\xff") + END),
    "a form that is not UTF-8": ("application/x-www-form-urlencoded", b"status=\xff"),
}


@pytest.mark.parametrize(("kind", "body"), BROKEN.values(), ids=BROKEN)
async def test_a_form_that_cannot_be_read_whole_publishes_nothing(
    ann: App, services: Services, kind: str, body: bytes
) -> None:
    headers = [(b"content-type", kind.encode("latin-1"))]
    answer = await ann.client.post("/api/v1/statuses", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (422, "The form is damaged or incomplete.")
    assert await scalar(services, "SELECT count(*) FROM thoughts") == 0


async def test_a_form_that_is_whole_is_taken_in_pieces_of_any_size(ann: App) -> None:
    body = STATUS.replace(b"Hello", "Hällo 😀".encode()) + END
    for size in (1, 7, len(body)):

        async def pieces(size: int = size) -> AsyncIterator[bytes]:
            for start in range(0, len(body), size):
                yield body[start : start + size]

        answer = await ann.client.post("/api/v1/statuses", content=pieces(), headers={"content-type": MULTIPART})
        assert answer.json()["content"] == "<p>Hällo 😀</p>"


async def test_a_part_may_say_how_its_letters_are_written(ann: App) -> None:
    body = STATUS.replace(b'"status"\r\n', b'"status"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n') + END
    content = body.replace(b"Hello", "Hällo".encode("latin-1"))
    answer = await ann.client.post("/api/v1/statuses", content=content, headers={"content-type": MULTIPART})
    assert answer.json()["content"] == "<p>Hällo</p>"


async def test_a_file_that_breaks_off_is_not_kept(ann: App, services: Services) -> None:
    for body in (FILE, FILE[:-20], STATUS + FILE[:100]):
        answer = await ann.client.post("/api/v2/media", content=body, headers={"content-type": MULTIPART})
        assert answer.status_code == 422
    assert await scalar(services, "SELECT count(*) FROM media") == 0
    assert [blob async for blob in services.blobs.list("incoming")] == []
    whole = await ann.client.post("/api/v2/media", content=FILE + END, headers={"content-type": MULTIPART})
    assert whole.status_code == 202


async def test_heads_and_parts_without_number_are_refused(ann: App, services: Services) -> None:
    long = b"--x\r\nX-Long: " + b"h" * 300_000 + b"\r\n" + STATUS.partition(b"\r\n")[2]
    for body in (long + END, b"p" * 300_000 + STATUS + END, STATUS * 1001 + END, FILE * 1001 + END):
        answer = await ann.client.post("/api/v1/media", content=body, headers={"content-type": MULTIPART})
        assert (answer.status_code, answer.json()) == (413, {"error": "Request Entity Too Large"})
    assert await scalar(services, "SELECT count(*) FROM media") == 0


async def test_a_form_of_unannounced_length_ends_where_it_must(ann: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "MAX_UPLOAD_BYTES", 4 * 1024 * 1024)
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        yield FILE[:-2]
        while taken < 64:
            taken += 1
            yield bytes(1024 * 1024)

    answer = await ann.client.post("/api/v2/media", content=endless(), headers={"content-type": MULTIPART})
    assert answer.status_code == 413
