// The userspace proxy's listeners and backends in a table image, and what they keep per worker (asm/abi/userspace.ts
// draws both). Listeners are fixed when the image is made: kube-proxy's old mode has no partial sync of them.
import { IPTABLES_REGION_LISTENERS } from "../../../asm/abi/iptables.js";
import * as abi from "../../../asm/abi/userspace.js";
import { ipWords } from "../../base/ip.js";
import { PROTOCOL_NUMBERS } from "../../netfilter/packet.js";
import type { ProxyListener } from "../../netfilter/rule-model.js";
import type { ImageWriter } from "../image-writer.js";
import type { PrivatePlan } from "../iptables/private-plan.js";

/** Write region LISTENERS. @param clientsMax most clients remembered per listener with affinity */
export function writeListeners(
  writer: ImageWriter,
  plan: PrivatePlan,
  listeners: readonly ProxyListener[],
  clientsMax: number,
): void {
  const head = writer.allocate(abi.PROXY_HEAD_BYTES);
  writer.setRegion(IPTABLES_REGION_LISTENERS, head, abi.PROXY_HEAD_BYTES);
  const slots = slotsFor(listeners.length);
  const slotsAt = writer.allocate(slots * abi.PROXY_SLOT_BYTES);
  const listenersAt = writer.allocate(listeners.length * abi.LISTENER_BYTES);
  const sticky = listeners.filter((listener) => listener.affinitySeconds !== null).length;
  const firstList = plan.reserveLists(sticky, clientsMax);
  const cursorsAt = plan.reserveState(listeners.length * 4);
  const buffersAt = plan.reserveState(abi.PROXY_BUFFERS * abi.PROXY_BUFFER_BYTES);
  const backendsAt = writeBackends(writer, listeners);
  const { words } = writer;
  words.set(
    [listeners.length, slots - 1, slotsAt, listenersAt, backendsAt, cursorsAt, buffersAt],
    head >>> 2,
  );
  let backends = 0;
  let list = firstList;
  for (const [index, listener] of listeners.entries()) {
    const affinity = listener.affinitySeconds === null ? [0, 0] : [listener.affinitySeconds, ++list];
    words.set(
      [backends, listener.backends.length, ...affinity],
      (listenersAt + index * abi.LISTENER_BYTES) >>> 2,
    );
    backends += listener.backends.length;
    placeSlot(words, slotsAt, slots - 1, listener, index);
  }
}

function writeBackends(writer: ImageWriter, listeners: readonly ProxyListener[]): number {
  const isV6 = writer.family === "IPv6";
  const stride = isV6 ? abi.BACKEND_BYTES_V6 : abi.BACKEND_BYTES_V4;
  const total = listeners.reduce((sum, { backends }) => sum + backends.length, 0);
  const at = writer.allocate(total * stride);
  let word = at >>> 2;
  for (const { backends } of listeners) {
    for (const { ip, port } of backends) {
      const address = ipWords(ip);
      writer.words.set(isV6 ? address : [address[0]], word);
      writer.words[word + (isV6 ? abi.BACKEND_PORT_V6 : abi.BACKEND_PORT_V4) / 4] = port;
      word += stride / 4;
    }
  }
  return at;
}

/** A later listener of the same port takes the place of an earlier one. */
function placeSlot(
  words: Uint32Array,
  slotsAt: number,
  mask: number,
  listener: ProxyListener,
  index: number,
): void {
  const key = listener.port | (PROTOCOL_NUMBERS[listener.protocol] << 16);
  let position = Math.imul(key, abi.PROXY_SLOT_MULTIPLIER) >>> 12;
  const slotWord = () => (slotsAt + (position & mask) * abi.PROXY_SLOT_BYTES) >>> 2;
  while (words[slotWord() + 1] !== 0 && words[slotWord()] !== key) position++;
  words[slotWord()] = key;
  words[slotWord() + 1] = index + 1;
}

function slotsFor(listeners: number): number {
  let slots = 8;
  while (slots < listeners * 2) slots *= 2;
  return slots;
}
