"""XMP as flat paths; bombs and broken packets named and survived."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL.PngImagePlugin import PngInfo

from safelight.media.text import Problems
from safelight.media.xmp import read_xmp
from tests.unit.media.making import encode, frames_of, image

PACKET = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Made up 1.0">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xm="http://ns.adobe.com/xap/1.0/mm/" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" xmlns:ps="http://ns.adobe.com/photoshop/1.0/"
    xmlns:own="http://example.org/own/" xm:DocumentID="xmp.did:1" own:thing="7"
    xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <xm:InstanceID>xmp.iid:2</xm:InstanceID>
   <ps:DateCreated>2031-05-06T07:08:09</ps:DateCreated>
   <ext:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia</ext:DigitalSourceType>
   <dc:subject><rdf:Bag><rdf:li>harbour</rdf:li><rdf:li>crane</rdf:li></rdf:Bag></dc:subject>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">A harbour &amp; a crane</rdf:li></rdf:Alt></dc:title>
   <xm:History><rdf:Seq>
     <rdf:li stEvt:action="created" stEvt:softwareAgent="Draw 1"/>
     <rdf:li rdf:parseType="Resource"><stEvt:action>saved</stEvt:action></rdf:li>
   </rdf:Seq></xm:History>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
FLAT = {
    "xmpMM:DocumentID": "xmp.did:1",
    "own:thing": "7",
    "xmpMM:InstanceID": "xmp.iid:2",
    "photoshop:DateCreated": "2031-05-06T07:08:09",
    "Iptc4xmpExt:DigitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    "dc:subject[1]": "harbour",
    "dc:subject[2]": "crane",
    "dc:title[1]": "A harbour & a crane",
    "xmpMM:History[1]/stEvt:action": "created",
    "xmpMM:History[1]/stEvt:softwareAgent": "Draw 1",
    "xmpMM:History[2]/stEvt:action": "saved",
}


def test_a_packet_becomes_paths() -> None:
    problems = Problems()
    assert read_xmp(PACKET, problems) == FLAT
    assert problems.sentences == []


@pytest.mark.parametrize("written_as", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_format_hands_it_over(written_as: str) -> None:
    options = {"xmp": PACKET}
    if written_as == "PNG":
        told = PngInfo()
        told.add_itxt("XML:com.adobe.xmp", PACKET.decode())
        options = {"pnginfo": told}
    if written_as == "TIFF":
        options = {"tiffinfo": {700: PACKET}}
    metadata = frames_of(encode(image(), written_as, **options))[0].metadata
    assert metadata.xmp == FLAT
    assert metadata.raw["xmp"] == PACKET
    assert metadata.serials == {"DocumentID": "xmp.did:1", "InstanceID": "xmp.iid:2"}
    assert metadata.taken == "2031-05-06T07:08:09"


BOMBS = {
    "entities": b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
    "outside": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
    "depth": b"<a>" * 300_000,
    "cut": PACKET[:900],
    "not XML": b"<<<<>>>>",
    "utf-16": PACKET.decode().encode("utf-16"),
    "unknown encoding": b'<?xml version="1.0" encoding="made-up"?><a>b</a>',
}


@pytest.mark.parametrize("packet", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_and_broken_packets_are_named(packet: bytes) -> None:
    problems = Problems()
    fields = read_xmp(packet, problems)
    assert len(problems.sentences) == 1
    assert "XMP could not be parsed to its end" in problems.sentences[0]
    assert "bbbb" not in str(fields)


def test_what_came_before_the_fault_is_kept() -> None:
    assert read_xmp(PACKET[:1100], Problems())["xmpMM:InstanceID"] == "xmp.iid:2"


def test_numbers_are_bounded() -> None:
    problems = Problems()
    attributes = "".join(f' a{number}="{number}"' for number in range(5000))
    assert len(read_xmp(f"<a{attributes}/>".encode(), problems)) == 1000
    assert "more than 1000 fields" in problems.sentences[0]


def test_a_packet_of_megabytes_is_cut() -> None:
    problems = Problems()
    read_xmp(b"<a>" + b"x" * 2_000_000 + b"</a>", problems)
    assert "only the first 1048576 were parsed" in problems.sentences[0]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_mutation_is_survived(data: st.DataObject) -> None:
    packet = bytearray(PACKET)
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(packet) - 1), st.integers(0, 255)), max_size=6)
    ):
        packet[place] = value
    for name, value in read_xmp(bytes(packet), Problems()).items():
        assert "\x00" not in name + value
        (name + value).encode("utf-8")


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(packet: bytes) -> None:
    read_xmp(packet, Problems())
