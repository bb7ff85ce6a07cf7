"""The fonts' fetcher: what it accepts, refuses and says. No network: sources are made here."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from tools import fonts

CONTENT = b"a font"


def source(content: bytes = CONTENT, *, needed: bool = True, expected: bytes = CONTENT) -> fonts.Source:
    return fonts.Source(
        package="some-fonts==1",
        needed=needed,
        purpose="text",
        files={
            "inside/some.otf": ("Some.otf", hashlib.sha256(expected).hexdigest()),
            "inside/OFL": ("OFL.txt", ""),
        },
        fetch=lambda _: {"inside/some.otf": content, "inside/OFL": b"licence"},
    )


def unavailable(_: fonts.Source) -> dict[str, bytes]:
    raise fonts.FontsUnavailable("the line is dead")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(fonts, "FOLDER", tmp_path / "fonts")
    return tmp_path / "fonts"


def test_fonts_are_laid_once_and_mended_when_spoilt(folder: Path) -> None:
    assert fonts.lay(source()) is True
    assert sorted(path.name for path in folder.iterdir()) == ["OFL.txt", "Some.otf"]
    assert fonts.lay(replace(source(), fetch=unavailable)) is False, "the second time nothing is fetched"
    (folder / "Some.otf").write_bytes(b"half a f")
    assert fonts.lay(source()) is True
    assert (folder / "Some.otf").read_bytes() == CONTENT


def test_another_file_under_the_same_name_is_refused(folder: Path) -> None:
    with pytest.raises(fonts.FontsUnavailable, match=r"another some\.otf"):
        fonts.lay(source(content=b"something else"))
    assert not folder.exists()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("needed", "serif", "status", "said"),
    [
        (True, None, 1, "no Chinese font at all"),
        (True, Path("simsun.ttc"), 0, "printing with the system's simsun.ttc"),
        (False, None, 0, "cannot be printed"),
    ],
)
def test_what_cannot_be_fetched_is_said(
    needed: bool,
    serif: Path | None,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(fonts, "SOURCES", (replace(source(needed=needed), fetch=unavailable),))
    monkeypatch.setattr(fonts, "system_serif", lambda: serif)
    assert fonts.main() == status
    errors = capsys.readouterr().err
    assert "the line is dead" in errors
    assert said in errors


def test_the_fonts_of_this_machine_are_the_ones_that_were_checked() -> None:
    """Set-up ran before the tests, so the needed source is complete here."""
    assert all(source.complete() for source in fonts.SOURCES if source.needed)
