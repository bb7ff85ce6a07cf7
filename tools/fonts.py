"""Fetch the fonts of the printed forms into var/fonts: `python -m tools.fonts`.

Three sources, each by its ordinary client, none needing root. A file counts only when its SHA-256 is the one below, so
a second run reads the files, finds them right and ends; after the first one nothing is fetched.

- Noto Serif SC and Noto Sans SC, from the Python package index: the body of every form. Without them, or a Chinese
  serif font of the system, this ends with status 1.
- Noto Sans CJK, from the same place: some 2,000 characters of extension B, 𠮷 among them.
- HanaMinB, from Debian's package, where there is `apt-get`: the whole of extensions B to F. Elsewhere its absence
  is told, and the names that need it are refused in print, never printed as a box.

All are under the SIL Open Font License, and each licence text is laid beside its font.
"""

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "fonts"
HANAZONO = "usr/share/fonts/truetype/hanazono/HanaMinB.ttf"
SYSTEM_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path("/System/Library/Fonts"),
    Path("/Library/Fonts"),
)
SYSTEM_SERIFS = ("NotoSerifCJK*", "NotoSerifSC*", "SourceHanSerif*", "Songti*", "simsun*")


class FontsUnavailable(Exception):
    """A source cannot be had here; the message says which and why."""


@dataclass(frozen=True)
class Source:
    """Where font files come from: `files` maps the path inside the package to name here and SHA-256 (empty: any)."""

    package: str
    needed: bool
    purpose: str
    files: dict[str, tuple[str, str]]
    fetch: Callable[["Source"], dict[str, bytes]]

    def complete(self) -> bool:
        return all(_right(FOLDER / name, digest) for name, digest in self.files.values())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _right(path: Path, digest: str) -> bool:
    return path.is_file() and _matches(path.read_bytes(), digest)


def _matches(content: bytes, digest: str) -> bool:
    return digest in ("", _digest(content))


def _from_index(source: Source) -> dict[str, bytes]:
    """Named members of the wheel, by pip. The package is not installed and none of its code runs."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        command += ["--only-binary=:all:", "--dest", folder, source.package]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            raise FontsUnavailable(f"pip could not fetch {source.package}: {_last_line(done.stderr)}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            return {member: wheel.read(member) for member in source.files if member in wheel.namelist()}


def _from_debian(source: Source) -> dict[str, bytes]:
    """Named members of the Debian package, from the system if it is installed, else by `apt-get download`."""
    installed = {member: Path("/") / member for member in source.files}
    if all(path.is_file() for path in installed.values()):
        return {member: path.read_bytes() for member, path in installed.items()}
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise FontsUnavailable(f"this system has no Debian packages, so no {source.package}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # apt's own user writes here when root asks
        command = ["apt-get", "download", "-q", source.package]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        packages = list(Path(folder).glob("*.deb"))
        if done.returncode or not packages:
            raise FontsUnavailable(f"apt-get could not fetch {source.package}: {_last_line(done.stderr)}")
        unpacked = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", packages[0]], capture_output=True, check=True
        )
    with tarfile.open(fileobj=io.BytesIO(unpacked.stdout)) as archive:
        members = {member: archive.extractfile(f"./{member}") for member in source.files}
        return {member: content.read() for member, content in members.items() if content}


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


SOURCES = (
    Source(
        package="pylopdf-fonts-zh-cn==0.1.1",
        needed=True,
        purpose="the text of every form",
        files={
            "pylopdf_fonts_zh_cn/NotoSerifSC-Regular.otf": (
                "NotoSerifSC-Regular.otf",
                "e8f396decc1f0963a016a989c3d8852e863d1350996f573860a80767c83a1cd3",
            ),
            "pylopdf_fonts_zh_cn/NotoSansSC-Regular.otf": (
                "NotoSansSC-Regular.otf",
                "faa6c9df652116dde789d351359f3d7e5d2285a2b2a1f04a2d7244df706d5ea9",
            ),
            "pylopdf_fonts_zh_cn-0.1.1.dist-info/licenses/LICENSE": (
                "Noto-SC-OFL.txt",
                "6a73f9541c2de74158c0e7cf6b0a58ef774f5a780bf191f2d7ec9cc53efe2bf2",
            ),
        },
        fetch=_from_index,
    ),
    Source(
        package="manimgx-fonts-cjk==2026.9.26.post1",
        needed=False,
        purpose="2,000 characters of extension B",
        files={
            "manimgx_fonts_cjk/NotoSansCJK-VF.otf.ttc": (
                "NotoSansCJK-VF.otf.ttc",
                "d3d8256cdec8dbcb3552284bc6b20c734dd60c2ee9df83b5758e34807c4bac32",
            ),
            "manimgx_fonts_cjk-2026.9.26.post1.dist-info/licenses/LICENSE": (
                "Noto-CJK-OFL.txt",
                "f31e19b1bc90e861c17137e9d57be4ae4c18b47cb2e4d7cc00f467582738b33c",
            ),
        },
        fetch=_from_index,
    ),
    Source(
        package="fonts-hanazono",
        needed=False,
        purpose="all of extensions B to F",
        files={
            HANAZONO: (
                "HanaMinB.ttf",
                "829543436cdf7b4c6730e2af5806fa406f8ddf0d4b656e0cd49c58d4db1c8d3c",
            ),
            "usr/share/doc/fonts-hanazono/copyright": (
                "Hanazono-OFL.txt",
                "",  # Debian words it anew in each release
            ),
        },
        fetch=_from_debian,
    ),
)


def lay(source: Source) -> bool:
    """Have the files of a source in place; True when they were fetched now. Raises FontsUnavailable."""
    if source.complete():
        return False
    contents = source.fetch(source)
    for member, (_name, digest) in source.files.items():
        if member not in contents or not _matches(contents[member], digest):
            raise FontsUnavailable(
                f"{source.package} holds another {Path(member).name} than the one that was checked"
            )
    FOLDER.mkdir(parents=True, exist_ok=True)
    for member, (name, _) in source.files.items():
        half = FOLDER / f".{name}.part"
        half.write_bytes(contents[member])
        half.replace(FOLDER / name)
    return True


def system_serif() -> Path | None:
    """A Chinese serif font file of this system, if there is one."""
    for folder in SYSTEM_FOLDERS:
        for pattern in SYSTEM_SERIFS:
            found = next(folder.rglob(pattern), None) if folder.is_dir() else None
            if found:
                return found
    return None


def main() -> int:
    """Lay all sources; 0 when the forms can be printed, else 1."""
    for source in SOURCES:
        try:
            if lay(source):
                print(f"fonts: {source.package} ({source.purpose})")
        except FontsUnavailable as fault:
            print(f"fonts: {fault}", file=sys.stderr)
            if not source.needed:
                print(f"fonts: names that need it ({source.purpose}) cannot be printed", file=sys.stderr)
            elif serif := system_serif():
                print(f"fonts: printing with the system's {serif.name} instead", file=sys.stderr)
            else:
                print("fonts: no Chinese font at all, so no form can be printed", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
