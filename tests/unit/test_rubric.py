"""The rubric: what ships is whole, and no change to it is taken that could not be graded by."""

import pytest

from grader.rubric import RubricError, load_rubric


def test_shipped_points_make_a_hundred():
    assert sum(row.points for row in load_rubric().rows.values()) == 100


def test_order_puts_every_check_after_what_it_requires():
    rubric = load_rubric()
    order = rubric.order()
    assert sorted(order) == sorted(rubric.rows)
    place = {code: order.index(code) for code in order}
    assert all(place[need] < place[code] for code, r in rubric.rows.items() for need in r.requires)


def test_hash_is_of_what_is_in_force_however_it_is_written():
    same = {"thresholds": {"margin_orders": 1.0}, "checks": {"plot": {"image": {"points": 2}}}}
    assert load_rubric(same) == load_rubric()


@pytest.mark.parametrize(
    "changes",
    [
        {"thresholds": {"margin_orders": 2.0}},
        {"checks": {"plot": {"image": {"points": 1}, "curves": {"points": 3}}}},
        {"checks": {"plot": {"curves": {"required": True}}}},
    ],
)
def test_hash_tells_what_differs(changes):
    assert load_rubric(changes).sha256 != load_rubric().sha256


def test_row_holds_what_its_table_says():
    row = load_rubric().rows["manifest.orders"]
    assert (row.points, row.required, row.per_model, row.stop_condition) == (4, True, True, 3)
    assert row.requires == ("manifest.readable", "decay.schema")
    assert not row.needs_run
    assert not row.manual


def test_check_that_needs_a_run_is_marked():
    rows = load_rubric().rows.values()
    run = {row.code.partition(".")[0] for row in rows if row.needs_run}
    assert run == {"rerun", "gradient", "pitfalls", "plot"}


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


def test_changes_lie_on_top_of_what_ships():
    changes = {
        "thresholds": {"margin_orders": 2.0},
        "checks": {"files": {"present": {"points": 2}, "readable": {"points": 3}}},
    }
    shipped, rubric = load_rubric(), load_rubric(changes)
    assert rubric.thresholds == {**shipped.thresholds, "margin_orders": 2.0}
    assert rubric.rows["files.readable"].points == 3
    changed = {"files.present", "files.readable"}
    assert all(
        rubric.rows[code] == row for code, row in shipped.rows.items() if code not in changed
    )


REFUSED = {
    "more than a hundred": ({"plot": {"image": {"points": 3}}}, "total", {"found": 101}),
    "less than a hundred": ({"plot": {"image": {"points": 1}}}, "total", {"found": 99}),
    "points for a person's": (
        {"stop": {"explain": {"points": 2}}, "plot": {"image": {"points": 0}}},
        "manual",
        {"code": "stop.explain"},
    ),
    "a person's required": ({"readme": {"read": {"required": True}}}, "manual", {}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_rubric_that_cannot_be_graded_by_is_refused(name):
    checks, reason, data = REFUSED[name]
    with pytest.raises(RubricError) as refused:
        load_rubric({"checks": checks})
    assert refused.value.reason == reason
    assert data.items() <= refused.value.data.items()
