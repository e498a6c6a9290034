"""What is known of a picture before any of its pixels is decoded."""

from dataclasses import dataclass

from photos.headers.orientation import swaps_sides


@dataclass(frozen=True)
class Header:
    """Sizes in pixels as they are stored, and how the picture is turned to stand upright."""

    width_px: int
    height_px: int
    orientation: int = 1  # 1 to 8 as EXIF numbers them
    exif: bytes = b""  # a TIFF block, from its byte order mark on; empty if there is none

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) of the picture as a person sees it."""
        if swaps_sides(self.orientation):
            return self.height_px, self.width_px
        return self.width_px, self.height_px
