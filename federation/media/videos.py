"""Video and sound, by the system's ffmpeg when there is one: looked at, stripped, and changed only where needed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from federation.errors import Invalid
from federation.media.formats import (
    MAX_FRAME_RATE,
    MAX_VIDEO_BYTES,
    MAX_VIDEO_PIXELS,
    MOVING,
    Made,
    written_file,
)
from federation.media.images import make_preview, sizes

if sys.platform != "win32":
    import resource

MISSING = "Video and sound need ffmpeg, which is not installed on this server. Pictures work."
_LOOK_S = 20.0
_WORK_S = 600.0
_STRIP_S = 60.0
_MEMORY_BYTES = 4 * 1024**3
_DAMAGED = "The file is damaged, or not what its beginning says."
# Plays everywhere, in every app and on every server.
_PLAYS = {"video": ("h264",), "audio": ("aac",)}
_MUXERS = {
    "video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm", "audio/mpeg": "mp3", "audio/mp4": "ipod",
    "audio/ogg": "ogg", "audio/wav": "wav", "audio/flac": "flac", "audio/aac": "adts",
}  # fmt: skip
_LONGEST_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Looked:
    """What ffprobe says about a file; sizes as shown, turned ones upright."""

    width: int | None
    height: int | None
    duration_s: float | None
    frame_rate: str | None
    frames_per_s: float
    bitrate: int | None
    video_codec: str | None
    pixel_format: str | None
    audio_codec: str | None


@cache
def available() -> bool:
    """Tell whether ffmpeg and ffprobe are installed; looked up once per process."""
    return all(shutil.which(name) for name in ("ffmpeg", "ffprobe"))


async def make_moving(path: Path, content_type: str, folder: Path) -> Made:
    """Write video or sound anew into `folder`, without metadata: copied where it plays everywhere, else transcoded.

    Raises `Invalid` for what is damaged or beyond the limits, and when there is no ffmpeg.
    """
    if not available():
        raise Invalid(MISSING)
    demuxer = "gif" if content_type == "image/gif" else MOVING[content_type][1]
    found = await _look(path, demuxer)
    if found.video_codec is None:
        return await _make_sound(path, demuxer, found, folder)
    if found.width is None or found.height is None or found.width * found.height > MAX_VIDEO_PIXELS:
        raise Invalid("The video has more pixels than 3840 × 2160.")
    if found.frames_per_s > MAX_FRAME_RATE and demuxer != "gif":
        raise Invalid(f"The video has more than {MAX_FRAME_RATE} frames a second.")
    out = folder / "out.mp4"
    await _ffmpeg(_input(path, demuxer), [*_video_codecs(found), *_bare("mp4"), str(out)])
    made = await _look(out, "mov")
    still, blurhash = await _still(out, made)
    kind = "gifv" if demuxer == "gif" else "video"
    facts = {"type": "video/mp4", "blurhash": blurhash, **sizes(None, still), **_facts(made)}
    return Made(kind, await asyncio.to_thread(written_file, out, "video/mp4"), still.file, facts)


async def _make_sound(path: Path, demuxer: str, found: Looked, folder: Path) -> Made:
    if found.audio_codec is None:
        raise Invalid(_DAMAGED)
    kept = {"mp3": ("mp3", "audio/mpeg"), "aac": ("mp4", "audio/mp4")}.get(found.audio_codec)
    kind, served = kept or ("mp4", "audio/mp4")
    out = folder / f"out.{kind}"
    codec = ["-c:a", "copy"] if kept else ["-c:a", "aac", "-b:a", "160k"]
    if kept and found.audio_codec == "aac" and demuxer == "aac":
        codec = ["-c:a", "copy", "-bsf:a", "aac_adtstoasc"]
    await _ffmpeg(_input(path, demuxer), ["-map", "0:a:0", "-vn", *codec, *_bare(kind), str(out)])
    made = await _look(out, "mp3" if kind == "mp3" else "mov")
    facts = {"type": served, **_facts(made)}
    return Made("audio", await asyncio.to_thread(written_file, out, served), None, facts)


async def strip(path: Path, content_type: str, folder: Path) -> Path:
    """Copy video or sound into `folder` as it is, but without tags, covers and other tracks; return the copy.

    What ffmpeg cannot take apart, and everything when there is none, stays where it is: browsers may know better.
    """
    served, demuxer = MOVING[content_type]
    out = folder / "stripped"
    kept = ["-map", "0:a:0"] if served.startswith("audio/") else ["-map", "0:V:0", "-map", "0:a?"]
    if available():
        with contextlib.suppress(Invalid):
            output = [*kept, "-c", "copy", *_bare(_MUXERS[served]), f"file:{out}"]
            await _ffmpeg(_input(path, demuxer), output, within_s=_STRIP_S)
            return out
    return path


def _video_codecs(found: Looked) -> list[str]:
    plays = found.video_codec in _PLAYS["video"] and found.pixel_format in ("yuv420p", "yuvj420p")
    video = ["-c:v", "copy"] if plays else [
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p", "-maxrate", "6M",
        "-bufsize", "12M", "-vf", "scale='min(1920,iw)':'min(1920,ih)':force_original_aspect_ratio=decrease:"
        "force_divisible_by=2", "-fpsmax", "60",
    ]  # fmt: skip
    if found.audio_codec is None:
        return ["-map", "0:v:0", "-an", *video]
    audio = ["-c:a", "copy"] if found.audio_codec in _PLAYS["audio"] else ["-c:a", "aac", "-b:a", "160k", "-ac", "2"]
    return ["-map", "0:v:0", "-map", "0:a:0", *video, *audio]


def _input(path: Path, demuxer: str) -> list[str]:
    # Only this file, taken apart as what its bytes are: no playlists, no addresses, no files beside it.
    return ["-protocol_whitelist", "file", "-f", demuxer, "-i", f"file:{path}"]


def _bare(kind: str) -> list[str]:
    # No tags (places, names, devices), no chapters, no data or subtitle tracks, no name of the encoder.
    bare = ["-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn", "-fflags", "+bitexact", "-flags", "+bitexact"]
    bare += ["-fs", str(MAX_VIDEO_BYTES), "-f", kind]
    if kind in ("mp4", "mov", "ipod"):
        return [*bare, "-movflags", "+faststart"]
    return [*bare, "-id3v2_version", "0", "-write_xing", "0"] if kind == "mp3" else bare


async def _still(path: Path, made: Looked) -> tuple[Any, str]:
    at = min(1.0, (made.duration_s or 0) / 2)
    png = await _run(
        "ffmpeg", "-nostdin", "-v", "error", "-ss", f"{at:.3f}", *_input(path, "mov"), "-frames:v", "1",
        "-vf", "scale='min(1280,iw)':-2", "-c:v", "png", "-f", "image2pipe", "pipe:1", within_s=_LOOK_S,
    )  # fmt: skip
    return await asyncio.to_thread(make_preview, png)


async def _look(path: Path, demuxer: str) -> Looked:
    answer = await _run(
        "ffprobe", "-v", "error", *_input(path, demuxer), "-show_format", "-show_streams", "-of", "json",
        within_s=_LOOK_S,
    )  # fmt: skip
    try:
        found: dict[str, Any] = orjson.loads(answer)
    except orjson.JSONDecodeError as exc:
        raise Invalid(_DAMAGED) from exc
    streams = found.get("streams", [])
    # A cover is a video stream too.
    covers = [s for s in streams if s.get("disposition", {}).get("attached_pic")]
    video: dict[str, Any] = next((s for s in streams if s.get("codec_type") == "video" and s not in covers), {})
    audio: dict[str, Any] = next((s for s in streams if s.get("codec_type") == "audio"), {})
    width, height = video.get("width"), video.get("height")
    turned = any(abs(int(side.get("rotation", 0))) % 180 == 90 for side in video.get("side_data_list", []))
    if turned:
        width, height = height, width
    duration = _number(found.get("format", {}).get("duration"))
    return Looked(
        width=width,
        height=height,
        duration_s=duration if duration and duration < _LONGEST_S else None,
        frame_rate=video.get("avg_frame_rate"),
        frames_per_s=_rate(video.get("avg_frame_rate")),
        bitrate=int(_number(found.get("format", {}).get("bit_rate")) or 0) or None,
        video_codec=video.get("codec_name"),
        pixel_format=video.get("pix_fmt"),
        audio_codec=audio.get("codec_name"),
    )


def _facts(made: Looked) -> dict[str, Any]:
    known = {
        "width": made.width,
        "height": made.height,
        "duration_s": made.duration_s,
        "frame_rate": made.frame_rate if made.video_codec else None,
        "bitrate": made.bitrate,
    }
    return {name: value for name, value in known.items() if value is not None}


def _number(text: object) -> float | None:
    try:
        return float(text) if isinstance(text, str | int | float) else None
    except ValueError:
        return None


def _rate(text: object) -> float:
    above, _, below = str(text or "0/1").partition("/")
    return (_number(above) or 0.0) / (_number(below) or 1.0)


async def _ffmpeg(source: list[str], output: list[str], *, within_s: float = _WORK_S) -> None:
    await _run("ffmpeg", "-nostdin", "-v", "error", "-y", *source, *output, within_s=within_s)


async def _run(program: str, *args: str, within_s: float) -> bytes:
    """Run ffmpeg or ffprobe within bounds of time and memory; what it cannot read is `Invalid`."""
    process = await asyncio.create_subprocess_exec(program, *args, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
    try:
        _bound(process.pid, within_s)
        async with asyncio.timeout(within_s):
            answer, _ = await process.communicate()
    except TimeoutError as exc:
        raise Invalid("The file takes too long to work on.") from exc
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        raise Invalid(_DAMAGED)
    return answer


def _bound(pid: int, cpu_s: float) -> None:
    if sys.platform != "linux":
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        resource.prlimit(pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.prlimit(pid, resource.RLIMIT_CPU, (int(cpu_s), int(cpu_s)))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (2 * MAX_VIDEO_BYTES, 2 * MAX_VIDEO_BYTES))
