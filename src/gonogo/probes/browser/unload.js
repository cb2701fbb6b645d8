// Only where methods are restricted: a beacon sent while a page unloads cannot be intercepted by the browser's driver,
// an ordinary fetch can, and dies with its page.
() => {
  "use strict";
  const { fetch, Request } = window;
  const plain = (init) => (init && "keepalive" in init ? { ...init, keepalive: false } : init);
  window.fetch = function (input, init) {
    const kept = input instanceof Request && input.keepalive ? new Request(input, { keepalive: false }) : input;
    return Reflect.apply(fetch, window, [kept, plain(init)]);
  };
  Navigator.prototype.sendBeacon = function sendBeacon(url, body) {
    Reflect.apply(fetch, window, [url, { method: "POST", body, mode: "no-cors", credentials: "include" }]).catch(() => {});
    return true;
  };
}
