// Runs in every frame of a consent visit, after page.js: describes the consent layer, and hands over what sets cookies.
// Called with (gpc): whether Global Privacy Control is on.
(gpc) => {
  "use strict";
  if (!window.__gonogo || Object.hasOwn(window.__gonogo, "consent")) return;
  const { CONTROLS, accessibleName, banner, bannerOf, contains, elements, first, overlays, parent, plain, says, selectors, shadow, textOf, visibleText } =
    window.__gonogo.finder;
  const { visible } = window.__gonogo;

  const MOST_WRITES = 300;
  const MOST_COMMANDS = 200;
  const MOST_CALLS = 20000;
  const MOST_NAMES = 100;
  const MOST_TOGGLES = 100;
  const LONGEST_CONTROL = 60;
  const API_MS = 300; // an API of a consent manager that takes longer is taken not to answer
  const STORES_MS = 2000;
  const GRID = 5;
  const cut = (text, most = 200) => String(text ?? "").replace(/\s+/g, " ").trim().slice(0, most);

  if (gpc) Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true, configurable: true });

  // --- cookies that scripts set ---

  let writes = 0;
  const note = (text) => {
    if (writes++ < MOST_WRITES) window.__gonogo_cookie?.([location.hostname, String(text).slice(0, 1000)]);
  };
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(Document.prototype, "cookie", {
    ...cookie,
    set(text) {
      note(text);
      Reflect.apply(cookie.set, this, [text]);
    },
  });
  if (window.CookieStore) {
    const { set } = CookieStore.prototype;
    CookieStore.prototype.set = function (...told) {
      const one = typeof told[0] === "object" ? told[0] : { name: told[0] };
      const expires = one.expires ? `; Expires=${new Date(Number(one.expires)).toUTCString()}` : "";
      note(`${one.name}=${expires}; Secure; SameSite=${one.sameSite ?? "Strict"}`);
      return Reflect.apply(set, this, told);
    };
  }

  // --- colours: WCAG 2.2, relative luminance and contrast ratio ---

  let pencil = null;
  function rgba(colour) {
    pencil ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
    pencil.clearRect(0, 0, 1, 1);
    pencil.fillStyle = colour;
    pencil.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pencil.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  }
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);

  /** The colour of what lies behind an element's text; null where there is a picture. */
  function surface(element) {
    const layers = [];
    for (let node = element; node; node = parent(node)) {
      const style = getComputedStyle(node);
      if (style.backgroundImage !== "none") return null;
      const colour = rgba(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  }
  const luminance = (colour) => {
    const [r, g, b] = colour.map((one) => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    if (!one || !other) return 0;
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };

  // --- the layer ---

  const text = (element) => cut(visibleText(element) || accessibleName(element), 100);

  function kind(element) {
    const role = element.getAttribute("role");
    if (role === "button" || ["BUTTON", "SUMMARY", "INPUT"].includes(element.tagName)) return "button";
    return role === "link" || element.tagName === "A" ? "link" : "other";
  }

  function control(purpose, element, layer) {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const below = surface(element);
    return {
      purpose,
      text: text(element),
      kind: kind(element),
      width: box.width,
      height: box.height,
      font: parseFloat(style.fontSize) || 0,
      contrast: below ? contrast(over(rgba(style.color), below), below) : 0,
      fill: below ? contrast(below, surface(layer)) : 0,
    };
  }

  const said = (element) => [visibleText(element), accessibleName(element)].filter((one) => one && one.length <= LONGEST_CONTROL).map(plain);

  /** Controls that say what `purpose` lists, in the layer or, without one, anywhere. */
  function controlsThatSay(purpose, layer) {
    const chosen = [];
    for (const element of elements()) {
      if (element.matches(CONTROLS) && (!layer || contains(layer, element)) && visible(element) && said(element).some((one) => says(purpose, one))) chosen.push(element);
    }
    return chosen;
  }

  /** The control that opens the preferences; "Save settings" speaks of them too, and stores them. */
  function preferences() {
    if (selectors.preferences) return first(selectors.preferences);
    const layer = banner();
    if (!layer) return null;
    const opens = controlsThatSay("preferences", layer).filter((one) => !said(one).some((words) => says("save", words)));
    const found = opens.filter((one) => !(kind(one) === "link" && /^https?:/.test(one.protocol ?? "") && one.pathname !== location.pathname));
    return found.find((one) => kind(one) === "button") ?? found[0] ?? null;
  }

  const BARE = /^ (cookies?|consent|privacy)( \S+){0,3} $/; // an icon's name: "Cookies (modal window)"
  const REOPENS = /revoke|reopen|withdraw/i;

  /** The control that opens the choice again: declared, or by what it says; the last one of the page, for it stands at the foot. */
  function reopening() {
    if (selectors.settings) return first(selectors.settings);
    const layer = banner();
    let found = null;
    for (const element of elements()) {
      const named = REOPENS.test(`${element.id} ${element.getAttribute("class") ?? ""}`) && cut(element.textContent).length > 0;
      if (!(named || element.matches(CONTROLS)) || (layer && contains(layer, element)) || !visible(element)) continue;
      const words = said(element);
      if (words.some((one) => says("withdraw", one))) found = element;
      else if (!found && (named || (kind(element) === "button" && words.some((one) => BARE.test(one))))) found = element;
    }
    return found;
  }

  /** The nearest ancestor that floats or is named as a consent layer and speaks of it, however long it is. */
  function layerOf(element) {
    for (let node = parent(element); node && node !== document.documentElement; node = parent(node)) {
      const body = node === document.body;
      if (body && window === window.top) return null;
      const named = /cookie|consent|gdpr|dsgvo|cmp|privacy|klaro|tarteaucitron/i.test(`${node.id} ${node.getAttribute("class") ?? ""}`);
      if (named && overlays(node)) return node;
      if ((body || named || overlays(node)) && says("consent", plain(textOf(node)))) return node;
    }
    return null;
  }

  const ticked = (element) => (element.matches("input") ? element.checked : element.getAttribute("aria-checked") === "true");
  const label = (element) => element.labels?.[0] ?? element.closest("label");
  /** What a person would press: custom toggles hide their input below a label. */
  const face = (element) => [element, label(element), parent(element)].find((one) => one && visible(one)) ?? null;

  function toggles() {
    const found = [];
    for (const element of elements()) {
      if (!element.matches("input[type=checkbox], [role=switch], [role=checkbox]") || found.length >= MOST_TOGGLES) continue;
      if (!face(element) || !layerOf(element)) continue;
      const name = cut(accessibleName(element) || textOf(label(element) ?? parent(element)), 100);
      const locked = element.disabled || element.readOnly || element.getAttribute("aria-disabled") === "true";
      found.push({ element, name, checked: ticked(element), fixed: Boolean(locked) || says("essential", plain(name)) });
    }
    return found;
  }

  /** What to press next to switch off an optional purpose that is on. */
  function optional() {
    const next = toggles().find((one) => one.checked && !one.fixed);
    return next ? face(next.element) : null;
  }

  /** The control that stores the selection in the layer where the toggles are. */
  function save() {
    const toggle = toggles()[0];
    const layer = (toggle && layerOf(toggle.element)) ?? banner();
    return layer ? (controlsThatSay("save", layer)[0] ?? null) : null;
  }

  /** What closes the layer after a choice that does not close it by itself. */
  function close() {
    const toggle = toggles()[0];
    const layer = banner() ?? (toggle && layerOf(toggle.element));
    return layer ? (controlsThatSay("close", layer)[0] ?? null) : null;
  }

  /** A button that leads to the policy, where there is no link. */
  const leads = () => (banner() ? (controlsThatSay("policy", banner())[0] ?? null) : null);

  function policy(layer) {
    for (const element of elements()) {
      if (element.matches("a[href]") && contains(layer, element) && visible(element) && /^https?:/.test(element.protocol) && says("policy", plain(`${textOf(element)} ${accessibleName(element)}`)))
        return element.href.slice(0, 2000);
    }
    return "";
  }

  function dialogue(layer, within) {
    const is = (node) => node.tagName === "DIALOG" || /^(alert)?dialog$/.test(node.getAttribute("role") ?? "");
    for (let node = layer; node && node !== document.body; node = parent(node)) if (is(node)) return node;
    for (let node = within && parent(within); node && node !== layer; node = parent(node)) if (is(node)) return node;
    return layer;
  }

  function active() {
    let node = document.activeElement;
    for (let root = node && shadow(node); root?.activeElement; root = node && shadow(node)) node = root.activeElement;
    return node;
  }

  /** The layer that page.js found last. */
  function layer() {
    const node = banner();
    if (!node) return null;
    const pressable = [
      ["accept", window.__gonogo.control("accept")],
      ["reject", window.__gonogo.control("reject")],
      ["preferences", preferences()],
      ["policy", controlsThatSay("policy", node).find((one) => kind(one) === "button") ?? null],
    ].filter(([, element]) => element);
    const box = dialogue(node, pressable[0]?.[1]);
    const labelled = (box.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
    const name = labelled.map((id) => box.getRootNode().getElementById?.(id)?.textContent ?? "").join(" ");
    return {
      role: box.getAttribute("role") ?? (box.tagName === "DIALOG" ? "dialog" : ""),
      name: cut(name || box.getAttribute("aria-label")),
      modal: box.getAttribute("aria-modal") === "true" || box.matches(":modal"),
      focused: contains(box, active()),
      controls: pressable.map(([purpose, element]) => control(purpose, element, node)),
      policy: policy(node),
    };
  }

  // --- the page around it ---

  function optOut() {
    const found = controlsThatSay("opt_out", null)[0];
    return found ? text(found) : "";
  }

  /** Share of a grid of points whose topmost element floats above the page. */
  function covered() {
    let hidden = 0;
    for (let x = 0; x < GRID; x++) {
      for (let y = 0; y < GRID; y++) {
        const top = document.elementFromPoint(((x + 0.5) / GRID) * innerWidth, ((y + 0.5) / GRID) * innerHeight);
        for (let node = top; node; node = parent(node)) {
          if (node.tagName === "DIALOG" || getComputedStyle(node).position === "fixed") {
            hidden++;
            break;
          }
        }
      }
    }
    return hidden / (GRID * GRID);
  }

  function around() {
    const inside = banner();
    const reopens = reopening();
    return {
      withdrawal: reopens ? text(reopens) || cut(reopens.id || reopens.getAttribute("class"), 100) : "",
      optOut: optOut(),
      length: Math.max(0, (document.body?.innerText ?? "").length - (inside ? textOf(inside).length : 0)),
      covered: covered(),
    };
  }

  // --- what the page keeps, and what it tells its tags ---

  const soon = (promise) => Promise.race([promise, new Promise((done) => setTimeout(() => done(null), API_MS))]).catch(() => null);

  /** What a store tells; none where it may not be asked. Raises where it takes too long: that is not "nothing". */
  const listed = (asked) =>
    Promise.race([
      Promise.resolve(asked).catch(() => []),
      new Promise((_, fail) => setTimeout(() => fail(new Error("IndexedDB or caches did not tell in time")), STORES_MS)),
    ]);

  async function stores() {
    const databases = await listed(indexedDB?.databases?.() ?? []);
    const caches = await listed(window.caches?.keys() ?? []);
    return { databases: databases.slice(0, MOST_NAMES).map((one) => cut(one.name)), caches: caches.slice(0, MOST_NAMES).map((one) => cut(one)) };
  }

  function commands() {
    if (!Array.isArray(window.dataLayer)) return [];
    const calls = [...window.dataLayer].slice(0, MOST_CALLS).filter((one) => Object.prototype.toString.call(one) === "[object Arguments]" || Array.isArray(one));
    return calls
      .filter((one, at, calls_) => ["consent", "config", "js"].includes(one[0]) || (one[0] === "event" && calls_.findIndex((other) => other[0] === "event") === at))
      .slice(0, MOST_COMMANDS)
      .map((one) => {
        const target = typeof one[1] === "string" ? one[1] : "";
        const values = one[0] === "consent" && one[2] && typeof one[2] === "object" ? Object.entries(one[2]).slice(0, 20) : [];
        return [cut(one[0], 20), cut(target, 100), values.map(([key, value]) => [cut(key, 50), cut(value, 50)])];
      });
  }

  const asked = (api, ...told) => soon(new Promise((done) => api(...told, (answer) => done(answer))));
  const pairs = (answer, names) => names.filter((name) => answer[name] !== undefined).map((name) => [name, cut(typeof answer[name] === "object" ? JSON.stringify(answer[name]) : answer[name], 2000)]);

  async function tcf() {
    if (typeof window.__tcfapi !== "function") return null;
    const ping = (await asked(window.__tcfapi, "ping", 2)) ?? {};
    let state = null;
    for (const command of ["addEventListener", "getTCData"]) {
      state ??= await asked(window.__tcfapi, command, 2);
      if (command === "addEventListener" && state?.listenerId !== undefined) window.__tcfapi("removeEventListener", 2, () => {}, state.listenerId);
    }
    const consents = state?.purpose?.consents ?? {};
    const granted = Object.keys(consents).filter((number) => consents[number] === true).sort((a, b) => a - b);
    const answer = { ...ping, ...(state ?? {}), answered: Boolean(state), purposes: granted.join(",") };
    return pairs(answer, ["answered", "gdprApplies", "cmpStatus", "eventStatus", "cmpId", "tcString", "purposes"]);
  }

  async function gpp() {
    if (typeof window.__gpp !== "function") return null;
    const ping = await asked(window.__gpp, "ping");
    return pairs({ ...(ping ?? {}), answered: Boolean(ping) }, ["answered", "cmpStatus", "signalStatus", "applicableSections", "gppString"]);
  }

  const signals = async () => ({ commands: commands(), tcf: await tcf(), gpp: await gpp() });

  Object.defineProperty(window.__gonogo, "consent", {
    value: {
      layer,
      toggles: () => toggles().map(({ name, checked, fixed }) => ({ name, checked, fixed })),
      around,
      stores,
      signals,
      element: (purpose) => ({ preferences, reopening, optional, save, close, leads })[purpose](),
    },
  });
}
