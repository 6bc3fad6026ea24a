mkdir -p tree/data tree/opt/data tree/opt/real tree/opt/sub rel abs up
ln -s real tree/opt/rel
ln -s /data tree/opt/abs
ln -s ../../../data tree/opt/up
echo 1 > rel/f
echo 2 > abs/f
echo 3 > up/g
tar -c --owner=0 --group=0 --mtime=@1000 -f a.tar rel/f abs/f up/g
rm -r rel abs up
