/** A scenario that walks the saved rules in the file `node.rules` beside it. */
export const OWN_RULES = `
apiVersion: plumbline/v1
kind: Scenario
metadata: { name: own, purpose: rules of a node }
spec:
  seed: 1
  matrix: { axes: { mode: [iptables] } }
  cluster: { iptablesSave: node.rules }
  phases:
    - { kind: traffic, packets: first-packet, flows: { arrival: { model: closed }, target: uniform, count: 16 } }
  sampling: { samples: 1 }
`;
