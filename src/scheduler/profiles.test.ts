import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration, defaultProfile } from "./config/default-configuration.js";
import { NOTHING_WRITTEN, resolvePluginSets } from "./config/plugin-sets.js";
import { pod } from "./plugins/cluster.test-data.js";
import type { PluginMaker } from "./plugins/registry.js";
import { preEnqueueOf, registrationsOf } from "./profiles.js";
import { ANY_EVENT } from "./queue/event-interests.js";
import { unschedulable } from "./framework/status.js";
import { aNode, aPod, Simulation } from "./scheduler.test-data.js";

const ungated = defaultProfile({
  schedulerName: "ungated",
  plugins: resolvePluginSets({
    multiPoint: { ...NOTHING_WRITTEN, disabled: ["SchedulingGates", "NodePorts"] },
  }),
});
const { profiles } = new Simulation({ configuration: { profiles: [defaultProfile(), ungated] } }).scheduler;

test("registrationsOf leaves out plugins that reject nobody, and adds up profiles", () => {
  const registrations = registrationsOf(profiles, { hasExtenders: false });
  const silent = ["DefaultBinder", "ImageLocality", "NodeResourcesBalancedAllocation", "PrioritySort"];
  assert.deepEqual(
    silent.filter((name) => registrations.has(name)),
    [],
  );
  const rows = (name: string) => registrations.get(name)?.length ?? 0;
  const ofOne = registrationsOf(
    new Simulation({ configuration: defaultConfiguration() }).scheduler.profiles,
    { hasExtenders: false },
  );
  assert.equal(rows("NodePorts"), ofOne.get("NodePorts")?.length);
  assert.equal(rows("NodeName"), 2 * (ofOne.get("NodeName")?.length ?? 0));
});

test("registrationsOf lets any event help, when an extender may turn Pods down", () => {
  assert.equal(registrationsOf(profiles, { hasExtenders: false }).has("Extender"), false);
  assert.deepEqual(registrationsOf(profiles, { hasExtenders: true }).get("Extender"), ANY_EVENT);
});

test("preEnqueueOf asks only the plugins of the Pod's own profile, when profiles differ", () => {
  const gated = (schedulerName: string) => pod("p", { schedulerName, schedulingGates: [{ name: "wait" }] });
  const plugins = preEnqueueOf(profiles, ({ pod: { spec } }) => profiles.get(spec?.schedulerName ?? ""));
  const rejecting = (schedulerName: string) =>
    plugins.filter((plugin) => plugin.preEnqueue(gated(schedulerName)) !== null).map(({ name }) => name);
  assert.deepEqual(rejecting("default-scheduler"), ["SchedulingGates"]);
  assert.deepEqual(rejecting("ungated"), []);
});

/** A scheduler whose configuration enables "Mine" at Filter. */
function withMine(plugins: Readonly<Record<string, PluginMaker>>) {
  const enabled = [{ name: "Mine", weight: 0 }];
  const sets = resolvePluginSets({ filter: { enabled, disabled: [] } });
  return new Simulation({ configuration: { profiles: [defaultProfile({ plugins: sets })] }, plugins });
}

test("makeProfiles runs plugins that the scheduler is handed, where the configuration enables them", () => {
  const filter = () => unschedulable("Mine", "not mine");
  const simulation = withMine({ Mine: { create: () => ({ name: "Mine", filter }) } });
  simulation.setNodes(aNode("n"));
  simulation.setPods(aPod("p"));
  simulation.run();
  assert.match(simulation.events()[0] ?? "", /0\/1 nodes are available: 1 not mine\./);
});

test("makeProfiles refuses plugins that nobody registered, and names that are taken", () => {
  const message = "Cannot make profile 'default-scheduler': nobody has registered plugin 'Mine'";
  assert.throws(() => withMine({}), { code: "InvalidInput", message });
  assert.throws(() => withMine({ NodeName: { create: () => ({ name: "NodeName" }) } }), {
    message: "Cannot register plugin 'NodeName': a plugin of that name exists",
  });
});
