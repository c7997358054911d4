"""How near the hash of a camera raw file is to that of the picture that was taken, and what developing costs.

    python benchmarks/camera_raw.py [--pictures 40]        (writes CAMERA_RAW.md)

Pictures are written as DNG of an invented sensor and examined as a check does; beside it, in the same run, each file is
developed by rawpy as it comes (LibRaw's AHD, full size) and hashed by the same kernel. Seconds of the processor.
"""

import argparse
import io
import os
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import rawpy
from PIL import Image
from surroundings import Page

from safelight.media.compiled import warm_up
from safelight.media.picture import open_picture
from safelight.media.types import Kind
from safelight.samples.pictures import picture
from safelight.samples.raw_camera import write_dng
from safelight.signatures.pdq import compute

SIZES = ((1200, 800), (3000, 2000), (4000, 3000), (6000, 4000))


def _distance(one: bytes, other: bytes) -> int:
    return int(np.bitwise_count(np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8)).sum())


def main() -> None:
    """Measure each size, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=40)
    count = parser.parse_args().pictures
    page = Page("Camera raw")
    page.line("megapixels | bits to the picture: most, mean | rawpy's: most, mean | ms each: ours, rawpy's | ratio")
    page.line("---:|---:|---:|---:|---:")
    warm_up()
    for size in SIZES:
        ours, theirs, our_time, their_time = [], [], 0.0, 0.0
        for number in range(count):
            taken = picture(31, number, (1200, 800)).resize(size, Image.Resampling.LANCZOS)
            truth, content = compute(np.asarray(taken)).pdq.bits, write_dng(taken)
            begun = time.process_time()
            (frame,) = open_picture(content, Kind.CAMERA_RAW).frames
            ours.append(_distance(compute(frame.rgb).pdq.bits, truth))
            our_time += time.process_time() - begun
            begun = time.process_time()
            with rawpy.imread(io.BytesIO(content)) as raw:
                developed = raw.postprocess(use_camera_wb=True)
            theirs.append(_distance(compute(developed).pdq.bits, truth))
            their_time += time.process_time() - begun
        page.line(
            f"{size[0] * size[1] / 1e6:.0f} | {max(ours)}, {statistics.mean(ours):.1f} | "
            f"{max(theirs)}, {statistics.mean(theirs):.1f} | {our_time / count * 1e3:.0f}, "
            f"{their_time / count * 1e3:.0f} | {their_time / our_time:.1f}"
        )
    page.write("CAMERA_RAW.md")


if __name__ == "__main__":
    main()
