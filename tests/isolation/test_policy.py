"""Which tier is taken, and where nothing is run at all: every place, every machine, every wish."""

import pytest

from grader.isolation.offers import Offers
from grader.isolation.policy import Wish, choose, in_ci
from grader.isolation.refusal import IsolationRefusedError, said
from grader.isolation.tiers import ALIASES, LAYERS, MISSING, TIERS
from grader.texts import LANGUAGES, catalogue

WHY = {"A": ("no_bubblewrap",), "B": ("no_landlock",), "C": ("no_daemon",), "E": ()}


def machine(tiers="ABCE", **changes):
    """Return a machine that has these tiers."""
    lacking = {tier: () if tier in tiers else WHY[tier] for tier in TIERS}
    return Offers(lacking, landlock_abi=7, engine="/usr/bin/docker", **changes)


def taken(wish, found):
    return choose(wish, found).isolation


def refusal(wish, found):
    with pytest.raises(IsolationRefusedError) as refused:
        choose(wish, found)
    return refused.value


@pytest.mark.parametrize(("tiers", "tier"), [("ABCE", "A"), ("BCE", "B"), ("CE", "C"), ("E", "E")])
def test_strongest_tier_is_taken(tiers, tier):
    assert taken(Wish(), machine(tiers)).tier == tier


@pytest.mark.parametrize("name", sorted(set(ALIASES) - {"auto"}))
def test_tier_is_taken_by_any_of_its_names(name):
    assert taken(Wish(name.upper()), machine()).tier == ALIASES[name]


@pytest.mark.parametrize("tier", ["A", "B", "C"])
@pytest.mark.parametrize("unsafe", [False, True])
def test_tier_asked_for_and_not_there_is_never_replaced(tier, unsafe):
    error = refusal(Wish(tier, unsafe=unsafe), machine("E"))
    assert (error.reason, error.tier, error.lacking) == ("not_available", tier, WHY[tier])


def test_unknown_tier_is_refused():
    assert refusal(Wish("D"), machine()).reason == "unknown"


@pytest.mark.parametrize(("tiers", "tier"), [("ABCE", "A"), ("BE", "B")])
def test_ci_runs_in_a_strong_tier(tiers, tier):
    assert taken(Wish(ci=True), machine(tiers)).tier == tier


@pytest.mark.parametrize("tiers", ["CE", "E"])
def test_ci_refuses_a_weak_tier_that_nobody_asked_for(tiers):
    error = refusal(Wish(ci=True), machine(tiers))
    assert error.reason == "ci"
    assert error.lacking[:2] == ("no_bubblewrap", "no_landlock")


@pytest.mark.parametrize(
    "wish", [Wish("E", ci=True), Wish("unsafe", ci=True), Wish(unsafe=True, ci=True)]
)
def test_ci_runs_in_a_weak_tier_by_name_under_a_banner(wish):
    found = taken(wish, machine("E"))
    assert (found.tier, found.warnings) == ("E", ("unsafe",))


def test_ci_runs_in_a_container_that_was_asked_for():
    assert taken(Wish("C", ci=True), machine("CE")).tier == "C"


@pytest.mark.parametrize(("tiers", "tier"), [("ABCE", "A"), ("BCE", "B"), ("CE", "C")])
def test_batch_runs_in_any_tier_that_keeps_files_apart(tiers, tier):
    assert taken(Wish(batch=True), machine(tiers)).tier == tier


@pytest.mark.parametrize("wish", [Wish(batch=True), Wish("E", batch=True)])
def test_batch_refuses_limits_alone(wish):
    assert refusal(wish, machine("E")).reason == "batch"


@pytest.mark.parametrize("wish", [Wish(batch=True, unsafe=True), Wish("unsafe", batch=True)])
def test_batch_runs_all_the_same_where_it_must_under_a_banner(wish):
    assert taken(wish, machine("E")).warnings == ("unsafe",)


def test_unsafe_takes_the_strongest_all_the_same():
    assert taken(Wish(unsafe=True, batch=True), machine()).tier == "A"


def test_laptop_runs_in_any_tier_and_the_report_says_which():
    found = taken(Wish(), machine("E"))
    assert (found.warnings, found.missing) == ((), MISSING["E"])
    assert found.failed == ("no_bubblewrap", "no_landlock", "no_daemon")


@pytest.mark.parametrize("tier", ["A", "B", "E"])
def test_root_steps_down_where_others_can_reach_the_interpreter(tier):
    made = choose(Wish(tier), machine(root=True))
    assert (made.step_down, made.keep_reading) == (True, False)
    assert made.isolation.layers == (*LAYERS[tier], "user")
    assert made.isolation.warnings == ()


@pytest.mark.parametrize(("tier", "keeps"), [("A", False), ("B", True)])
def test_root_steps_down_behind_landlock_even_with_an_interpreter_of_its_own(tier, keeps):
    made = choose(Wish(tier), machine(root=True, reachable=False))
    assert (made.step_down, made.keep_reading) == (True, keeps)


@pytest.mark.parametrize("changes", [{"reachable": False}, {"free_user": False}])
def test_root_that_cannot_step_down_is_said_in_red(changes):
    made = choose(Wish("E"), machine(root=True, **changes))
    assert not made.step_down
    assert "root" in made.isolation.warnings
    assert "user" not in made.isolation.layers


def test_batch_as_root_that_cannot_step_down_is_refused():
    found = machine(root=True, free_user=False)
    assert refusal(Wish(batch=True), found).reason == "batch_root"
    assert taken(Wish(batch=True, unsafe=True), found).warnings == ("root",)


def test_nobody_but_root_steps_down():
    assert not choose(Wish(), machine()).step_down


def test_version_of_landlock_is_told_where_it_protects():
    assert [taken(Wish(t), machine()).landlock_abi for t in TIERS] == [7, 7, 0, 0]


def test_engine_is_there_for_containers_only():
    assert [choose(Wish(t), machine()).engine for t in "AC"] == ["", "/usr/bin/docker"]


@pytest.mark.parametrize(
    ("environment", "ci"),
    [
        ({}, False),
        ({"CI": "true"}, True),
        ({"CI": "1"}, True),
        ({"GITHUB_ACTIONS": "true"}, True),
        ({"CI": "false"}, False),
        ({"CI": ""}, False),
        ({"CI": "0", "GITHUB_ACTIONS": ""}, False),
    ],
)
def test_ci_is_known_by_its_environment(environment, ci):
    assert in_ci(environment) is ci


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "error",
    [
        IsolationRefusedError("unknown", tier="D"),
        IsolationRefusedError("not_available", ("no_bubblewrap", "bubblewrap_refused"), "A"),
        IsolationRefusedError("ci", ("no_landlock", "no_seccomp", "no_container"), "E"),
        IsolationRefusedError("batch", ("no_daemon", "no_image"), "E"),
        IsolationRefusedError("batch_root", (), "B"),
        IsolationRefusedError("failed", ("OSError: \x1b[2J",)),
        IsolationRefusedError("slow"),
    ],
    ids=lambda error: error.reason,
)
def test_refusal_is_said_in_words_with_the_remedy(language, error):
    text = said(error, catalogue(language))
    assert "{" not in text.replace("{ userns, }", "").replace("\\u{1b}", "")
    assert "\x1b" not in text
    remedies = catalogue(language).entry("isolation.remedy")
    if error.reason in ("not_available", "ci", "batch"):
        assert all(remedies[name][:30] in text for name in error.lacking)


def test_remedy_of_ubuntu_is_the_whole_command():
    text = said(IsolationRefusedError("ci", ("bubblewrap_refused",), "E"), catalogue("en"))
    assert "flags=(unconfined) { userns, }" in text
    assert text.count("apparmor_parser -r /etc/apparmor.d/bwrap") == 1
    assert "--isolation unsafe" in text
