"""What a path may be."""

import gzip
import zipfile
from pathlib import Path

import pytest

from seqkit import DataError, find_files, is_hub
from seqkit.data.sources import split_label


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.txt", "cats/c.TXT", "cats/old/d.txt", "notes.md", ".hidden/e.txt", "cats/.f.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("z/two.txt", "one.txt", "__MACOSX/._one.txt", "three.md", "z/.four.txt"):
            archive.writestr(name, name)
    with gzip.open(tmp_path / "g.txt.gz", "wb") as packed:
        packed.write(b"packed")
    return tmp_path


def test_a_folder_gives_its_files_in_order_without_hidden_ones(tree: Path) -> None:
    files = find_files(str(tree), (".txt",))
    assert [f.path.relative_to(tree).as_posix() for f in files] == [
        "a.txt",
        "b.txt",
        "cats/c.TXT",
        "cats/old/d.txt",
        "g.txt.gz",
    ]
    assert [f.folder for f in files] == ["", "", "cats", "cats/old", ""]
    assert [f.origin for f in files] == ["a.txt", "b.txt", "cats/c.TXT", "cats/old/d.txt", "g.txt.gz"]


def test_a_file_that_is_named_is_taken_whatever_its_ending(tree: Path) -> None:
    (file,) = find_files(str(tree / "notes.md"), (".txt",))
    with file.open() as stream:
        assert stream.read() == b"notes.md"
    assert file.origin == "notes.md" and file.label is None


def test_a_zip_gives_its_members(tree: Path) -> None:
    files = find_files(str(tree / "all.zip"), (".txt",))
    assert [f.origin for f in files] == ["all.zip:one.txt", "all.zip:z/two.txt"]
    assert [f.folder for f in files] == ["", "z"]
    assert files[1].open().read() == b"z/two.txt" and files[1].name == "two.txt"


def test_gzip_is_unpacked_on_the_way(tree: Path) -> None:
    (file,) = find_files(str(tree / "g.txt.gz"), (".txt",))
    with file.open() as stream:
        assert stream.read() == b"packed"


def test_each_path_may_have_a_label(tree: Path) -> None:
    files = find_files([f"cat={tree / 'cats'}", f"other={tree / 'a.txt'}"], (".txt",))
    assert [(f.label, f.name) for f in files] == [("cat", "c.TXT"), ("cat", "d.txt"), ("other", "a.txt")]


def test_an_equals_sign_inside_a_path_is_no_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b.txt").write_text("x")
    assert split_label("a=b.txt") == (None, "a=b.txt")
    assert split_label("x/y=z") == (None, "x/y=z")
    assert split_label("c=b.txt") == ("c", "b.txt")


def test_a_missing_path_names_its_neighbour(tree: Path) -> None:
    with pytest.raises(DataError, match=r"no such file or folder: .*notez\.md(.|\n)*did you mean 'notes.md'"):
        find_files(str(tree / "notez.md"), (".txt",))
    with pytest.raises(DataError, match=r"did you mean 'all.zip'"):
        find_files(str(tree / "al.zip"), (".txt",))


def test_a_folder_without_such_a_file_says_what_was_looked_for(tree: Path) -> None:
    with pytest.raises(DataError, match=r"holds no file to read\n(.|\n)*ending in \.wav, \.flac"):
        find_files(str(tree), (".wav", ".flac"))


def test_an_archive_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    for text in (b"one", b"three"):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("x.txt", text)
        (file,) = find_files(str(tmp_path / "a.zip"), (".txt",))
        assert file.open().read() == text


def test_a_packed_member_of_an_archive_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.txt.gz", gzip.compress(b"packed twice"))
    (file,) = find_files(str(tmp_path / "a.zip"), (".txt",))
    assert file.open().read() == b"packed twice"


def test_a_damaged_member_of_an_archive_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.txt", b"some text " * 100)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[40:44] = b"\xff\xff\xff\xff"  # behind the local header of 30 bytes and the name of 5
    (tmp_path / "a.zip").write_bytes(content)
    (file,) = find_files(str(tmp_path / "a.zip"), (".txt",))
    with pytest.raises(DataError, match=r"cannot be read(.|\n)*at: a\.zip:x\.txt"):
        file.open()


def test_a_zip_that_is_none_is_named(tree: Path) -> None:
    (tree / "broken.zip").write_bytes(b"PK no")
    with pytest.raises(DataError, match=r"is no zip archive(.|\n)*broken\.zip"):
        find_files(str(tree / "broken.zip"), (".txt",))


def test_hub_names_are_told_from_paths() -> None:
    assert is_hub("hf://owner/name") and not is_hub("owner/name") and not is_hub(None) and not is_hub(["hf://a"])


@pytest.mark.parametrize("paths", [["a.txt", "hf://owner/name"], ["cat=hf://owner/name"]])
def test_a_hub_id_among_several_paths_is_refused_with_both_slashes(paths: list[str], tree: Path) -> None:
    given = [str(tree / path) if path == "a.txt" else path for path in paths]
    with pytest.raises(DataError, match=r"hf://owner/name stands(.|\n)*must be the only path"):
        find_files(given, (".txt",))
