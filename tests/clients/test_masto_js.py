"""masto.js, on which Elk and Phanpy are built, talks to a live instance from Node."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.media.samples import picture

if TYPE_CHECKING:
    from tests.clients.conftest import Town
    from tests.clients.judging import Judged

pytestmark = [
    pytest.mark.live,
    pytest.mark.xdist_group("live"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm; on Debian: apt install npm"),
]

SCRIPT = Path(__file__).with_name("masto")
_NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "ETIMEDOUT")


def install_masto(folder: Path) -> None:
    """Install masto.js, whose lock names versions and hashes."""
    for name in ("package.json", "package-lock.json", "talk.mjs"):
        shutil.copy(SCRIPT / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=240)
    if done.returncode != 0 and any(words in done.stderr for words in _NO_NETWORK):
        pytest.skip("the package index, which has masto.js, cannot be reached")
    assert done.returncode == 0, done.stderr[-4000:]


def test_masto_js_reads_writes_and_listens(town: Town, ada: Judged, bob: Judged, tmp_path: Path) -> None:
    install_masto(tmp_path)
    given = {
        "PATH": os.environ["PATH"], "ORIGIN": town.instance.origin, "ADA": ada.access_token, "BOB": bob.access_token,
        "PICTURE": base64.b64encode(picture((40, 30))).decode(),
    }  # fmt: skip
    command = ["node", "talk.mjs"]
    done = subprocess.run(
        command, cwd=tmp_path, env=given, capture_output=True, text=True, check=False, timeout=120
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout)
    me, other = ada.me().username, bob.me().username
    live = told.pop("live")
    assert told == {
        "domain": town.instance.authority,
        "people": [me, other],
        "media": ["image", True, 40],
        "attached": ["A square"],
        "voted": [[0, 1], 2],
        "pages": [2, 2, 1],
        "filter": ["Fog", ["fog"]],
        "groups": ["follow"],
        "found": [other],
        "refused": ["MastoHttpError", 404],
        "events": [["update", "<p>Live</p>"], ["status.update", "<p>Changed</p>"], ["delete", live]],
    }
