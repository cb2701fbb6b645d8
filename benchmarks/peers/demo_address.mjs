// Loaded before a scanner: sends connections to the demo's names to its loopback addresses and ports, in this process
// alone. Names, certificates and Host fields stay as the scanner wrote them. PEERS_TARGET is the target as JSON.
// The demo names its https port in redirects to plain http too; such a connection goes to the plain listener, as it
// does where both schemes have their usual ports.
import net from "node:net";
import tls from "node:tls";

const target = JSON.parse(process.env.PEERS_TARGET);
const ports = { 443: target.https_port, 80: target.http_port };
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...given) {
  const normalised = Array.isArray(given[0]);
  const options = normalised ? given[0][0] : given[0];
  const address = options && target.addresses[options.host];
  if (!address) return connect.apply(this, given);
  const asked = ports[options.port] ?? options.port;
  const plain = !(this instanceof tls.TLSSocket);
  const port = plain && Number(asked) === target.https_port ? target.http_port : asked;
  const changed = { ...options, host: address[0], port, lookup: undefined };
  const callback = normalised ? given[0][1] : given[1];
  return connect.call(this, changed, ...(callback ? [callback] : []));
};
