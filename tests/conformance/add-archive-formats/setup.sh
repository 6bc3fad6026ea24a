# The name never decides: misnamed.txt is bzip2.
mkdir d
echo inside > d/inside
tar -c --owner=3 --group=4 --mtime=@1000 -f plain.tar f d
gzip -nk < plain.tar > gzip.tar.gz
bzip2 < plain.tar > bzip2.tar.bz2
xz < plain.tar > xz.tar.xz
cp bzip2.tar.bz2 misnamed.txt
ln -s gzip.tar.gz link.gz
cp xz.tar.xz one.tgz
echo plain > two.tgz
