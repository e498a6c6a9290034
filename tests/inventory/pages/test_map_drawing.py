"""The maps: everything lies on them, in metres, north up; colours and marks say what the list says."""

import re

import pytest

from inventory.pages.map_drawing import draw_nursery, draw_warehouse
from inventory.services.place_overview import nursery_summary
from tests.inventory.factories import StorageLocationConfigFactory, stocked_batch


def points(path):
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def sizes(path):
    xs, ys = zip(*points(path), strict=True)
    return max(xs) - min(xs), max(ys) - min(ys)


def test_without_warehouses_there_is_no_map(db):
    assert draw_nursery(nursery_summary().warehouses) is None


def test_outlines_are_in_metres_and_lie_on_the_map(nursery):
    drawing = draw_warehouse(nursery_summary(warehouse_id=nursery.n1.pk).warehouses[0])

    assert len(drawing.shapes) == 3
    for shape in drawing.shapes:
        assert sizes(shape.path) == pytest.approx((10, 10), abs=0.05)
    everything = drawing.outlines + "".join(shape.path for shape in drawing.shapes)
    assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in points(everything))
    assert sizes(drawing.outlines) == pytest.approx((220, 220), abs=0.5)


def test_north_is_up_and_east_is_right(nursery):
    north = nursery.add_claro(9)
    north.polygon = nursery.claros[0].polygon
    ring = [[lon, lat + 0.0005] for lon, lat in north.polygon["coordinates"][0]]
    north.polygon = {"type": "Polygon", "coordinates": [ring]}
    north.save()

    drawing = draw_warehouse(nursery_summary(warehouse_id=nursery.n1.pk).warehouses[0])

    first, second, _third, above = drawing.shapes
    assert first.x < second.x
    assert above.y < first.y


def test_the_more_plants_the_darker(nursery):
    for claro, plants in zip(nursery.claros, (1000, 10, 0), strict=True):
        if plants:
            stocked_batch(plants, storage_location=claro)

    drawing = draw_warehouse(nursery_summary(warehouse_id=nursery.n1.pk).warehouses[0])

    assert drawing.steps == [250, 500, 750, 1000]
    assert [shape.step for shape in drawing.shapes] == [4, 1, 0]


def test_where_few_plants_stand_no_colour_is_named_twice(nursery):
    stocked_batch(2, storage_location=nursery.claros[0])
    drawing = draw_warehouse(nursery_summary(warehouse_id=nursery.n1.pk).warehouses[0])
    assert drawing.steps == [1, 2]
    assert drawing.shapes[0].step == 2


def test_a_hole_in_an_outline_stays_one(nursery):
    outer = nursery.claros[0].polygon["coordinates"][0]
    lon, lat = outer[0]
    hole = [[lon + dx, lat + dy] for dx, dy in ((3e-5, 3e-5), (6e-5, 3e-5), (6e-5, 6e-5), (3e-5, 3e-5))]
    nursery.claros[0].polygon = {"type": "Polygon", "coordinates": [outer, hole]}
    nursery.claros[0].save()
    drawing = draw_warehouse(nursery_summary(warehouse_id=nursery.n1.pk).warehouses[0])
    assert drawing.shapes[0].path.count("M") == 2


def test_the_page_draws_each_warehouse_in_the_colour_of_its_type_and_tells_what_it_holds(
    signed_in, worker, nursery
):
    StorageLocationConfigFactory(storage_location=nursery.claros[0])
    stocked_batch(1234, storage_location=nursery.claros[0])

    page = signed_in(worker).get("/places/")

    n1 = page.text.split(f'<a href="/places/warehouses/{nursery.n1.pk}/" tabindex="-1" ')[1]
    assert n1.startswith('class="map-place warehouse-greenhouse"')
    title = n1.split("<title>")[1].split("</title>")[0]
    assert title == "Nave 1 (N1): 1,234 plants (+1,234) · last photo never"
    assert n1.split("</a>")[0].count("<circle") == 1  # the configured claro, never photographed
    assert "warehouse-tunnel" in page.text
    assert not re.search(r'(d|x|y|r|font-size|viewBox)="[^"]*\d,\d', page.text)  # numbers as SVG reads them


def test_numbers_of_a_drawing_do_not_follow_the_language(signed_in, worker, nursery):
    stocked_batch(1234, storage_location=nursery.claros[0])
    client = signed_in(worker)
    client.cookies["django_language"] = "es"
    page = client.get(f"/places/warehouses/{nursery.n1.pk}/")
    assert not re.search(r' (d|x|y|r|cx|cy|font-size|viewBox)="[^"]*\d,\d', page.text)
    assert f'id="place-{nursery.claros[0].pk}"' in page.text
