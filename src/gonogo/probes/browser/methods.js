// Only where methods are restricted. The driver aborts what it can intercept, but not what a page sends while it unloads,
// and it lets go of what is still held when the page ends; so here such a request is refused before it is made.
// Called with the methods that are allowed.
(allowed) => {
  "use strict";
  const { fetch, Request } = window;
  const methods = new WeakMap();
  let leaving = false;
  addEventListener("pagehide", () => (leaving = true), true);
  addEventListener("beforeunload", () => (leaving = true), true);
  addEventListener("pageshow", () => (leaving = false), true);

  const refuses = (method) => !allowed.includes(String(method ?? "GET").toUpperCase());
  function note(method, url, type) {
    let target = "";
    try {
      target = new URL(url, document.baseURI).href;
    } catch {
      return; // not a URL: the browser would not have sent it
    }
    window.__gonogo_refused?.([String(method), target.slice(0, 2000), type]);
  }

  window.fetch = function (input, init) {
    const request = input instanceof Request ? input : null;
    const method = init?.method ?? request?.method ?? "GET";
    if (!refuses(method)) return Reflect.apply(fetch, window, arguments);
    note(method, request ? request.url : input, "fetch");
    return Promise.reject(new TypeError("Failed to fetch"));
  };
  Navigator.prototype.sendBeacon = function sendBeacon(url) {
    if (refuses("POST")) note("POST", url, "ping");
    return true;
  };

  // While the page lives the driver aborts these, with the events that a script expects.
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method) {
    methods.set(this, method);
    return Reflect.apply(open, this, arguments);
  };
  XMLHttpRequest.prototype.send = function () {
    if (!leaving || !refuses(methods.get(this))) Reflect.apply(send, this, arguments);
  };
}
