mkdir -p listed/in implied
echo 1 > listed/in/f
echo 2 > implied/f
ln -s f implied/link
chmod 0711 listed listed/in
tar -c --owner=3 --group=4 --mtime=@1000 --no-recursion -f a.tar listed listed/in listed/in/f implied/f implied/link
