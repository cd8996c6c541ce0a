"""What a path may be."""

import gzip
import os
import random
import zipfile
from pathlib import Path

import pytest

import seqkit.data.archives as archives
from seqkit import DataError, SourceFile, find_files, is_hub
from seqkit.data.archives import unpack
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


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_an_archive_that_unpacks_to_far_too_much_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "BOMB_BYTES", 1 << 20)
    zeros, words = bytes(1 << 21), b"".join(b"%d " % n for n in range(300_000))  # 1,000 and 3 bytes a packed one
    with pytest.raises(DataError, match=r"unpacks to 2,097,152 bytes or more from 2,\d\d\d"):
        find_files(str(zipped(tmp_path / "a.zip", {"x.txt": zeros})), (".txt",))
    (source,) = find_files(str(zipped(tmp_path / "b.zip", {"x.txt": words})), (".txt",))
    assert source.open().read() == words


@pytest.mark.parametrize("read", ["all", "blocks", "lines"])
def test_gzip_that_unpacks_to_far_too_much_is_stopped_while_it_is_read(
    read: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "BOMB_BYTES", 1 << 20)
    (tmp_path / "x.txt.gz").write_bytes(gzip.compress((b"a" * 99_999 + b"\n") * 400))
    (source,) = find_files(str(tmp_path / "x.txt.gz"), (".txt",))
    num_read = 0
    with source.open() as stream, pytest.raises(DataError, match=r"unpacks to(.|\n)*x\.txt\.gz"):
        if read == "all":
            stream.read()
        for part in iter(lambda: stream.read(1 << 16), b"") if read == "blocks" else stream:
            num_read += len(part)
    assert num_read < 1 << 25  # of 40 million


def test_large_members_are_unpacked_while_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"".join(b"%d " % n for n in range(100_000))
    path = zipped(tmp_path / "a.zip", {"x.txt": content, "y.txt.gz": gzip.compress(content)})
    monkeypatch.setattr(archives, "_IN_MEMORY_BYTES", 1 << 10)
    text, packed = find_files(str(path), (".txt",))
    with text.open() as stream:
        assert stream.read(7) == content[:7] and stream.read() == content[7:]
        assert stream.seek(500) == 500 and stream.read(20) == content[500:520]
    assert packed.open().read() == content
    path.write_bytes(path.read_bytes().replace(path.read_bytes()[5_000:5_100], bytes(100)))
    with find_files(str(path), (".txt",))[0].open() as stream, pytest.raises(OSError):
        stream.read()


@pytest.mark.parametrize("name", ["../x.txt", "/x.txt", "a/../../x.txt", "..\\x.txt"])
def test_no_member_leads_outside_its_archive(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="leads outside the archive"):
        find_files(str(zipped(tmp_path / "a.zip", {"fine.txt": b"x", name: b"x"})), (".txt",))


def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.txt")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        SourceFile(tmp_path / "p.txt").open()


def test_links_to_files_are_followed_and_those_to_folders_are_not(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.txt").write_text("x")
    (tmp_path / "top/inner").mkdir(parents=True)
    (tmp_path / "top/inner/a.txt").write_text("x")
    (tmp_path / "top/link.txt").symlink_to(tmp_path / "elsewhere/b.txt")
    (tmp_path / "top/again").symlink_to("inner")  # what it leads to is read under its own name
    files = find_files(str(tmp_path / "top"), (".txt",))
    assert [(file.origin, file.top) for file in files] == [
        ("inner/a.txt", tmp_path / "top"),
        ("link.txt", tmp_path / "top"),
    ]
    (tmp_path / "top/away").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"link to a folder elsewhere(.|\n)*--data.path of its own"):
        find_files(str(tmp_path / "top"), (".txt",))


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_archive_is_a_data_error_whatever_is_wrong_with_it(seed: int, tmp_path: Path) -> None:
    content = zipped(tmp_path / "a.zip", {"x.txt": b"some words " * 90, "y.txt": b"others " * 50}).read_bytes()
    chance = random.Random(seed)
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    (tmp_path / "b.zip").write_bytes(bytes(damaged[: chance.choice([len(damaged), chance.randrange(len(damaged))])]))
    try:
        found = [source.open().read() for source in find_files(str(tmp_path / "b.zip"), (".txt",))]
    except DataError as error:
        assert error.at and error.fix
    except OSError:
        pass  # of a stream, whose reader knows how far it came
    else:
        assert set(found) <= {b"some words " * 90, b"others " * 50}


def test_gzip_inside_an_archive_is_held_against_what_lies_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqkit.data.archives.BOMB_BYTES", 1 << 20)
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.txt.gz", gzip.compress(bytes(1 << 23), 1))  # 36 KB, and again packed 0.4 KB
    (source,) = find_files(str(path), (".txt",))
    with source.open() as stream, pytest.raises(DataError, match="unpacks to"):
        stream.read()


def test_what_is_no_gzip_is_told_to_be_renamed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(b"abc\n")
    for reading in ("read", "read1", "readline"):
        with unpack(path.open("rb"), 4, "a.txt.gz") as stream, pytest.raises(OSError, match=r"Not a gz.*rename"):
            getattr(stream, reading)(10)
