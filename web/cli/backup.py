"""`thoughts backup` and `thoughts restore`: everything that cannot be fetched or made again, in one file."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from federation.actions.instance import settle_instance
from federation.errors import Conflict, Invalid
from federation.media.formats import recognise
from federation.settings import Settings
from storage import dumps, moderation
from storage.blob_stores import open_blobs
from storage.blobs import read_all
from storage.database import Database, open_connection
from storage.migrations import migrate, migration_status
from web.cli.archive import Manifest, read_archive, write_archive
from web.cli.session import open_engines, run

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Write database, keys and uploads to FILE, also while the server runs."""
    if file.exists():
        raise click.ClickException(f"{file} exists already: give the backup a name of its own.")
    run(lambda: _backup(file))
    click.echo(f"{file} is written ({file.stat().st_size:,} bytes). It holds every private key: keep it safe.")


@click.command()
@click.argument("file", type=FILE)
def restore(file: Path) -> None:
    """Fill an empty database and the media folder from FILE, while the server is stopped."""
    manifest = run(lambda: _restore(file))
    click.echo(f"{manifest.origin} is as it was at {manifest.created_at}.")


async def _backup(file: Path) -> None:
    _obey_sigterm()
    async with open_engines() as settings:
        url = settings.database_url or ""
        manifest = await _describe(url)
        with write_archive(file) as archive, _progress() as progress:
            archive.write_manifest(manifest)
            # The database first: what it names was stored before.
            task = progress.add_task("database", total=None)
            with archive.dump() as member:
                async for chunk in dumps.dump(url):
                    member.write(chunk)
                    progress.advance(task, len(chunk))
            progress.update(task, total=progress.tasks[task].completed)
            blobs = open_blobs(settings.media_url, settings.data)
            uploads = [blob async for blob in blobs.list("media")]
            task = progress.add_task("uploads", total=sum(blob.size for blob in uploads))
            for blob in uploads:
                # What is gone since it was listed, nothing in the dump uses.
                data = await read_all(blobs, blob.name)
                if data is not None:
                    archive.write_upload(blob.name.rpartition("/")[2], data)
                progress.advance(task, blob.size)


async def _restore(file: Path) -> Manifest:
    _obey_sigterm()
    with read_archive(file) as archive:
        async with open_engines() as settings:
            await _refuse_mismatch(settings, archive.manifest)
            with _progress() as progress:
                # The uploads first: twice does no harm, and the database comes at once or not at all.
                blobs = open_blobs(settings.media_url, settings.data)
                task = progress.add_task("uploads", total=archive.uploads_size)
                for content_hash, data in archive.uploads():
                    if sha256(data).hexdigest() != content_hash:
                        raise Invalid(f"{file} is damaged: the upload {content_hash} is not what it was.")
                    await blobs.put(f"media/{content_hash}", data, recognise(data) or "application/octet-stream")
                    progress.advance(task, len(data))
                task = progress.add_task("database", total=archive.dump_size)
                await dumps.restore(settings.database_url or "", _counted(archive.dump(), progress, task))
            await _settle(settings)
        return archive.manifest


def _counted(chunks: Iterable[bytes], progress: Progress, task: TaskID) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        progress.advance(task, len(chunk))


async def _settle(settings: Settings) -> None:
    """Bring an older backup up to this release's schema, and see that the instance is the one of the settings."""
    url = settings.database_url or ""
    await migrate(url)
    database = await Database.connect(url, max_size=2)
    try:
        await settle_instance(database, settings)
    finally:
        await database.close()


async def _describe(url: str) -> Manifest:
    applied = [status.version for status in await migration_status(url) if status.applied_at]
    connection = await open_connection(url)
    try:
        origin = await moderation.FACT.get(connection, "origin") if applied else None
        if origin is None:
            raise Conflict("There is nothing to back up: no server was ever started on this database.")
        domain = await moderation.FACT.get(connection, "account_domain") or ""
    finally:
        await connection.close()
    return Manifest(origin, domain, max(applied), datetime.now(UTC).isoformat(timespec="seconds"))


async def _refuse_mismatch(settings: Settings, manifest: Manifest) -> None:
    url = settings.database_url or ""
    for name, kept, set_to in (
        ("THOUGHTS_ORIGIN", manifest.origin, settings.origin),
        ("THOUGHTS_ACCOUNT_DOMAIN", manifest.account_domain, settings.account_domain),
    ):
        if kept != set_to:
            raise Conflict(f"This is a backup of {kept}, but {name} is {set_to}. Set {name}={kept}.")
    if manifest.schema > max(status.version for status in await migration_status(url)):
        raise Conflict("This backup was made by a newer release. Restore it with that one.")
    if not await dumps.is_empty(url):
        raise Conflict(
            "The database is not empty, and a restore overwrites nothing. "
            "Give it an empty database, or a new folder with THOUGHTS_DATA."
        )


def _obey_sigterm() -> None:
    """Let SIGTERM end a command as Ctrl-C does: what it began is taken back."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))
