chmod 0700 a
chmod 0711 a/b
