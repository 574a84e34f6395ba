"""`make check`: all that can be said about the code without running it. `--fix` writes what can be written."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests import production

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
APPS = ["config", "intake", "scheduling", "notifications"]


def templates() -> list[str]:
    """Django's HTML templates. The plain-text ones of mails keep their line breaks as written."""
    return sorted(
        str(path.relative_to(ROOT)) for app in APPS for path in (ROOT / app).rglob("templates/**/*.html")
    )


def tool(name: str, *arguments: str) -> list[str]:
    return [str(BIN / name), *arguments]


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def writing() -> Iterator[tuple[str, list[str], dict[str, str]]]:
    yield "ruff", tool("ruff", "check", "--fix", "--exit-zero", "--quiet", "."), {}
    yield "ruff format", tool("ruff", "format", "."), {}
    if found := templates():
        yield "djade", tool("djade", "--target-version", "5.2", *found), {}


def checks(folder: str) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Name, command, and what it needs in the environment."""
    yield "ruff format", tool("ruff", "format", "--check", "--quiet", "."), {}
    yield "ruff", tool("ruff", "check", "--quiet", "."), {}
    if found := templates():
        yield "djade", tool("djade", "--check", "--target-version", "5.2", *found), {}
        yield "djlint", tool("djlint", "--lint", "--quiet", *found), {}
    development = {"DEBUG": "1", "VAR_DIR": folder}
    yield "types (mypy)", tool("mypy"), development
    yield "import contracts", tool("lint-imports", "--no-cache"), development
    yield "missing migrations", manage("makemigrations", "--check", "--dry-run"), development
    yield "deploy check", manage("check", "--deploy", "--fail-level", "WARNING"), production.ENVIRONMENT
    yield "compose file", compose_check(), {}
    yield "Dockerfile", tool("hadolint", "Dockerfile"), {}


def compose_check() -> list[str]:
    return tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


def run(name: str, command: list[str], environment: dict[str, str]) -> bool:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    say(f"{'ok    ' if done.returncode == 0 else 'FAILED'}  {name}")
    if done.returncode:
        say(done.stdout)
    return done.returncode == 0


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    if "--fix" in arguments:
        return 0 if all(run(*step) for step in writing()) else 1
    with tempfile.TemporaryDirectory() as folder:
        # All of them, even after a failure: one run names everything there is to do.
        results = [run(*check) for check in checks(folder)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
