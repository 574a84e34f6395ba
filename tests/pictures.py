"""`make screenshots`: the pictures of the README, taken by the journeys, cut to what fits beside a text, made small."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SHOWN = ROOT / "docs" / "screenshots"
JOURNEYS = ["tests/journeys/test_main_path.py", "tests/journeys/test_clients.py"]
# What a journey calls its picture, and what it is called in docs/.
PICTURES = {
    "landing-320": "client-landing-320",
    "form-visit-320": "client-form-320",
    "error-320": "client-error-320",
    "urgent-320": "client-urgent-320",
    "receipt-320": "client-receipt-320",
    "receipt-es-320": "client-receipt-es-320",
    "estimate-320": "client-estimate-320",
    "desk-1440": "desk-1440",
}
TALLEST, COLOURS = 1400, 64


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        taken = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-k", "not no-script", *JOURNEYS],
            cwd=ROOT,
            env={**os.environ, "SCREENSHOTS": folder},
            check=False,
        )
        if taken.returncode:
            return taken.returncode
        for name, shown_as in PICTURES.items():
            keep(Path(folder) / f"{name}.png", SHOWN / f"{shown_as}.png")
    return 0


def keep(taken: Path, shown: Path) -> None:
    with Image.open(taken) as picture:
        width, height = picture.size
        whole = picture.convert("RGB").crop((0, 0, width, min(height, TALLEST)))
    whole.quantize(COLOURS).save(shown, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
