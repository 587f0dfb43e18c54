"""When another terminal takes the running demo's company for its own."""

import json

import pytest

from config import shared_company

COMPANY = {"WECOM_CORP_ID": "wwsandbox00000001", "WECOM_API_BASE": "http://127.0.0.1:8090"}


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_company.embedded, "LOCAL", tmp_path)
    monkeypatch.setattr(shared_company, "FILE", tmp_path / "demo-wecom.json")
    return tmp_path / "demo-wecom.json"


def test_while_a_demo_lives_its_company_is_everybodys_who_configured_nothing(file):
    with shared_company.shared(COMPANY):
        during = shared_company.variables({"PATH": "/bin", "ENV": "development"})
        mode = file.stat().st_mode & 0o777

    assert (during, mode) == (COMPANY, 0o600)
    assert shared_company.variables({}) == {}
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize(
    "configured",
    [
        {"ENV": "production"}, {"ENV": "test"}, {"WECOM_CORP_ID": "ww1"}, {"WECOM_SECRET": "s"},
        {"DATABASE_URL": "postgresql://db.example/x"}, {"REDIS_URL": "redis://r.example"},
    ],
)  # fmt: skip
def test_a_configuration_of_ones_own_is_left_alone(file, configured):
    with shared_company.shared(COMPANY):
        assert shared_company.variables(configured) == {}


def test_an_empty_variable_counts_as_unset(file):
    with shared_company.shared(COMPANY):
        assert shared_company.variables({"WECOM_CORP_ID": " ", "ENV": "", "REDIS_URL": ""}) == COMPANY


def test_what_a_killed_demo_left_is_ignored_and_replaced(file):
    file.write_text(json.dumps({"WECOM_CORP_ID": "wwstale"}))

    assert shared_company.variables({}) == {}
    with shared_company.shared(COMPANY):
        assert shared_company.variables({}) == COMPANY
