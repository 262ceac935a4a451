"""What rows have in common goes to the database once."""

from gateway.service.classes import Classes


def test_the_same_values_are_one_class_and_values_stand_in_the_order_of_their_numbers() -> None:
    classes = Classes()
    rows = [classes.number(values) for values in (("paid", None), ("returned", "AC04"), ("paid", None))]
    assert rows == [1, 2, 1]
    assert classes.columns(2) == [["paid", "returned"], [None, "AC04"]]
    assert classes.or_none(rows) == rows


def test_rows_of_one_class_need_no_numbers() -> None:
    classes = Classes()
    rows = [classes.number(("paid",)) for _ in range(3)]
    assert classes.or_none(rows) == []
    assert Classes().columns(2) == [[], []]
