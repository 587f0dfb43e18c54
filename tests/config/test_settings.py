"""The environment is typed and strict: what is wrong stops the start, in words that name the variable."""

import base64

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import environment
from tests.processes import SAFE, in_a_fresh_process


def test_nothing_set_is_a_development_machine():
    found = environment.read({})

    assert (found.env, found.debug, found.port, found.database_url, found.production) == (
        "development", False, 8000, None, False,
    )  # fmt: skip


def test_values_arrive_typed():
    found = environment.read(
        SAFE
        | {"PORT": "9000", "SECURE_SSL_REDIRECT": "no", "CSRF_TRUSTED_ORIGINS": "https://a.example, https://b.example"}
    )

    assert found.production is True
    assert found.port == 9000
    assert found.secure_ssl_redirect is False
    assert found.allowed_hosts == ("dianquan.example", ".shops.example")
    assert found.csrf_trusted_origins == ("https://a.example", "https://b.example")


def test_an_empty_variable_counts_as_unset():
    assert environment.read({"PORT": "", "WECOM_AES_KEY": " "}) == environment.read({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENV", "prod"),
        ("ENV", "PRODUCTION"),
        ("DEBUG", "maybe"),
        ("PORT", "abc"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "８０００"),
        ("LOG_LEVEL", "verbose"),
        ("ALLOWED_HOSTS", "https://a.example"),
        ("ALLOWED_HOSTS", "a.example:8000"),
        ("CSRF_TRUSTED_ORIGINS", "a.example"),
        ("CSRF_TRUSTED_ORIGINS", "https://a.example/"),
        ("DATABASE_URL", "mysql://u@h/d"),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("DATABASE_URL", "postgresql://u@h:port/d"),
        ("REDIS_URL", "http://h:6379"),
        ("REDIS_URL", "redis"),
        ("IDENTITY_KEYS", "secret"),
        ("IDENTITY_KEYS", "1:not base64"),
        ("IDENTITY_KEYS", "1:" + base64.b64encode(b"x" * 31).decode()),
        ("IDENTITY_KEYS", "256:" + base64.b64encode(b"x" * 32).decode()),
        ("IDENTITY_KEYS", ",".join(["1:" + base64.b64encode(b"x" * 32).decode()] * 2)),
        ("METRICS_TOKEN", "short"),
        ("WECOM_AES_KEY", "x" * 42),
        ("WECOM_AES_KEY", "x" * 42 + "="),
        ("WECOM_TOKEN", "x" * 33),
        ("WECOM_TOKEN", "a-b"),
        ("WECOM_AGENT_ID", "one"),
        ("WECOM_API_BASE", "ftp://h"),
    ],
)
def test_a_malformed_value_is_refused_by_name(name, value):
    with pytest.raises(ImproperlyConfigured, match=f"^环境变量 {name} 不对：.*[\u4e00-\u9fff]"):
        environment.read({name: value})


def test_a_refused_secret_is_not_shown():
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.read({"WECOM_AES_KEY": "nearly-the-real-one", "REDIS_URL": ""})

    assert "nearly" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DATABSE_URL", "DATABASE_URL"),
        ("REDIS_URI", "REDIS_URL"),
        ("SECRETKEY", "SECRET_KEY"),
        ("ALOWED_HOSTS", "ALLOWED_HOSTS"),
        ("IDENTITY_KEY", "IDENTITY_KEYS"),
        ("WECOM_CORPID", "WECOM_CORP_ID"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_name_that_was_meant(name, meant):
    with pytest.raises(ImproperlyConfigured, match=f"^不认识的环境变量 {name}，是不是 {meant}？$"):
        environment.read({name: "x"})


@pytest.mark.parametrize("name", ["WECOM_COLOUR", "DIANQUAN_SPEED"])
def test_an_unknown_name_under_our_prefix_is_refused(name):
    with pytest.raises(ImproperlyConfigured, match=f"^不认识的环境变量 {name}"):
        environment.read({name: "x"})


def test_what_shells_and_platforms_export_is_left_alone():
    foreign = ("PATH", "HOME", "VENV", "PORTS", "LS_COLORS", "REDIS_PORT", "REDIS_HOST", "POSTGRES_PASSWORD", "PGHOST")

    assert environment.read(dict.fromkeys(foreign, "x")) == environment.read({})


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY 未设置"),
        ({"SECRET_KEY": environment.DEMO_SECRET_KEY}, "SECRET_KEY 未设置或仍是演示值"),
        ({"SECRET_KEY": "x9Y-z" * 9}, "SECRET_KEY 太弱"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY 太弱"),
        ({"SECRET_KEY": "django-insecure-" + "x9Y-zq" * 10}, "SECRET_KEY 太弱"),
        ({"DEBUG": "1"}, "DEBUG"),
        ({"IDENTITY_KEYS": environment.DEMO_IDENTITY_KEYS}, "IDENTITY_KEYS"),
        ({"IDENTITY_KEYS": SAFE["IDENTITY_KEYS"] + "," + environment.DEMO_IDENTITY_KEYS}, "IDENTITY_KEYS"),
        ({"IDENTITY_HASH_KEY": ""}, "IDENTITY_HASH_KEY"),
        ({"IDENTITY_HASH_KEY": "short"}, "IDENTITY_HASH_KEY 太短"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "a.example,*"}, "ALLOWED_HOSTS"),
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
    ],
)
def test_production_refuses_what_only_a_demo_may_have(variables, reason):
    with pytest.raises(ImproperlyConfigured, match=f"^生产环境拒绝启动：.*{reason}"):
        environment.read(SAFE | variables)


def test_production_names_every_reason_at_once():
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.read({"ENV": "production"})

    assert str(refused.value).count("；") == 6


def test_a_process_refuses_to_start_in_production_without_its_variables():
    finished = in_a_fresh_process("manage.py", "check", ENV="production")

    assert finished.returncode != 0
    assert "生产环境拒绝启动" in finished.stderr


def test_check_deploy_is_clean_in_production():
    finished = in_a_fresh_process("-W", "error", "manage.py", "check", "--deploy", "--fail-level", "INFO", **SAFE)

    assert (finished.returncode, finished.stdout, finished.stderr) == (
        0, "System check identified no issues (0 silenced).\n", "",
    )  # fmt: skip


def test_settings_load_without_touching_the_machine():
    """Type checkers and editors load the settings: nothing may be started, created or connected."""
    script = (
        "import sys, os\n"
        "def stop(event, args):\n"
        "    if event in ('socket.connect', 'subprocess.Popen', 'os.mkdir', 'os.fork') or (\n"
        "        event == 'open' and isinstance(args[1], str) and set('wax+') & set(args[1])\n"
        "    ):\n"
        "        raise RuntimeError(f'{event} {args}')\n"
        "sys.dont_write_bytecode = True\n"
        "sys.addaudithook(stop)\n"
        "import config.settings\n"
    )

    finished = in_a_fresh_process("-c", script)

    assert (finished.returncode, finished.stderr) == (0, "")


def test_libpq_reads_the_database_address():
    from config.settings import _database

    found = _database("postgresql://me:p%40ss@db.example:6432/shops?sslmode=require")

    assert {key: found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "NAME": "shops", "USER": "me", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": "6432",
    }  # fmt: skip
    assert found["OPTIONS"]["sslmode"] == "require"


def test_the_language_is_chinese_and_the_business_day_is_shanghais():
    assert (settings.LANGUAGE_CODE, settings.TIME_ZONE, settings.USE_TZ) == ("zh-hans", "Asia/Shanghai", True)
