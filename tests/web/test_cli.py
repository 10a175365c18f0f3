"""The `thoughts` command, as an admin types it: what it prints, how it ends, and how it refuses."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from storage.database import open_connection
from web.cli import COMMANDS, main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Thoughts = Callable[..., Result]

CREATE = ("user", "create", "alice", "--email", "alice@mail.example", "--password", "correct horse battery")
LETTER = "01890000-0000-7000-8000-000000000001"
NOWHERE = "01890000-0000-7000-8000-00000000ffff"


@pytest.fixture
def thoughts(fresh_database_url: str, redis_url: str, tmp_path: Path) -> Thoughts:
    """Run the command on a database of this test's own."""
    environment = {
        "DATABASE_URL": fresh_database_url,
        "REDIS_URL": redis_url,
        "THOUGHTS_DATA": str(tmp_path),
        "THOUGHTS_ORIGIN": "http://localhost:8000",
    }

    def invoke(*arguments: str, status: int = 0, answer: str | None = None, **settings: str) -> Result:
        result = CliRunner(env=environment | settings).invoke(main, arguments, input=answer)
        assert result.exit_code == status, (arguments, result.output, result.exception)
        return result

    return invoke


def refusal(result: Result) -> str:
    """Return the one line with which a command refuses, and nothing on stdout."""
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("Error: ").strip()


def execute(url: str, sql: str) -> list[tuple[object, ...]]:
    """Run SQL beside the command."""

    async def run() -> list[tuple[object, ...]]:
        connection = await open_connection(url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert f"Usage: main {name}" in result.output


def test_accounts_are_made_and_refused_with_reasons(thoughts: Thoughts, fresh_database_url: str) -> None:
    assert thoughts(*CREATE, "--admin").output == "alice can sign in at http://localhost:8000/signin\n"
    assert execute(fresh_database_url, "SELECT role, state FROM users WHERE username = 'alice'") == [
        ("admin", "active")
    ]
    assert "taken" in refusal(thoughts(*CREATE, status=1))
    short = ("user", "create", "bob", "--email", "bob@mail.example", "--password", "short")
    assert "8" in refusal(thoughts(*short, status=1))
    assert "Missing option '--email'" in thoughts("user", "create", "bob", status=2).stderr


def test_accounts_are_suspended_approved_and_deleted(thoughts: Thoughts, fresh_database_url: str) -> None:
    thoughts(*CREATE)

    def state() -> object:
        return execute(fresh_database_url, "SELECT state FROM users WHERE ap_id LIKE '%/users/alice'")[0][0]

    assert thoughts("user", "suspend", "alice").output == "alice is suspended.\n"
    assert state() == "suspended"
    assert thoughts("user", "suspend", "alice", "--undo").output == "alice is active again.\n"
    assert state() == "active"
    execute(fresh_database_url, "UPDATE users SET state = 'pending' WHERE username = 'alice'")
    assert thoughts("user", "approve", "alice").output == "alice can sign in now.\n"
    assert state() == "active"
    assert "Aborted" in thoughts("user", "delete", "alice", answer="n\n", status=1).stderr
    assert state() == "active"
    assert thoughts("user", "delete", "alice", "--yes").output == "alice is deleted; the name stays reserved.\n"
    assert state() == "deleted"
    refusal(thoughts(*CREATE, status=1))


def test_the_only_admin_stays(thoughts: Thoughts, fresh_database_url: str) -> None:
    thoughts(*CREATE, "--admin")
    for command in (("suspend", "alice"), ("delete", "alice", "--yes")):
        assert "only admin" in refusal(thoughts("user", *command, status=1))
    assert execute(fresh_database_url, "SELECT state FROM users WHERE username = 'alice'") == [("active",)]
    thoughts("user", "create", "bob", "--email", "b@mail.example", "--password", "correct horse battery", "--admin")
    thoughts("user", "suspend", "alice")
    assert "only admin" in refusal(thoughts("user", "delete", "bob", "--yes", status=1))
    thoughts("user", "delete", "alice", "--yes")


def test_a_password_is_asked_for_twice(thoughts: Thoughts, fresh_database_url: str) -> None:
    thoughts(*CREATE)
    (before,) = execute(fresh_database_url, "SELECT password_hash FROM users WHERE username = 'alice'")
    said = thoughts("user", "password", "alice", answer="another horse\nanother horse\n").output
    assert said.endswith("alice has a new password; their sessions have ended.\n")
    assert "another horse" not in said
    assert execute(fresh_database_url, "SELECT password_hash FROM users WHERE username = 'alice'") != [before]


@pytest.mark.parametrize(
    "command",
    [
        ("user", "password", "nobody", "--password", "correct horse"),
        ("user", "suspend", "nobody"),
        ("user", "approve", "nobody"),
        ("user", "delete", "nobody", "--yes"),
        ("token", "create", "nobody"),
        ("failed", "show", NOWHERE),
        ("failed", "retry", NOWHERE),
        ("failed", "discard", NOWHERE),
        ("failed", "retry"),
        ("failed", "discard"),
        ("domain", "unblock", "never-blocked.example"),
        ("domain", "block", "not a domain"),
    ],
    ids=" ".join,
)
def test_what_is_not_there_is_refused_in_one_line(thoughts: Thoughts, command: tuple[str, ...]) -> None:
    assert refusal(thoughts(*command, status=1)).endswith(".")


def test_a_token_is_printed_and_nothing_else(thoughts: Thoughts) -> None:
    thoughts(*CREATE)
    token = thoughts("token", "create", "alice").stdout
    assert len(token.strip()) >= 32
    assert token == token.strip() + "\n"
    assert "fly" in refusal(thoughts("token", "create", "alice", "--scopes", "read fly", status=1))


def test_domains_are_blocked_listed_and_unblocked(thoughts: Thoughts) -> None:
    assert thoughts("domain", "list").output == ""
    assert thoughts("domain", "block", "Spam.Example", "--reason", "spam").output == "spam.example is blocked.\n"
    name, _, reason = thoughts("domain", "list").output.rstrip("\n").split("\t")
    assert (name, reason) == ("spam.example", "spam")
    assert "spam.example" in thoughts("domain", "unblock", "spam.example").output
    assert thoughts("domain", "list").output == ""


def test_an_empty_shelf_of_dead_letters(thoughts: Thoughts) -> None:
    assert thoughts("failed", "list").output.endswith("0 open.\n")
    assert thoughts("failed", "list", "--json").output == ""
    assert thoughts("failed", "retry", "--all").output == "0 retried.\n"
    assert thoughts("failed", "discard", "--host", "gone.example").output == "0 discarded.\n"


def test_dead_letters_are_listed_shown_and_discarded(thoughts: Thoughts, fresh_database_url: str) -> None:
    thoughts("migrate")
    execute(
        fresh_database_url,
        f"INSERT INTO failed_events (id, kind, source_id, host, subject, error_class) "
        f"VALUES ('{LETTER}', 'fetch', '{NOWHERE}', 'gone.example', 'a person', 'Timeout')",
    )
    assert "1 open." in thoughts("failed", "list").output
    (line,) = thoughts("failed", "list", "--json", "--host", "gone.example").output.splitlines()
    assert UUID(json.loads(line)["id"]) == UUID(LETTER)
    assert thoughts("failed", "list", "--json", "--host", "other.example").output == ""
    assert json.loads(thoughts("failed", "show", LETTER).output)["error_class"] == "Timeout"
    assert thoughts("failed", "discard", LETTER).output == "1 discarded.\n"
    assert thoughts("failed", "list").output.endswith("0 open.\n")


def test_settings_that_make_no_sense_are_named(thoughts: Thoughts) -> None:
    assert "THOUGHTS_MAX_CHARS" in refusal(thoughts("migrate", status=1, THOUGHTS_MAX_CHARS="many"))


def test_another_origin_is_refused(thoughts: Thoughts) -> None:
    thoughts(*CREATE)
    said = refusal(thoughts("domain", "list", status=1, THOUGHTS_ORIGIN="https://other.example"))
    assert "THOUGHTS_ORIGIN=http://localhost:8000" in said


def test_migrations_are_shown(thoughts: Thoughts) -> None:
    assert thoughts("migrate").output == "nothing to apply\n"
    assert "0001_" in thoughts("migrate", "--status").output
