"""Figures: well-formed, within their frame, and every value where it must be."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from training.evaluation.curves import coverage_risk, precision_recall, reliability
from training.evaluation.learning_curve import forecast
from training.report import charts
from training.report.drawing import Frame
from training.report.html import Html

SVG = ET.Element
RNG = np.random.default_rng(1)
PROBABILITIES = RNG.random(2000)
GOLD = RNG.random(2000) < PROBABILITIES
SIZES = (25, 50, 100, 200, 400)
AP = np.linspace(0.4, 0.8, 5)[:, None] + RNG.normal(0, 0.02, (5, 3))


def parsed(figure: Html) -> SVG:
    """Parse a figure as XML; SVG in HTML may leave out the namespace."""
    return ET.fromstring(figure)


def all_figures() -> dict[str, Html]:
    curve = precision_recall(PROBABILITIES, GOLD)
    assert curve is not None
    bins = reliability(PROBABILITIES, GOLD)
    risk = coverage_risk(PROBABILITIES, GOLD)
    expected = forecast(np.array(SIZES, float), AP, 500)
    counts = np.array([[9, 1, 0], [2, 30, 0]])
    return {
        "bar": charts.bar(0.5, "label"),
        "interval": charts.interval(0.1, 0.5, 1.0, "label"),
        "precision-recall": charts.precision_recall(curve, "label", in_use=(0.5, 0.7)),
        "small": charts.precision_recall(curve, "label", background=curve, compact=True),
        "reliability": charts.reliability(bins, "label"),
        "coverage": charts.coverage(risk, 0.1, 0.9, "label"),
        "nothing accepted": charts.coverage(risk, 0.1, 1.5, "label"),
        "learning": charts.learning(SIZES, AP, expected, "label"),
        "small learning": charts.learning(SIZES, AP, expected, "label", compact=True),
        "heat": charts.heat_map(
            counts, "ab", "abc", ("labelled", "predicted"), "label", diagonal=True
        ),
    }


@pytest.mark.parametrize("name", all_figures())
def test_a_figure_is_labelled_and_scales(name: str) -> None:
    svg = parsed(all_figures()[name])
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "label"
    assert svg.get("viewBox")


@pytest.mark.parametrize("name", all_figures())
def test_every_mark_lies_within_the_drawing(name: str) -> None:
    svg = parsed(all_figures()[name])
    _, _, width, height = map(float, (svg.get("viewBox") or "").split())
    across, down = [], []
    for mark in svg.iter():
        across += [float(mark.get(key, 0)) for key in ("x", "x1", "x2", "cx")]
        down += [float(mark.get(key, 0)) for key in ("y", "y1", "y2", "cy")]
        for pair in (mark.get("points") or "").split():
            x, y = pair.split(",")
            across.append(float(x))
            down.append(float(y))
        steps = re.findall(r"([MVH])([\d.]+)(?: ([\d.]+))?", mark.get("d") or "")
        across += [float(x) for letter, x, _ in steps if letter in "MH"]
        down += [float(y or x) for letter, x, y in steps if letter in "MV"]
    assert np.isfinite(across + down).all()
    assert min(across) >= 0
    assert max(across) <= width
    assert min(down) >= 0
    assert max(down) <= height


def test_a_frame_puts_the_ends_of_its_ranges_at_its_margins() -> None:
    frame = Frame((10, 1000), (0, 2), 200, 100, 20, 30, 5, 15, logarithmic=True)
    assert frame.to_x(10) == pytest.approx(20)
    assert frame.to_x(100) == pytest.approx((20 + 170) / 2)
    assert frame.to_x(1000) == pytest.approx(170)
    assert frame.to_y(0) == pytest.approx(85)
    assert frame.to_y(2) == pytest.approx(5)
    assert frame.to_y(5) == frame.to_y(2)  # a value above the range stays at its edge


def test_the_area_under_the_drawn_steps_is_the_average_precision() -> None:
    from sklearn.metrics import average_precision_score

    gold, probabilities = GOLD[:120], PROBABILITIES[:120]
    curve = precision_recall(probabilities, gold)
    assert curve is not None
    (path,) = parsed(charts.precision_recall(curve, "")).iter("path")
    x, y, area = 52.0, 0.0, 0.0
    for letter, value in re.findall(r"([VH])([\d.]+)", path.get("d") or ""):
        if letter == "V":
            y = float(value)
        else:
            area += (float(value) - x) * (284 - y)
            x = float(value)
    assert area / ((480 - 52 - 18) * (284 - 12)) == pytest.approx(
        average_precision_score(gold, probabilities), abs=0.005
    )


def test_a_line_through_thousands_of_articles_stays_short() -> None:
    for name in ("precision-recall", "coverage"):
        assert len(all_figures()[name]) < 16_000


def test_a_heat_map_names_each_count_and_colours_the_diagonal_apart() -> None:
    svg = parsed(all_figures()["heat"])
    assert [title.text for title in svg.iter("title")] == [
        "labelled: a; predicted: a: 9",
        "labelled: a; predicted: b: 1",
        "labelled: b; predicted: a: 2",
        "labelled: b; predicted: b: 30",
    ]
    shade = {cell.get("class"): float(cell.get("fill-opacity", 0)) for cell in svg.iter("rect")}
    assert shade["right"] > shade["wrong"]
    assert [cell.get("class") for cell in svg.iter("rect")].count("empty") == 2


def test_the_review_threshold_in_use_is_marked_where_it_stands() -> None:
    """Of four articles two are as sure as 0.8; one of these two is wrong."""
    risk = coverage_risk(np.array([0.9, 0.8, 0.5, 0.4]), np.array([True, False, True, True]))
    svg = parsed(charts.coverage(risk, 0.1, 0.8, ""))
    (dot,) = (mark for mark in svg.iter("circle") if mark.get("class") == "dot mark")
    assert float(dot.get("cx", 0)) == pytest.approx(60 + (480 - 60 - 114) / 2)
    assert [title.text for title in dot.iter("title")] == [
        "in use: 50% accepted, 50% of them wrong"
    ]
    nothing = parsed(charts.coverage(risk, 0.1, 1.01, ""))
    assert not [mark for mark in nothing.iter("circle") if mark.get("class") == "dot mark"]


def test_names_of_categories_are_text_and_never_markup() -> None:
    names = ["<b>&", '"x"']
    figure = charts.heat_map(np.eye(2, dtype=int), names, names, ("<", ">"), "<i>", diagonal=True)
    assert "<b>" not in figure
    assert "<i>" not in figure
    assert [text.text for text in parsed(figure).iter("text")].count("<b>&") == 2


def on_the_line(svg: SVG, x: float, y: float) -> bool:
    """Tell whether a point lies on a step of the path, or on an upright of the same line."""
    (path,) = svg.iter("path")
    position, strokes = (0.0, 0.0), []
    for command, numbers in re.findall(r"([MVH])([\d. ]+)", path.get("d") or ""):
        values = [float(number) for number in numbers.split()]
        target = {
            "M": (values[0], values[-1]),
            "V": (position[0], values[0]),
            "H": (values[0], position[1]),
        }[command]
        strokes += [] if command == "M" else [(position, target)]
        position = target
    for mark in svg.iter("line"):
        if mark.get("class") == "line":
            x1, x2, y1, y2 = (float(mark.get(name) or "") for name in ("x1", "x2", "y1", "y2"))
            strokes.append(((x1, y1), (x2, y2)))
    return any(
        min(a[0], b[0]) - 0.02 <= x <= max(a[0], b[0]) + 0.02
        and min(a[1], b[1]) - 0.02 <= y <= max(a[1], b[1]) + 0.02
        for a, b in strokes
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_dot_of_any_threshold_lies_on_the_curve(seed: int) -> None:
    """Also where it predicts wrongly after the last label that it found."""
    rng = np.random.default_rng(seed)
    probabilities = rng.random(30)
    gold = rng.random(30) < 0.3
    curve = precision_recall(probabilities, gold)
    assert curve is not None
    for threshold in probabilities:
        predicted = probabilities >= threshold
        hits = (predicted & gold).sum()
        in_use = (hits / gold.sum(), hits / predicted.sum())
        svg = parsed(charts.precision_recall(curve, "", in_use=in_use))
        (dot,) = svg.iter("circle")
        x, y = float(dot.get("cx") or ""), float(dot.get("cy") or "")
        assert on_the_line(svg, x, y), threshold


def test_a_dot_off_the_curve_is_not_joined_to_it() -> None:
    curve = precision_recall(PROBABILITIES, GOLD)
    assert curve is not None
    svg = parsed(charts.precision_recall(curve, "", in_use=(0.5, 0.1)))
    assert not [mark for mark in svg.iter("line") if mark.get("class") == "line"]


def test_the_names_of_two_lines_at_zero_overlap_neither_each_other_nor_the_axis() -> None:
    risk = coverage_risk(np.ones(4), np.ones(4, dtype=bool))
    svg = parsed(charts.coverage(risk, 0.1, 0.9, ""))
    y = {mark.text: float(mark.get("y", 0)) for mark in svg.iter("text")}
    assert abs(y["expected 0%"] - y["observed 0%"]) >= 13  # units: the height of the letters
    assert max(y["expected 0%"], y["observed 0%"]) <= y["100%"] - 13
