"""The numbers behind the pictures: rounded, finite, and what a mistake would have given."""

import math
from dataclasses import replace

import numpy as np
import pytest

from grader.facts import Diagnosis
from grader.report import numbers
from grader.report.figures import curve, error, fan, gate, limits, mistake
from grader.report.pictures import MOST_BYTES, data_uri
from grader.series import series_of
from grader.texts import catalogue
from tests.pages import BOTH, picture, series
from tests.toys import decay, facts, forward, material, point

EN, ES = catalogue("en"), catalogue("es")


def of_rnn(**changes):
    return series_of(material(**changes))[0]


def test_curves_are_logarithms_of_what_was_recorded():
    shown = of_rnn(decay=decay(rnn=[10.0**-k for k in range(50)]))
    assert shown.recorded[:3] == (0.0, -1.0, -2.0)


@pytest.mark.parametrize("odd", [0.0, -1.0, math.nan, math.inf])
def test_value_without_a_logarithm_is_a_gap(odd):
    assert of_rnn(decay=decay(rnn=[odd, *[0.1] * 49])).recorded[:2] == (None, -1.0)


def test_list_of_another_length_is_left_out():
    assert of_rnn(decay=decay(rnn=[0.1] * 7)).recorded == ()


def test_tolerance_without_bound_is_none():
    open_ = facts(points=(point(chain_tolerance=np.full(51, np.inf)),))
    shown = of_rnn(probe={"rnn": open_})
    assert set(shown.tolerance) == {None}
    assert set(shown.error) == {1e-12}


def test_numbers_are_rounded_so_that_machines_agree():
    shown = of_rnn(probe={"rnn": facts(points=(point(chain_error=np.full(51, 1.23456e-12)),))})
    assert set(shown.error) == {1.23e-12}
    assert all(value == round(value, 4) for value in shown.differences)


def test_prediction_is_that_of_the_diagnosis():
    found = Diagnosis("rnn", "bptt", (("head-ones",),), 0.0, 1e-9, predicted=(-1.0, -math.inf))
    assert of_rnn(probe={"rnn": facts(diagnoses=(found,))}).predicted == (-1.0, None)


@pytest.mark.parametrize(
    ("mean", "std", "bias"),
    [(0.5, 0.01, 0.0), (0.1192, 0.01, -2.0), (0.5, 0.3, None), (math.nan, 0.01, None)],
)
def test_gru_is_compared_with_nets_of_its_own_gate(mean, std, bias):
    known = facts(forward=forward(gate_mean=mean, gate_std=std))
    setting = series_of(material(probe={"gru": known}))[1].setting
    assert setting.get("bias") == (None if bias is None else pytest.approx(bias, abs=1e-3))


def test_band_begins_where_the_recorded_curve_does():
    low, *_, high = fan(BOTH[0])
    assert low[49] == high[49] == BOTH[0].recorded[49]
    assert np.all(low[:49] < high[:49])


def test_band_needs_a_setting_and_a_curve():
    assert fan(series(setting={})) is None
    assert fan(series(recorded=(None,) * 50)) is None


def test_limits_hold_every_curve():
    assert limits([series(recorded=(-3.0,), differences=(-9.0,), predicted=(None,))])[0] < -9.0
    assert limits([]) == pytest.approx((-1.06, 0.06))


def test_pictures_hold_no_colour_font_or_number_of_this_machine():
    drawn = [curve(BOTH[0], (-10.0, 0.0)), error(BOTH[1]), gate(BOTH[1])]
    drawn.append(mistake(series(predicted=BOTH[0].recorded[:50])))
    for svg in drawn:
        assert svg.startswith('<svg aria-hidden="true"')
        assert "#0000" not in svg
        assert "DejaVu" not in svg
        assert "<metadata" not in svg
        assert "var(--" in svg


def test_blind_region_is_shaded_where_the_axis_reaches_it():
    shaded = [curve(BOTH[0], (low, 0.0)).count("opacity: 0.13") for low in (-9.0, -12.0)]
    assert shaded[1] == shaded[0] + 1


@pytest.mark.parametrize(
    ("log10", "english", "spanish"),
    [
        (-10.5834, "2.61e-11", "2,61e-11"),
        (-400.0, "1.00e-400", "1,00e-400"),
        (-0.4771, "0.333", "0,333"),
        (-5.00001, "1.00e-05", "1,00e-05"),
        (3.0, "1.00e+03", "1,00e+03"),
        (None, "–", "–"),
    ],
)
def test_power_of_ten_is_written_in_the_form_of_the_language(log10, english, spanish):
    assert numbers.power(log10, EN) == english
    assert numbers.power(log10, ES) == spanish


def test_words_say_whether_differences_lie_on_the_curve():
    assert "lie on the curve" in numbers.curve_words(BOTH[0], EN)
    apart = replace(BOTH[0], differences=tuple(v - 0.5 for v in BOTH[0].recorded))
    assert "up to 0.5 orders" in numbers.curve_words(apart, EN)
    assert "no finite differences" in numbers.curve_words(series(differences=()), EN)


def test_words_say_whether_the_mistake_gives_the_recorded_list():
    listed = BOTH[0].recorded[:50]
    on = series(predicted=listed, differences=tuple(v - 1.0 for v in BOTH[0].recorded))
    off = replace(on, predicted=tuple(v - 0.3 for v in listed))
    assert numbers.mistake_words(on, EN).startswith("The list that the mistake gives lies on your")
    assert "up to 0.3 orders of magnitude away from your decay.json" in numbers.mistake_words(
        off, EN
    )


def test_words_name_the_error_nearest_to_its_bound():
    errors = [1e-12] * 51
    errors[7] = 0.25
    assert "0.25, at t = 7" in numbers.error_words(series(error=tuple(errors)), EN)


def test_picture_of_a_student_is_encoded_anew_and_small():
    noise = np.random.default_rng(0).integers(256, size=(900, 1200, 3), dtype=np.uint8)
    uri = data_uri(_png(noise))
    assert 0 < len(uri) <= 4 * MOST_BYTES / 3 + 100
    assert data_uri(picture(comment="a")) == data_uri(picture(comment="b")) != ""


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_left_out(data):
    assert data_uri(data) == ""


def _png(pixels):
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()
