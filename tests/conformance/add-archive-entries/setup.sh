python3 - <<'END'
import io
import tarfile

with tarfile.open("entries.tar", "w", format=tarfile.PAX_FORMAT) as tar:
    def add(name, kind=tarfile.REGTYPE, data=b"", **fields):
        info = tarfile.TarInfo(name)
        info.type, info.size, info.mtime = kind, len(data), 1000
        for field, value in fields.items():
            setattr(info, field, value)
        tar.addfile(info, io.BytesIO(data))

    add("./", tarfile.DIRTYPE, mode=0o700, uid=9, gid=9)
    add("./implied/deep/f", data=b"f", uid=7, gid=8, mode=0o4711)
    add("listed", tarfile.DIRTYPE, mode=0o1750, uid=1, gid=2)
    add("/listed/absolute", data=b"one", uid=3)
    add("listed/later", data=b"two")
    add("listed/later", data=b"three", mode=0o600)
    add("b-linked", data=b"linked", uid=3, mode=0o755)
    add("z-name", tarfile.LNKTYPE, linkname="b-linked", mode=0o640, uid=4, gid=5)
    add("a-name", tarfile.LNKTYPE, linkname="./b-linked", mode=0o604, uid=6, gid=7)
    add("link", tarfile.SYMTYPE, linkname="../listed", uid=5)
    add("dangling", tarfile.SYMTYPE, linkname="/nowhere/x")
    add("fifo", tarfile.FIFOTYPE, mode=0o640, gid=6)
    add("character", tarfile.CHRTYPE, mode=0o620, devmajor=5, devminor=1)
    add("replaced", data=b"file")
    add("replaced", tarfile.SYMTYPE, linkname="listed")
    add("replaced/below-link", data=b"4")
    add("capable", data=b"x", mode=0o755, pax_headers={
        "SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\x04\x00\x00" + "\x00" * 12})
    add("long/" + "n" * 120 + "/caf\u00e9", data=b"long")
    add("sticky", tarfile.DIRTYPE, mode=0o3777)
END
