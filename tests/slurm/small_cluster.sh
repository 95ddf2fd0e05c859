#!/usr/bin/env bash
# A throw-away SLURM cluster of one node or two on Debian 12, run by root and without systemd: the real sbatch, squeue,
# sacct and scancel, with slurmdbd and MariaDB behind them. The first node is this machine. The second is a network
# namespace of it with a host name and an address of its own, so that it can be lost; jobs fill it first.
#
#   small_cluster.sh up       install what is missing, start, wait until ready (10 s; 30 s more the first time)
#   small_cluster.sh status   show daemons, node and queue; exit 0 if usable
#   small_cluster.sh lose     end all that runs on the second node at once, as if its power had failed
#   small_cluster.sh down     cancel all jobs, stop the daemons, remove the state
#
# Settings (environment variables, read by 'up'):
#   CLUSTER_NODES    1 (default) or 2
#   CLUSTER_CPUS     CPUs each node offers; more than it has is fine (default: what nproc says)
#   CLUSTER_MEM_MB   memory each node offers (default: 90% of the total)
#   CLUSTER_GPUS     GPUs each node offers (default: 2). They are bookkeeping: SLURM hands them out and sets
#                    CUDA_VISIBLE_DEVICES to 0, 1, ..., whether or not such devices exist.
set -euo pipefail

STATE=/var/lib/libi-small-cluster     # removed by 'down'
LOGS=/var/log/libi-small-cluster      # kept by 'down', emptied by 'up'
ETC=/etc/slurm
MARK='# Written by small_cluster.sh'
MUNGE_PID=/run/munge/libi-small-cluster.pid
DB_SOCKET=$STATE/mariadb/sock

CPUS=${CLUSTER_CPUS:-$(nproc)}
MEM_MB=${CLUSTER_MEM_MB:-$(awk '/^MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)}
GPUS=${CLUSTER_GPUS:-2}
NODES=${CLUSTER_NODES:-1}
FIRST=$(hostname -s)
SECOND=$FIRST-2
SPACE=libi-second                # the second node's network namespace, and its link to this machine's
LINK=libi-link
HERE=10.77.0.1
THERE=10.77.0.2

say()  { printf 'libi-small-cluster: %s\n' "$*"; }
die()  { say "error: $*" >&2; exit 1; }

# wait_for SECONDS WHAT COMMAND...: try COMMAND until it succeeds.
wait_for() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || {
            say "gave up waiting for $what; see $LOGS" >&2
            grep -h fatal "$LOGS"/*d.log >&2 || true
            return 1
        }
        sleep 0.2
    done
}

# pid_of NAME PIDFILE: print the PID if that process lives and is a NAME
# (a stale PID file may name a process that is someone else's by now).
pid_of() {
    local pid
    pid=$(cat "$2" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] || return 1
    [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$1" ]] && ! gone "$pid" && echo "$pid"
}

# stop NAME PIDFILE: TERM, then KILL if it is still there after 20 seconds.
stop() {
    local pid
    pid=$(pid_of "$1" "$2") || return 0
    kill "$pid" 2>/dev/null || return 0
    wait_for 20 "$1 to stop" gone "$pid" || kill -9 "$pid" 2>/dev/null || true
    say "stopped $1 ($pid)"
}

gone() { ! grep -qs . "/proc/$1/cmdline"; }    # that of a zombie is empty

install_packages() {
    local want=(munge slurmctld slurmd slurm-client slurmdbd mariadb-server) missing=() p
    for p in "${want[@]}"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) == installed ]] || missing+=("$p")
    done
    ((${#missing[@]})) || return 0
    say "installing ${missing[*]}"
    # Keep the packages from starting services of their own: with no policy
    # file there, put one that says no for as long as the installation takes.
    local policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -qy --no-install-recommends "${missing[@]}"; } \
        >"$LOGS/apt.log" 2>&1 || { tail -20 "$LOGS/apt.log" >&2; say "installation failed" >&2; exit 3; }
    if [[ $(trap -p EXIT) ]]; then rm -f $policy; trap - EXIT; fi
}

write_config() {
    local host=$FIRST addr bind='' gres='' nodegres='' names i
    if ((NODES == 2)); then
        addr=$HERE names=$FIRST,$SECOND
    else
        # Listen on the address of the host name alone, where it has one: on most
        # test machines that is a loopback address.
        addr=$(getent ahostsv4 "$(hostname)" | awk 'NR == 1 {print $1}') || true
        if [[ $addr ]]; then bind=CommunicationParameters; else addr=127.0.0.1; fi
        names=$FIRST
    fi
    install -d -m 755 "$ETC"
    if ((GPUS > 0)); then
        # Null devices stand in for the GPUs (plain files are not accepted);
        # the digits at the end become the indices in CUDA_VISIBLE_DEVICES.
        for ((i = 0; i < GPUS; i++)); do mknod "$STATE/gpu$i" c 1 3; done
        gres="NodeName=$names Name=gpu Type=test File=$STATE/gpu[0-$((GPUS - 1))] Flags=nvidia_gpu_env"
        nodegres="Gres=gpu:test:$GPUS"
    fi

    cat >"$ETC/slurm.conf" <<EOF
$MARK
ClusterName=small
SlurmctldHost=$host($addr)
SlurmUser=slurm
${bind:+$bind=NoCtldInAddrAny,NoInAddrAny}

AuthType=auth/munge
CredType=cred/munge
# Also how long a requeued job waits before it may start again (default: 120).
AuthInfo=cred_expire=5

StateSaveLocation=$STATE/ctld
SlurmdSpoolDir=$STATE/slurmd/%n
SlurmctldPidFile=$STATE/run/slurmctld.pid
SlurmdPidFile=$STATE/run/slurmd-%n.pid
SlurmctldLogFile=$LOGS/slurmctld.log
SlurmdLogFile=$LOGS/slurmd-%n.log

SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ProctrackType=proctrack/pgid
TaskPlugin=task/affinity
MpiDefault=none
GresTypes=gpu
# Accept a CPUs= above what the machine has.
SlurmdParameters=config_overrides

# Kill a step that uses more memory than its job asked for, checked each second.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill

AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=$addr
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
MailProg=/bin/true

# Short waits, so that tests of failure need not be long.
MessageTimeout=10
SlurmctldTimeout=30
SlurmdTimeout=10
KillWait=3
MinJobAge=300
ReturnToService=1
JobRequeue=1
SchedulerParameters=batch_sched_delay=0,sched_interval=5,bf_interval=5

DefMemPerCPU=$((MEM_MB / CPUS))
NodeName=DEFAULT CPUs=$CPUS Sockets=1 CoresPerSocket=$CPUS ThreadsPerCore=1 RealMemory=$MEM_MB $nodegres
NodeName=$FIRST NodeAddr=$addr Weight=2
$( ((NODES == 2)) && echo "NodeName=$SECOND NodeAddr=$THERE Weight=1")
PartitionName=main Nodes=$names Default=YES DefaultTime=01:00:00 MaxTime=1-00:00:00
EOF
    printf '%s\n' "$MARK" "$gres" >"$ETC/gres.conf"
    install -m 600 -o slurm -g slurm /dev/null "$ETC/slurmdbd.conf"
    cat >"$ETC/slurmdbd.conf" <<EOF
$MARK
DbdHost=$host
DbdAddr=$addr
SlurmUser=slurm
${bind:+$bind=NoInAddrAny}
AuthType=auth/munge
PidFile=$STATE/run/slurmdbd.pid
LogFile=$LOGS/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm_acct_db
EOF
}

start_munge() {
    if munge -n 2>/dev/null | unmunge >/dev/null 2>&1; then return 0; fi
    install -d -o munge -g munge -m 755 /run/munge
    [[ -s /etc/munge/munge.key ]] || setpriv --reuid=munge --regid=munge --clear-groups mungekey
    setpriv --reuid=munge --regid=munge --clear-groups munged --pid-file=$MUNGE_PID
    wait_for 10 munged sh -c 'munge -n | unmunge'
}

# A private MariaDB: own data, own socket, no network, no password (the
# socket tells the server which user is calling).
start_database() {
    local data=$STATE/mariadb
    install -d -o mysql -g mysql -m 755 "$data"
    # --force: go on where the host name cannot be looked up
    mariadb-install-db --no-defaults --user=mysql --datadir="$data" --force \
        --auth-root-authentication-method=socket --skip-test-db >"$LOGS/mariadb.log" 2>&1 ||
        { tail "$LOGS/mariadb.log" >&2; die "no database"; }
    setsid mariadbd --no-defaults --user=mysql --datadir="$data" --socket="$DB_SOCKET" \
        --skip-networking --pid-file="$data/mariadbd.pid" \
        --innodb-lock-wait-timeout=900 >>"$LOGS/mariadb.log" 2>&1 </dev/null &
    wait_for 60 mariadbd mariadb-admin --no-defaults -S "$DB_SOCKET" ping
    mariadb --no-defaults -S "$DB_SOCKET" -e '
        CREATE DATABASE slurm_acct_db;
        CREATE USER slurm@localhost IDENTIFIED VIA unix_socket;
        GRANT ALL ON slurm_acct_db.* TO slurm@localhost;'
}

# A namespace whose one way out is a link to this machine.
start_second() {
    ip netns add $SPACE
    ip link add $LINK type veth peer name $LINK-2 netns $SPACE
    ip address add $HERE/24 dev $LINK
    ip link set $LINK up
    ip -n $SPACE address add $THERE/24 dev $LINK-2
    ip -n $SPACE link set $LINK-2 up
    ip -n $SPACE link set lo up
}

lose() {
    # shellcheck disable=SC2046
    kill -9 $(ip netns pids $SPACE)
}

up() {
    [[ $EUID == 0 ]] || die "run as root"
    local start=$SECONDS
    if usable; then say "already up"; return 0; fi
    if [[ -e $ETC/slurm.conf ]] && ! grep -qF "$MARK" "$ETC/slurm.conf"; then
        die "$ETC/slurm.conf belongs to another cluster"
    fi
    if [[ -d $STATE ]]; then down; fi        # left over: half up, or the machine restarted

    install -d -m 755 "$STATE" "$LOGS"
    install_packages
    rm -f "$LOGS"/*d.log
    chown slurm:slurm "$LOGS"
    install -d -o slurm -g slurm -m 755 "$STATE/run" "$STATE/ctld"
    install -d -m 755 "$STATE/slurmd"
    ((NODES == 1)) || start_second
    write_config

    start_munge
    start_database
    MYSQL_UNIX_PORT=$DB_SOCKET slurmdbd
    wait_for 30 slurmdbd sacctmgr -n show cluster
    slurmctld -c
    wait_for 30 slurmctld controller_up
    slurmd
    # shellcheck disable=SC2016
    ((NODES == 1)) ||
        nsenter --net=/run/netns/$SPACE unshare --uts sh -c 'hostname "$1" && exec slurmd' sh "$SECOND"
    wait_for 30 'the nodes' node_up
    timeout 30 srun -Q -n1 true || die "a first job did not run; see $LOGS"
    # Jobs show up in sacct some seconds late; let that be over for the first.
    wait_for 30 'the first job in sacct' in_sacct
    say "up after $((SECONDS - start)) s: $NODES node(s) of $CPUS CPUs, $MEM_MB MB, $GPUS GPUs"
}

in_sacct()      { sacct -nX | grep -q COMPLETED; }
queue_empty()   { [[ -z $(squeue -h -a) ]]; }
controller_up() { scontrol ping | grep -q 'is UP'; }
node_up()       { [[ $(sinfo -h -N -o %T | grep -cE '^(idle|mixed|allocated|completing)$') == "$NODES" ]]; }
usable() {
    pid_of slurmctld "$STATE/run/slurmctld.pid" >/dev/null &&
        pid_of slurmd "$STATE/run/slurmd-$FIRST.pid" >/dev/null &&
        controller_up && node_up
}

status() {
    local name file pid
    while read -r name file; do
        pid=$(pid_of "$name" "$file") && printf '%-10s %s\n' "$name" "$pid" || printf '%-10s -\n' "$name"
    done <<EOF
munged $MUNGE_PID
mariadbd $STATE/mariadb/mariadbd.pid
slurmdbd $STATE/run/slurmdbd.pid
slurmctld $STATE/run/slurmctld.pid
slurmd $STATE/run/slurmd-$FIRST.pid
slurmd $STATE/run/slurmd-$SECOND.pid
EOF
    usable || { say "not usable"; return 1; }
    sinfo -N -o '%N %T cpus=%c mem=%m gres=%G'
    squeue -a
}

down() {
    [[ $EUID == 0 ]] || die "run as root"
    if pid_of slurmctld "$STATE/run/slurmctld.pid" >/dev/null && controller_up; then
        local jobs
        jobs=$(squeue -h -a -o %A | sort -u)
        if [[ $jobs ]]; then
            say "cancelling $(wc -w <<<"$jobs") job(s)"
            # shellcheck disable=SC2086
            scancel $jobs || true
            wait_for 30 'the jobs to end' queue_empty || true
        fi
    fi
    stop slurmd "$STATE/run/slurmd-$FIRST.pid"
    stop slurmd "$STATE/run/slurmd-$SECOND.pid"
    stop slurmctld "$STATE/run/slurmctld.pid"
    stop slurmdbd "$STATE/run/slurmdbd.pid"
    stop mariadbd "$STATE/mariadb/mariadbd.pid"
    stop munged $MUNGE_PID
    # Without a slurm.conf the client commands fail at once; with one they
    # would wait 10 s for a controller that is not there.
    local f
    for f in slurm gres slurmdbd; do
        if grep -qsF "$MARK" "$ETC/$f.conf"; then rm -f "$ETC/$f.conf"; fi
    done
    rm -rf "$STATE"
    ip link delete $LINK 2>/dev/null || true
    ip netns delete $SPACE 2>/dev/null || true
    say "down"
}

case ${1:-} in
    up | down | status | lose) "$1" ;;
    *) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; exit 2 ;;
esac
