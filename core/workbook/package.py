"""ZIP packages from strangers: bounded, whole, without a password, macros or XML definitions."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from core.workbook.refusal import WorkbookRefused

CHUNK = 1 << 20
MAX_ENTRIES = 2_000
MAX_RATIO = 250
RATIO_FREE_BYTES = 20 << 20
XML_NAME = re.compile(r"\.(?:xml|rels|vml)$", re.IGNORECASE)
XML_DEFINITION = re.compile(rb"<!(?i:DOCTYPE|ENTITY)")
ENCRYPTED_FLAG = 0x1
UTF8_FLAG = 0x800


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a stranger's file is read: rows below the header, and bytes."""

    max_rows: int = 50_000
    max_bytes: int = 64 << 20
    max_uncompressed: int = 256 << 20
    max_cells: int = 8_000_000


class Package:
    """An opened ZIP whose directory was checked; members are read in chunks, never beyond the limit."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.limits = limits
        self.read_bytes = 0
        self.data = data
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
            self.members = [info for info in self.archive.infolist() if not info.is_dir()]
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError) as error:
            raise WorkbookRefused("damaged") from error
        self._check_directory()

    def _check_directory(self) -> None:
        infos = self.archive.infolist()
        names = [info.filename.casefold() for info in infos]
        if len(infos) > MAX_ENTRIES:
            raise WorkbookRefused("bomb")
        if len(set(names)) != len(names):
            raise WorkbookRefused("damaged")
        if any(info.flag_bits & ENCRYPTED_FLAG for info in infos):
            raise WorkbookRefused("password")

    def check_growth(self) -> None:
        """Refuse a package whose own directory promises too much or too steep a growth."""
        total = sum(info.file_size for info in self.members)
        packed = sum(info.compress_size for info in self.members)
        if total > self.limits.max_uncompressed:
            raise WorkbookRefused("bomb")
        if total > RATIO_FREE_BYTES and total > MAX_RATIO * max(packed, 1):
            raise WorkbookRefused("bomb")

    def find(self, name: str) -> zipfile.ZipInfo | None:
        """Return the member with this name, in any case."""
        wanted = name.casefold()
        return next((info for info in self.members if info.filename.casefold() == wanted), None)

    def chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield the unpacked member. Raises WorkbookRefused when it is damaged or too much was unpacked."""
        try:
            for chunk in self._unpacked(info):
                self.read_bytes += len(chunk)
                if self.read_bytes > 3 * self.limits.max_uncompressed:
                    raise WorkbookRefused("bomb")
                yield chunk
        except (zlib.error, struct.error) as error:
            raise WorkbookRefused("damaged") from error

    def _unpacked(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """Unpack by hand: the stream must end where the directory says, or other readers would go on."""
        packed = self._packed(info)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        size = checksum = 0
        while not inflater.eof:
            if info.compress_type == zipfile.ZIP_STORED:
                chunk, packed = bytes(packed[:CHUNK]), packed[CHUNK:]
            else:
                chunk = inflater.decompress(packed, CHUNK)
                packed = memoryview(inflater.unconsumed_tail)
            size += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
            if size > info.file_size:
                raise WorkbookRefused("damaged")
            if not chunk:
                break
            yield chunk
        ended = inflater.eof or info.compress_type == zipfile.ZIP_STORED
        if not ended or size != info.file_size or checksum != info.CRC:
            raise WorkbookRefused("damaged")

    def _packed(self, info: zipfile.ZipInfo) -> memoryview:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise WorkbookRefused("damaged")
        mark, name, extra = struct.unpack_from("<4s22xHH", self.data, info.header_offset)
        start = info.header_offset + 30 + name + extra
        if mark != b"PK\x03\x04" or start + info.compress_size > len(self.data):
            raise WorkbookRefused("damaged")
        return memoryview(self.data)[start : start + info.compress_size]

    def xml_chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield an XML member cut between elements; refuse definitions (DTD) and UTF-16."""
        rest = b""
        for chunk in self.chunks(info):
            block = rest + chunk
            cut = block.rfind(b"<")
            if cut <= 0 and len(block) > 3 * CHUNK:
                raise WorkbookRefused("bomb")
            if cut <= 0:
                rest = block
            else:
                rest = block[cut:]
                yield check_xml(block[:cut])
        yield check_xml(rest)

    def text(self, info: zipfile.ZipInfo, limit: int = 8 << 20) -> bytes:
        """Return a small XML member whole. Raises WorkbookRefused when it is larger than `limit` bytes."""
        if info.file_size > limit:
            raise WorkbookRefused("bomb")
        return b"".join(self.xml_chunks(info))


def check_xml(block: bytes) -> bytes:
    """Return the block. Raises WorkbookRefused for a definition or a NUL byte (UTF-16)."""
    if XML_DEFINITION.search(block):
        raise WorkbookRefused("external_entities")
    if b"\0" in block:
        raise WorkbookRefused("damaged")
    return block


def member_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; without the UTF-8 mark it is UTF-8 or GB18030, as Chinese tools write it."""
    if info.flag_bits & UTF8_FLAG:
        return info.filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename
