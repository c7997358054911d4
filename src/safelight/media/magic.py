"""Magic numbers: how contents of each kind begin, the longest first, and where else in the head they can be told."""

from safelight.media.types import Kind

_PREFIXES_OF: dict[Kind, tuple[bytes, ...]] = {
    Kind.JPEG: (b"\xff\xd8\xff",),
    Kind.PNG: (b"\x89PNG\r\n\x1a\n",),
    Kind.GIF: (b"GIF87a", b"GIF89a"),
    Kind.ZIP: (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"),
    Kind.GZIP: (b"\x1f\x8b\x08",),
    Kind.BZIP2: tuple(b"BZh%d1AY&SY" % level for level in range(1, 10))
    + tuple(b"BZh%d\x17rE8P\x90" % level for level in range(1, 10)),
    Kind.XZ: (b"\xfd7zXZ\x00",),
    Kind.SEVEN_ZIP: (b"7z\xbc\xaf'\x1c",),
    Kind.VIDEO: (
        b"\x1aE\xdf\xa3",  # Matroska, WebM
        b"FLV\x01",
        b"0&\xb2u\x8ef\xcf\x11",  # ASF: WMV
        b"\x00\x00\x01\xba",  # MPEG program stream
        b"\x00\x00\x01\xb3",  # MPEG video
        b".RMF",
        b"\x00\x00\x00\x01\x67",  # bare H.264
        b"\x00\x00\x00\x01\x40\x01",  # bare H.265
        b"DKIF",  # IVF
        b"YUV4MPEG2",
        b"MLVI",
    ),
    Kind.SOUND: (
        b"ID3\x02",
        b"ID3\x03",
        b"ID3\x04",
        b"fLaC",
        b"#!AMR",
        b"MThd\x00\x00\x00\x06",
        b".snd",
        b"caff\x00\x01",
        b"wvpk",
        b"RF64",
        b"BW64",
        b"\xff\xf1",  # AAC in ADTS
        b"\xff\xf9",
        b"\x0bw",  # AC-3
        b"#!SILK",
        b"\x02#!SILK",
    ),
    Kind.CAMERA_RAW: (
        b"IIRO",  # Olympus
        b"IIRS",
        b"MMOR",
        b"IIU\x00",  # Panasonic, Leica
        b"FUJIFILMCCD-RAW",
        b"FOVb",  # Sigma
        b"\x00MRM",  # Minolta
        b"II\x1a\x00\x00\x00HEAPCCDR",  # Canon, before CR2
    ),
    Kind.OTHER_PICTURE: (
        b"\x00\x00\x00\x0cJXL \r\n\x87\n",
        b"\xff\n",  # JPEG XL, bare
        b"8BPS\x00\x01",
        b"8BPS\x00\x02",
        b"II\xbc\x01",  # JPEG XR
        b"#?RADIANCE",
        b"#?RGBE",
        b"v/1\x01",  # OpenEXR
        b"DDS |\x00\x00\x00",
        b"\x0a\x05\x01\x08",  # PCX
        b"P1\n",
        b"P2\n",
        b"P3\n",
        b"P4\n",
        b"P5\n",
        b"P6\n",
        b"P7\n",
        b"/* XPM */",
        b"gimp xcf",
        b"\xd7\xcd\xc6\x9a",  # WMF
        b"FLIF",
        b"qoif",
        b"BPG\xfb",
        b"\x8aMNG\r\n\x1a\n",
        b"\x8bJNG\r\n\x1a\n",
        b"icns\x00",
        b"\x01\xda\x00\x01",  # SGI
        b"\x01\xda\x01\x01",
        b"Y\xa6j\x95",  # Sun raster
        b"SIMPLE  =",
        b"SDPX",
        b"XPDS",
        b"farbfeld",
    ),
    Kind.OTHER_ARCHIVE: (
        b"Rar!\x1a\x07",
        b"(\xb5/\xfd",  # Zstandard
        b'\x04"M\x18',  # LZ4
        b"]\x00\x00",  # LZMA
        b"LZIP\x01",
        b"MSCF\x00\x00\x00\x00",
        b"`\xea",  # ARJ
        b"070701",  # cpio
        b"070702",
        b"070707",
        b"\xc7q",
        b"!<arch>\n",
        b"xar!\x00\x1c",
        b"\x1f\x9d",  # compress
        b"\x1f\xa0",
        b"**ACE**",
        b"SIT!",
        b"x\x9f>\x22",  # winmail.dat
        b"StuffIt",
    ),
    Kind.PDF: (b"%PDF-",),
    Kind.EWF: (b"EVF\t\r\n\xff\x00",),  # EnCase E01
    Kind.DISK_IMAGE: (
        b"EVF2\r\n\x81\x00",
        b"LVF\t\r\n\xff\x00",
        b"LEF2\r\n\x81\x00",
        b"AFF10\r\n",
        b"QFI\xfb",  # qcow2
        b"KDMV",
        b"COWD",
        b"# Disk DescriptorFile",
        b"conectix",
        b"vhdxfile",
        b"ADSEGMENTEDFILE",  # AD1
    ),
    Kind.RAW_IMAGE: (
        b"hsqs",  # SquashFS
        b"XFSB",
        b"LUKS\xba\xbe",
        b"\xebR\x90NTFS    ",
        b"\xebv\x90EXFAT   ",
        b"\xebX\x90-FVE-FS-",  # BitLocker
    ),
    Kind.DOCUMENT: (
        b"{\\rtf",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # old Office, Outlook message
        b"%!PS",
        b"\xc5\xd0\xd3\xc6",
        b"AT&TFORM",  # DjVu
        b"SQLite format 3\x00",
        b"!BDN",  # Outlook archive
        b"ITSF",
        b"\x00\x00\x00\x00\x01\x00\x00\x00pmuhT",
    ),
}

PREFIXES: tuple[tuple[bytes, Kind], ...] = tuple(
    sorted(
        ((prefix, kind) for kind, prefixes in _PREFIXES_OF.items() for prefix in prefixes),
        key=lambda pair: -len(pair[0]),
    )
)

AT_OFFSET: tuple[tuple[int, bytes, Kind], ...] = (
    (2, b"-lh", Kind.OTHER_ARCHIVE),
    (7, b"**ACE**", Kind.OTHER_ARCHIVE),
    (32, b"NXSB", Kind.RAW_IMAGE),  # APFS
    (40, b" EMF", Kind.OTHER_PICTURE),
    (54, b"FAT1", Kind.RAW_IMAGE),
    (64, b"\x7f\x10\xda\xbe", Kind.DISK_IMAGE),  # VirtualBox
    (82, b"FAT32   ", Kind.RAW_IMAGE),
    (128, b"DICM", Kind.OTHER_PICTURE),
    (512, b"EFI PART", Kind.RAW_IMAGE),
    (512, b"LABELONE", Kind.RAW_IMAGE),
    (512, b"PM\x00\x00", Kind.RAW_IMAGE),  # Apple partition map
    (1024, b"H+\x00\x04", Kind.RAW_IMAGE),
    (1024, b"HX\x00\x05", Kind.RAW_IMAGE),
    (1080, b"\x53\xef\x01\x00", Kind.RAW_IMAGE),  # ext2 to ext4
    (1080, b"\x53\xef\x00\x00", Kind.RAW_IMAGE),
    (32769, b"CD001", Kind.RAW_IMAGE),  # ISO 9660
    (32769, b"BEA01", Kind.RAW_IMAGE),  # UDF
)
