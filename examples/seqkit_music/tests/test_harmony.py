"""The demo chorales obey what they claim to. The checks know pitches and chord names, not how they were chosen."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from seqkit_music.demo import NUM_CHORALES, Chorale, demo_chorale, write_on_grid
from seqkit_music.listening import TRIADS, Report, average, listen, num_parallels, shuffled
from seqkit_music.score import BAR, END, bar_starts, sounding

SEMITONES = {
    "major": {1: (0, 4, 7), 2: (2, 5, 9), 4: (5, 9, 0), 5: (7, 11, 2), 6: (9, 0, 4)},
    "minor": {1: (0, 3, 7), 2: (2, 5, 8), 4: (5, 8, 0), 5: (7, 11, 2), 6: (8, 0, 3)},
}
NAMED = {1: {2, 4, 5, 6}, 2: {5}, 4: {1, 2, 5}, 5: {1, 6}, 6: {2, 4}}
RANGES = {"soprano": (60, 79), "alto": (55, 74), "tenor": (48, 67), "bass": (40, 60)}


@pytest.fixture(scope="module")
def chorales() -> list[Chorale]:
    return [demo_chorale(number) for number in range(0, NUM_CHORALES, 16)]


def test_every_key_and_both_modes_and_metres_occur() -> None:
    made = [demo_chorale(number) for number in range(48)]
    assert len({chorale.key for chorale in made}) == 24
    assert {chorale.beats_per_bar for chorale in made} == {3, 4}


def test_each_chord_is_complete_and_stands_on_its_bass(chorales: list[Chorale]) -> None:
    for chorale in chorales:
        for chord, pitches in zip(chorale.chords, chorale.pitches, strict=True):
            root, third, fifth = ((chorale.key.tonic + s) % 12 for s in SEMITONES[chorale.key.mode][chord.degree])
            assert set(pitches % 12) == {root, third, fifth}
            assert pitches[3] % 12 == (third if chord.inverted else root)


def test_degrees_follow_each_other_by_function_and_phrases_end_in_cadences(chorales: list[Chorale]) -> None:
    endings: Counter[tuple[int, ...]] = Counter()
    for chorale in chorales:
        size = 2 * chorale.beats_per_bar - 1
        phrases = [chorale.chords[i : i + size] for i in range(0, 4 * size, size)]
        assert len(chorale.chords) == 4 * size
        for phrase in phrases:
            degrees = [chord.degree for chord in phrase]
            assert degrees[0] == 1
            assert all(after in NAMED[before] for before, after in pairwise(degrees))
            assert not phrase[-1].inverted
        last_two = [tuple(chord.degree for chord in phrase[-2:]) for phrase in phrases]
        assert last_two[0][1] == 5 and last_two[1] == last_two[3] == (5, 1)
        endings[last_two[2][1:]] += 1
    assert set(endings) == {(5,), (6,)}


def test_voices_keep_their_ranges_their_order_and_their_distance(chorales: list[Chorale]) -> None:
    for chorale in chorales:
        pitches = sounding(write_on_grid(chorale, 2))
        low, high = np.array(list(RANGES.values())).T
        assert ((chorale.pitches >= low) & (chorale.pitches <= high)).all()
        gaps = pitches[:, :-1] - pitches[:, 1:]
        assert (gaps > 0).all()
        assert (gaps[:, :2] <= 12 + 2).all()  # a passing note may stand a step further


def test_no_voices_move_in_parallel_fifths_or_octaves(chorales: list[Chorale]) -> None:
    assert sum(num_parallels(sounding(write_on_grid(chorale, 2))) for chorale in chorales) == 0
    assert sum(num_parallels(chorale.pitches) for chorale in chorales) == 0


def test_the_checker_finds_parallels_where_they_are() -> None:
    fifths = np.array([[72, 67, 64, 48], [74, 69, 65, 50]])  # octaves between soprano and bass, fifths alto and bass
    assert num_parallels(fifths) == 2
    assert num_parallels(np.array([[72, 67, 64, 48], [72, 67, 64, 48]])) == 0
    assert num_parallels(np.array([[72, 65], [71, 67]])) == 0


def test_the_leading_tone_is_never_doubled_and_always_rises_to_the_tonic(chorales: list[Chorale]) -> None:
    num_resolved = 0
    for chorale in chorales:
        leads = chorale.pitches % 12 == (chorale.key.tonic + 11) % 12
        assert (leads.sum(axis=1) <= 1).all()
        for here, there in zip(*np.nonzero(leads[:-1]), strict=True):
            assert chorale.pitches[here + 1, there] - chorale.pitches[here, there] == 1
            num_resolved += 1
    assert num_resolved > 4 * len(chorales) / 2


def test_no_voice_sings_a_tritone_a_seventh_or_past_its_neighbour(chorales: list[Chorale]) -> None:
    for chorale in chorales:
        moves = np.abs(np.diff(chorale.pitches, axis=0))
        assert not np.isin(moves, [6, 10, 11]).any()
        assert moves[:, :3].max() <= 7 and moves[:, 3].max() <= 12
        for upper, lower in [(0, 1), (1, 2), (2, 3)]:
            assert (chorale.pitches[1:, lower] <= chorale.pitches[:-1, upper]).all()
            assert (chorale.pitches[1:, upper] >= chorale.pitches[:-1, lower]).all()


def test_minor_has_no_augmented_second(chorales: list[Chorale]) -> None:
    for chorale in chorales:
        degrees = (chorale.pitches - chorale.key.tonic) % 12
        assert not ((degrees[:-1] == 8) & (degrees[1:] == 11)).any()


def test_upper_voices_move_little(chorales: list[Chorale]) -> None:
    moves = np.concatenate([np.abs(np.diff(chorale.pitches[:, :3], axis=0)).ravel() for chorale in chorales])
    assert moves.mean() < 2.5


def test_every_other_note_is_a_passing_note(chorales: list[Chorale]) -> None:
    """Off the beat, one voice alone moves by step, and goes on by step in the same direction."""
    num_passing = 0
    for chorale in chorales:
        pitches = sounding(write_on_grid(chorale, 2))
        for step in range(1, len(pitches) - 1, 2):
            first, second = pitches[step] - pitches[step - 1], pitches[step + 1] - pitches[step]
            moved = np.flatnonzero(first)
            if len(moved):
                (voice,) = moved
                assert 1 <= abs(first[voice]) <= 2 and 1 <= abs(second[voice]) <= 2
                assert first[voice] * second[voice] > 0
                num_passing += 1
    assert num_passing > len(chorales)


def test_the_same_notes_in_random_order_are_heard_as_such() -> None:
    score = write_on_grid(demo_chorale(0), 2)
    mixed = shuffled(score, np.random.default_rng(0))
    assert not np.array_equal(mixed, score)
    for voice in range(4):
        assert Counter(mixed[:, voice].tolist()) == Counter(score[:, voice].tolist())
    assert np.array_equal(mixed < 0, score < 0)
    assert listen(mixed).triads < 0.5 < listen(score).triads


def test_reports_are_averaged_by_their_chords() -> None:
    total = average([Report(1, 1.0, 1.0, 1.0, 40.0), Report(3, 0.0, 1.0, 0.5, 0.0)])
    assert total == Report(4, 0.25, 1.0, 0.625, 10.0)


def test_the_listener_confirms_it(chorales: list[Chorale]) -> None:
    reports = [listen(write_on_grid(chorale, 2)) for chorale in chorales]
    assert {report.triads for report in reports} == {1.0}
    assert {report.in_range for report in reports} == {1.0}
    assert {report.in_order for report in reports} == {1.0}
    assert len(TRIADS) == 36 and all(len(triad) == 3 for triad in TRIADS)


@pytest.mark.parametrize("steps_per_quarter", [1, 2, 3, 4])
def test_any_grid_holds_a_chorale(steps_per_quarter: int) -> None:
    chorale = next(c for c in map(demo_chorale, range(9)) if c.beats_per_bar == 3)
    score = write_on_grid(chorale, steps_per_quarter)
    bar = 3 * steps_per_quarter
    assert bar_starts(score) == list(range(0, 8 * bar, bar))
    assert (score[0] == BAR).all() and (score[-1] == END).all()
    assert len(sounding(score)) == 8 * bar


def test_a_chorale_is_the_same_whenever_it_is_made() -> None:
    once = demo_chorale(3)
    again = demo_chorale.__wrapped__(3)
    assert again is not once
    assert np.array_equal(again.pitches, once.pitches)
