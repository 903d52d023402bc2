"""How are a file's bytes read and written through gzip or zstd, and how is a damaged file told from a whole one?"""

from __future__ import annotations

import contextlib
import gzip
import zlib
from typing import IO, TYPE_CHECKING

import zstandard

from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _typeshed import SupportsWrite

    from provenance.corpora.files import Compression, File

BLOCK = 1 << 16
GZIP_LEVEL = 6


def chunks(file: File) -> Iterator[bytes]:
    """Give a file's decompressed bytes piece by piece.

    Raises
    ------
    InputError
        If the file cannot be read, is cut short, or is not in the compression its name says.
    """
    again = "making it again: it may have been cut short"
    try:
        with file.path.open("rb") as stream:
            yield from _unpacked(stream, file.compression)
    except EOFError as error:
        raise InputError(f"a .{file.compression} file that ends too early", path=file.path, hint=again) from error
    except (gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise InputError(f"not a whole .{file.compression} file ({error})", path=file.path, hint=again) from error
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=file.path) from error


@contextlib.contextmanager
def writing(path: Path, compression: Compression | None) -> Iterator[SupportsWrite[bytes]]:
    """Give a stream whose bytes reach `path` compressed, the same bytes every time (no clock, no file name)."""
    with path.open("wb") as stream:
        if compression == "gz":
            with gzip.GzipFile(filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=stream, mtime=0) as packed:
                yield packed
        elif compression == "zst":
            with zstandard.ZstdCompressor(write_checksum=True).stream_writer(stream, closefd=False) as pressed:
                yield pressed
        else:
            yield stream


def _unpacked(stream: IO[bytes], compression: Compression | None) -> Iterator[bytes]:
    if compression == "zst":
        yield from _unpacked_zstd(stream)
        return
    with contextlib.nullcontext(stream) if compression is None else gzip.GzipFile(fileobj=stream) as source:
        while block := source.read(BLOCK):
            yield block


def _unpacked_zstd(stream: IO[bytes]) -> Iterator[bytes]:
    # zstandard's own stream reader takes a frame that was cut short for a finished one, so frames are followed here.
    frame: zstandard.ZstdDecompressionObj | None = None
    while block := stream.read(BLOCK):
        while block:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(block)
            block, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
    if frame is not None:
        raise EOFError
