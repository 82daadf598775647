# shellcheck shell=bash
# A PostgreSQL server for measurements, with settings of a server that does real work. Sourced after needs.sh.

# The server refuses to run as root.
as_server() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; else "$@"; fi; }

# start_server OPTIONS  makes one in a new folder, $folder, and removes it at the script's end. psql
# and ong find it, whatever server the caller's own environment names.
start_server() {
  local bin
  bin=$(server_programs)
  folder=$(mktemp -d)
  if [ "$(id -u)" = 0 ]; then chown nobody:nogroup "$folder"; fi
  chmod 755 "$folder"
  trap stop_server EXIT
  as_server "$bin/initdb" --pgdata "$folder/data" --username postgres --auth trust >/dev/null
  as_server "$bin/pg_ctl" --pgdata "$folder/data" --wait --silent --log "$folder/log" \
    --options "-c listen_addresses='' -c unix_socket_directories='$folder' -c shared_buffers=512MB $1" start
  export PGHOST=$folder PGUSER=postgres PGDATABASE=postgres
  export ONG_DATABASE_URL="postgresql:///postgres?host=$folder&user=postgres"
}

# fill_wal GIGABYTES  makes it a server that has worked for a while: its WAL files, up to its min_wal_size, are
# there to be used again. What a new server writes goes to new files, and each of those holds up all commits
# until it is written full of zeros.
fill_wal() {
  say "Filling $1 gigabytes of WAL"
  psql -qXAt -v ON_ERROR_STOP=1 -o /dev/null \
    -c "select pg_logical_emit_message(false, 'fill', repeat('x', 100000000)) from generate_series(1, $1 * 10 + 10)" \
    -c checkpoint
}

stop_server() {
  as_server "$(server_programs)/pg_ctl" --pgdata "$folder/data" --silent --mode fast stop || true
  rm -rf "$folder"
}
