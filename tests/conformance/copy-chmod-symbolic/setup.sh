chmod 0600 d/a
chmod 0741 d/sub
chmod 0755 d/sub/b
ln -s a d/link
