from collections.abc import Callable
from pathlib import Path

from seqkit_music import DOMAIN

import seqkit


def test_check_goes_on_after_a_broken_file_and_tells_what_the_others_hold(
    save_midi: Callable[..., Path], tmp_path: Path
) -> None:
    save_midi([(72, 0, 480), (74, 480, 960)], [(48, 0, 960)], name="a.mid")
    (tmp_path / "b.mid").write_bytes(b"MThd")
    save_midi([(pitch, 0, 480) for pitch in range(60, 67)], name="c.mid")
    found = seqkit.check(DOMAIN, path=str(tmp_path))
    assert [problem["at"] for problem in found["problems"]] == ["b.mid"]
    facts = found["facts"]
    assert (facts["notes"], facts["bars"]) == (7, 2)
    assert facts["compass"]["soprano"] == "F#4 to D5" and facts["compass"]["bass"] == "C3 to C4"
    assert facts["voices"] == {"divided from outside": 2}
    assert facts["time_signatures"] == {"4/4": 2}
    assert any("30% of the notes" in warning for warning in found["warnings"])
