"""What a page shows of a README, and the numbers in its sentences."""

import math

import pytest

from grader.prose.labtext import copied_share, is_copied
from grader.prose.numerals import numbers
from grader.prose.sentences import plain_sentences


def texts(markdown):
    return [sentence.text for sentence in plain_sentences(markdown)]


SHOWN = {
    "emphasis": ("The **vanilla** _RNN_ `W_hh`.", ["The vanilla RNN W_hh."]),
    "formula": (r"$\rho(W_{hh}) \approx 0{,}58$", ["ρ(W_hh) ≈ 0,58"]),
    "brackets": (r"\(1.5 \times 10^{-12}\)", ["1.5 × 10^-12"]),
    "fraction": (r"$\frac{1}{2}$", ["1/2"]),
    "comment": ("One.\n\n<!-- Two. -->\n\nThree.", ["One.", "Three."]),
    "picture": ("![99 orders](decay.png) One.", ["One."]),
    "link": ("[One](https://example.org/99).", ["One."]),
    "address": ("One https://example.org/99 two.", ["One two."]),
    "struck out": ("One ~~two~~ three.", ["One three."]),
    "superscript tag": ("10<sup>-15</sup>", ["10^-15"]),
    "table": ("| | RNN |\n|-|-|\n| orders | 2.4 |", ["orders, RNN: 2.4"]),
    "html table row": ("<table><tr><td>RNN</td><td>2.4</td></tr></table>", ["RNN, 2.4"]),
    "front matter": ("---\ntitle: One\n---\n\nTwo.", ["Two."]),
    "not a tag": ("<your answer>", ["<your answer>"]),
    "script": ("<script>\nalert(99)\n</script>\n\nOne.", ["One."]),
}


@pytest.mark.parametrize(("markdown", "shown"), SHOWN.values(), ids=SHOWN)
def test_markup_is_what_a_page_shows(markdown, shown):
    assert texts(markdown) == shown


def test_item_knows_what_it_hangs_under():
    *_, item = plain_sentences("# Results\n\n* **RNN**\n  * orders: 2.4\n")
    assert item.above == ("RNN", "Results")


@pytest.mark.parametrize(
    ("markdown", "above"),
    [
        ("RNN\n\n* 2.4 orders\n", ("RNN",)),
        ("It rained. For the RNN:\n\n* 2.4 orders\n", ("For the RNN:",)),
        ("It rained.\n\n* 2.4 orders\n", ()),
        ("# RNN\n\n* 2.4 orders\n", ("RNN",)),
        ("The GRU forgets[^a]. So does the RNN[^b].\n\n[^b]: 2.4 orders.\n", ("So does the RNN",)),
        ("RNN\n\n* 9 orders\n\n2.4 orders\n", ()),
    ],
    ids=["a title", "a colon", "a sentence", "a heading", "a footnote", "after the list"],
)
def test_what_opens_a_list_or_bears_a_footnote_stands_above(markdown, above):
    assert plain_sentences(markdown)[-1].above == above


def test_number_of_an_item_is_no_number_of_the_text():
    (first, second) = plain_sentences("1. One.\n2. Two.\n")
    assert (first.label, first.text, second.label) == ("1.", "One.", "2.")


def test_line_in_bold_is_a_heading():
    heading, sentence = plain_sentences("**GRU decay**\n\n0.45 orders.")
    assert heading.is_heading
    assert sentence.heading == "GRU decay"


def test_rows_by_number_are_a_series_and_not_this_measurement():
    swept = plain_sentences("| seed | RNN |\n|-|-|\n| 7 | 14.1 |")
    assert [s.is_quoted for s in swept] == [True]


def test_code_is_marked():
    assert [s.is_code for s in plain_sentences("One.\n\n```\ntwo\n```\n")] == [False, True]


def test_words_of_the_lab_are_known_by_fingerprint():
    lab = "The gradient signal is preserved in one step, and Phase 15 derives this."
    assert copied_share("Cite your spectral radius estimate.") == 1.0
    assert is_copied("How many orders of magnitude per 10 steps? Compare to the theoretical")
    assert not is_copied(
        "In my own run the gradient of the RNN shrinks by two orders in ten steps."
    )
    assert not is_copied(lab.replace("signal", "norm").replace("Phase 15", "the next lab"))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("11–12", 11, 12),
        ("between 2.3 and 2.5", 2.3, 2.5),
        ("entre 11 y 12", 11, 12),
        ("2 to 3", 2, 3),
    ],
)
def test_range_is_one_number_with_two_ends(text, low, high):
    (number,) = numbers(text)
    assert (number.readings, number.upper) == ((low,), high)


def test_two_numbers_are_no_range():
    assert [n.upper for n in numbers("0.45 and 2.4")] == [None, None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-15", 1e-15),
        ("10^-15", 1e-15),
        ("$10^{-15}$", 1e-15),
        ("10**-15", 1e-15),
        ("10⁻¹⁵", 1e-15),
        ("−15", -15.0),
        ("1,5·10⁻¹²", 1.5e-12),
        ("$1.5 \\times 10^{-12}$", 1.5e-12),
        ("0,45", 0.45),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("eleven", 11.0),
        ("eleven and a half", 11.5),
        ("twenty-two", 22.0),
        ("two point four", 2.4),
        ("once y medio", 11.5),
        ("treinta y dos", 32.0),
        ("cero coma cuarenta y cinco", 0.45),
        ("half an order", 0.5),
        ("medio orden", 0.5),
        ("1/2", 0.5),
        ("8.7 x 10-13", 8.7e-13),
        ("once", 11.0),
        ("1e-9999", 0.0),
    ],
)
def test_number_is_read_in_its_notation(text, value):
    (sentence,) = plain_sentences(text)
    (number,) = numbers(sentence.text)
    assert any(math.isclose(reading, value) for reading in number.readings)


def test_ambiguous_thousands_have_two_readings():
    (number,) = numbers("1.234")
    assert set(number.readings) == {1234.0, 1.234}


def test_names_hold_no_numbers():
    assert list(numbers("h_0 W_1 g0 x2 FP32")) == []
