from music_core.simulate.draws import draw, share, shuffled


def test_draws_depend_on_their_names_alone_and_names_do_not_run_together() -> None:
    assert draw(0, "s", 1) == draw(0, "s", 1)
    assert len({draw(0, "s", 1), draw(0, "s1"), draw("0s", 1), draw(0, "s", "1"), draw(1, "s", 1)}) == 5
    assert 0 <= draw(0) < 2**63


def test_shares_are_spread_evenly_and_shuffles_keep_all() -> None:
    shares = [share(0, i) for i in range(4000)]
    assert abs(sum(shares) / 4000 - 0.5) < 0.02
    assert all(0 <= s < 1 for s in shares)
    firsts = [shuffled("abc", i)[0] for i in range(300)]
    assert min(firsts.count(c) for c in "abc") > 70
    assert sorted(shuffled("abc", 5)) == ["a", "b", "c"]
