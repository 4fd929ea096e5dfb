# A web server that is not ours, for the demo and the tests. Sourced.
#
#   start_server nginx|python3 DIRECTORY    serves DIRECTORY/www; sets $server_url and $server_pid
#   stop_server
#   server_statuses                         the status codes it has answered with, in order, on one line

server_pid=

start_server() {
    server_kind=$1 server_directory=$2
    "start_$1"
}

stop_server() {
    [ -n "$server_pid" ] || return 0
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
    server_pid=
}

server_statuses() {
    sed -n 's/.*"GET [^"]*" \([0-9][0-9]*\) .*/\1/p' "$server_directory/access.log" | tr '\n' ' ' | sed 's/ $//'
}

# nginx wants its port in the configuration and has no way to say "any that is free": one is tried after the
# other. It writes its process id once it listens, and ends where the port is taken.
start_nginx() {
    nginx=$(command -v nginx || echo /usr/sbin/nginx)
    attempt=0
    while [ $attempt -lt 20 ]; do
        port=$((20000 + ($$ + attempt * 1009) % 30000))
        attempt=$((attempt + 1))
        write_nginx_conf "$port"
        rm -f "$server_directory/nginx.pid"
        "$nginx" -p "$server_directory" -c "$server_directory/nginx.conf" \
            </dev/null >"$server_directory/nginx.out" 2>&1 &
        server_pid=$!
        if wait_for test -s "$server_directory/nginx.pid"; then
            server_url=http://127.0.0.1:$port
            return 0
        fi
    done
    cat "$server_directory/nginx.out" >&2
    return 1
}

write_nginx_conf() {
    cat >"$server_directory/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $server_directory/nginx.pid;
error_log $server_directory/error.log;
events { worker_connections 64; }
http {
    access_log $server_directory/access.log;
    client_body_temp_path $server_directory/tmp;
    proxy_temp_path $server_directory/tmp;
    fastcgi_temp_path $server_directory/tmp;
    uwsgi_temp_path $server_directory/tmp;
    scgi_temp_path $server_directory/tmp;
    server {
        listen 127.0.0.1:$1;
        root $server_directory/www;
    }
}
CONF
}

# Python takes a port that is free and says which. It has no entity tags: Last-Modified is its validator.
start_python3() {
    (cd "$server_directory/www" && exec python3 -u -m http.server --bind 127.0.0.1 0) \
        </dev/null >"$server_directory/python.out" 2>"$server_directory/access.log" &
    server_pid=$!
    if ! wait_for grep -q '(http' "$server_directory/python.out"; then
        cat "$server_directory/access.log" >&2
        return 1
    fi
    server_url=$(sed -n 's|.*(\(http://[^/]*\)/).*|\1|p' "$server_directory/python.out")
}

# Waits until a command succeeds; gives up after ten seconds, or when the server has ended.
wait_for() {
    tries=0
    until "$@" 2>/dev/null; do
        tries=$((tries + 1))
        if [ $tries -gt 200 ] || ! kill -0 "$server_pid" 2>/dev/null; then
            stop_server
            return 1
        fi
        sleep 0.05
    done
}
