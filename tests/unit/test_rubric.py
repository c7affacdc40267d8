"""The rubric: what ships is whole, and no other is taken that could not be graded by."""

import hashlib
import re
from importlib import resources

import pytest

from grader.rubric import RubricError, load_rubric

SHIPPED = resources.files("grader").joinpath("rubric.toml").read_text(encoding="utf-8")


@pytest.fixture
def write(tmp_path):
    def to_file(text):
        path = tmp_path / "mine.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to_file


def edited(old, new):
    assert SHIPPED.count(old) == 1
    return SHIPPED.replace(old, new)


def test_shipped_points_make_a_hundred():
    assert sum(row.points for row in load_rubric().rows.values()) == 100


def test_order_puts_every_check_after_what_it_requires():
    rubric = load_rubric()
    order = rubric.order()
    assert sorted(order) == sorted(rubric.rows)
    place = {code: order.index(code) for code in order}
    assert all(place[need] < place[code] for code, r in rubric.rows.items() for need in r.requires)


def test_hash_is_that_of_the_file():
    assert load_rubric().sha256 == hashlib.sha256(SHIPPED.encode()).hexdigest()


def test_copy_of_the_shipped_rubric_is_the_same(write):
    assert load_rubric(write(SHIPPED)) == load_rubric()


def test_row_holds_what_its_table_says():
    row = load_rubric().rows["manifest.orders"]
    assert (row.points, row.required, row.per_model, row.stop_condition) == (4, True, True, 3)
    assert row.requires == ("manifest.readable", "decay.schema")
    assert not row.needs_run
    assert not row.manual


def test_check_that_needs_a_run_is_marked():
    rows = load_rubric().rows.values()
    run = {row.code.partition(".")[0] for row in rows if row.needs_run}
    assert run == {"rerun", "gradient", "pitfalls"}


def test_manual_checks_carry_no_points_and_are_not_required():
    manual = [row for row in load_rubric().rows.values() if row.manual]
    assert {row.code for row in manual} == {
        "readme.read", "stop.explain", "plausible.settings", "plausible.texture"
    }  # fmt: skip
    assert all(row.points == 0 and not row.required for row in manual)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_each_stop_condition_is_decided_by_a_check(number):
    rows = [row for row in load_rubric().rows.values() if row.stop_condition == number]
    assert rows
    assert all(row.required for row in rows if number < 4)


def test_other_points_and_thresholds_are_taken(write):
    text = edited("margin_orders = 1.0", "margin_orders = 2.0")
    text = text.replace("[checks.files.present]\npoints = 3", "[checks.files.present]\npoints = 2")
    text = text.replace(
        "[checks.files.readable]\npoints = 2", "[checks.files.readable]\npoints = 3"
    )
    rubric = load_rubric(write(text))
    assert rubric.thresholds["margin_orders"] == 2.0
    assert rubric.rows["files.readable"].points == 3
    assert rubric.sha256 != load_rubric().sha256


REFUSED = {
    "toml": ("not = = toml", r"mine\.toml: "),
    "encoding": (b"\xff\xfe", r"mine\.toml: "),
    "empty": ("", r"required"),
    "total": (edited("[checks.plot.image]\npoints = 2", "[checks.plot.image]\npoints = 3"), "101"),
    "negative": (
        edited("[checks.plot.image]\npoints = 2", "[checks.plot.image]\npoints = -2"),
        "-2",
    ),
    "fraction": (
        edited("[checks.plot.image]\npoints = 2", "[checks.plot.image]\npoints = 2.5"),
        "2.5",
    ),
    "threshold": (edited("margin_ratio = 1.5", "margin_ration = 1.5"), "margin_ratio"),
    "unknown check": (
        edited("[checks.plot.image]", "[checks.plot.photo]"),
        "plot.image, plot.photo",
    ),
    "unknown need": (edited('["plot.image"]', '["plot.imago"]'), "unknown checks: plot.imago"),
    "circle": (
        edited("[checks.plot.image]\n", '[checks.plot.image]\nrequires = ["plot.curves"]\n'),
        "require each other",
    ),
    "self": (edited('["plot.image"]', '["plot.curves"]'), "require each other"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unusable_rubric_is_refused_with_its_reason(write, name):
    text, reason = REFUSED[name]
    with pytest.raises(RubricError, match=reason):
        load_rubric(write(text))


def test_absent_rubric_is_refused(tmp_path):
    with pytest.raises(RubricError, match="nowhere"):
        load_rubric(tmp_path / "nowhere.toml")


def test_missing_check_is_named(write):
    table = re.search(r"\[checks\.stop\.explain\][^\[]*\[[^\[]*", SHIPPED)[0]
    with pytest.raises(RubricError, match=r"missing or unknown: stop\.explain"):
        load_rubric(write(SHIPPED.replace(table, "")))


def test_reason_names_the_place_in_the_file(write):
    text = edited("[checks.plot.image]\npoints = 2", '[checks.plot.image]\npoints = "two"')
    with pytest.raises(RubricError, match=r"\$\.checks\.plot\.image\.points"):
        load_rubric(write(text))
