"""Working days are put in force by an operator, from a file that people can write."""
import pytest

COUNTY = """\
jurisdiction: river-county
version: {version}
time_zone: America/New_York
holidays:
  - {{date: "2030-01-01", name: New Year}}
  - {{date: "2030-07-04", name: Independence Day}}
"""


def load(exchange, folder, text, profile="operator"):
    path = folder / "county.yaml"
    path.write_text(text)
    return exchange.cli("calendar", "load", str(path), profile=profile)


def shown(exchange):
    return {row.get("jurisdiction", ""): row for row in exchange.ask("parole-north", "calendar", "show")}


@pytest.mark.quick
def test_a_calendar_is_loaded_with_the_changes_of_its_clocks_and_everybody_sees_it(exchange, tmp_path):
    assert load(exchange, tmp_path, COUNTY.format(version=1)).code == 0
    row = shown(exchange)["river-county"]
    assert row["version"] == 1 and len(row["entry"]["holidays"]) == 2
    assert len(row["entry"]["offsets"]) > 6  # two a year, until some years after the last holiday
    assert {offset["minutes"] for offset in row["entry"]["offsets"]} == {-300, -240}
    again = load(exchange, tmp_path, COUNTY.format(version=1))
    assert again.code != 0 and "version" in repr(again)
    assert load(exchange, tmp_path, COUNTY.format(version=2)).code == 0
    assert shown(exchange)["river-county"]["version"] == 2
    said = exchange.plain("parole-north", "calendar", "show", "river-county")
    assert "2030-07-04 Independence Day" in said and max(map(len, said.splitlines())) <= 80
    assert max(map(len, exchange.plain("parole-north", "calendar", "show").splitlines())) <= 80


def test_what_is_no_calendar_is_refused_with_its_place(exchange, tmp_path):
    unknown = load(exchange, tmp_path, COUNTY.format(version=9).replace("New_York", "Nowhere"))
    assert unknown.code != 0 and "America/Nowhere" in repr(unknown)
    misspelt = load(exchange, tmp_path, COUNTY.format(version=9).replace("holidays", "hollidays"))
    assert misspelt.code != 0 and "county.yaml:4" in repr(misspelt)
    swapped = COUNTY.format(version=9).replace("2030-01-01", "2030-12-25")
    assert "calendar cannot be put in force" in repr(load(exchange, tmp_path, swapped))


def test_an_agency_puts_no_calendar_in_force(exchange, tmp_path):
    assert load(exchange, tmp_path, COUNTY.format(version=30), profile="parole-north").code != 0
    assert shown(exchange).get("river-county", {}).get("version") != 30
