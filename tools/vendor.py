"""Rebuild ``static/vendor``: the pinned third-party files, their licences, the icon sprite and
``CHECKSUMS``.

Run ``python tools/vendor.py`` after a change of a version below or of ``icons.txt``. Needs npm; nothing of
it is needed to run or to test the product. ``python tools/vendor.py --sums`` only writes ``CHECKSUMS``
anew.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
VENDOR = TOOLS.parent / "static" / "vendor"
PACKAGES = {
    "@tabler/core": "1.4.0",
    "@tabler/icons": "3.51.0",
    "htmx.org": "2.0.11",
    "echarts": "5.6.0",
    "esbuild": "0.25.12",
}
COPIED = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler/tabler.min.js",
    "@tabler/icons/LICENSE": "tabler-icons/LICENSE",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
    "echarts/LICENSE": "echarts/LICENSE",
    "echarts/NOTICE": "echarts/NOTICE",
    "echarts/licenses/LICENSE-d3": "echarts/LICENSE-d3",
}
TABLER_LICENSE = """MIT License

Copyright (c) 2018-2025 The Tabler Authors
Copyright (c) 2018-2025 codecalm.net Paweł Kuna
Bootstrap, which these files contain: Copyright (c) 2011-2025 The Bootstrap Authors

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


def copy_files(modules: Path) -> None:
    for source, target in COPIED.items():
        text = (modules / source).read_text(encoding="utf-8")
        path = VENDOR / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(re.sub(r"\n?/[/*]# sourceMappingURL=\S+( \*/)?", "", text), encoding="utf-8")
    (VENDOR / "tabler" / "LICENSE").write_text(TABLER_LICENSE, encoding="utf-8")


def build_sprite(modules: Path) -> None:
    """One SVG with a symbol for each name of ``icons.txt``; stroke and size come from our style sheet."""
    symbols = []
    for name in sorted(set((TOOLS / "icons.txt").read_text(encoding="utf-8").split())):
        drawing = (modules / f"@tabler/icons/icons/outline/{name}.svg").read_text(encoding="utf-8")
        paths = "".join(re.findall(r"<path[^>]*/>", drawing))
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>')
    body = "\n".join(symbols)
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n'
    (VENDOR / "tabler-icons" / "sprite.svg").write_text(sprite, encoding="utf-8")


def build_charts(work: Path) -> None:
    shutil.copy(TOOLS / "charts.js", work / "charts.js")
    target = VENDOR / "echarts" / "echarts.custom.min.js"
    command = [
        str(work / "node_modules/.bin/esbuild"),
        "charts.js",
        "--bundle",
        "--minify",
        "--format=iife",
    ]
    options = [
        "--global-name=echarts",
        "--target=chrome109,firefox115,safari16",
        "--legal-comments=inline",
    ]
    subprocess.run([*command, *options, f"--outfile={target}"], cwd=work, check=True)


def write_checksums() -> None:
    """``CHECKSUMS`` in the form of sha256sum: digest, two spaces, path below ``static/vendor``."""
    files = sorted(path for path in VENDOR.rglob("*") if path.is_file() and path.name != "CHECKSUMS")
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(VENDOR).as_posix()}"
        for path in files
    ]
    (VENDOR / "CHECKSUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    if "--sums" not in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            pinned = [f"{name}@{version}" for name, version in PACKAGES.items()]
            subprocess.run(
                [
                    "npm",
                    "install",
                    "--prefix",
                    folder,
                    "--no-audit",
                    "--no-fund",
                    *pinned,
                ],
                cwd=work,
                check=True,
            )
            copy_files(work / "node_modules")
            build_sprite(work / "node_modules")
            build_charts(work)
    write_checksums()


if __name__ == "__main__":
    main()
