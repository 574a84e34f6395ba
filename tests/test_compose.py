"""The compose file: what it starts is what is tested, and every name in it leads somewhere."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.commands import beat_command, web_command, worker_command

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", "web", "worker", "beat"]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("web", web_command(bind="0.0.0.0:8000")),
        ("worker", worker_command()),
        ("beat", beat_command(schedule="/srv/var/beat-schedule")),
    ],
)
def test_a_container_runs_the_command_that_the_tests_run(name, command):
    assert SERVICES[name]["command"] == ["python", *command[1:]]


def test_who_waits_for_whom_exists_and_can_be_waited_for():
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, name
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], other


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_every_lasting_container_says_whether_it_is_well(name):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_named_volumes_and_secrets_are_declared():
    for service in SERVICES.values():
        named = {
            volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith((".", "/"))
        }
        assert named <= set(COMPOSE["volumes"])
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_the_settings_read_every_variable_that_the_containers_get():
    settings = (ROOT / "config" / "settings.py").read_text()
    for name in SERVICES["web"]["environment"]:
        assert f'"{name.removesuffix("_FILE")}"' in settings, name


def test_no_secret_stands_in_the_file():
    values = [str(value) for name in OURS for value in SERVICES[name]["environment"].values()]
    assert not [value for value in values if re.search(r"://[^/]*:[^/]*@", value)]


def test_our_containers_run_without_rights():
    assert "\nUSER 10001\n" in (ROOT / "Dockerfile").read_text()
    assert all(SERVICES[name]["cap_drop"] == ["ALL"] and SERVICES[name]["read_only"] for name in OURS)


def test_the_database_and_redis_listen_on_no_port():
    assert not [name for name in ("postgres", "redis") if "ports" in SERVICES[name]]


def test_no_secret_and_no_data_is_built_into_the_image():
    """The Dockerfile copies the folder it stands in, in which the secrets and a clinic's data may lie."""
    left_out = {"secrets", ".env", "var", "*.sqlite3*", ".git"}
    assert left_out <= set((ROOT / ".dockerignore").read_text().splitlines())
    folders = {secret["file"].removeprefix("./").split("/")[0] for secret in COMPOSE["secrets"].values()}
    assert folders <= left_out
    never_committed = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    assert folders | {".env"} <= never_committed


def test_an_image_started_by_itself_runs_the_web_server_that_the_tests_run():
    (command,) = re.findall(r"^CMD (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert json.loads(command) == ["python", *web_command(bind="0.0.0.0:8000")[1:]]
