"""The sheets of labels: of which locations, how they are divided, and what is refused."""

import re

import pytest
import segno

from inventory.pages.labels import FORMATS
from tests.inventory.factories import StorageLocationFactory


def printed(page):
    """The codes in letters, sheet by sheet."""
    sheets = page.text.split('<section class="sheet')[1:]
    return [re.findall(r"<strong>([^<]+)</strong><span>", sheet) for sheet in sheets]


def codes(page):
    return [code for sheet in printed(page) for code in sheet]


@pytest.fixture
def elsewhere(nursery):
    return StorageLocationFactory(code="N2-N-01", qr_code="CLARO-N2-N-01", name="Claro lejano")


@pytest.fixture
def client(signed_in, viewer):
    return signed_in(viewer)


def test_who_may_not_read_is_refused(signed_in, stranger, db):
    assert signed_in(stranger).get("/places/labels/").status_code == 403


def test_without_a_choice_the_places_are_offered(client, nursery):
    page = client.get("/places/labels/")
    assert [warehouse.code for warehouse, _areas in page.context["warehouses"]] == ["N1", "N10"]
    assert f'name="area" value="{nursery.north.pk}"' in page.text
    assert printed(page) == []


def test_warehouses_areas_and_single_claros_add_up_and_come_as_people_count(client, nursery, elsewhere):
    tenth = nursery.add_claro(10)
    house, area = f"warehouse={nursery.n1.pk}", f"area={nursery.north.pk}"
    alone = f"location={elsewhere.pk}"
    of_n1 = ["N1-N-01", "N1-N-02", "N1-N-03", tenth.code]

    assert codes(client.get(f"/places/labels/?{house}")) == of_n1
    assert codes(client.get(f"/places/labels/?{area}&{alone}")) == [*of_n1, elsewhere.code]
    assert codes(client.get(f"/places/labels/?{alone}&location={tenth.pk}")) == [tenth.code, elsewhere.code]
    assert codes(client.get(f"/places/labels/?area={nursery.south.pk}")) == []


def test_each_label_shows_what_the_upload_page_reads_and_its_names(client, nursery):
    claro = nursery.claros[0]
    page = client.get(f"/places/labels/?location={claro.pk}").text
    expected = segno.make_qr(claro.qr_code, error="q").svg_inline(
        border=4, omitsize=True, svgclass="qr", lineclass=None, light="#fff"
    )
    assert expected in page
    assert "<span>Nave 1 · Cantero Norte · Claro 1</span>" in page


@pytest.mark.parametrize("name", FORMATS)
def test_full_sheets_are_followed_by_the_rest(client, nursery, name):
    per_sheet = FORMATS[name].per_sheet
    for number in range(4, per_sheet + 2):
        nursery.add_claro(number)
    page = client.get(f"/places/labels/?warehouse={nursery.n1.pk}&format={name}")
    assert [len(sheet) for sheet in printed(page)] in (
        [per_sheet, 1],
        [2, 1],
    )  # there are three claros at least
    assert page.text.count(f"sheet sheet-{name}") == 2


def test_used_labels_of_the_first_sheet_stay_empty(client, nursery):
    page = client.get(f"/places/labels/?warehouse={nursery.n1.pk}&format=105x148&skip=2")
    assert [len(sheet) for sheet in printed(page)] == [2, 1]
    assert page.text.split('<section class="sheet')[1].count("label-used") == 2
    assert page.text.split('<section class="sheet')[2].count("label-used") == 0


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("format=105x148&skip=4", "A sheet of this size has fewer labels."),
        ("format=nonsense", "nonsense"),
        ("skip=-1", "greater than or equal to 0"),
        ("location=987654", "One of these places does not exist"),
        ("location=x", "One of these places does not exist"),
        ("location=99999999999999999999", "One of these places does not exist"),
        ("area=99999999999999999999", "One of these places does not exist"),
        ("warehouse=99999999999999999999", "One of these places does not exist"),
    ],
)
def test_what_makes_no_sense_is_said_and_prints_nothing(client, nursery, query, text):
    page = client.get(f"/places/labels/?warehouse={nursery.n1.pk}&{query}")
    assert page.status_code == 200
    assert text in page.text
    assert printed(page) == []


@pytest.mark.parametrize("wrong", ["format=105x148&skip=4", "format=nonsense"])
def test_what_was_chosen_stays_chosen_when_a_number_is_wrong(client, nursery, wrong):
    location = nursery.claros[0]
    page = client.get(f"/places/labels/?location={location.pk}&{wrong}")
    assert f'<input type="hidden" name="location" value="{location.pk}">' in page.text


def test_a_claro_out_of_use_gets_no_label(client, nursery):
    nursery.claros[1].is_active = False
    nursery.claros[1].save()
    assert codes(client.get(f"/places/labels/?warehouse={nursery.n1.pk}")) == ["N1-N-01", "N1-N-03"]


def test_too_many_labels_are_refused_with_the_number_that_can_be_printed(client, nursery, monkeypatch):
    monkeypatch.setattr("inventory.pages.labels.MAX_LABELS", 2)
    page = client.get(f"/places/labels/?warehouse={nursery.n1.pk}")
    assert "At most 2 labels can be printed at once." in page.text
    assert printed(page) == []


def test_single_claros_of_a_warehouse_can_be_chosen(client, nursery, monkeypatch):
    address = f"/places/labels/?warehouse={nursery.n1.pk}"
    page = client.get(address).text
    assert page.count('name="location"') == 3
    assert 'type="hidden" name="warehouse"' not in page
    monkeypatch.setattr(
        "inventory.pages.labels.MAX_CHOICES", 2
    )  # more are not offered one by one, but stay chosen
    assert f'type="hidden" name="warehouse" value="{nursery.n1.pk}"' in client.get(address).text


def test_more_labels_take_no_more_queries(client, nursery, django_assert_num_queries):
    address = f"/places/labels/?warehouse={nursery.n1.pk}"
    with django_assert_num_queries(4):  # session, user, warehouse, claros
        client.get(address)
    for number in range(4, 9):
        nursery.add_claro(number)
    with django_assert_num_queries(4):
        client.get(address)
