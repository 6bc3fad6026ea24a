tar -c --owner=3 --group=4 --mtime=@1000 -f a.tar f
zstd -q -o a.tar.zst < a.tar
