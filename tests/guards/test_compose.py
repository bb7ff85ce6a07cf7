"""docker-compose.yml against this project: commands exist, variables are documented and read, no secret inside."""

import ast
import copy
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from tools import production_secrets

BASE_DIR = Path(__file__).resolve().parent.parent.parent
OURS = {"web", "worker", "scheduler", "migrate"}
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)")
PLAIN = ("FILES_S3_URL", "SEALS_S3_URL")
SECRET_WORDS = re.compile(r"password|secret|key|token|conf$|users$|_url$", re.IGNORECASE)


def compose() -> dict[str, Any]:
    return yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8"))


def documented() -> set[str]:
    """Names set in the example, each under a comment."""
    found = set()
    explained = False
    for line in (BASE_DIR / "deploy/.env.example").read_text(encoding="utf-8").splitlines():
        explained = line.startswith("#") or (explained and bool(line.strip()))
        if explained and (match := re.match(r"([A-Z0-9_]+)=", line)):
            found.add(match.group(1))
    return found


def variables(tree: Any) -> set[str]:
    return set(VARIABLE.findall(yaml.safe_dump(tree)))


def names_in_sources() -> set[str]:
    """Every string in our Python sources that looks like a variable's name."""
    names: set[str] = set()
    for folder in ("config", "tools", "ledger", "files"):
        for path in (BASE_DIR / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
            names |= {text for text in texts if isinstance(text, str) and text.isupper()}
    return names


def command_fault(command: list[str]) -> str | None:
    """Why a command of one of our own services could not run."""
    if command[:2] == ["sh", "-c"]:
        parts = [shlex.split(part) for part in command[2].split("&&")]
        return next((fault for part in parts if (fault := command_fault(part))), None)
    if command[0] == "python" and command[1] == "manage.py":
        return None if command[2] in get_commands() else f"no management command {command[2]}"
    if command[0] == "python" and command[1] == "-m":
        return None if importlib.util.find_spec(command[2]) else f"no module {command[2]}"
    if command[0] == "granian":
        return _target_fault(command[-1])
    if command[0] == "celery":
        fault = _target_fault(f"{command[command.index('--app') + 1]}:app")
        return fault or (
            None if {"worker", "beat"} & set(command) else "celery is told neither worker nor beat"
        )
    return f"unknown program {command[0]}"


def _target_fault(target: str) -> str | None:
    module, _, name = target.partition(":")
    try:
        loaded = importlib.import_module(module)
    except ImportError as error:
        return str(error)
    return None if hasattr(loaded, name) else f"{module} has no {name}"


def literal_secrets(tree: dict[str, Any]) -> list[str]:
    """Environment entries and secrets that carry a value instead of the name of a file."""
    found = []
    for service, settings in tree["services"].items():
        for name, value in (settings.get("environment") or {}).items():
            if SECRET_WORDS.search(name) and not name.endswith("_FILE") and name not in PLAIN:
                found.append(f"{service}: {name}")
            if name.endswith("_FILE") and not str(value).startswith("/run/secrets/"):
                found.append(f"{service}: {name}")
        text = yaml.safe_dump(settings)
        found += [f"{service}: address with a password" for _ in re.findall(r"://[^/\s]*:[^/\s]*@", text)]
    found += [f"secret {name}" for name, source in tree["secrets"].items() if set(source) != {"file"}]
    return found


def test_it_has_the_services_of_one_production_host() -> None:
    services = compose()["services"]
    assert set(services) == OURS | {"proxy", "postgres", "valkey", "bucket", "clamav"}
    assert [name for name in services if "profiles" in services[name]] == ["clamav"]
    assert services["postgres"]["image"].startswith("postgres:17")
    assert services["migrate"]["restart"] == "no"
    for name in ("web", "worker", "scheduler"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_every_lasting_service_has_a_health_check_and_only_the_proxy_is_reached_from_outside() -> None:
    services = compose()["services"]
    for name, settings in services.items():
        if name != "migrate":
            assert settings["healthcheck"]["test"], name
        assert ("ports" in settings) == (name == "proxy"), name
    assert compose()["networks"]["inside"]["internal"] is True


def test_each_command_exists_in_this_project() -> None:
    services = compose()["services"]
    for name in OURS:
        assert command_fault(services[name]["command"]) is None, name
        check = services[name]["healthcheck"].get("test")
        if check and check[0] == "CMD":
            assert command_fault(check[1:]) is None, name


def test_the_programs_know_their_options() -> None:
    services = compose()["services"]
    program = Path(sys.executable).parent
    shown = subprocess.run([program / "granian", "--help"], capture_output=True, text=True, check=True).stdout
    for option in services["web"]["command"]:
        if option.startswith("--"):
            assert option.partition("=")[0] in shown
    for name, kind in (("worker", "worker"), ("scheduler", "beat")):
        celery = [program / "celery", "--app", "config.celery", kind, "--help"]
        shown = subprocess.run(celery, capture_output=True, text=True, check=True, cwd=BASE_DIR).stdout
        for option in services[name]["command"][4:]:
            if option.startswith("--"):
                assert option.partition("=")[0] in shown


def test_each_variable_is_documented_and_each_documented_one_is_used() -> None:
    assert variables(compose()) == documented()


def test_each_variable_that_our_services_get_is_read_by_the_project() -> None:
    known = names_in_sources()
    for name in OURS:
        for variable in compose()["services"][name]["environment"]:
            assert variable.removesuffix("_FILE") in known, variable


def test_what_a_host_may_set_reaches_the_program() -> None:
    for name in OURS:
        environment = compose()["services"][name]["environment"]
        for variable in ("TWO_FACTOR_ROLES", "CLAMAV_ADDRESS", "FIELD_CIPHER", "ALLOWED_HOSTS"):
            assert variable in variables(environment), f"{name}: {variable}"


def test_there_is_no_secret_in_the_file_and_each_secret_file_is_made() -> None:
    tree = compose()
    assert literal_secrets(tree) == []
    made = set(production_secrets.values()) | {"tls_certificate", "tls_private_key"}
    assert set(tree["secrets"]) == made - {"snapshot_identity"}, "what opens snapshots is kept off the host"
    for name, settings in tree["services"].items():
        named = set(re.findall(r"/run/secrets/(\w+)", yaml.safe_dump(settings)))
        assert named <= set(settings.get("secrets", [])), name
    ignored = (BASE_DIR / ".gitignore").read_text().splitlines()
    assert {"deploy/secrets/", "deploy/certificates/", "deploy/.env"} <= set(ignored)


def test_files_that_it_mounts_or_builds_from_exist() -> None:
    tree = compose()
    for settings in tree["services"].values():
        for volume in settings.get("volumes", []):
            source = volume.split(":")[0]
            assert source in tree["volumes"] or (BASE_DIR / source).exists(), source
    assert (BASE_DIR / tree["services"]["web"]["build"]["dockerfile"]).exists()


def test_secret_files_are_made_once_and_fit_together(tmp_path: Path) -> None:
    directory = tmp_path / "secrets"
    production_secrets.write(directory)
    content = {path.name: path.read_text().strip() for path in directory.iterdir()}
    assert directory.stat().st_mode & 0o077 == 0
    assert content["app_password"] in content["database_url"]
    assert content["valkey_password"] in content["redis_url"]
    with pytest.raises(FileExistsError):
        production_secrets.write(directory)
    assert (directory / "field_keys").read_text().strip() == content["field_keys"]


class TestPlantedViolations:
    """The checks above fire."""

    def test_unknown_commands(self) -> None:
        assert command_fault(["python", "manage.py", "no_such_command"])
        assert command_fault(["sh", "-c", "python manage.py migrate && python manage.py no_such_command"])
        assert command_fault(["granian", "config.nothing:application"])
        assert command_fault(["granian", "config.wsgi:nothing"])
        assert command_fault(["celery", "--app", "config.celery", "dance"])
        assert command_fault(["gunicorn", "config.wsgi"])

    def test_undocumented_variable(self) -> None:
        tree = copy.deepcopy(compose())
        tree["services"]["web"]["environment"]["NEW"] = "${UNDOCUMENTED:-1}"
        assert variables(tree) - documented() == {"UNDOCUMENTED"}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("SECRET_KEY", "abc"),
            ("POSTGRES_PASSWORD", "abc"),
            ("SECRET_KEY_FILE", "/app/key"),
            ("ANYTHING", "redis://:abc@valkey/0"),
        ],
    )
    def test_secret_in_the_file(self, name: str, value: str) -> None:
        tree = copy.deepcopy(compose())
        tree["services"]["web"]["environment"][name] = value
        assert literal_secrets(tree)

    def test_inline_secret(self) -> None:
        tree = copy.deepcopy(compose())
        tree["secrets"]["secret_key"] = {"environment": "SECRET_KEY"}
        assert literal_secrets(tree) == ["secret secret_key"]


def test_the_database_counts_as_healthy_only_once_it_serves_the_network() -> None:
    """While the image still sets itself up it listens on its socket alone."""
    assert "--host=127.0.0.1" in compose()["services"]["postgres"]["healthcheck"]["test"]
