#!/bin/bash
# Runs as init of a User Mode Linux with the host's files as its root: two nodes, two agents, a latency by netem.
# GAUNTLET_AGENT is the program, GAUNTLET_OUT a directory for what it says.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmpfs /run
exec > "$GAUNTLET_OUT/log" 2>&1
modules=/usr/lib/uml/modules/$(uname -r)/kernel
for module in drivers/net/veth drivers/net/ifb net/sched/sch_{ingress,netem} net/sched/cls_u32 net/sched/act_mirred; do
    if [ "$module" = drivers/net/ifb ]; then insmod "$modules/$module.ko" numifbs=0; else insmod "$modules/$module.ko"; fi
done
ip netns add governor; ip netns add broker
ip -n governor link add market type veth peer name market netns broker
ip -n governor addr add 198.18.0.13/24 dev market; ip -n broker addr add 198.18.0.12/24 dev market
for node in governor broker; do ip -n $node link set market up; ip -n $node link set lo up; done
serve() {
    ip netns exec "$1" "$GAUNTLET_AGENT" serve --node "$1" --socket "/run/$1.sock" --ledger "/run/$1.ledger" \
        --probe-address "$2:7020" --probe-peers "$3:7020" &
}
serve broker 198.18.0.12 198.18.0.13; serve governor 198.18.0.13 198.18.0.12; agent=$!
until [ -S /run/governor.sock ] && [ -S /run/broker.sock ]; do sleep 0.1; done; sleep 1
inject() { "$GAUNTLET_AGENT" inject latency --socket /run/governor.sock --from 198.18.0.12 --delay 250ms "$@"; }
inject --id slow --for 3s; sleep 5
"$GAUNTLET_AGENT" list --socket /run/governor.sock > "$GAUNTLET_OUT/faults"
ip netns exec governor tc qdisc show > "$GAUNTLET_OUT/healed"
inject --id left --for 60s; ip netns exec governor tc qdisc show > "$GAUNTLET_OUT/left"
kill -9 $agent; sleep 1; ip netns exec governor tc qdisc show > "$GAUNTLET_OUT/killed"
sync; echo o > /proc/sysrq-trigger; sleep 5
