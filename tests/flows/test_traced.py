"""The programme `traced` tells a process that reaches out of its place from one that does not."""

import pytest

from tests.programmes.traced import Seen

LOCK = "7 seccomp(SECCOMP_SET_MODE_FILTER, 0, 0x7f) = 0"


@pytest.mark.parametrize(
    ("line", "off"),
    [
        ('5 openat(AT_FDCWD</x>, "/data/w/a", O_RDWR|O_CREAT, 0600) = 9</data/w/a>', 0),
        ('5 openat(AT_FDCWD</x>, "/evidence/a", O_RDONLY|O_NOFOLLOW) = 9</evidence/a>', 0),
        ('5 openat(AT_FDCWD</x>, "/evidence/a", O_RDWR) = 9</evidence/a>', 1),
        ('5 openat(AT_FDCWD</x>, "/evidence/a", O_RDWR) = -1 EACCES (Permission denied)', 0),
        ('5 rename("/data/w/incoming/1", "/data/w/abc/1") = 0', 0),
        ('5 unlink("/evidence/a") = 0', 1),
        ('5 connect(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="/data/w/run/s"}, 110) = 0', 0),
        ("5 connect(3<TCP:[1]>, {sa_family=AF_INET, sin_port=htons(80)}, 16) = 0", 1),
        ('7 openat(AT_FDCWD</x>, "/data/w/a", O_RDONLY) = 9</data/w/a>', 1),
        ("7 socket(AF_UNIX, SOCK_STREAM, 0) = 3", 1),
        ("7 clone(child_stack=NULL, flags=SIGCHLD) = 8", 0),
    ],
)
def test_a_line_of_the_trace(line: str, off: int) -> None:
    seen = Seen("/data/w")
    seen.take(LOCK)
    seen.take(line)
    assert len(seen.off) == off


def test_what_a_decoder_tries_is_counted_and_its_threads_are_decoders_too() -> None:
    seen = Seen("/data/w")
    for line in (
        LOCK,
        "7 clone(flags=CLONE_VM) = 8",
        '8 openat(AT_FDCWD</x>, "/etc/passwd", O_RDONLY) = -1 EPERM (no)',
    ):
        seen.take(line)
    assert (seen.tried, len(seen.off), seen.locked) == (1, 0, {7, 8})


def test_a_call_in_two_parts_is_one_call_and_others_may_lie_between() -> None:
    seen = Seen("/data/w")
    for line in (
        "7 seccomp(SECCOMP_SET_MODE_FILTER, 0, 0x7f <unfinished ...>\n",
        '5 openat(AT_FDCWD</x>, "/evidence/a", O_RDWR <unfinished ...>\n',
        "7 <... seccomp resumed>) = 0\n",
        "7 socket(AF_UNIX, SOCK_STREAM, 0 <unfinished ...>\n",
        "5 <... openat resumed>) = 9</evidence/a>\n",
        "7 <... socket resumed>) = 3\n",
    ):
        seen.take(line)
    assert (seen.calls, len(seen.off), seen.locked) == (3, 2, {7})
