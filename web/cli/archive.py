"""A backup file: a plain tar of a manifest, the database's dump, the uploads, and a mark that it is whole."""

from __future__ import annotations

import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from federation.errors import Invalid

FORMAT = 1
_MANIFEST = "manifest.json"
_DUMP = "database.dump"
_UPLOADS = "media"
_COMPLETE = "complete"
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of; `schema` is the number of the newest migration in it."""

    origin: str
    account_domain: str
    schema: int
    created_at: str
    format: int = FORMAT


class ArchiveWriter:
    """Writes the members of a backup one after the other, each of a size that only its end tells."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write_manifest(self, manifest: Manifest) -> None:
        """Say what this is a backup of."""
        with self._member(_MANIFEST) as member:
            member.write(orjson.dumps(asdict(manifest)))

    @contextmanager
    def dump(self) -> Iterator[BinaryIO]:
        """Take the database's dump."""
        with self._member(_DUMP) as member:
            yield member

    def write_upload(self, content_hash: str, data: bytes) -> None:
        """Keep an upload."""
        with self._member(f"{_UPLOADS}/{content_hash}") as member:
            member.write(data)

    def finish(self) -> None:
        """Mark the backup as whole, and have it on the disk."""
        with self._member(_COMPLETE):
            pass
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))
        self._file.flush()
        os.fsync(self._file.fileno())

    @contextmanager
    def _member(self, name: str) -> Iterator[BinaryIO]:
        start = self._file.tell()
        self._file.write(bytes(tarfile.BLOCKSIZE))
        yield self._file
        info = tarfile.TarInfo(name)
        info.size = self._file.tell() - start - tarfile.BLOCKSIZE
        info.mode = 0o600
        info.mtime = int(time.time())
        self._file.write(bytes(-info.size % tarfile.BLOCKSIZE))
        self._file.seek(start)
        self._file.write(info.tobuf(tarfile.GNU_FORMAT))
        self._file.seek(0, os.SEEK_END)


@contextmanager
def write_archive(path: Path) -> Iterator[ArchiveWriter]:
    """Write a backup beside its name and give it that name when it is whole; an interrupted one leaves nothing.

    Only its owner may read it: it holds every private key.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        try:
            descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as exc:
            raise Invalid(f"{path} cannot be written: {exc.strerror}.") from exc
        with os.fdopen(descriptor, "wb") as file:
            writer = ArchiveWriter(file)
            yield writer
            writer.finish()
        partial.rename(path)
    finally:
        with suppress(FileNotFoundError, NotADirectoryError):
            partial.unlink()


@contextmanager
def read_archive(path: Path) -> Iterator[ArchiveReader]:
    """Open a backup; raise `Invalid` for what is none, is not whole, or was written by a newer release."""
    try:
        tar = tarfile.open(path, "r:")  # noqa: SIM115 - closed below; only opening it may fail with OSError
    except (OSError, tarfile.TarError) as exc:
        raise Invalid(f"{path} is not a backup that can be read: {exc}.") from exc
    try:
        with tar:
            yield ArchiveReader(tar, path)
    except tarfile.TarError as exc:
        raise Invalid(f"{path} cannot be read to its end: {exc}.") from exc


class ArchiveReader:
    """Reads a backup; what breaks off is a `tarfile.TarError`."""

    def __init__(self, tar: tarfile.TarFile, path: Path) -> None:
        self._tar = tar
        members = tar.getmembers()
        names = [member.name for member in members]
        if names[:2] != [_MANIFEST, _DUMP] or names[-1] != _COMPLETE:
            raise Invalid(f"{path} is not a whole backup of Thoughts.")
        self._dump = members[1]
        self._uploads = [member for member in members if member.name.startswith(f"{_UPLOADS}/")]
        described = orjson.loads(b"".join(self._read(members[0])))
        if described.get("format") != FORMAT:
            raise Invalid(f"{path} was written by a newer release. Restore it with that one.")
        self.manifest = Manifest(**described)

    @property
    def uploads_size(self) -> int:
        """How many bytes the uploads have."""
        return sum(member.size for member in self._uploads)

    def uploads(self) -> Iterator[tuple[str, bytes]]:
        """Yield every upload, with the hash that it is known by."""
        for member in self._uploads:
            yield member.name.rpartition("/")[2], b"".join(self._read(member))

    @property
    def dump_size(self) -> int:
        """How many bytes the dump has."""
        return self._dump.size

    def dump(self) -> Iterator[bytes]:
        """Yield the database's dump."""
        return self._read(self._dump)

    def _read(self, member: tarfile.TarInfo) -> Iterator[bytes]:
        file = self._tar.extractfile(member)
        while file is not None and (chunk := file.read(_CHUNK)):
            yield chunk
