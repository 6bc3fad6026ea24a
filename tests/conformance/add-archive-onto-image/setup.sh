python3 - <<'END'
import io
import tarfile

def archive(name, entries):
    with tarfile.open(name, "w") as tar:
        for path, kind, fields, data in entries:
            info = tarfile.TarInfo(path)
            info.type, info.size, info.mtime = kind, len(data), 1000
            for field, value in fields.items():
                setattr(info, field, value)
            tar.addfile(info, io.BytesIO(data))

DIR, FILE, LINK, HARD = tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
archive("merge.tar", [("etc", DIR, {"mode": 0o711, "uid": 3}, b""), ("etc/new", FILE, {}, b"new"),
                      ("tmp/unlisted/f", FILE, {}, b"f"), ("home/user/f", FILE, {}, b"f"),
                      ("data/made/f", FILE, {}, b"in a setgid directory")])
archive("replace.tar", [("bin", DIR, {"mode": 0o755}, b""), ("bin/x", FILE, {}, b"x"),
                        ("home", FILE, {}, b"was a directory"), ("usr/bin/tool", LINK, {"linkname": "x"}, b""),
                        ("data", FILE, {}, b"for a moment"), ("data", DIR, {"mode": 0o755}, b""),
                        ("data/new", FILE, {}, b"new")])
archive("below.tar", [("bin/through", FILE, {}, b"1"), ("link-to-dir/n/through", FILE, {}, b"2"),
                      ("other-name", HARD, {"linkname": "data/old", "mode": 0o600, "uid": 8}, b"")])
END
