// Pods between pop and done, and the events that came meanwhile: a Pod that fails must be asked about events that
// came while it was tried, or it would sleep through the one that helps.
// One list in order of time holds a mark per Pod and the events; a Pod's events are those behind its mark. Events
// before the first mark concern nobody and are dropped.
//
//   [Pod A] event event [Pod B] event        done(A) leaves  [Pod B] event
//
// Cost: start, record O(1); done O(1) amortised; a failing Pod O(what follows its mark).
// Source: kube-scheduler backend/queue/active_queue.go (inFlightEvents).
import type { ClusterEvent, EventObjects } from "../framework/cluster-event.js";

export interface InFlightEvent {
  readonly event: ClusterEvent;
  readonly objects: EventObjects;
}

interface Link {
  /** null: the mark of a Pod. */
  readonly happened: InFlightEvent | null;
  previous: Link;
  next: Link;
}

export class InFlight {
  readonly #marks = new Map<string, Link>();
  /** Closes the list to a ring: its next is the first link, its previous the last. */
  readonly #ends = newRing();
  #eventCount = 0;

  get podCount(): number {
    return this.#marks.size;
  }

  /** 0 whenever no Pod is in flight. */
  get eventCount(): number {
    return this.#eventCount;
  }

  has(uid: string): boolean {
    return this.#marks.has(uid);
  }

  /** False when the Pod is in flight already. */
  start(uid: string): boolean {
    if (this.#marks.has(uid)) return false;
    this.#marks.set(uid, this.#append(null));
    return true;
  }

  /** Does nothing when no Pod is in flight. */
  record(event: ClusterEvent, objects: EventObjects): void {
    if (this.#marks.size === 0) return;
    this.#append({ event, objects });
    this.#eventCount++;
  }

  /** Events since the Pod started, oldest first. */
  *eventsSince(uid: string): IterableIterator<InFlightEvent> {
    let link = this.#marks.get(uid)?.next ?? this.#ends;
    for (; link !== this.#ends; link = link.next) {
      if (link.happened !== null) yield link.happened;
    }
  }

  /** A Pod that is not in flight is ignored. */
  done(uid: string): void {
    const mark = this.#marks.get(uid);
    if (mark === undefined) return;
    this.#marks.delete(uid);
    unlink(mark);
    let first = this.#ends.next;
    while (first !== this.#ends && first.happened !== null) {
      unlink(first);
      this.#eventCount--;
      first = first.next;
    }
  }

  #append(happened: InFlightEvent | null): Link {
    const { previous } = this.#ends;
    const link = { happened, previous, next: this.#ends };
    previous.next = link;
    this.#ends.previous = link;
    return link;
  }
}

function newRing(): Link {
  const ring: { happened: null; previous?: Link; next?: Link } = { happened: null };
  return Object.assign(ring, { previous: ring as Link, next: ring as Link });
}

function unlink(link: Link): void {
  link.previous.next = link.next;
  link.next.previous = link.previous;
}
