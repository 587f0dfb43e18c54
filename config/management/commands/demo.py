import contextlib
import ctypes
import fcntl
import http.client
import io
import logging
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import assets, embedded, sandbox_demo, shared_company
from config.keeper import ServerUnavailable
from config.supervisor import Program, Supervisor
from stores.simulation.logins import DEMO_LOGINS, DEMO_PASSWORD

HOST = "127.0.0.1"
START_SECONDS = 60
READY_SECONDS = 10  # for words that a higher LOG_LEVEL keeps from being printed
SANDBOX_OFFSET = 90  # from the site's port to the sandbox's: 8000 and 8090
SAMPLE = {"months": 6, "seed": 7}
STORES, MEMBERS = 30, 6000
LOG = embedded.LOCAL / "demo.log"


class Command(BaseCommand):
    help = "一条命令跑起整个店圈：数据库、Redis、网页、任务与定时，附示例数据；按 Ctrl-C 全部停止"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="网页端口，默认 8000")
        parser.add_argument("--reset", action="store_true", help="清空内置数据库与上传的文件，重新开始")
        parser.add_argument("--stores", type=int, default=STORES, help=f"示例数据的门店数，默认 {STORES}")
        parser.add_argument("--members", type=int, default=MEMBERS, help=f"示例数据的会员数，默认 {MEMBERS}")

    def handle(self, *, port: int, reset: bool, stores: int, members: int, **_: object) -> None:
        if settings.PRODUCTION:
            raise CommandError("ENV=production 时不能运行演示")
        address = f"http://{HOST}:{port}/"
        logging.getLogger().setLevel(logging.WARNING)  # this process's own: the programs' logs go to `LOG`
        _end_with_make()
        _interrupt_on_signals()
        try:
            with _only_demo(address):
                _refuse_busy_port(port)
                if reset:
                    self._erase()
                if assets.provide():
                    self._tell("前端资源已取好")
                with embedded.Use() as servers:
                    self._prepare(stores=stores, members=members)
                    self._serve(servers, port, address)
        except (assets.AssetsUnavailable, ServerUnavailable) as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            self._tell("已全部停止，数据保留；再次运行 make demo 即可继续")

    def _erase(self) -> None:
        if embedded.missing() != list(embedded.VARIABLES):
            raise CommandError("已设置 DATABASE_URL 或 REDIS_URL：只有内置的数据库可以清空")
        embedded.erase()
        media = Path(settings.MEDIA_ROOT)
        if media.is_relative_to(embedded.LOCAL):
            shutil.rmtree(media, ignore_errors=True)
        sandbox_demo.erase()
        self._tell("已清空，重新开始")

    def _prepare(self, **size: int) -> None:
        """Bring the database up to date, with sample data if it has none."""
        from stores.models import Store

        call_command("migrate", verbosity=0, interactive=False)
        if not Store.objects.exists() and "simulate" in get_commands():
            self._tell("正在生成示例数据……")
            call_command("simulate", verbosity=0, **SAMPLE, **size)
            call_command("sample_materials", verbosity=0)
            call_command("sample_plan", verbosity=0)
            call_command("sample_chain", verbosity=0)
            call_command("sample_plays", verbosity=0)
            call_command("recommend", verbosity=0, stdout=io.StringIO())

    def _serve(self, servers: embedded.Use, port: int, address: str) -> None:
        sandbox = _play_wecom(port)
        if sandbox:
            sandbox_demo.write_company()
        sandbox_demo.let_go_of_database()
        fronts, workers = _programs(port, sandbox)
        reading = sandbox_demo.FirstReading() if sandbox else None
        with _known_to_other_terminals(sandbox), LOG.open("w", encoding="utf-8") as log:
            supervisor = Supervisor(workers, fronts, cwd=embedded.ROOT, log=log, out=sys.stdout)
            try:
                supervisor.start()
                self._wait(supervisor, port)
                self._welcome(address, sandbox)
                while True:
                    if reading and reading.go_on():
                        self._tell(f"\n沙箱里的员工、客户、群和渠道码已就绪：{address}\n")
                    time.sleep(0.5)
                    for name in servers.ensure():
                        self._tell(f"内置 {name} 意外停止，已重新启动")
                    supervisor.revive()
            finally:
                self._tell("正在停止……")
                supervisor.stop()

    def _wait(self, supervisor: Supervisor, port: int) -> None:
        """Return when the site answers and the rest is at work, so that the welcome is the last to be printed."""
        latest = time.monotonic() + START_SECONDS
        while not _answers(port):
            if time.monotonic() > latest:
                raise CommandError(f"网页 {START_SECONDS} 秒内没有启动，原因见上面的日志")
            supervisor.revive()
            time.sleep(0.1)
        latest = time.monotonic() + READY_SECONDS
        while time.monotonic() < latest and not all(program.ready for program in supervisor.programs):
            supervisor.revive()
            time.sleep(0.1)

    def _welcome(self, address: str, sandbox: int | None) -> None:
        from stores.models import Staff

        present = set(Staff.objects.filter(username__in=DEMO_LOGINS).values_list("username", flat=True))
        lines = [f"店圈已启动：{address}", ""]
        if present:
            lines += [
                f"  {role}  用户名 {name:<8} 密码 {DEMO_PASSWORD}"
                for name, role in DEMO_LOGINS.items()
                if name in present
            ]
        else:
            lines += ["  没有示例账号：用 manage.py createsuperuser 建一个"]
        if sandbox:
            lines += ["", f"  企业微信沙箱 http://{HOST}:{sandbox}/sandbox/ （扮演店长和顾客的手机）"]
        lines += [
            "",
            "按 Ctrl-C 停止；数据保留在 .local，make demo RESET=1 清空重来",
            "这里只显示警告；每个请求与任务都在 .local/demo.log",
        ]
        self._tell("\n" + "\n".join(lines) + "\n")
        sandbox_demo.let_go_of_database()

    def _tell(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may have gone; what is to be stopped is stopped all the same
            self.stdout.write(text)
            self.stdout.flush()


def _play_wecom(port: int) -> int | None:
    """Let the programs talk to a WeCom of their own, unless a company is configured; the sandbox's port."""
    if os.environ.get("WECOM_CORP_ID"):
        return None
    sandbox = port + SANDBOX_OFFSET if port + SANDBOX_OFFSET < 2**16 else port - SANDBOX_OFFSET
    _refuse_busy_port(sandbox)
    os.environ |= sandbox_demo.company(f"http://{HOST}:{sandbox}") | {"SITE_URL": f"http://{HOST}:{port}"}
    return sandbox


def _known_to_other_terminals(sandbox: int | None) -> contextlib.AbstractContextManager[None]:
    """Where the database and Redis are the checkout's own, so is the company of WeCom."""
    if sandbox is None or embedded.missing() != list(embedded.VARIABLES):
        return contextlib.nullcontext()
    return shared_company.shared(sandbox_demo.company(f"http://{HOST}:{sandbox}"))


def _programs(port: int, sandbox: int | None) -> tuple[list[Program], list[Program]]:
    """What brings work in, and what does it: the former is stopped first."""
    # As root Celery warns in seven lines about a pickle nobody uses.
    celery = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "--app", "config"]
    beat = [*celery, "beat", "--loglevel", "INFO"]
    worker = [*celery, "worker", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    # Static files under ASGI: right for a demo, and Django says so for each.
    quiet = ["-W", "ignore:StreamingHttpResponse must consume synchronous iterators"]
    web = [sys.executable, *quiet, "-m", "uvicorn", "config.asgi:application", "--host", HOST, "--port", str(port),
           "--lifespan", "off", "--no-access-log", "--timeout-graceful-shutdown", "3"]  # fmt: skip
    wecom = [sys.executable, "manage.py", "wecom_sandbox", "--port", str(sandbox), "--platform", f"http://{HOST}:{port}",
             "--company", str(sandbox_demo.COMPANY)]  # fmt: skip
    return (
        [
            Program("web", web, "Uvicorn running"),
            Program("beat", beat, "Starting"),
            *([Program("wecom", wecom, "企业微信沙箱")] if sandbox else []),
        ],
        [
            Program("worker-fast", [*worker, "-Q", "fast", "-n", "fast@%h", "-c", "1"], " ready."),
            Program("worker", [*worker, "-Q", "default,bulk", "-n", "default@%h", "-c", "2"], " ready."),
        ],
    )


def _answers(port: int) -> bool:
    line = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        line.request("GET", "/healthz")
        line.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
    return True


@contextlib.contextmanager
def _only_demo(address: str) -> Iterator[None]:
    """Refuse a second demo of this checkout, and say where the first one is."""
    embedded.LOCAL.mkdir(exist_ok=True)
    with (embedded.LOCAL / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            where = lock.read().strip()
            raise CommandError(f"演示已在另一个终端运行：{where}，请先在那里按 Ctrl-C") from None
        lock.truncate(0)
        lock.write(address)
        lock.flush()
        yield


def _refuse_busy_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            raise CommandError(f"端口 {port} 不可用或已被占用，换一个：make demo PORT={port + 1}") from None


def _interrupt_on_signals() -> None:
    """Let the first of Ctrl-C, SIGTERM and SIGHUP end the demo; while it ends, more of them change nothing."""
    ending = False

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        nonlocal ending
        if not ending:
            ending = True
            raise KeyboardInterrupt

    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, interrupt)


def _end_with_make() -> None:
    """Started by `make demo`, end when make does, even if that was killed (Linux only)."""
    libc = ctypes.CDLL(None)
    if "MAKELEVEL" in os.environ and hasattr(libc, "prctl"):
        libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
