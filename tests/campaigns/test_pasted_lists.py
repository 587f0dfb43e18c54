"""Every list of the corpus is read as a person would read it; what is not sure says so."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.pasting.lines import Goods
from campaigns.pasting.reading import read_pasted

CORPUS = Path(__file__).with_name("pasted_lists.txt")


@dataclass(frozen=True)
class Expected:
    name: str
    wants: tuple[tuple[str, int], ...]
    cancelled: bool


def corpus():
    for block in CORPUS.read_text(encoding="utf-8").split("\n=== ")[1:]:
        title, goods, *rows = block.strip("\n").split("\n")
        shelf = [
            Goods(key.strip(), tuple(names.strip().split(",")))
            for key, names in (each.split("=") for each in goods.removeprefix("goods:").split(";"))
        ]
        text, expected = [], {}
        for row in rows:
            if row.startswith("> "):
                text.append(row[2:])
            elif row:
                raw, answer = row.split(" => ")
                text.append(raw)
                expected[raw] = reading(answer)
        yield title, shelf, "\n".join(text), expected


def reading(answer):
    name, _, wants = answer.partition("|")
    wants = wants.strip()
    if wants == "x":
        return Expected(name.strip(), (), cancelled=True)
    goods = tuple(
        sorted(
            (each.rsplit(" ", 1)[0].strip(), int(each.rsplit(" ", 1)[1])) for each in wants.split(",") if each.strip()
        )
    )
    return Expected(name.strip(), goods, cancelled=False)


def as_read(line):
    return Expected(line.name, tuple(sorted((want.key, want.quantity) for want in line.wants)), line.cancelled)


LISTS = list(corpus())


def test_the_corpus_is_large_and_varied():
    assert len(LISTS) >= 60
    assert sum(len(expected) for *_, expected in LISTS) >= 180


@pytest.mark.parametrize(("title", "shelf", "text", "expected"), LISTS, ids=[each[0] for each in LISTS])
def test_nothing_is_silently_wrong(title, shelf, text, expected):
    pasted = read_pasted(text, goods=shelf)

    wrong = [
        (line.raw, as_read(line)) for line in pasted.lines if line.sure and as_read(line) != expected.get(line.raw)
    ]
    assert wrong == []
    lost = [raw for raw in expected if raw in pasted.ignored]
    assert lost == []


def test_at_least_ninety_eight_of_a_hundred_lines_are_right():
    right, wrong = 0, []
    for title, shelf, text, expected in LISTS:
        lines = {line.raw: line for line in read_pasted(text, goods=shelf).lines}
        for raw in {*expected, *lines}:
            if raw in expected and raw in lines and as_read(lines[raw]) == expected[raw]:
                right += 1
            else:
                wrong.append((title, raw, as_read(lines[raw]) if raw in lines else None))

    assert right / (right + len(wrong)) >= 0.98, wrong


def test_most_lines_need_no_second_look():
    lines = [line for _, shelf, text, _ in LISTS for line in read_pasted(text, goods=shelf).lines]

    assert sum(line.sure for line in lines) / len(lines) >= 0.7


@given(st.text(max_size=400))
def test_any_text_can_be_pasted(text):
    pasted = read_pasted(text, goods=[Goods("榴莲", ("榴莲",)), Goods("芒果", ("芒果", "贵妃芒"))])

    assert all(want.quantity >= 1 for line in pasted.lines for want in line.wants)
    assert len(pasted.lines) + len(pasted.ignored) <= text.count("\n") + text.count("\r") + 1
