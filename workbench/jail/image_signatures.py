"""PURE: what a disk image is by its first and last bytes, never by its name."""

from workbench.jail import image_results

HEAD_BYTES, TAIL_BYTES = 36 * 1024, 512  # of the first file; an ISO 9660 says so after 32 KiB
EWF, QCOW, VHD, VMDK, RAW = "ewf", "qcow", "vhd", "vmdk", "raw"

CONTAINERS = (
    (b"EVF\x09\x0d\x0a\xff\x00", EWF),
    (b"EVF2\x0d\x0a\x81\x00", EWF),
    (b"QFI\xfb", QCOW),
    (b"vhdxfile", VHD),
    (b"conectix", VHD),
    (b"KDMV", VMDK),
    (b"COWD", VMDK),
    (b"# Disk DescriptorFile", VMDK),
)
VMDK_DESCRIPTION = b"# Disk DescriptorFile"  # its disk lies in files beside it
VHD_FOOTER = b"conectix"  # of a fixed one, which has nothing at its beginning
REFUSED = (
    (b"LVF\x09\x0d\x0a\xff\x00", image_results.LOGICAL),  # L01
    (b"LEF2\x0d\x0a\x81\x00", image_results.LOGICAL),
    (b"ADSEGMENTEDFILE", image_results.LOGICAL),  # AD1
    (b"AFF10\r\n", image_results.UNKNOWN_CONTAINER),
    (b"PK\x03\x04", image_results.UNKNOWN_CONTAINER),  # AFF4, and a zip that was taken for an image
    (b"7z\xbc\xaf\x27\x1c", image_results.UNKNOWN_CONTAINER),
    (b"\x1f\x8b", image_results.UNKNOWN_CONTAINER),
)
DMG_FOOTER = b"koly"
# (offset, bytes) of partition tables and file systems on a disk as it is.
DISKS = (
    (510, b"\x55\xaa"), (512, b"EFI PART"), (3, b"NTFS    "), (3, b"EXFAT   "), (1080, b"\x53\xef"), (1024, b"H+"),
    (1024, b"HX"), (32769, b"CD001"),
)  # fmt: skip


def refusal(head: bytes, tail: bytes) -> str:
    """Why no reader of ours opens this: a code of image_results, "" where nothing speaks against it."""
    if tail.startswith(DMG_FOOTER):
        return image_results.UNKNOWN_CONTAINER
    return next((code for signature, code in REFUSED if head.startswith(signature)), "")


def form(head: bytes, tail: bytes) -> str:
    """The container; raw where it is none."""
    found = next((form for signature, form in CONTAINERS if head.startswith(signature)), RAW)
    return VHD if found == RAW and tail.startswith(VHD_FOOTER) else found


def is_image(head: bytes, tail: bytes) -> bool:
    """Whether it is an image by its bytes: a container, or a disk with a partition table or file system."""
    is_disk = any(head.startswith(signature, offset) for offset, signature in DISKS)
    return not refusal(head, tail) and (is_disk or form(head, tail) != RAW)
