"""Backup and restore with the commands that admins use: everything comes back, or nothing was touched."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.live.instance import ROOT, Instance, eventually, running_instance

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]


def _thoughts(instance: Instance, *args: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "web.cli", *args],
        cwd=ROOT, env=instance.environment | settings, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


async def _document(instance: Instance, url: str) -> dict[str, Any]:
    answer = await instance.client.get(url, headers={"Accept": "application/activity+json"})
    document: dict[str, Any] = answer.json()
    return document


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 60)).save(file, "PNG")
    return file.getvalue()


async def test_a_backup_of_a_running_server_brings_everything_back(tmp_path: Path) -> None:
    file = tmp_path / "thoughts.tar"
    async with running_instance(tmp_path / "a", "127.0.0.1") as a, running_instance(tmp_path / "b", "127.0.0.2") as b:
        a.person("alice")
        a.person("carol")
        b.person("bob")
        bob = await a.find("alice", f"@bob@{b.authority}")
        await a.api("alice", "POST", f"/api/v1/accounts/{bob['id']}/follow")

        async def follows() -> bool:
            relation = await a.api("alice", "GET", "/api/v1/accounts/relationships", params={"id[]": bob["id"]})
            return bool(relation[0]["following"])

        await eventually(follows, what="the follow was accepted")
        picture = {"avatar": ("me.png", _picture(), "image/png")}
        account = await a.api("alice", "PATCH", "/api/v1/accounts/update_credentials", files=picture)
        avatar = (await a.client.get(account["avatar"])).content
        media = await a.api("alice", "POST", "/api/v1/media", files={"file": ("a.png", _picture(), "image/png")})
        shown = (await a.client.get(media["url"])).content
        thought = await a.post("alice", "Worth keeping", media_ids=[media["id"]])
        actor = await _document(a, f"{a.origin}/users/alice")

        made = await asyncio.to_thread(_thoughts, a, "backup", str(file))
        assert made.returncode == 0, made.stderr
        assert file.stat().st_mode & 0o077 == 0, "others could read the keys"
        refused = await asyncio.to_thread(_thoughts, a, "restore", str(file))
        assert refused.returncode == 1
        assert "not empty" in refused.stderr
        await a.post("alice", "Said too late")
        await a.stop()

        foreign = await asyncio.to_thread(
            _thoughts, a, "restore", str(file), THOUGHTS_DATA=str(tmp_path / "c"), THOUGHTS_ORIGIN="https://c.example"
        )
        assert foreign.returncode == 1
        assert f"THOUGHTS_ORIGIN={a.origin}" in foreign.stderr

        a.environment["THOUGHTS_DATA"] = str(tmp_path / "c")
        restored = await asyncio.to_thread(_thoughts, a, "restore", str(file))
        assert restored.returncode == 0, restored.stderr
        await a.start()
        assert await _document(a, f"{a.origin}/users/alice") == actor
        assert (await a.client.get(account["avatar"])).content == avatar
        assert (await a.client.get(media["url"])).content == shown
        page = await a.api("alice", "GET", f"/api/v1/accounts/{account['id']}/statuses")
        assert [(status["id"], status["uri"]) for status in page] == [(thought["id"], thought["uri"])]
        assert await follows()

        # The private keys fit the public ones that others know: bob's server takes what alice signs.
        reply = await a.post("alice", f"@bob@{b.authority} I am back", visibility="direct")

        async def mentioned() -> bool:
            found = await b.api("bob", "GET", "/api/v1/notifications")
            return any(n["type"] == "mention" and n["status"]["uri"] == reply["uri"] for n in found)

        await eventually(mentioned, what="the other server believed a restored key")


async def test_an_interrupted_backup_leaves_no_file(tmp_path: Path) -> None:
    async with running_instance(tmp_path / "a") as a:
        backups = tmp_path / "backups"
        backups.mkdir()
        (uploads := tmp_path / "a" / "media" / "00").mkdir(parents=True)
        pause = uploads / ("0" * 64)
        await asyncio.to_thread(subprocess.run, ["mkfifo", str(pause)], check=True)  # reading it waits for ever

        async def tidied() -> bool:
            return not any(backups.iterdir())

        for number in (signal.SIGINT, signal.SIGTERM):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "web.cli", "backup", str(backups / "thoughts.tar"),
                cwd=ROOT, env=a.environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                # A suite that was started in the background of a shell ignores SIGINT, and its children would too.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )  # fmt: skip
            # Opening our end waits for the backup to read the other: it is under way, and cannot get further.
            held = await asyncio.to_thread(os.open, pause, os.O_WRONLY)
            process.send_signal(number)
            await eventually(tidied, what="the half-written file went")
            os.close(held)  # the thread that reads cannot be interrupted: let it end
            assert await process.wait() == 1
            assert await tidied()
