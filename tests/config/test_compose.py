"""docker-compose.yml, Dockerfile and .env.example say one thing: safe, complete, and nothing secret in them."""

import re
import shutil
import subprocess
import tomllib

import pytest
import yaml
from django.conf import settings

from config import environment
from config.celery import QUEUES

ROOT = settings.BASE_DIR
OURS = {"migrate", "web", "live", "worker-fast", "worker", "beat"}
LONG_RUNNING = {"db", "redis", "web", "live", "worker-fast", "worker", "beat"}
SERVICE_KEYS = {
    "build", "cap_drop", "command", "depends_on", "deploy", "environment", "healthcheck", "image", "init", "logging",
    "ports", "restart", "security_opt", "shm_size", "stop_grace_period", "volumes",
}  # fmt: skip


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


@pytest.fixture(scope="module")
def dockerfile():
    return (ROOT / "Dockerfile").read_text()


def substituted(text):
    """The variables a value takes from .env, as (name, has a default, is demanded)."""
    return [
        (match["name"], match["rest"].startswith(":-"), match["rest"].startswith(":?"))
        for match in re.finditer(r"(?<!\$)\$\{(?P<name>\w+)(?P<rest>[^}]*)\}", text)
    ]


def durations(check):
    return {key: int(re.fullmatch(r"(\d+)s", check[key])[1]) for key in ("interval", "timeout", "start_period")}


def test_the_file_has_the_shape_of_a_compose_file(compose, services):
    assert set(compose) == {"name", "x-app", "services", "volumes"}
    assert set(services) == LONG_RUNNING | {"migrate"}
    for name, service in services.items():
        assert set(service) <= SERVICE_KEYS, name
        assert isinstance(service.get("command", []), list), name
        assert isinstance(service.get("environment", {}), dict), name
        assert all(isinstance(value, str) for value in service.get("environment", {}).values()), name


@pytest.mark.parametrize("name", sorted(LONG_RUNNING))
def test_every_long_running_service_is_watched_restarted_and_bounded(services, name):
    service = services[name]
    check = service["healthcheck"]

    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert durations(check)["timeout"] < durations(check)["interval"]
    assert check["retries"] >= 3
    assert service["restart"] == "unless-stopped"
    assert re.fullmatch(r"\d+[mg]", service["deploy"]["resources"]["limits"]["memory"])
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}


def test_the_migration_runs_once_and_everything_of_ours_waits_for_it(services):
    assert services["migrate"]["restart"] == "no"
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    for name in OURS - {"migrate"}:
        assert services[name]["depends_on"] == {
            "db": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }, name


def test_every_volume_is_named_declared_and_used(compose, services):
    used = {mount.split(":")[0] for service in services.values() for mount in service.get("volumes", [])}

    assert used == set(compose["volumes"]) == {"database", "broker", "media"}
    assert {name for name, service in services.items() if "media:/data/media" in service["volumes"]} == OURS


def test_every_image_is_pinned_to_a_version(services, dockerfile):
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    foreign = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) + [services[n]["image"] for n in ("db", "redis")]

    assert {services[name]["image"] for name in OURS} == {f"dianquan:{version}"}
    for image in foreign:
        assert re.fullmatch(r"[a-z/]+:\d[\w.-]*", image), image  # a version, and no registry's address


def test_the_database_has_pgvector(services):
    assert services["db"]["image"].startswith("pgvector/pgvector:")


def test_only_pages_and_lists_are_reachable_and_only_from_this_machine(services):
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "web": ["127.0.0.1:${PORT:-8000}:8000"],
        "live": ["127.0.0.1:${LIVE_PORT:-8001}:8001"],
    }


def test_the_workers_take_every_queue_exactly_once(services):
    taken = []
    for name in ("worker-fast", "worker"):
        command = services[name]["command"]
        taken += command[command.index("--queues") + 1].split(",")

    assert sorted(taken) == sorted(QUEUES)


def test_there_is_one_beat(services):
    assert [name for name, service in services.items() if "beat" in service.get("command", [])] == ["beat"]


def test_no_secret_is_written_in_the_file(services):
    secret = {name.upper() for name in ("secret_key", "identity_keys", "identity_hash_key", "postgres_password")}
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if name in secret:
                assert substituted(value) == [(name, False, True)], name
            if re.search("SECRET|TOKEN|PASSWORD|KEY", name):
                assert value.startswith("${"), name
        address = service.get("environment", {}).get("DATABASE_URL", "")
        assert re.sub(r"\$\{[^}]*\}", "", address) in {"", "postgresql://dianquan:@db:5432/dianquan"}


def test_every_variable_we_read_reaches_the_containers(services):
    declared = {field.name.upper() for field in environment.variables()}
    not_for_containers = {"DEBUG", "PORT", "MEDIA_ROOT"}

    for name in OURS - {"web"}:
        assert set(services[name]["environment"]) == declared - not_for_containers, name
    assert set(services["web"]["environment"]) == declared - not_for_containers | {"PROMETHEUS_MULTIPROC_DIR"}


def test_the_example_env_holds_every_substituted_variable_and_no_value():
    wanted = {name for name, _, _ in substituted((ROOT / "docker-compose.yml").read_text())}
    lines = (ROOT / ".env.example").read_text().splitlines()
    offered = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert set(offered) == wanted
    assert {name: value for name, value in offered.items() if value} == {"PORT": "8000", "LIVE_PORT": "8001"}


def test_the_containers_get_what_production_demands(services):
    """The web service's own environment, filled in as .env would, starts; unfilled it is refused."""
    answers = {
        "SECRET_KEY": "s3cret-" * 10, "IDENTITY_KEYS": "1:" + "QUJD" * 10 + "QUI=", "IDENTITY_HASH_KEY": "h" * 40,
        "ALLOWED_HOSTS": "a.example", "POSTGRES_PASSWORD": "abc123",
    }  # fmt: skip

    def filled(value):
        return re.sub(r"\$\{(\w+)[^}]*\}", lambda match: answers.get(match[1], ""), value)

    found = environment.read({name: filled(value) for name, value in services["web"]["environment"].items()})

    assert found.production
    assert found.database_url == "postgresql://dianquan:abc123@db:5432/dianquan"


def test_the_image_runs_as_nobody_in_particular_and_installs_only_what_is_hashed(dockerfile):
    final = dockerfile[dockerfile.rindex("FROM ") :]

    assert re.findall(r"^USER (.+)$", final, re.MULTILINE) == ["10001"]
    assert final.index("USER ") < final.index("CMD ")
    assert all("--require-hashes" in command for command in re.findall(r"pip install [^\n&]*", dockerfile))
    assert "collectstatic" in dockerfile
    assert re.search(r"^(ENV|ARG) .*(SECRET|KEY|PASSWORD|TOKEN)", dockerfile, re.MULTILINE) is None


def test_the_image_holds_only_what_runs():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!").rstrip("/") for line in lines if line.startswith("!")}

    assert lines[0] == "*"
    assert {"tests", "docs", ".git", ".env", ".local", ".venv"}.isdisjoint(allowed)
    assert all((ROOT / name).exists() for name in allowed)
    apps = {name.split(".")[0] for name in settings.INSTALLED_APPS if (ROOT / name.split(".")[0]).is_dir()}
    assert apps <= allowed


def test_docker_itself_accepts_the_file(tmp_path):
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("这台机器没有 docker compose")
    answers = tmp_path / "env"
    required = ("SECRET_KEY", "IDENTITY_KEYS", "IDENTITY_HASH_KEY", "POSTGRES_PASSWORD", "ALLOWED_HOSTS")
    answers.write_text("".join(f"{name}=x\n" for name in required))

    checked = subprocess.run(
        ["docker", "compose", "--env-file", answers, "config", "--quiet"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (checked.returncode, checked.stderr) == (0, "")
