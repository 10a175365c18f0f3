"""Forms as they come over the line: read whole or refused, never by half, and never more than is allowed.

Quart's own parser takes what it cannot read for an empty form and what breaks off for all there was, and it bounds
neither the head of a part nor a body whose length was not announced.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from quart.datastructures import FileStorage
from quart.formparser import FormDataParser, MultiPartParser
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from federation.errors import Invalid

if TYPE_CHECKING:
    from quart.wrappers.request import Body
    from werkzeug.datastructures import MultiDict

    Parsed = tuple[MultiDict[str, Any], MultiDict[str, Any]]

_PIECE: Final = 64 * 1024
# What may stand before the first part, and as the head of one.
_MOST_UNPARSED: Final = 4 * _PIECE
_LONGEST_BOUNDARY: Final = 70  # RFC 2046 §5.1.1
_UNREADABLE: Final = "The form is damaged or incomplete."


class WholeForms(FormDataParser):
    """Parses forms; raises `Invalid` for one that is broken or breaks off."""

    async def parse(
        self, body: Body, mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> Parsed:
        """Return fields and files of a form; of a body of another type, none."""
        form = _Form(self)
        try:
            if mimetype == "multipart/form-data":
                await form.read((options or {}).get("boundary", ""), body, self.max_content_length)
            elif mimetype == "application/x-www-form-urlencoded":
                form.fields = parse_qsl((await body).decode(), keep_blank_values=True)
        except ValueError as exc:
            form.close()
            raise Invalid(_UNREADABLE) from exc
        except BaseException:
            form.close()
            raise
        kind: Any = self.cls
        return kind(form.fields), kind(form.files)


class _Form:
    """A form while it is read; files go to disk when they are large."""

    def __init__(self, parser: FormDataParser) -> None:
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, FileStorage]] = []
        self._parser = parser
        self._text = bytearray()
        self._file: IO[bytes] | None = None
        self._part: Field | File | None = None

    async def read(self, boundary: str, body: Body, most: int | None) -> None:
        if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
            raise ValueError("no boundary")
        decoder = MultipartDecoder(boundary.encode("ascii"), _MOST_UNPARSED, max_parts=self._parser.max_form_parts)
        size = 0
        async for data in body:
            size += len(data)
            if most is not None and size > most:
                raise RequestEntityTooLarge
            for start in range(0, len(data), _PIECE):
                decoder.receive_data(data[start : start + _PIECE])
                self._take(decoder)
        decoder.receive_data(None)
        self._take(decoder)

    def _take(self, decoder: MultipartDecoder) -> None:
        while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
            if isinstance(event, Data):
                self._write(event)
            elif isinstance(event, Field | File):
                self._begin(event)

    def _begin(self, part: Field | File) -> None:
        if not isinstance(part.name, str):
            raise ValueError("a part without a name")
        self._part = part
        self._text.clear()
        if isinstance(part, File):
            self._file = self._parser.stream_factory(None, None, part.filename, None)
            self.files.append((part.name, FileStorage(self._file, part.filename, part.name, headers=part.headers)))
        else:
            self._file = None

    def _write(self, data: Data) -> None:
        if self._file is not None:
            self._file.write(data.data)
            if not data.more_data:
                self._file.seek(0)
            return
        self._text += data.data
        most = self._parser.max_form_memory_size
        if most is not None and len(self._text) > most:
            raise RequestEntityTooLarge
        if not data.more_data and self._part is not None:
            # Some HTTP libraries say iso-8859-1 of a part, and mean it.
            charset = MultiPartParser().get_part_charset(self._part.headers)
            self.fields.append((self._part.name, self._text.decode(charset)))

    def close(self) -> None:
        for _, file in self.files:
            file.close()
