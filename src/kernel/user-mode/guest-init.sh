#!/bin/sh
# Process 1 of the guest: makes a small system out of the host's read-only file system, then carries out the scripts
# that are named on the first serial line.
#
#   serial line 0       host -> guest: the name of a script in the control folder
#                       guest -> host: "ready"; then "NAME done STATUS" for each, and what else scripts have to say
#   serial lines 1...   for programs that run on (converse): names of files with their input; their output
#
# $0 is a copy of this file in the control folder; `settings` beside it sets FOLDER (writable for both sides), MODULES
# (folder of the kernel's modules), MODULE_NAMES and PATH.
#
# Only names go to the guest on a serial line, one at a time: a user-mode kernel that was ever sent more than the
# terminal's buffer of 4096 bytes holds stops listening to that line (line_throttle in its line.c).
control=${0%/*}
. "$control/settings"
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p "$FOLDER" /run/netns /run/lib/modules 2>/dev/null
mount -t hostfs none "$FOLDER" -o "$FOLDER" || exit 1
cd "$control" || exit 1
ln -s "$MODULES" /run/lib/modules/
# A module that the kernel asks for later is found in the same place.
echo "$control/modprobe" >/proc/sys/kernel/modprobe
modprobe -d /run -a $MODULE_NAMES 2>modprobe.errors
ip link set lo up
exec 3<>/dev/ttyS0
stty raw -echo <&3

# input NAME: the files that are named on standard input, one after the other, until "end".
input() {
  while read -r file && [ "$file" != end ]; do
    cat "$file"
    echo "$1 took $file" >&3
  done
  echo "$1 heard end" >&3
}

# converse NAME LINE: run `program` with a serial line for its streams. The last stty waits until all its output is on
# its way.
converse() {
  exec 4<>"/dev/ttyS$2"
  stty raw -echo <&4
  input "$1" <&4 | {
    exec 5<&0
    program <&5 >&4 3>&- 4>&- 5<&- &
    exec 5<&-
    echo "$1 started $!" >&3
    wait $!
    status=$?
    stty raw -echo <&4
    echo "$1 ended $status" >&3
  } 2>"$1.err"
}

echo ready >&3
while read -r name <&3; do
  . "./$name"
  echo "$name done $?" >&3
done
