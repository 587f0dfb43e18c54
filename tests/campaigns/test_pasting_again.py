"""A list pasted again only adds and amends."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.pasting.amending import Known, compare
from campaigns.pasting.lines import Goods, Want
from campaigns.pasting.reading import read_pasted

SHELF = [Goods("芒果", ("芒果",)), Goods("葡萄", ("葡萄",))]


def lines(text):
    return read_pasted(text, goods=SHELF).lines


def known(text):
    return [Known(place, line) for place, line in enumerate(lines(text), start=100)]


def test_a_longer_list_adds_its_new_lines():
    changes = compare(known("1. 小李 芒果1份"), lines("1. 小李 芒果1份\n2. 王姐 葡萄2串"))

    assert [line.name for line in changes.added] == ["王姐"]
    assert [each.key for each in changes.unchanged] == [100]
    assert (changes.amended, changes.cancelled) == ([], [])


def test_an_edited_line_amends_its_entry():
    changes = compare(known("1. 小李 芒果1份\n2. 王姐 葡萄2串"), lines("1. 小李 芒果3份\n2. 王姐 葡萄2串"))

    assert [(each.key, line.wants) for each, line in changes.amended] == [(100, [Want("芒果", 3)])]
    assert changes.added == []


def test_a_line_taken_back_cancels_its_entry_and_a_missing_one_does_not():
    changes = compare(known("1. 小李 芒果1份\n2. 王姐 葡萄2串"), lines("1. 小李 取消"))

    assert [each.key for each in changes.cancelled] == [100]
    assert (changes.added, changes.amended) == ([], [])


def test_renumbered_lines_stay_with_their_people():
    changes = compare(known("1. 小李 芒果1份\n2. 王姐 葡萄2串"), lines("1. 王姐 葡萄2串\n2. 小陈 芒果1份"))

    assert [each.key for each in changes.unchanged] == [101]
    assert [line.name for line in changes.added] == ["小陈"]


def test_a_person_who_stands_twice_is_matched_in_order():
    twice = "1. 小李 芒果1份\n2. 小李 葡萄1串"
    changes = compare(known(twice), lines(twice + "\n3. 小李 芒果2份"))

    assert [each.key for each in changes.unchanged] == [100, 101]
    assert [line.number for line in changes.added] == [3]


entries = st.lists(
    st.builds(
        "{name} {goods}{count}份".format,
        name=st.sampled_from(["小李", "王姐", "阿芳", "老张"]),
        goods=st.sampled_from(["芒果", "葡萄"]),
        count=st.integers(1, 9),
    ),
    max_size=8,
)


def numbered(rows):
    return "\n".join(f"{place}. {row}" for place, row in enumerate(rows, start=1))


@given(entries)
def test_the_same_list_again_changes_nothing(rows):
    changes = compare(known(numbered(rows)), lines(numbered(rows)))

    assert (changes.added, changes.amended, changes.cancelled) == ([], [], [])


@given(entries, entries)
def test_every_line_goes_somewhere_and_no_entry_is_used_twice(before, after):
    changes = compare(known(numbered(before)), lines(numbered(after)))

    used = [each.key for each in changes.unchanged] + [each.key for each, _ in changes.amended]
    assert len(used) == len(set(used))
    assert len(used) + len(changes.added) == len(after)
