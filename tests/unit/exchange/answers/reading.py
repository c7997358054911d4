"""A strict reader of VICS 2.0 case files that shares nothing with the writer but what open readers of the format expect.

Held against what GLEAPP, IPED and X-Ways read: names and types of fields, digests by length, one number for each entry.
"""

import json
import re
import uuid
from datetime import datetime

import jsonschema

CONTEXT = re.compile(r"http://github\.com/VICSDATAMODEL/ProjectVic/DataModels/2\.0\.xml/(\w+)/\$metadata#Cases\Z")
TEXT, FLAG, NUMBER = {"type": ["string", "null"]}, {"type": ["boolean", "null"]}, {"type": ["integer", "null"]}
MD5 = {"type": "string", "pattern": "^[0-9A-F]{32}$"}
DIGEST_OR_NOTHING = {"type": ["string", "null"], "pattern": "^([0-9A-F]{32})?$"}


def thing(**fields):
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def listed(of):
    return {"type": "array", "items": of}


FILE = thing(
    MD5=MD5, FileName=TEXT, FilePath=TEXT, Created=TEXT, Written=TEXT, Accessed=TEXT, Unallocated=FLAG, Deleted=FLAG,
    SourceID=TEXT, PhysicalLocation=NUMBER, ParentMD5=DIGEST_OR_NOTHING, ParentFileName=TEXT, ParentFilePath=TEXT,
    ParentPhysicalLocation=NUMBER,
)  # fmt: skip
MEDIA = thing(
    MediaID={"type": "integer", "minimum": 1}, Category=NUMBER, MD5=MD5,
    SHA1={"type": "string", "pattern": "^[0-9A-F]{40}$"}, PhotoDNA=TEXT, MediaSize={"type": "integer", "minimum": 0},
    MimeType={"type": ["string", "null"], "pattern": "^(image|video)/[a-z0-9.-]+$"}, RelativeFilePath=TEXT,
    DateUpdated={"type": "string"}, VictimIdentified=FLAG, OffenderIdentified=FLAG, IsDistributed=FLAG, IsSuspected=FLAG,
    SelfGenerated=FLAG, IsPrecategorized={"type": "boolean"}, PrecategorizationSource=TEXT, Series=TEXT, Tags=TEXT,
    Comments=TEXT, AlternativeHashes=listed(thing(MD5=MD5, HashName={"type": "string"}, HashValue={"type": "string"})),
    Exifs=listed(thing(MD5=MD5, PropertyName={"type": "string"}, PropertyValue={"type": "string"})),
    MediaFiles={**listed(FILE), "minItems": 1},
)  # fmt: skip
CASE = thing(
    CaseID={"type": "string"}, CaseNumber={"type": "string"}, ContactOrganization=TEXT, ContactName=TEXT,
    ContactPhone=TEXT, ContactEmail=TEXT, ContactTitle=TEXT, SeizureDate=TEXT, SourceApplicationName=TEXT,
    SourceApplicationVersion=TEXT, TotalMediaFiles={"type": "integer"}, TotalPrecategorized=NUMBER,
    CaseMetadata=listed(thing(CaseID=TEXT, PropertyName=TEXT, PropertyValue=TEXT)), Media=listed(MEDIA),
)  # fmt: skip
SCHEMA = thing(**{"@odata.context": {"type": "string"}, "value": {**listed(CASE), "minItems": 1, "maxItems": 1}})


def read(text):
    """The country of a case file, its case, and its entries, once everything about them holds."""
    assert text.isascii()
    whole = json.loads(text)
    jsonschema.validate(whole, SCHEMA)
    country = CONTEXT.match(whole["@odata.context"])[1]
    [case] = whole["value"]
    assert str(uuid.UUID(case["CaseID"])) == case["CaseID"]
    media = case["Media"]
    assert case["TotalMediaFiles"] == len(media)
    assert len({one["MediaID"] for one in media}) == len({one["MD5"] for one in media}) == len(media)
    for one in media:
        for when in (one["DateUpdated"], *(file["Written"] for file in one["MediaFiles"] if file["Written"])):
            datetime.fromisoformat(when)
        inside = (*one["AlternativeHashes"], *one["Exifs"], *one["MediaFiles"])
        assert {part["MD5"] for part in inside} == {one["MD5"]}
        refs = {part["PropertyName"]: part["PropertyValue"] for part in one["Exifs"]}
        assert refs.get("GPSLatitudeRef", "N") in "NS"
        assert refs.get("GPSLongitudeRef", "E") in "EW"
    return country, case, media
