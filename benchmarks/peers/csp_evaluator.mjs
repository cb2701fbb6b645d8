// Reads {page: [policies as sent]} from PEERS_POLICIES and prints what csp_evaluator finds in each policy.
// Usage: node csp_evaluator.mjs NODE_MODULES ROUNDS
import { createRequire } from "node:module";
import path from "node:path";

const [modules, rounds] = process.argv.slice(2);
const dist = path.join(modules, "csp_evaluator", "dist");
const load = createRequire(import.meta.url);
const { CspEvaluator } = load(path.join(dist, "evaluator.js"));
const { CspParser } = load(path.join(dist, "parser.js"));
const { Severity, Type } = load(path.join(dist, "finding.js"));
const pages = JSON.parse(process.env.PEERS_POLICIES);

let errors = [];

function findingsOf(text) {
  try {
    return new CspEvaluator(new CspParser(text).csp).evaluate();
  } catch (error) {
    errors.push(`${error.name}: ${error.message}`);
    return [];
  }
}

function evaluated() {
  errors = [];
  return Object.entries(pages).flatMap(([page, policies]) =>
    policies.flatMap(findingsOf).map((finding) => ({
      page,
      type: Type[finding.type],
      severity: Severity[finding.severity],
      rank: finding.severity,
      directive: finding.directive,
      value: finding.value ?? "",
    })),
  );
}

const seconds = [];
let findings = [];
for (let round = 0; round < Number(rounds); round += 1) {
  const begun = performance.now();
  findings = evaluated();
  seconds.push((performance.now() - begun) / 1000);
}
console.log(JSON.stringify({ findings, errors, seconds }));
