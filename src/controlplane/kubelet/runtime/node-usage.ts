// What all containers of a node use together: kept up to date as they come and go, so that nobody has to add it up.
import type { Behaviour } from "./behaviour.js";

export class NodeUsage {
  memoryBytes = 0;
  cpuMilli = 0;
  pids = 0;
  /** Of all containers that there are, running or not. */
  diskBytes = 0;
  inodes = 0;

  created(behaviour: Behaviour): void {
    this.diskBytes += behaviour.diskBytes;
    this.inodes += behaviour.inodes;
  }

  removed(behaviour: Behaviour): void {
    this.diskBytes -= behaviour.diskBytes;
    this.inodes -= behaviour.inodes;
  }

  started(behaviour: Behaviour): void {
    this.cpuMilli += behaviour.cpuMilli;
    this.pids += behaviour.pids;
  }

  stopped(behaviour: Behaviour, memoryBytes: number): void {
    this.cpuMilli -= behaviour.cpuMilli;
    this.pids -= behaviour.pids;
    this.memoryBytes -= memoryBytes;
  }
}
