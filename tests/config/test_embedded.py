"""The embedded PostgreSQL and Valkey with real processes: shared, killed, restarted, and gone without a trace."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis
from kombu import Connection

from config import embedded, keeper
from config.celery import broker_url
from tests.config.machines import (
    BOTH,
    copy_tree,
    environment,
    eventually,
    hold,
    let_go,
    nothing_is_left,
    owners,
    processes,
    server_number,
    wait_ready,
)  # fmt: skip

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for several users")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A data folder whose cluster exists and whose servers do not run; initdb is the slow part."""
    folder = Path(tempfile.mkdtemp(prefix="dianquan-template-"))
    with embedded.Use(folder, names=BOTH):
        pass
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def data(template):
    """A data folder of one test; whatever a failed test leaves running is ended."""
    parent = Path(tempfile.mkdtemp(prefix="dianquan-embedded-"))
    parent.chmod(0o755)
    copy_tree(template, parent / "data")
    yield parent / "data"
    for number in processes(parent):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    shutil.rmtree(parent)


def query(data: Path, statement: str) -> object:
    with psycopg.connect(embedded.urls(data)[0], autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def broker(data: Path) -> redis.Redis:
    return redis.Redis.from_url(embedded.urls(data)[1], decode_responses=True)


def remember(data: Path) -> None:
    query(data, "CREATE TABLE remembered AS SELECT 42 AS answer")
    with broker(data) as client:
        client.set("remembered", "42")
        client.execute_command("WAITAOF", 1, 0, 5000)


def recollection(data: Path) -> tuple[object, object]:
    with broker(data) as client:
        return query(data, "SELECT answer FROM remembered"), client.get("remembered")


def started_at(data: Path) -> object:
    return query(data, "SELECT pg_postmaster_start_time()")


def test_the_servers_stop_with_their_only_user_and_keep_their_data(data):
    with embedded.Use(data, names=BOTH):
        remember(data)
    left_behind = processes(data)
    with embedded.Use(data, names=BOTH):
        kept = recollection(data)

    assert (left_behind, kept) == ({}, (42, "42"))


def test_a_second_process_uses_the_running_servers_and_outlives_the_first(data):
    first = hold(data)
    wait_ready(first)
    with embedded.Use(data, names=BOTH):
        before = started_at(data)
        let_go(first)
        after = started_at(data)

    assert before == after
    nothing_is_left(data)


def test_processes_that_start_at_once_share_one_pair_of_servers(data):
    holders = [hold(data) for _ in range(3)]
    for holder in holders:
        wait_ready(holder)

    assert sum("/postgres -D" in command for command in processes(data).values()) == 1
    assert sum("/valkey-server" in command for command in processes(data).values()) == 1
    for holder in holders:
        let_go(holder)
    nothing_is_left(data)


@pytest.mark.parametrize(("given", "started"), [("REDIS_URL", ["postgres"]), ("DATABASE_URL", ["valkey"])])
def test_only_the_server_the_environment_does_not_name_is_started(data, monkeypatch, given, started):
    for variable in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv(given, "somewhere else")
    with embedded.Use(data):
        running = {name for name in BOTH for command in processes(data).values() if f"keeper.py {name}" in command}

    assert running == set(started)


def test_a_killed_postgres_comes_back_with_its_data(data):
    with embedded.Use(data, names=BOTH) as servers:
        remember(data)
        killed = server_number(data, "postgres")
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: killed not in processes(data), "the killed process is gone")
        servers.ensure()

        assert recollection(data) == (42, "42")
    nothing_is_left(data)


def test_a_killed_valkey_comes_back_with_its_data(data):
    with embedded.Use(data, names=BOTH) as servers:
        remember(data)
        killed = server_number(data, "valkey-server")
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: killed not in processes(data), "the killed process is gone")
        servers.ensure()

        assert recollection(data) == (42, "42")
    nothing_is_left(data)


def test_killed_keepers_take_their_servers_along_and_are_replaced(data):
    with embedded.Use(data, names=BOTH) as servers:
        remember(data)
        for number, command in processes(data).items():
            if "keeper.py" in command:
                os.kill(number, signal.SIGKILL)
        eventually(lambda: not any("keeper.py" in command for command in processes(data).values()), "they are gone")
        replaced = servers.ensure()

        assert (set(replaced), recollection(data)) == (set(BOTH), (42, "42"))
    nothing_is_left(data)


def test_a_killed_user_leaves_nothing_behind(data):
    holder = hold(data)
    wait_ready(holder)
    running = len(processes(data))
    holder.kill()
    let_go(holder)

    assert running > len(BOTH)
    nothing_is_left(data)


def test_everything_killed_at_once_is_no_obstacle_to_the_next_start(data):
    holder = hold(data)
    wait_ready(holder)
    remember(data)
    for number in processes(data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    let_go(holder)
    with embedded.Use(data, names=BOTH):
        assert recollection(data) == (42, "42")


def test_a_stale_pid_file_with_a_strangers_number_neither_hinders_nor_hurts_the_stranger(data):
    cluster = data / "postgres" / "pg18"
    owner = cluster.stat().st_uid
    # Of the same user as the server, for that is whom PostgreSQL itself would believe.
    with subprocess.Popen(["sleep", "600"], user=owner if os.geteuid() == 0 else None, cwd="/") as stranger:
        (cluster / "postmaster.pid").write_text(f"{stranger.pid}\n{cluster}\n1\n5432\n\n\n\n\n")
        os.chown(cluster / "postmaster.pid", owner, -1)
        with embedded.Use(data, names=BOTH):
            started_at(data)
        survived = stranger.poll() is None
        stranger.kill()

    assert survived


def test_half_a_cluster_of_an_interrupted_start_is_made_anew(data):
    cluster = data / "postgres" / "pg18"
    cluster.rename(cluster.with_suffix(".tmp"))
    (cluster.with_suffix(".tmp") / "PG_VERSION").unlink()
    with embedded.Use(data, names=BOTH):
        started_at(data)

    assert not cluster.with_suffix(".tmp").exists()


def test_a_server_that_cannot_start_says_why(data):
    with (data / "postgres" / "pg18" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(keeper.ServerUnavailable, match="no_such_setting"), embedded.Use(data, names=BOTH):
        pass
    nothing_is_left(data)


def test_sockets_are_private_and_their_addresses_survive_any_path(data):
    odd = data.with_name("门店 100% #1?")
    data.rename(odd)
    with embedded.Use(odd, names=BOTH):
        sockets = keeper.socket_dir(odd)
        modes = {
            stat.S_IMODE(sockets.stat().st_mode),
            *(stat.S_IMODE(path.stat().st_mode) for path in sockets.iterdir() if path.is_socket()),
        }
        with Connection(broker_url(embedded.urls(odd)[1])) as celerys:
            celerys.connect()
        remember(odd)
        answers = recollection(odd)

    assert (modes, answers) == ({0o700}, (42, "42"))


def test_a_long_path_gets_a_short_private_folder_for_its_sockets(data):
    deep = data.parent / ("店" * 40)
    deep.mkdir()
    data.rename(deep / "data")
    with embedded.Use(deep / "data", names=BOTH):
        sockets = keeper.socket_dir(deep / "data")
        remember(deep / "data")

    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert sockets == keeper.socket_dir(deep / "data")
    sockets.rmdir()


@as_root
def test_a_socket_folder_somebody_else_has_made_is_refused(data):
    deep = data.parent / ("d" * 100)
    deep.mkdir()
    data.rename(deep / "data")
    sockets = keeper.socket_dir(deep / "data")
    sockets.mkdir(mode=0o777)
    os.chown(sockets, 1234, 1234)
    with pytest.raises(keeper.ServerUnavailable, match="不属于本用户"), embedded.Use(deep / "data", names=BOTH):
        pass
    sockets.rmdir()


@as_root
def test_roots_servers_work_for_a_checkout_nobody_may_enter(data):
    data.parent.chmod(0o700)
    elsewhere = keeper.home(data)
    try:
        with embedded.Use(data, names=BOTH):
            remember(data)
        with embedded.Use(data, names=BOTH):
            kept = recollection(data)
            owners = {Path(f"/proc/{number}").stat().st_uid for number in processes(elsewhere / "postgres" / "pg18")}
        nothing_is_left(data, elsewhere)
    finally:
        shutil.rmtree(elsewhere)

    assert elsewhere != data
    assert (kept, owners - {0}) == ((42, "42"), {pwd.getpwnam("nobody").pw_uid})


@as_root
def test_an_ordinary_user_runs_them_too_and_is_told_if_the_folder_is_roots(data):
    user = pwd.getpwnam("daemon").pw_uid  # initdb wants one with a name
    paths = os.pathsep.join([str(embedded.ROOT), str(Path(psycopg.__file__).parent.parent)])
    pythons = (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3")
    python = next(filter(partial(_can_run, user, paths), pythons), None)
    if python is None:
        pytest.skip("an ordinary user of this machine cannot reach Python or the code")
    own = data.parent / "own"
    own.mkdir()
    os.chown(own, user, user)

    holder = hold(own / "data", python=python, user=user, PYTHONPATH=paths)
    wait_ready(holder)
    users = owners(own)
    let_go(holder)
    nothing_is_left(own)
    refused = hold(data, python=python, user=user, PYTHONPATH=paths)

    assert users == {user}
    assert "属于另一个系统用户" in refused.communicate(timeout=30)[1]


def _can_run(user: int, paths: str, python: str) -> bool:
    try:
        probe = subprocess.run(
            [python, "-c", "import config.embedded, psycopg"], cwd="/", check=False, capture_output=True,
            env=environment(PYTHONPATH=paths), user=user, group=user, extra_groups=[],
        )  # fmt: skip
    except OSError:
        return False
    return probe.returncode == 0


def test_throw_away_servers_vanish_with_their_files_and_two_runs_do_not_meet():
    folders = [Path(tempfile.mkdtemp(prefix="dianquan-test-")) for _ in range(2)]
    with embedded.Use(folders[0], names=BOTH, throwaway=True), embedded.Use(folders[1], names=BOTH, throwaway=True):
        different = started_at(folders[0]) != started_at(folders[1])

    assert different
    nothing_is_left(*folders)
    eventually(lambda: not any(folder.exists() for folder in folders), "the folders are gone")


def test_erasing_waits_for_nobody_and_forgets_everything(data):
    holder = hold(data)
    wait_ready(holder)
    remember(data)
    with pytest.raises(keeper.ServerUnavailable, match="另一个终端"):
        embedded.erase(data)
    kept = recollection(data)
    let_go(holder)
    embedded.erase(data)
    with embedded.Use(data, names=BOTH), broker(data) as client:
        forgotten = client.get("remembered"), query(data, "SELECT to_regclass('remembered')")

    assert (kept, forgotten) == ((42, "42"), (None, None))
