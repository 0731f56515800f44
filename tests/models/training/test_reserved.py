"""Which identities no run trains on."""

from models.training.reserved import BEST_KNOWN, hash_share, reports, reserved_identities

ROSTER = {f"character_{i}": 20_000 - i for i in range(12_000)}


def test_about_one_in_twenty_is_reserved() -> None:
    found = reserved_identities(ROSTER)
    assert 0.04 < len(found) / (len(ROSTER) - BEST_KNOWN) < 0.06


def test_the_best_known_and_the_trained_are_not() -> None:
    before = reserved_identities(ROSTER)
    best = {f"character_{i}" for i in range(BEST_KNOWN)}
    trained = set(sorted(before)[:5])
    assert not before & best
    assert reserved_identities(ROSTER, trained) == before - trained


def test_new_identities_move_none_that_was_reserved() -> None:
    more = ROSTER | {f"new_{i}": 1 for i in range(500)}
    assert reserved_identities(ROSTER) <= reserved_identities(more)


def test_it_is_the_same_everywhere() -> None:
    assert hash_share("hatsune_miku") == hash_share("hatsune_miku")
    assert reserved_identities({"a": 1, "b": 0}) == frozenset()


def test_half_of_them_report() -> None:
    found = reserved_identities(ROSTER)
    assert 0.4 < sum(map(reports, found)) / len(found) < 0.6
