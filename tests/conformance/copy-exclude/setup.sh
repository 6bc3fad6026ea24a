chmod 0711 d/sub
