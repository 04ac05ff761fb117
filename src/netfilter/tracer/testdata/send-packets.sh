# Run inside `unshare -n`: load RULES, send the first packets named on stdin through the kernel, and print after each
# which rules counted it. usage: send-packets.sh RULES < lines of "SOURCE PROTOCOL DESTINATION PORT"; SOURCE may be "node"
#
#   client namespace -- c0 == nc -- this node (192.168.0.10 on lo) -- out, where packets end
set -e
rules=$1
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
ip link set lo up
ip addr add 192.168.0.10/32 dev lo
unshare -n sleep 30 &
client=$!
trap 'kill $client' EXIT
until [ "$(readlink /proc/$client/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
in_client() { nsenter -t $client -n "$@"; }

# Without ARP a frame carries its sender's own address: both ends have the same one.
ip link add nc address 02:00:00:00:00:01 type veth peer name c0 address 02:00:00:00:00:01 netns $client
ip link add out address 02:00:00:00:00:02 type veth peer name sink address 02:00:00:00:00:03
ip link set nc arp off up
ip link set out arp off up
ip link set sink up
ip route add default dev out src 192.168.0.10
in_client ip link set c0 arp off up
in_client ip route add default dev c0
iptables-legacy-restore <"$rules"

while read -r source protocol destination port; do
  for table in filter nat; do iptables-legacy -t $table -Z; done
  send="echo x >/dev/$protocol/$destination/$port"
  if [ "$source" = node ]; then
    timeout 0.2 bash -c "$send" 2>/dev/null || true
  else
    in_client ip addr replace "$source/32" dev c0
    in_client ip route replace default dev c0 src "$source"
    in_client timeout 0.2 bash -c "$send" 2>/dev/null || true
  fi
  sleep 0.05
  echo "# sent $source $protocol $destination $port"
  iptables-legacy-save -c
done
