"""`python -m grader sandbox`: what it says of a machine, and what would raise it."""

import json

import pytest

from grader import cli, sandbox
from grader.evidence.trial import Tried
from grader.isolation.offers import Offers
from grader.isolation.refusal import IsolationRefusedError
from grader.texts import LANGUAGES

LACKING = {"A": ("bubblewrap_refused",), "B": (), "C": ("no_daemon",), "E": ()}


@pytest.fixture
def on(monkeypatch):
    """Set the machine, and what its layers do when they are tried."""

    def machine(lacking=LACKING, broken=(), refusal=None, **changes):
        def tried(protection):
            if refusal is not None and protection.tier == "B":
                return refusal
            return tuple(
                Tried(layer, allowed=True, refused=layer not in broken, said={f"{layer}.x": "done"})
                for layer in protection.isolation.layers
            )

        said = {"bubblewrap_refused": "No permissions\x1b[2J to create new namespace"}
        found = Offers(lacking, landlock_abi=4, said=said, **changes)
        monkeypatch.setattr(sandbox, "offers", lambda: found)
        monkeypatch.setattr(sandbox, "with_containers", lambda given: given)
        monkeypatch.setattr(sandbox, "try_layers", tried)

    return machine


def shown(capsys, *words):
    assert cli.main(["sandbox", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("language", LANGUAGES)
def test_missing_tier_is_told_with_its_reason_and_the_way_to_it(on, capsys, language):
    on()
    text = shown(capsys, "--lang", language)
    assert "apparmor_parser -r /etc/apparmor.d/bwrap" in text
    assert "No permissions" in text
    assert "\x1b" not in text
    assert "ABI 4" in text


def test_command_of_the_remedy_stands_on_one_line(on, capsys):
    on()
    (line,) = [line for line in shown(capsys, "--lang", "en").splitlines() if "apparmor" in line]
    assert "printf" in line


def test_document_names_the_strongest_tier_that_was_proven(on, capsys):
    on()
    found = json.loads(shown(capsys, "--json"))
    assert (found["strongest"], found["to_raise"]) == ("B", ["bubblewrap_refused"])
    assert [tier["works"] for tier in found["tiers"]] == [False, True, False, True]


def test_layer_that_does_not_hold_takes_its_tier_away(on, capsys):
    on(broken=("landlock",))
    found = json.loads(shown(capsys, "--json"))
    assert found["strongest"] == "E"
    assert "x: done" in shown(capsys, "--lang", "en")


def test_tier_that_cannot_be_set_up_is_not_offered(on, capsys):
    on(refusal=IsolationRefusedError("failed", ("OSError: landlock_add_rule",)))
    assert json.loads(shown(capsys, "--json"))["strongest"] == "E"
    assert "landlock_add_rule" in shown(capsys, "--lang", "en")


def test_machine_on_which_nothing_holds_is_told_so(on, capsys):
    on(broken=("limits",))
    assert json.loads(shown(capsys, "--json"))["strongest"] is None
    assert "--no-run" in shown(capsys, "--lang", "en")


def test_nothing_is_to_be_done_where_the_strongest_tier_holds(on, capsys):
    on(lacking={"A": (), "B": (), "C": ("no_container",), "E": ()})
    assert json.loads(shown(capsys, "--json"))["to_raise"] == []


@pytest.mark.parametrize(
    ("reachable", "said"), [(True, "nothing else belongs"), (False, "A and B")]
)
def test_root_is_told_as_whom_submissions_run(on, capsys, reachable, said):
    on(root=True, reachable=reachable)
    assert said in " ".join(shown(capsys, "--lang", "en").split())
