"""toot, a client of others, runs its own integration tests against a live instance, as its authors do on Mastodon."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.live.instance import Instance, running_instance

pytest.importorskip("pip", reason="pip is not installed, which downloads toot")

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]

LOCK = Path(__file__).with_name("toot.lock")
# Some of toot's tests name this one.
MASTODONS_PORT = 3000
AT_LEAST = 110

# What fails, and why that is right; a test that no longer fails must go from here.
EXCEPTIONS = {
    "test_post.test_media_thumbnail": "wants a PNG preview as uploaded; every preview is written anew, as WebP",
    "test_post.test_post_scheduled_at_error": "wants Mastodon's “Record invalid”; we say which parameter is no moment",
}
# Log in at localhost:3000 whatever they are told: not asked where that port is taken.
BOUND_TO_PORT = ("test_login_cli", "test_login_cli_wrong_password")
_NO_NETWORK = ("Failed to establish a new connection", "Temporary failure in name resolution", "Network is unreachable")


def _run(*command: str | Path, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240, **options)  # type: ignore[call-overload]
    assert done.returncode == 0 or not check, done.stdout[-4000:] + done.stderr[-4000:]
    return done  # type: ignore[no-any-return]


def install_toot(folder: Path) -> tuple[Path, Path]:
    """Download toot's source and what it needs, all pinned; return a Python that has it, and its sources."""
    packages, environment = folder / "packages", folder / "environment"
    done = _run(
        sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--retries=1",
        "--require-hashes", "--no-deps", "--only-binary=:all:", "--no-binary=toot", "-d", packages, "-r", LOCK,
        check=False,
    )  # fmt: skip
    if done.returncode != 0 and any(words in done.stderr for words in _NO_NETWORK) and "CI" not in os.environ:
        pytest.skip("the package index, which has toot, cannot be reached")
    assert done.returncode == 0, done.stderr[-4000:]
    [source] = packages.glob("toot-*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    python = environment / "bin" / "python"
    _run(sys.executable, "-m", "uv", "venv", "-q", "--python", sys.executable, environment)
    _run(sys.executable, "-m", "uv", "pip", "install", "-q", "--python", python, "--offline", "--no-deps",
         *packages.glob("*.whl"))  # fmt: skip
    return python, folder / source.name.removesuffix(".tar.gz")


def run_tests(python: Path, sources: Path, instance: Instance) -> dict[str, str]:
    """Run toot's integration tests in a process of their own; return what became of each, "" when it passed."""
    report = sources / "report.xml"
    there = instance.origin.endswith(f":{MASTODONS_PORT}")
    left_out = [] if there else [f"--deselect=tests/integration/test_auth.py::{name}" for name in BOUND_TO_PORT]
    environment = {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(sources), "TOOT_TEST_BASE_URL": instance.origin,
    }  # fmt: skip
    done = _run(
        python, "-m", "pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider", f"--junit-xml={report}",
        *left_out, "tests/integration", cwd=sources, env=environment, check=False,
    )  # fmt: skip
    assert report.exists(), done.stdout[-4000:] + done.stderr[-4000:]
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.attrib['classname'].rpartition('.')[2]}.{case.attrib['name']}"
        outcomes[name] = "\n".join((trouble.text or "")[-2000:] or trouble.tag for trouble in case)
    return outcomes


async def test_toots_own_tests_pass(tmp_path: Path) -> None:
    installing = asyncio.create_task(asyncio.to_thread(install_toot, tmp_path))
    settings = {"THOUGHTS_REGISTRATION": "open", "THOUGHTS_PASSWORD_GRANT": "on"}
    async with running_instance(tmp_path / "one", "localhost", port=MASTODONS_PORT, **settings) as instance:
        python, sources = await installing
        outcomes = await asyncio.to_thread(run_tests, python, sources, instance)
    failed = {name: trouble for name, trouble in outcomes.items() if trouble}
    assert len(outcomes) >= AT_LEAST
    assert {name: trouble for name, trouble in failed.items() if name not in EXCEPTIONS} == {}
    assert sorted(failed) == sorted(EXCEPTIONS)
