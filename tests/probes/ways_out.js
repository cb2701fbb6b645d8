// Tries every way that a page has to reach another host. Each way has a host of its own, so that who arrived is known;
// names below .localhost lead to this machine without any name server. UDP_PORT is put in by the test.
const at = (way, path = "/out") => `${location.protocol}//${way}.localhost:${location.port}${path}`;
const add = (tag, attributes, parent = document.body) => parent.appendChild(Object.assign(document.createElement(tag), attributes));
const attempts = {
  image: () => { new Image().src = at("image"); },
  srcset: () => add("img", { srcset: `${at("srcset")} 1x` }),
  script: () => add("script", { src: at("script") }),
  module: () => import(at("module")),
  modulepreload: () => add("link", { rel: "modulepreload", href: at("modulepreload") }),
  stylesheet: () => add("link", { rel: "stylesheet", href: at("stylesheet") }),
  cssimport: () => add("style", { textContent: `@import url(${at("cssimport")});` }),
  cssurl: () => { document.body.style.backgroundImage = `url(${at("cssurl")})`; },
  font: () => { add("style", { textContent: `@font-face{font-family:x;src:url(${at("font")})} .x{font-family:x}` }); add("p", { className: "x", textContent: "text" }); },
  preload: () => add("link", { rel: "preload", as: "image", href: at("preload") }),
  prefetch: () => add("link", { rel: "prefetch", href: at("prefetch") }),
  prerender: () => add("link", { rel: "prerender", href: at("prerender") }),
  preconnect: () => add("link", { rel: "preconnect", href: at("preconnect") }),
  dnsprefetch: () => add("link", { rel: "dns-prefetch", href: at("dnsprefetch") }),
  icon: () => add("link", { rel: "icon", href: at("icon") }, document.head),
  manifest: () => add("link", { rel: "manifest", href: at("manifest") }, document.head),
  video: () => add("video", { src: at("video"), poster: at("poster"), preload: "auto" }),
  audio: () => { new Audio(at("audio")).load(); },
  track: () => { const video = add("video", {}); const track = add("track", { src: at("track"), default: true }, video); track.track.mode = "showing"; },
  object: () => add("object", { data: at("object") }),
  embed: () => add("embed", { src: at("embed") }),
  svg: () => { const one = document.createElementNS("http://www.w3.org/2000/svg", "svg"); one.innerHTML = `<image href="${at("svg")}"/>`; document.body.append(one); },
  iframe: () => add("iframe", { src: at("iframe") }),
  metarefresh: () => add("iframe", { srcdoc: `<meta http-equiv=refresh content="0;url=${at("metarefresh")}">` }),
  form: () => { add("iframe", { name: "sent" }); const form = add("form", { action: at("form"), method: "post", target: "sent" }); form.submit(); },
  fetch: () => fetch(at("fetch"), { mode: "no-cors" }),
  put: () => fetch(at("put"), { method: "PUT" }),
  keepalive: () => fetch(at("keepalive"), { mode: "no-cors", method: "POST", keepalive: true }),
  xhr: () => { const one = new XMLHttpRequest(); one.open("GET", at("xhr")); one.send(); },
  beacon: () => navigator.sendBeacon(at("beacon"), "x"),
  eventsource: () => { new EventSource(at("eventsource")); },
  websocket: () => { new WebSocket(at("websocket").replace("http", "ws")); },
  webtransport: () => { new WebTransport(at("webtransport").replace("http:", "https:")).ready.catch(() => {}); },
  worker: () => { new Worker(URL.createObjectURL(new Blob([`fetch("${at("worker")}", {mode: "no-cors"})`]))); },
  sharedworker: () => { new SharedWorker(URL.createObjectURL(new Blob([`fetch("${at("sharedworker")}", {mode: "no-cors"})`]))); },
  serviceworker: () => navigator.serviceWorker.register("/worker.js"),
  speculation: () => add("script", { type: "speculationrules", textContent: JSON.stringify({
    prefetch: [{ source: "list", urls: [at("speculation")], eagerness: "immediate" }],
    prerender: [{ source: "list", urls: [at("prerendering")], eagerness: "immediate" }] }) }),
  ping: () => { const link = add("a", { href: "#here", ping: at("ping"), textContent: "x" }); link.click(); },
  download: () => { add("iframe", { name: "got" }); add("a", { href: at("download"), download: "x", target: "got", textContent: "x" }).click(); },
  popup: () => { open(at("popup")); },
  noopener: () => { open(at("noopener"), "_blank", "noopener"); },
  later: () => { fetchLater(at("later"), { method: "POST", activateAfter: 0 }); },
  payment: () => { new PaymentRequest([{ supportedMethods: at("payment") }], { total: { label: "x", amount: { currency: "EUR", value: "1" } } }).canMakePayment(); },
  identity: () => navigator.credentials.get({ identity: { providers: [{ configURL: at("identity", "/config.json"), clientId: "x" }] } }),
  literal: () => { new Image().src = `${location.protocol}//127.0.0.66:${location.port}/out`; },
  sixliteral: () => { new Image().src = `${location.protocol}//[::1]:${location.port}/out`; },
  numberliteral: () => { new Image().src = `${location.protocol}//2130706499:${location.port}/out`; },  // 127.0.0.67
  stun: async () => {
    for (const server of [`stun:127.0.0.66:UDP_PORT`, `stun:stun.localhost:UDP_PORT`, `turn:turn.localhost:UDP_PORT?transport=tcp`, `turns:turns.localhost:UDP_PORT`]) {
      const peer = new RTCPeerConnection({ iceServers: [{ urls: server, username: "u", credential: "c" }] });
      peer.createDataChannel("x");
      await peer.setLocalDescription(await peer.createOffer());
    }
  },
};
for (const [way, attempt] of Object.entries(attempts)) {
  try { Promise.resolve(attempt()).catch((error) => console.log(way, String(error))); } catch (error) { console.log(way, String(error)); }
}
addEventListener("visibilitychange", () => navigator.sendBeacon(at("hiddenbeacon"), "x"));
addEventListener("pagehide", () => {
  navigator.sendBeacon(at("unloadbeacon"), "x");
  fetch(at("unloadfetch"), { mode: "no-cors", method: "POST", keepalive: true });
  new Image().src = at("unloadimage");
});
