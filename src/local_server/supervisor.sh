# Runs one private server for the process that holds the other end of standard input, and ends it
# with that process, however that ends: the kernel closes the pipe.
#
# Arguments: the server's command. Working folder: the server's own, with data/ and server.log in
# it. Standard error: the lock on that folder. Each command read is answered by `ok` or `failed`.

# Ctrl-C reaches whole groups and sessions; the closed pipe alone is the sign to end. PIPE: the
# answer may have nobody left to read it. The server sets handlers of its own for all of these.
trap '' HUP INT PIPE QUIT TERM
exec 3>&2 2>>server.log
folder=$PWD
pid=

alive() {
    [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
}

# The first line of postmaster.pid is whose it is (an earlier life may have left one), the eighth
# its state.
ready() {
    [ -f data/postmaster.pid ] || return 1
    {
        read -r owner
        for _ in 2 3 4 5 6 7; do read -r _; done
        read -r state
    } <data/postmaster.pid
    [ "$owner" = "$pid" ] && [ "$state" = ready ]
}

start() {
    "$@" </dev/null >>server.log 2>&1 3>&- &
    pid=$!
    polls=0
    until ready; do
        # sleep is also what lets the shell notice that the server has ended.
        sleep 0.01
        alive || return 1
        polls=$((polls + 1))
        [ "$polls" -lt 6000 ] || return 1
    done
}

# The signal to end with, and SIGQUIT (which the server itself bounds to 5 s) where that takes long.
stop() {
    kill "-$1" "$pid"
    polls=0
    while alive; do
        [ "$polls" -ne 1000 ] || kill -QUIT "$pid"
        polls=$((polls + 1))
        sleep 0.01
    done
}

# Living children of the server. Every one of them leads a session of its own.
children() {
    if [ -r /proc/self/stat ]; then
        for stat in /proc/[0-9]*/stat; do
            read -r child _ state parent _ <"$stat"
            [ "$parent" != "$pid" ] || [ "$state" = Z ] || echo "$child"
        done 2>/dev/null
    else
        ps -A -o pid= -o ppid= -o state= | while read -r child parent state; do
            case $state in Z*) continue ;; esac
            [ "$parent" != "$pid" ] || echo "$child"
        done
    fi
}

# Stopped, the server can neither start a process nor see one end: for it, all die at once.
kill_all() {
    kill -STOP "$pid"
    while victims=$(children) && [ -n "$victims" ]; do
        kill -9 $victims 2>/dev/null
        sleep 0.01
    done
    kill -9 "$pid"
    while alive; do sleep 0.01; done
}

while read -r command; do
    case $command in
        start) start "$@" ;;
        stop) ! alive || stop INT ;;
        kill) ! alive || kill_all ;;
        *) false ;;
    esac && echo ok || echo failed
done

# After kill -9 only a new start clears the shared memory of the life before.
alive || [ ! -f data/postmaster.pid ] || start "$@"
! alive || stop QUIT
cd /
# A copy that was under way, or what is left of a server that somebody else killed, may still write
# for a moment.
tries=0
until rm -rf "$folder" || [ "$tries" -eq 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
