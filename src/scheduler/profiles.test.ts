import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration, defaultProfile } from "./config/default-configuration.js";
import { NOTHING_WRITTEN, resolvePluginSets } from "./config/plugin-sets.js";
import { pod } from "./plugins/cluster.test-data.js";
import { preEnqueueOf, registrationsOf } from "./profiles.js";
import { ANY_EVENT } from "./queue/event-interests.js";
import { Simulation } from "./scheduler.test-data.js";

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
