// Scans each host of the demo with @mdn/mdn-http-observatory and prints what it said and how long each round took.
// Usage: node --import ./demo_address.mjs observatory.mjs NODE_MODULES ROUNDS
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, rounds] = process.argv.slice(2);
const entry = path.join(modules, "@mdn", "mdn-http-observatory", "src", "index.js");
const { scan } = await import(pathToFileURL(entry).href);
const target = JSON.parse(process.env.PEERS_TARGET);

async function scanned(host) {
  try {
    const { scan: summary, tests } = await scan(host);
    const results = Object.entries(tests).map(([name, test]) => ({
      host,
      test: name,
      result: test.result,
      pass: test.pass,
      modifier: test.scoreModifier ?? 0,
    }));
    return { host, grade: summary.grade, score: summary.score, results };
  } catch (error) {
    return { host, error: String(error?.message ?? error).slice(0, 300) };
  }
}

const seconds = [];
let hosts = [];
for (let round = 0; round < Number(rounds); round += 1) {
  const begun = performance.now();
  hosts = [];
  for (const host of Object.keys(target.addresses)) hosts.push(await scanned(host));
  seconds.push((performance.now() - begun) / 1000);
}
console.log(JSON.stringify({ hosts, seconds }));
