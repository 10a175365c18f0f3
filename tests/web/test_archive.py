"""Backup files: written whole or not at all, read whole or refused."""

from __future__ import annotations

import tarfile
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from federation.errors import Invalid
from web.cli.archive import Manifest, read_archive, write_archive

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = Manifest("https://thoughts.example", "thoughts.example", 6, "2026-01-01T00:00:00+00:00")
UPLOAD = b"picture" * 300
HASH = sha256(UPLOAD).hexdigest()


def write(path: Path) -> None:
    with write_archive(path) as archive:
        archive.write_manifest(MANIFEST)
        with archive.dump() as member:
            member.write(b"PGDMP" * 1000)
        archive.write_upload(HASH, UPLOAD)


def test_a_backup_is_read_as_it_was_written_and_by_tar_too(tmp_path: Path) -> None:
    write(path := tmp_path / "thoughts.tar")
    assert path.stat().st_mode & 0o777 == 0o600
    with read_archive(path) as archive:
        assert archive.manifest == MANIFEST
        assert b"".join(archive.dump()) == b"PGDMP" * 1000
        assert (archive.dump_size, archive.uploads_size) == (5000, len(UPLOAD))
        assert list(archive.uploads()) == [(HASH, UPLOAD)]
    with tarfile.open(path) as tar:
        assert tar.getnames() == ["manifest.json", "database.dump", f"media/{HASH}", "complete"]


def test_a_failed_backup_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), write_archive(tmp_path / "thoughts.tar") as archive:
        archive.write_manifest(MANIFEST)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be written: No such file"), write_archive(tmp_path / "no" / "such.tar"):
        pass


@pytest.mark.parametrize("blocks", [0, 1, 3, 12, 16])
def test_a_backup_cut_short_anywhere_is_refused(tmp_path: Path, blocks: int) -> None:
    write(path := tmp_path / "thoughts.tar")
    path.write_bytes(path.read_bytes()[: blocks * 512])
    with pytest.raises(Invalid), read_archive(path):
        pass


@pytest.mark.parametrize("content", [b"", b"something else entirely" * 100])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (path := tmp_path / "thoughts.tar").write_bytes(content)
    with pytest.raises(Invalid), read_archive(path):
        pass


def test_a_backup_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    with write_archive(path := tmp_path / "thoughts.tar") as archive:
        archive.write_manifest(Manifest("https://thoughts.example", "thoughts.example", 6, "now", format=2))
        with archive.dump() as member:
            member.write(b"PGDMP")
    with pytest.raises(Invalid, match="newer release"), read_archive(path):
        pass
