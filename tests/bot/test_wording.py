"""Names that members chose are letters in a message; numbers are worded one way."""

from __future__ import annotations

import pytest

from bot.wording import counted, plain, share


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Rin <@123>", r"Rin \<@123>"),
        ("<@&1> <#2> <:a:3> <a:b:4> <t:5:R> </who:6>", None),
        ("@everyone", r"\@everyone"),
        ("@here", r"\@here"),
        ("https://a.example/||b", r"https:\/\/a.example/\|\|b"),
        ("[a](https://b.example)", r"\[a](https:\/\/b.example)"),
        ("# Rin", r"\# Rin"),
        ("-# Rin", r"\-# Rin"),
        ("> Rin", r"\> Rin"),
        ("*R*_i_~~n~~||x||`y`", r"\*R\*\_i\_\~\~n\~\~\|\|x\|\|\`y\`"),
        ("a\nb\tc", "a b c"),
        ("a\x1b[31mb\0", "a[31mb"),
        ("abc\u202efed", "abcfed"),
        ("\u2066a\u2069\u200e\u200fb\u061c", "ab"),
        ("Rin <3 you", "Rin <3 you"),
        ("星野アイ", "星野アイ"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    ],
)
def test_a_name_does_nothing(name: str, shown: str | None) -> None:
    if shown is None:
        assert plain(name).count(r"\<") == name.count("<")
    else:
        assert plain(name) == shown


def test_a_long_name_is_cut_short_before_it_is_escaped() -> None:
    assert plain("*" * 200, 10) == r"\*" * 9 + "…"


def test_one_is_not_said_in_the_plural() -> None:
    assert [counted(n, "crop") for n in (0, 1, 1200)] == ["0 crops", "1 crop", "1,200 crops"]


def test_a_share_claims_an_end_only_where_all_or_none_are_there() -> None:
    assert [share(part, 400) for part in (0, 1, 233, 399, 400)] == [
        "0 %", "under 1 %", "58 %", "over 99 %", "100 %",
    ]  # fmt: skip
    assert share(0, 0) == "–"
