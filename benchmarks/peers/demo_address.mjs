// Loaded before a scanner: sends connections to the demo's names to its loopback addresses and ports, in this process
// alone. Names, certificates and Host fields stay as the scanner wrote them. PEERS_TARGET is the target as JSON.
import net from "node:net";

const target = JSON.parse(process.env.PEERS_TARGET);
const ports = { 443: target.https_port, 80: target.http_port };
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...given) {
  const normalised = Array.isArray(given[0]);
  const options = normalised ? given[0][0] : given[0];
  const address = options && target.addresses[options.host];
  if (!address) return connect.apply(this, given);
  const port = ports[options.port] ?? options.port;
  const changed = { ...options, host: address[0], port, lookup: undefined };
  const callback = normalised ? given[0][1] : given[1];
  return connect.call(this, changed, ...(callback ? [callback] : []));
};
