"""Nothing is lost: live processes and engines are killed at random moments while the fediverse looks on."""

from __future__ import annotations

import asyncio
import os
import random
import re
import secrets
import shutil
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import redis.asyncio as redis

from storage.database import open_connection
from storage.engines import find_running, start_engines
from storage.engines.folder import DataFolder
from storage.engines.process import processes_in
from tests.live.instance import PASSWORD, Instance, eventually, running_instance
from tests.live.sink import Fediverse, Weather, open_fediverse

if TYPE_CHECKING:
    from tests.live.sink import Host, Resident

SECONDS = float(os.environ.get("KILL_TEST_SECONDS", "25"))
SEED = int(os.environ.get("KILL_TEST_SEED") or secrets.randbelow(1_000_000))

pytestmark = [
    pytest.mark.live,
    pytest.mark.xdist_group("live"),
    pytest.mark.timeout(300 + SECONDS),
    # What is cut at a kill is collected at any later time.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

_AGAIN_S = 0.1
# After the last kill: what the dead had leased is leased for 45 s.
_SETTLED_WITHIN_S = 90.0
_ROUND_S = 25.0
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')

_PENDING = """SELECT (SELECT count(*) FROM fanouts) AS fanouts,
    (SELECT count(*) FROM deliveries WHERE state = 'pending') AS deliveries,
    (SELECT count(*) FROM inbox_activities WHERE state = 'pending') AS inbox"""
_LEASED = """SELECT d.inbox_url, a.ap_id FROM deliveries d JOIN activities a ON a.id = d.activity_id
    WHERE d.lease IS NOT NULL"""
_SENT = """SELECT a.ap_id, a.seq, a.type, a.ordering_key AS object_id, u.username, a.payload IS NULL AS purged
    FROM activities a JOIN users u ON u.id = a.user_id"""


def tell(*what: object) -> None:
    """Show figures: with `-s`, and with whatever fails."""
    print(*what)


async def ask(instance: Instance, sql: str, *arguments: object) -> list[Any]:
    """Read from the instance's database."""
    engines = find_running(instance.data)
    assert engines is not None
    assert engines.database_url is not None
    connection = await open_connection(engines.database_url)
    try:
        return list(await connection.fetch(sql, *arguments))
    finally:
        await connection.close()


async def settled(instance: Instance, *, timeout_s: float = _SETTLED_WITHIN_S) -> float:
    """Wait until nothing is under way any more; return how long that took."""
    began = time.monotonic()
    while True:
        (pending,) = await ask(instance, _PENDING)
        if not any(pending):
            return time.monotonic() - began
        assert time.monotonic() - began < timeout_s, dict(pending)
        await asyncio.sleep(0.2)


async def insist(
    instance: Instance, answers: Counter[int], name: str, method: str, path: str, **options: Any
) -> dict[str, Any]:
    """Call the client API until it acknowledges; a thing that is gone at the second try was deleted by the first."""
    headers = {"Authorization": f"Bearer {instance.tokens[name]}", **options.pop("headers", {})}
    tried = 0
    while True:
        tried += 1
        try:
            answer = await instance.client.request(method, f"{instance.origin}{path}", headers=headers, **options)
        except httpx.TransportError:
            answers[0] += 1
        else:
            answers[answer.status_code] += 1
            if answer.status_code == 404 and method == "DELETE" and tried > 1:
                return {}
            if answer.status_code < 500:
                assert answer.status_code == 200, (method, path, answer.status_code, answer.text[:300])
                acknowledged: dict[str, Any] = answer.json()
                return acknowledged
        await asyncio.sleep(_AGAIN_S)


@dataclass
class Written:
    """A thought whose every step the API acknowledged."""

    id: str
    uri: str
    edits: int = 0
    deleted: bool = False


@dataclass
class Author:
    """One of our people, at work until the end."""

    instance: Instance
    name: str
    dice: random.Random
    answers: Counter[int] = field(default_factory=Counter)
    written: list[Written] = field(default_factory=list)

    async def work(self, until: float) -> None:
        """Write, edit and delete."""
        while time.monotonic() < until:
            alive = [thought for thought in self.written if not thought.deleted]
            choice = self.dice.random()
            if choice < 0.5 or not alive:
                await self.write(f"{self.name}'s thought {len(self.written)}")
            elif choice < 0.8:
                await self.edit(self.dice.choice(alive))
            else:
                await self.delete(self.dice.choice(alive))
            await asyncio.sleep(self.dice.uniform(0.1, 0.6))

    async def write(self, text: str) -> Written:
        """Publish a thought, once however often it has to be said."""
        status = await insist(
            self.instance, self.answers, self.name, "POST", "/api/v1/statuses",
            json={"status": text}, headers={"Idempotency-Key": f"{self.name}/{text}"},
        )  # fmt: skip
        self.written.append(Written(status["id"], status["uri"]))
        return self.written[-1]

    async def edit(self, thought: Written) -> None:
        """Change a thought to what it never was before."""
        thought.edits += 1
        text = {"status": f"{self.name}'s edit {thought.edits} of {thought.id}"}
        await insist(self.instance, self.answers, self.name, "PUT", f"/api/v1/statuses/{thought.id}", json=text)

    async def delete(self, thought: Written) -> None:
        """Delete a thought."""
        await insist(self.instance, self.answers, self.name, "DELETE", f"/api/v1/statuses/{thought.id}")
        thought.deleted = True


@dataclass
class Crowd:
    """The people elsewhere, who mention, like, boost and follow ours."""

    fediverse: Fediverse
    origin: str
    dice: random.Random
    stable: list[str]
    """Thoughts that nobody deletes."""
    mentions: int = 0
    likes: set[tuple[Resident, str]] = field(default_factory=set)
    unlikes: set[tuple[Resident, str]] = field(default_factory=set)
    boosts: set[tuple[Resident, str]] = field(default_factory=set)
    follows: dict[Resident, str] = field(default_factory=dict)
    _number: int = 1000

    async def work(self, until: float) -> None:
        """Say something every now and then; each saying goes on until it is heard."""
        async with asyncio.TaskGroup() as sayings:
            while time.monotonic() < until:
                sayings.create_task(self._say_something())
                await asyncio.sleep(self.dice.uniform(0.1, 0.4))

    async def _say_something(self) -> None:
        self._number += 1
        number, who = self._number, self.dice.choice(self.fediverse.residents)
        match self.dice.choice(("mention", "mention", "like", "boost", "follow")):
            case "mention":
                self.mentions += 1
                note = who.note(number, "Hello there", f"{self.origin}/users/carol")
                create = who.activity("Create", number, note, to=note["to"], cc=note["cc"])
                await self._tell(who, create, "/inbox")
            case "follow" if who not in self.follows:
                follow = who.activity("Follow", number, f"{self.origin}/users/carol")
                self.follows[who] = follow["id"]
                await self._tell(who, follow, "/users/carol/inbox")
            case kind:
                await self._react(kind, who, number)

    async def _react(self, kind: str, who: Resident, number: int) -> None:
        thought = self.dice.choice(self.stable)
        if kind == "boost" and (who, thought) not in self.boosts:
            self.boosts.add((who, thought))
            await self._tell(who, who.activity("Announce", number, thought, to=["as:Public"]), "/inbox")
        elif (who, thought) not in self.likes:
            self.likes.add((who, thought))
            like = who.activity("Like", number, thought)
            await self._tell(who, like, "/users/alice/inbox")
            if self.dice.random() < 0.3:
                self.unlikes.add((who, thought))
                await self._tell(who, who.activity("Undo", number, like), "/users/alice/inbox")

    async def _tell(self, who: Resident, activity: dict[str, Any], path: str) -> None:
        await self.fediverse.say(who, activity, f"{self.origin}{path}")


@dataclass
class Chaos:
    """Kills and wipes, in random order, and bad weather elsewhere."""

    instance: Instance
    fediverse: Fediverse
    dice: random.Random
    happened: Counter[str] = field(default_factory=Counter)
    leased: set[tuple[str, str]] = field(default_factory=set)
    """Deliveries, as inbox and id, that a killed process or PostgreSQL had under lease: these may come twice."""
    leases_at_kills: int = 0

    async def rage(self, until: float) -> None:
        """Let everything happen at least once a round, spread over it."""
        disasters: list[Callable[[], Awaitable[None]]] = [
            self._kill_web, self._kill_worker, self._kill_postgres, self._kill_valkey,
            self._wipe_redis, self._lose_redis,
            *(lambda weather=weather: self._weather(weather) for weather in Weather if weather is not Weather.FINE),
        ]  # fmt: skip
        while (began := time.monotonic()) < until:
            self.dice.shuffle(disasters)
            slot = min(_ROUND_S, until - began) / len(disasters)
            async with asyncio.TaskGroup() as tasks:
                for number, disaster in enumerate(disasters):
                    await asyncio.sleep(began + (number + self.dice.random()) * slot - time.monotonic())
                    tasks.create_task(disaster())
            await asyncio.sleep(max(0.0, began + slot * len(disasters) - time.monotonic()))

    async def _kill(self, what: str, *words: str) -> None:
        # One that has just died is on its way back.
        while not self.instance.kill(*words):
            await asyncio.sleep(0.02)
        self.happened[f"{what} killed"] += 1

    async def _kill_web(self) -> None:
        await self._kill("web", "-m web ")

    async def _kill_worker(self) -> None:
        await self._note_leases(self._kill("worker", "-m workers "))

    async def _kill_postgres(self) -> None:
        await self._note_leases(self._kill("PostgreSQL", "bin/postgres -D"))

    async def _note_leases(self, kill: Awaitable[None]) -> None:
        before = {tuple(row) for row in await ask(self.instance, _LEASED)}
        await kill
        after = {tuple(row) for row in await ask(self.instance, _LEASED)}
        self.leases_at_kills += len(before | after)
        self.leased |= before | after

    async def _kill_valkey(self) -> None:
        await self._kill("Valkey", "valkey-server")

    async def _lose_redis(self) -> None:
        await self._kill_valkey()
        folder = DataFolder(self.instance.data).valkey
        lost = folder.rename(folder.with_name(f"lost-{self.dice.random()}"))
        await asyncio.to_thread(shutil.rmtree, lost)
        self.happened["Redis lost its data"] += 1

    async def _wipe_redis(self) -> None:
        engines = find_running(self.instance.data)
        assert engines is not None
        assert engines.redis_url is not None
        while True:
            client = redis.Redis.from_url(engines.redis_url)
            try:
                await client.flushall()
                break
            except (redis.RedisError, OSError):
                await asyncio.sleep(0.05)
            finally:
                await client.aclose()
        self.happened["Redis wiped"] += 1

    async def _weather(self, weather: Weather) -> None:
        fine = [host for host in self.fediverse.hosts if host.weather is Weather.FINE]
        host = self.dice.choice(fine)
        await host.turn(weather)
        self.happened[f"host {weather.name.lower()}"] += 1
        await asyncio.sleep(self.dice.uniform(2, 6))
        await host.turn(Weather.FINE)


async def make_follow(fediverse: Fediverse, origin: str, name: str, residents: list[Resident], number: int) -> None:
    """Let residents follow one of ours."""
    slots = asyncio.Semaphore(8)

    async def follow(who: Resident) -> None:
        async with slots:
            activity = who.activity("Follow", number, f"{origin}/users/{name}")
            await fediverse.say(who, activity, f"{origin}/users/{name}/inbox")

    async with asyncio.TaskGroup() as follows:
        for who in residents:
            follows.create_task(follow(who))


async def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    tell(f"KILL_TEST_SEED={SEED} throws the same dice")
    began = time.monotonic()
    async with running_instance(tmp_path / "a") as a, open_fediverse(20) as fediverse:
        for name in ("alice", "bert", "carol"):
            await asyncio.to_thread(a.person, name)
        followers = {"alice": fediverse.residents, "bert": fediverse.residents[:20]}
        for number, (name, residents) in enumerate(followers.items()):
            await make_follow(fediverse, a.origin, name, residents, number)
        await settled(a)
        authors = [Author(a, name, random.Random(SEED + number)) for number, name in enumerate(followers)]
        stable = [await authors[0].write(f"To be liked {number}") for number in range(3)]
        await settled(a)
        calm = time.monotonic()

        for thought in stable:
            authors[0].written.remove(thought)
        crowd = Crowd(fediverse, a.origin, random.Random(SEED + 10), [thought.uri for thought in stable])
        chaos = Chaos(a, fediverse, random.Random(SEED + 20))
        until = calm + SECONDS
        async with asyncio.TaskGroup() as tasks:
            for author in authors:
                tasks.create_task(author.work(until))
            tasks.create_task(crowd.work(until))
            tasks.create_task(chaos.rage(until))
        storm = time.monotonic()
        settling_s = await settled(a)
        authors[0].written += stable

        rows = await ask(a, _SENT)
        again = _check_deliveries(fediverse, rows, followers, authors, crowd, chaos)
        await _check_effects(a, fediverse, followers, authors, crowd, stable)

    report = {
        "seed": SEED, **chaos.happened,
        "activities": len(rows), "deliveries": sum(fediverse.taken.values()),
        "taken in": fediverse.said, "refused while down": dict(fediverse.answers),
        "API answers": dict(sum((author.answers for author in authors), Counter[int]())),
        "leased at kills": chaos.leases_at_kills, "delivered again": again,
        "seconds": f"{calm - began:.0f} calm, {storm - calm:.0f} storm, {settling_s:.0f} settling",
    }  # fmt: skip
    tell(report)


def _check_deliveries(
    fediverse: Fediverse,
    rows: list[Any],
    followers: dict[str, list[Resident]],
    authors: list[Author],
    crowd: Crowd,
    chaos: Chaos,
) -> int:
    """Check who got what, in which order; return how many deliveries came again."""
    sent = {row["ap_id"]: row for row in rows}
    deleted = {thought.uri for author in authors for thought in author.written if thought.deleted}

    # What was acknowledged has its activities, each once, and there are no others.
    wanted: Counter[tuple[str, str]] = Counter()
    for author in authors:
        for thought in author.written:
            wanted["Create", thought.uri] += 1
            wanted["Update", thought.uri] += thought.edits
            wanted["Delete", thought.uri] += thought.deleted
    found = Counter((row["type"], row["object_id"]) for row in rows if row["type"] != "Accept")
    assert found == +wanted
    accepts = [row for row in rows if row["type"] == "Accept"]
    assert len(accepts) == sum(map(len, followers.values())) + len(crowd.follows)

    # Every expected id at every expected inbox, none elsewhere. A deleted thought's text need not go out any more.
    possible: set[tuple[str, str]] = set()
    required: set[tuple[str, str]] = set()
    for ap_id, row in sent.items():
        if row["type"] == "Accept":
            continue
        pairs = {(inbox, ap_id) for inbox in fediverse.inboxes(followers[row["username"]])}
        possible |= pairs
        if row["type"] == "Delete" or row["object_id"] not in deleted:
            required |= pairs
    of_follow = {arrival.object_id: arrival for arrival in fediverse.arrivals if arrival.kind == "Accept"}
    asked = {(who, f"{who.id}/follows/{n}") for n, all_ in enumerate(followers.values()) for who in all_}
    for who, follow_id in asked | set(crowd.follows.items()):
        assert of_follow[follow_id].inbox == who.delivered_to
        required.add((who.delivered_to, of_follow[follow_id].activity_id))
    taken = set(fediverse.taken)
    assert not required - taken, f"{len(required - taken)} deliveries are lost: {sorted(required - taken)[:5]}"
    assert not taken - possible - required, "something arrived where it has no business"

    # Twice only what was leased at a kill.
    again = {pair: count - 1 for pair, count in fediverse.taken.items() if count > 1}
    assert not set(again) - chaos.leased, f"came twice without a reason: {sorted(set(again) - chaos.leased)[:5]}"
    assert sum(again.values()) <= chaos.leases_at_kills

    # In order: nothing about an object after something later about it.
    latest: dict[tuple[str, str], int] = defaultdict(int)
    for arrival in fediverse.arrivals:
        seq, what = sent[arrival.activity_id]["seq"], (arrival.host, arrival.object_id)
        assert seq >= latest[what], f"{arrival} came after a later one"
        latest[what] = seq
    return sum(again.values())


async def _check_effects(
    a: Instance,
    fediverse: Fediverse,
    followers: dict[str, list[Resident]],
    authors: list[Author],
    crowd: Crowd,
    stable: list[Written],
) -> None:
    """Check that everything on our side happened exactly once."""
    assert set(fediverse.answers) <= {"202", "503", "ServerDisconnectedError", "ClientOSError", "TimeoutError",
        "ClientConnectorError"}, fediverse.answers  # fmt: skip
    for author in authors:
        assert set(author.answers) <= {0, 200, 404, 503}, author.answers
        account = await a.api(author.name, "GET", "/api/v1/accounts/verify_credentials")
        assert account["statuses_count"] == sum(not thought.deleted for thought in author.written)
        assert account["followers_count"] == len(followers[author.name])

    ((states, dead, seen),) = await ask(
        a,
        """SELECT (SELECT array_agg(DISTINCT state) FROM inbox_activities),
            (SELECT count(*) FROM failed_events), (SELECT count(*) FROM seen_activities)""",
    )
    assert (states, dead, seen) == (["done"], 0, fediverse.said)
    ((notes, accounts, follows),) = await ask(
        a,
        """SELECT (SELECT count(*) FROM thoughts t JOIN users u ON u.id = t.user_id WHERE u.is_remote),
            (SELECT followers_count FROM users WHERE username = 'carol'),
            (SELECT count(*) FROM follows f JOIN users u ON u.id = f.following_id WHERE u.username = 'carol')""",
    )
    assert (notes, accounts, follows) == (crowd.mentions, len(crowd.follows), len(crowd.follows))

    liked, boosted = crowd.likes - crowd.unlikes, crowd.boosts
    for thought in stable:
        status = await a.api("alice", "GET", f"/api/v1/statuses/{thought.id}")
        assert status["favourites_count"] == sum(uri == thought.uri for _, uri in liked)
        assert status["reblogs_count"] == sum(uri == thought.uri for _, uri in boosted)
    told = {
        (row["username"], row["type"]): row["count"]
        for row in await ask(
            a, "SELECT u.username, n.type, count(*) FROM notifications n JOIN users u ON u.id = n.user_id GROUP BY 1, 2"
        )
    }
    assert told == {
        key: count
        for key, count in {
            ("carol", "mention"): crowd.mentions,
            ("carol", "follow"): len(crowd.follows),
            ("alice", "follow"): len(followers["alice"]),
            ("bert", "follow"): len(followers["bert"]),
            ("alice", "favourite"): len(liked),
            ("alice", "reblog"): len(boosted),
        }.items()
        if count
    }


def _runs(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def _ended(pids: Iterable[int]) -> None:
    async def gone() -> bool:
        return not any(map(_runs, pids))

    await eventually(gone, what="the end of every process")


async def test_no_process_outlives_the_supervisor_and_a_restart_continues(tmp_path: Path) -> None:
    async with running_instance(tmp_path / "a") as a:
        await asyncio.to_thread(a.person, "alice")
        thought = await a.post("alice", "Kept")
        assert a.process is not None
        ours = {*a.descendants(), a.process.pid}
        a.process.kill()
        await asyncio.to_thread(a.process.wait)
        await _ended(ours)

        for number in (signal.SIGTERM, signal.SIGINT):
            began = time.monotonic()
            await a.start()
            took = time.monotonic() - began
            tell(f"start before {number.name}", f"{took:.1f} s")
            # Five seconds on a machine that has nothing else to do: web and workers start side by side on two cores.
            assert took < 5 * max(1.0, os.getloadavg()[0])
            assert (await a.api("alice", "GET", f"/api/v1/statuses/{thought['id']}"))["uri"] == thought["uri"]
            ours = {*a.descendants(), a.process.pid}
            assert len(ours) > 4
            a.process.send_signal(number)
            assert await asyncio.to_thread(a.process.wait, 30) == 0
            assert not any(map(_runs, ours)), "something was left when the supervisor had ended"


async def test_without_redis_everything_answers_and_deliveries_wait(tmp_path: Path) -> None:
    async with (
        start_engines(tmp_path / "redis", postgres=False, valkey=True) as engines,
        open_fediverse(2) as fediverse,
        running_instance(tmp_path / "a", REDIS_URL=engines.redis_url or "") as a,
    ):
        await asyncio.to_thread(a.person, "alice")
        await make_follow(fediverse, a.origin, "alice", fediverse.residents, 0)
        await settled(a)
        before = fediverse.taken.total()
        (valkey,) = processes_in(DataFolder(tmp_path / "redis").valkey, "valkey-server")
        os.kill(valkey, signal.SIGKILL)
        # Processes that start while it is away answer as well.
        assert a.kill("-m web ") == 1
        assert a.kill("-m workers ") == 1

        author = Author(a, "alice", random.Random())
        await author.write("Written while Redis is away")  # as soon as web is back
        slowest_s = 0.0
        for number in range(5):
            for visit in (
                a.client.get(f"{a.origin}/@alice"),
                a.api("alice", "GET", "/api/v1/timelines/home"),
                author.write(f"And again {number}"),
                _mention(fediverse, a, number),
            ):
                began = time.monotonic()
                answer = await visit
                slowest_s = max(slowest_s, time.monotonic() - began)
                assert not isinstance(answer, httpx.Response) or answer.status_code == 200
        tell("slowest answer without Redis", f"{slowest_s:.2f} s")
        assert slowest_s < 5
        assert set(author.answers) <= {0, 200}
        assert set(fediverse.answers) == {"202"}
        assert fediverse.taken.total() == before

        assert await engines.ensure_running() == ["Valkey"]
        waited_s = await settled(a, timeout_s=30)
        tell("until all was delivered after Redis was back", f"{waited_s:.1f} s")
        assert fediverse.taken.total() == before + len(author.written) * len(fediverse.inboxes(fediverse.residents))
        ((mentions,),) = await ask(a, "SELECT count(*) FROM notifications WHERE type = 'mention'")
        assert mentions == 5


async def _mention(fediverse: Fediverse, a: Instance, number: int) -> None:
    who = fediverse.residents[0]
    note = who.note(number, "Hello there", f"{a.origin}/users/alice")
    await fediverse.say(who, who.activity("Create", number, note, to=note["to"], cc=note["cc"]), f"{a.origin}/inbox")


async def test_a_host_that_returns_gets_its_backlog_and_at_once_when_told_to(tmp_path: Path) -> None:
    async with running_instance(tmp_path / "a") as a, open_fediverse(3, residents_each=1) as fediverse:
        await asyncio.to_thread(a.person, "ada", admin=True)
        await make_follow(fediverse, a.origin, "ada", fediverse.residents, 0)
        await settled(a)
        healthy, patient, urged = fediverse.hosts
        for host in (patient, urged):
            await host.turn(Weather.AWAY)
        away_since = time.monotonic()
        for number in range(5):
            await a.post("ada", f"Not everybody hears this yet: {number}")

        def missing(host: Host) -> int:
            return 6 - sum(count for (inbox, _), count in fediverse.taken.items() if inbox.startswith(host.origin))

        async def reached(*hosts: Host) -> bool:
            return not any(map(missing, hosts))

        await eventually(lambda: reached(healthy), what="the healthy host noticed nothing", timeout_s=10)
        await asyncio.sleep(away_since + 30 - time.monotonic())
        assert (missing(patient), missing(urged)) == (5, 5)

        await patient.turn(Weather.FINE)
        back = time.monotonic()
        async with httpx.AsyncClient(base_url=a.origin) as browser:
            await _submit(browser, "/signin", {"name": "ada", "password": PASSWORD})
            await urged.turn(Weather.FINE)
            told = time.monotonic()
            await _submit(browser, "/admin/federation", {"host": urged.authority, "action": "retry"})
        await eventually(lambda: reached(urged), what="what was told to go went at once", timeout_s=5, every_s=0.02)
        tell("backlog after retry now", f"{time.monotonic() - told:.2f} s")
        await eventually(lambda: reached(patient), what="the backlog arrived by itself", timeout_s=60)
        tell("backlog after 30 s away", f"{time.monotonic() - back:.1f} s")
        await settled(a, timeout_s=10)


async def _submit(browser: httpx.AsyncClient, path: str, form: dict[str, str]) -> None:
    page = await browser.get(path)
    found = _TOKEN.search(page.text)
    assert found is not None, (path, page.status_code, page.headers)
    answer = await browser.post(
        path, data={"csrf_token": found[1], **form}, headers={"Origin": str(browser.base_url).rstrip("/")}
    )
    assert answer.status_code == 303, answer.text
