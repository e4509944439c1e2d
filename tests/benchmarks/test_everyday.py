"""What becomes of pairs that people judged."""

from __future__ import annotations

import pytest

from benchmarks.everyday import Wrong, measure, text_table, verdict_on

PAIRS = """kind\tgrade\tlang\tcategory\ta\tb
same\tmust\ten\tcase\tShe likes tea\tSHE LIKES TEA
same\tshould\ten\twords\tShe likes tea\tGreen leaves in hot water are her favourite
apart\tmust\ten\tarticle\tHe is the boss\tHe is a boss
apart\tmust\ten\trelative_time\tIll today\tIll today
apart\tshould\ten\twrong on purpose\tShe likes tea\tShe likes tea.
"""


@pytest.mark.costly
def test_each_pair_is_judged_by_a_store(tmp_path):
    """What was judged otherwise than by a person is told."""
    (tmp_path / "pairs.tsv").write_text(PAIRS)
    found, wrong = measure(tmp_path / "pairs.tsv")
    assert found["same", "must", "en"] == {"merged": 1}
    assert found["same", "should", "en"] == {"apart": 1}
    assert found["apart", "must", "en"].total() == 2
    assert found["apart", "must", "en"]["merged"] == 0
    assert [one.kind for one in wrong] == ["same", "apart"]
    assert "She likes tea." in text_table(found, wrong)
    assert isinstance(wrong[0], Wrong)


def test_what_waits_is_a_review():
    """And says why."""
    verdict, reason = verdict_on("She lives in Turkey", "She lives in turkey")
    assert verdict == "review"
    assert reason
