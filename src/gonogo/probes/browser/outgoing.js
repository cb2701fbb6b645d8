// Runs in every frame after page.js: what a page sends while it unloads passes neither the driver nor DevTools. Where it must not
// leave, it is refused here before it is made; where it is watched for, a note is left for the next page of the origin, which tells.
// Called with the methods that are allowed (none: all), the hosts that can be reached at all, the site's host, paths of it that the
// driver answers itself while the page lives, and whether to watch.
(allowed, reachable, site, local, watch) => {
  "use strict";
  if (!window.__gonogo || Object.hasOwn(window.__gonogo, "outgoing")) return;
  Object.defineProperty(window.__gonogo, "outgoing", { value: true });
  const { natively } = window.__gonogo;
  const { fetch, Request } = window;
  const LEFT = "__gonogo_left";
  const MOST_SENT = 100;
  const STAYS_MS = 1000; // a page that still runs then was not left, as by a link to a download

  let leaving = false;
  addEventListener(
    "beforeunload",
    () => {
      leaving = true;
      setTimeout(() => (leaving = false), STAYS_MS);
    },
    true,
  );
  addEventListener("pagehide", () => (leaving = true), true);
  addEventListener("pageshow", () => (leaving = false), true);

  const sent = [];
  if (watch) {
    try {
      natively(() => {
        for (const one of JSON.parse(sessionStorage.getItem(LEFT) ?? "[]")) window.__gonogo_leaving?.(one);
        sessionStorage.removeItem(LEFT);
      });
    } catch {
      // a sandboxed or data: frame has no storage
    }
  }

  function target(url) {
    try {
      return new URL(url, document.baseURI);
    } catch {
      return null; // not a URL: the browser does not send it either
    }
  }

  /** Whether a request must not be made. What is made while the page unloads is noted, unless it ends with the page. */
  function refuses(method, url, type, lasts = true) {
    const verb = String(method ?? "GET").toUpperCase();
    const to = target(url);
    if (!to) return false;
    const told = [verb, to.href.slice(0, 2000), type];
    if (leaving && watch && lasts && sent.length < MOST_SENT) {
      sent.push(told);
      try {
        natively(() => sessionStorage.setItem(LEFT, JSON.stringify(sent)));
      } catch {
        // no storage
      }
    }
    const ours = to.hostname === site && local.includes(to.pathname);
    if (ours) return leaving; // while the page lives the driver answers
    if (!allowed || allowed.includes(verb) || !reachable.includes(to.hostname.replace(/^\[|\]$/g, ""))) return false;
    natively(() => window.__gonogo_refused?.(told));
    return true;
  }

  window.fetch = function (input, init) {
    const request = input instanceof Request ? input : null;
    const method = init?.method ?? request?.method ?? "GET";
    const lasts = Boolean(init?.keepalive ?? request?.keepalive);
    if (refuses(method, request ? request.url : input, "fetch", lasts)) return Promise.reject(new TypeError("Failed to fetch"));
    return Reflect.apply(fetch, window, arguments);
  };
  const { sendBeacon } = Navigator.prototype;
  Navigator.prototype.sendBeacon = function (url) {
    return refuses("POST", url, "ping") || Reflect.apply(sendBeacon, this, arguments);
  };

  // While the page lives the driver aborts these, with the events that a script expects.
  const opened = new WeakMap();
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url) {
    opened.set(this, [method, url]);
    return Reflect.apply(open, this, arguments);
  };
  XMLHttpRequest.prototype.send = function () {
    if (!leaving || !refuses(...(opened.get(this) ?? []), "xhr", false)) Reflect.apply(send, this, arguments);
  };

  // Pictures, however their address is given; the first one of a srcset stands for it.
  const picture = (name, value) => leaving && refuses("GET", /set$/i.test(name) ? String(value).trim().split(/[\s,]/)[0] : value, "image");
  for (const name of ["src", "srcset"]) {
    const plain = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, name);
    Object.defineProperty(HTMLImageElement.prototype, name, {
      ...plain,
      set(value) {
        if (!picture(name, value)) Reflect.apply(plain.set, this, [value]);
      },
    });
  }
  const { setAttribute } = Element.prototype;
  Element.prototype.setAttribute = function (name, value) {
    const shows = this instanceof HTMLImageElement && /^src(set)?$/i.test(name);
    if (!shows || !picture(name, value)) Reflect.apply(setAttribute, this, arguments);
  };
}
