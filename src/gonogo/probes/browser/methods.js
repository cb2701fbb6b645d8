// Only where methods are restricted. The driver aborts what it can intercept, but not what a page sends while it unloads,
// and it lets go of what is still held when the page ends; so here such a request is refused before it is made.
// Called with the methods that are allowed, the hosts that can be reached at all, and paths of the site that the driver
// answers itself while the page lives.
(allowed, reachable, site, local) => {
  "use strict";
  const { fetch, Request } = window;
  const opened = new WeakMap();
  let leaving = false;
  addEventListener("pagehide", () => (leaving = true), true);
  addEventListener("beforeunload", () => (leaving = true), true);
  addEventListener("pageshow", () => (leaving = false), true);

  /** Whether a request must not be made; told to whoever records. */
  function refuses(method, url, type) {
    const verb = String(method ?? "GET").toUpperCase();
    if (allowed.includes(verb)) return false;
    let target = null;
    try {
      target = new URL(url, document.baseURI);
    } catch {
      return false; // not a URL: the browser does not send it either
    }
    if (!reachable.includes(target.hostname.replace(/^\[|\]$/g, ""))) return false;
    if (!leaving && target.hostname === site && local.includes(target.pathname)) return false;
    window.__gonogo_refused?.([verb, target.href.slice(0, 2000), type]);
    return true;
  }

  window.fetch = function (input, init) {
    const request = input instanceof Request ? input : null;
    const method = init?.method ?? request?.method ?? "GET";
    if (refuses(method, request ? request.url : input, "fetch")) return Promise.reject(new TypeError("Failed to fetch"));
    return Reflect.apply(fetch, window, arguments);
  };
  const { sendBeacon } = Navigator.prototype;
  Navigator.prototype.sendBeacon = function (url) {
    return refuses("POST", url, "ping") || Reflect.apply(sendBeacon, this, arguments);
  };

  // While the page lives the driver aborts these, with the events that a script expects.
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url) {
    opened.set(this, [method, url]);
    return Reflect.apply(open, this, arguments);
  };
  XMLHttpRequest.prototype.send = function () {
    if (!leaving || !refuses(...(opened.get(this) ?? []), "xhr")) Reflect.apply(send, this, arguments);
  };
}
