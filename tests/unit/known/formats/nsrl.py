"""Small lists of NSRL's forms, of contents that are made up."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

CONTEXT = "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml/US/$metadata#Media"


def digests(content: bytes) -> dict[str, str]:
    return {
        "md5": hashlib.md5(content).hexdigest().upper(),
        "sha1": hashlib.sha1(content).hexdigest().upper(),
        "sha256": hashlib.sha256(content).hexdigest().upper(),
    }


def caid(contents: Iterable[bytes], *, category: int = 8, version: str = "1.2") -> bytes:
    """The CAID form: VICS 1.2, MD5, SHA-1 and size, everything of category 8."""
    media = []
    for number, content in enumerate(contents, 1):
        said = digests(content)
        media.append({
            "MediaID": number, "Category": category, "MD5": said["md5"], "SHA1": said["sha1"],
            "MediaSize": str(len(content)), "MediaFiles": [{"MD5": said["md5"], "FileName": f"{number}.png"}],
        })  # fmt: skip
    return json.dumps({"odata.metadata": CONTEXT.replace("1.2", version), "value": media}).encode()


def rds3(path: Path, contents: Iterable[bytes], *, table: str = "FILE", script: str = "") -> Path:
    """RDS version 3: SQLite."""
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE VERSION (version VARCHAR, build_set VARCHAR, build_date TIMESTAMP);"
            "INSERT INTO VERSION VALUES ('2026.03.1', 'modern_minimal', '2026-03-01');"
            f"CREATE TABLE {table} (sha256 VARCHAR NOT NULL, sha1 VARCHAR, md5 VARCHAR, crc32 VARCHAR,"
            " file_name VARCHAR, file_size INTEGER, package_id INTEGER);"
        )
        for content in contents:
            said = digests(content)
            row = (said["sha256"], said["sha1"], said["md5"], "00000000", "a.dll", len(content), 1)
            database.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        database.executescript(script)
    database.close()
    return path


def rds2(contents: Iterable[bytes], *, malicious: bytes | None = None) -> bytes:
    """RDS version 2: NSRLFile.txt."""
    lines = [
        '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"',
    ]
    for content in contents:
        said, code = digests(content), "M" if content == malicious else ""
        lines.append(f'"{said["sha1"]}","{said["md5"]}","00000000","a, b.dll",{len(content)},1,"362","{code}"')
    return "\r\n".join([*lines, ""]).encode()
