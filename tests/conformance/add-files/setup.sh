: > empty
mkdir d
tar -c --mtime=@1000 -f d/inner.tar f
gzip -n < f > text.gz
head -c 10240 /dev/zero > zeros.tar
tar -c --mtime=@1000 f | gzip -n | head -c 30 > cut.tar.gz
echo hidden > hidden.tar
echo hidden.tar > .dockerignore
