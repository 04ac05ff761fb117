// Benchmarks through a whole control plane, a table each. What they came to is in the page's headline.
import { benchRows } from "../controlplane-rows.js";
import { markup } from "../markup.js";
import type { ReportView, Section } from "../report-view.js";
import { benchTable } from "./controlplane/bench-table.js";

/** null when no case went through a control plane. */
export function controlPlaneSection(view: ReportView): Section | null {
  const benches = benchRows(view.record.cases);
  if (benches.length === 0) return null;
  const body = markup`<h2>Through the control plane</h2>
${benches.map((bench) => benchTable(view, bench))}
<p class="note">API server, store, controllers, scheduler, kubelets and kube-proxy work in one process; containers start at once. Latencies under load count from when a request was due.</p>`;
  return { id: "controlplane", label: "Control plane", body };
}
