"""A small S3 server of a package, and a bucket in it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def running_bucket() -> Iterator[dict[str, str]]:
    """Run an S3 server; yield the settings with which an instance keeps its bytes in a bucket of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        create = urllib.request.Request(f"http://127.0.0.1:{port}/thoughts", method="PUT")
        for _ in range(600):
            try:
                urllib.request.urlopen(create).close()
                break
            except urllib.error.URLError:
                assert server.poll() is None
                time.sleep(0.1)
        yield {
            "THOUGHTS_MEDIA_URL": f"s3://thoughts/some/where?endpoint=http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
    finally:
        server.terminate()
        server.wait()
