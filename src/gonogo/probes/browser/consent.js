// Runs in every frame of a consent visit, after page.js: describes the consent layer, and hands over what sets cookies.
// Called with (gpc): whether Global Privacy Control is on.
(gpc) => {
  "use strict";
  if (!window.__gonogo || Object.hasOwn(window.__gonogo, "consent")) return;
  const { CONTROLS, accessibleName, banner, bannerOf, contains, elements, face, first, label, nameOf, overlays, parent, plain, says, selectors, shadow, textOf, visibleText } =
    window.__gonogo.finder;
  const { natively, visible } = window.__gonogo;

  const MOST_WRITES = 500;
  const MOST_COMMANDS = 200;
  const MOST_CALLS = 20000;
  const MOST_NAMES = 100;
  const LONGEST_STRING = 16385; // one more than a reader of TC and GPP strings takes
  const MOST_TOGGLES = 100;
  const LONGEST_CONTROL = 60;
  const MOST_ELEMENTS = 60000;
  const MOST_TEXT = 100000;
  const FINE = 10; // points to a side
  const LONGEST_SEEN = 400;
  const MOST_WORDS = 5; // of a toggle's name, to tell whether it is essential
  const API_MS = 300; // an API of a consent manager that takes longer is taken not to answer
  const STORES_MS = 2000;
  const GRID = 5;
  const cut = (text, most = 200) => String(text ?? "").replace(/\s+/g, " ").trim().slice(0, most);

  if (gpc) Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true, configurable: true });

  // --- cookies that scripts set ---

  const writes = new Set();
  /** A cookie of one name and the same attributes counts once, however often its value is written. */
  const note = (text) => natively(() => {
    const [pair, ...attributes] = String(text).slice(0, 1000).split(";");
    const kind = [pair.split("=")[0], ...attributes].join(";");
    if (writes.has(kind) || writes.size > MOST_WRITES) return;
    writes.add(kind);
    // The one beyond the bound tells that others follow.
    window.__gonogo_cookie?.([location.hostname, writes.size > MOST_WRITES ? "" : String(text).slice(0, 1000)]);
  });
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

  /** The mean colour of a gradient; null where there is a picture. */
  function gradient(image) {
    const colours = image.includes("url(") ? [] : (image.match(/(?:rgba?|hsla?|oklch|oklab|lab|lch|color)\([^()]*\)/g) ?? []).map(rgba);
    return colours.length ? [0, 1, 2, 3].map((part) => colours.reduce((sum, colour) => sum + colour[part], 0) / colours.length) : null;
  }

  /** The colour of what lies behind an element's text; null where there is a picture. */
  function surface(element) {
    const layers = [];
    for (let node = element; node; node = parent(node)) {
      const style = getComputedStyle(node);
      const colours = [rgba(style.backgroundColor)];
      if (style.backgroundImage !== "none") colours.unshift(gradient(style.backgroundImage));
      if (!colours[0]) return null;
      layers.push(...colours.filter((colour) => colour[3] > 0));
      if (colours.some((colour) => colour[3] === 1)) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  }

  /** How opaque an element is within the layer. */
  function opacity(element, layer) {
    let product = 1;
    for (let node = element; node && node !== layer; node = parent(node)) product *= Number(getComputedStyle(node).opacity);
    return product;
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
    const [behind, within] = [surface(layer), surface(element)];
    const shine = (colour) => behind && over([...colour.slice(0, 3), opacity(element, layer)], behind);
    const below = within && shine(within);
    return {
      purpose,
      text: text(element),
      kind: kind(element),
      width: box.width,
      height: box.height,
      font: parseFloat(style.fontSize) || 0,
      contrast: below ? contrast(shine(over(rgba(style.color), within)), below) : 0,
      fill: below ? contrast(below, behind) : 0,
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
    const declared = selectors.preferences && first(selectors.preferences);
    if (declared) return declared;
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
    const declared = selectors.settings && first(selectors.settings);
    if (declared) return declared;
    const layer = banner();
    let found = null;
    for (const element of elements()) {
      const named = REOPENS.test(nameOf(element)) && cut(element.textContent).length > 0;
      if (!(named || element.matches(CONTROLS)) || (layer && contains(layer, element)) || !visible(element)) continue;
      const words = said(element);
      if (words.some((one) => says("withdraw", one))) found = element;
      else if (!found && (named || (kind(element) === "button" && words.some((one) => BARE.test(one))))) found = element;
    }
    return found;
  }

  let whole = false; // the page itself is where the choice is made: "Cookie settings" has led to it

  /** The nearest ancestor that floats or is named as a consent layer and speaks of it, however long it is. */
  function layerOf(element) {
    for (let node = parent(element); node && node !== document.documentElement; node = parent(node)) {
      const body = node === document.body;
      if (body && window === window.top) return whole ? node : null;
      const named = /cookie|consent|gdpr|dsgvo|cmp|privacy|klaro|tarteaucitron/i.test(nameOf(node));
      if (named && overlays(node)) return node;
      if ((body || named || overlays(node)) && says("consent", plain(textOf(node)))) return node;
    }
    return null;
  }

  const SWITCHES = "input[type=checkbox], [role=switch], [role=checkbox], button[aria-pressed], [role=button][aria-pressed]";
  const RADIOS = "input[type=radio], [role=radio]";
  const ticked = (element) => (element.matches("input") ? element.checked : [element.getAttribute("aria-checked"), element.getAttribute("aria-pressed")].includes("true"));

  const pressable = (element) => element.tagName === "BUTTON" || element.getAttribute("role") === "button";
  const ownName = (element) => cut(accessibleName(element) || textOf(pressable(element) ? element : (label(element) ?? parent(element))), 100);
  const locked = (element) => Boolean(element.disabled || element.readOnly || element.getAttribute("aria-disabled") === "true");
  /** By how a name begins: "Statistics: only what is needed" is none. */
  function essential(name) {
    const begins = plain(name.split(/[:.,;–—(|]/)[0]).trim().split(" ").slice(0, MOST_WORDS).join(" ");
    return says("essential", ` ${begins} `) && !says("optional", ` ${begins} `) && !says("inessential", plain(name));
  }

  /** What cannot be switched off is taken for necessary, unless its name says what it is for. */
  const mustBe = (element, name) => essential(name) || (locked(element) && !says("optional", plain(name)));

  function groupName(element) {
    const group = element.closest("fieldset, [role=radiogroup], [role=group]");
    const legend = group?.querySelector("legend");
    return cut((legend && textOf(legend)) || (group && (accessibleName(group) || textOf(group))) || textOf(parent(label(element) ?? element)), 100);
  }

  /** Radio buttons of one name of which one says yes and one says no: a toggle that is switched off by its other half. */
  function yesAndNo(radios) {
    const groups = new Map();
    for (const radio of radios) {
      const key = radio.name || radio.closest("[role=radiogroup], fieldset") || parent(radio);
      groups.set(key, [...(groups.get(key) ?? []), radio]);
    }
    const found = [];
    for (const group of groups.values()) {
      const tells = (one, ...purposes) => purposes.some((purpose) => says(purpose, plain(ownName(one))));
      const off = group.find((one) => tells(one, "off", "reject"));
      const on = group.find((one) => one !== off && tells(one, "on", "accept"));
      if (!on || !off) continue;
      const name = groupName(on);
      found.push({ element: on, off, name, checked: ticked(on), stuck: locked(on), fixed: mustBe(on, name) });
    }
    return found;
  }

  function toggles() {
    const found = [];
    const radios = [];
    for (const element of elements()) {
      const single = element.matches(SWITCHES);
      if (!(single || element.matches(RADIOS)) || found.length + radios.length >= MOST_TOGGLES) continue;
      if (!face(element) || !layerOf(element)) continue;
      if (!single) {
        radios.push(element);
        continue;
      }
      const name = ownName(element);
      found.push({ element, off: element, name, checked: ticked(element), stuck: locked(element), fixed: mustBe(element, name) });
    }
    return [...found, ...yesAndNo(radios)];
  }

  /** What to press next to switch off an optional purpose that is on. */
  function optional() {
    const next = toggles().find((one) => one.checked && !one.fixed && !one.stuck);
    return next ? face(next.off) : null;
  }

  /** The control that stores the selection; "Confirm all" beside it speaks of everything. */
  function saveIn(layer) {
    const found = controlsThatSay("save", layer);
    return found.find((one) => said(one).every((words) => !says("all", words) || says("selection", words))) ?? found[0] ?? null;
  }

  /** That of the layer where the toggles are. */
  function save() {
    const toggle = toggles()[0];
    const layer = (toggle && layerOf(toggle.element)) ?? banner();
    return layer ? saveIn(layer) : null;
  }

  /** What closes the layer after a choice that does not close it by itself. */
  function close() {
    const toggle = toggles()[0];
    const layer = banner() ?? (toggle && layerOf(toggle.element));
    return layer ? (controlsThatSay("close", layer)[0] ?? null) : null;
  }

  const CROSS = /^[×✕✖✗✘⨯╳xX]$/u;
  const CLOSES = /(^|[\s_-])(close|dismiss)([\s_-]|$)/i;

  /** What closes the first layer and answers nothing. */
  function dismiss() {
    const layer = banner();
    if (!layer) return null;
    const answers = ["accept", "reject"].map((choice) => window.__gonogo.control(choice));
    for (const element of elements()) {
      const pressed = element.matches(CONTROLS) || (!element.firstElementChild && CROSS.test((element.textContent ?? "").trim()));
      if (!pressed || !contains(layer, element) || !visible(element) || answers.includes(element)) continue;
      const words = said(element);
      if (words.some((one) => says("accept", one) || says("reject", one))) continue;
      const unnamed = !words.length && CLOSES.test(nameOf(element));
      if (unnamed || CROSS.test(visibleText(element)) || words.some((one) => says("close", one))) return element;
    }
    return null;
  }

  /** A link that is called "Cookies" and nothing else: on some sites it leads to the page of the choice. */
  function cookies() {
    let found = null;
    for (const element of elements()) {
      if (element.matches("a[href]") && visible(element) && said(element).some((one) => one === " cookies " || one === " cookie ")) found = element;
    }
    return found;
  }

  /** Whether a link leads to another document or to a part of this one; one to nowhere is a button. */
  function arrives(link) {
    if (!link.matches("a[href]") || !/^https?:/.test(link.protocol)) return false;
    const [there, part] = link.href.split(/#(.*)/s);
    if (there !== location.href.split("#")[0]) return true;
    const names = part ? [part] : [];
    try {
      if (part) names.push(decodeURIComponent(part));
    } catch {
      // As it stands, then.
    }
    // What is hidden, a script must bring into sight: that is seen by pressing.
    return names.some((one) => (document.getElementById(one) ?? document.querySelector(`a[name="${CSS.escape(one)}"]`))?.checkVisibility());
  }

  /** Where the policy is: on the site itself, rather than with a vendor that is named beside it. */
  function policy(layer) {
    let found = "";
    for (const element of elements()) {
      if (!arrives(element) || !contains(layer, element) || !visible(element) || !says("policy", plain(`${textOf(element)} ${accessibleName(element)}`))) continue;
      const own = element.hostname === location.hostname;
      if (own || !found) found = element.href.slice(0, 2000);
      if (own) break;
    }
    return found;
  }

  /** What is neither a button nor a link, can be pressed, and says itself that it leads to the policy. */
  const offers = (one) => (one.tabIndex >= 0 || one.hasAttribute("onclick")) && visibleText(one).length <= LONGEST_CONTROL && says("policy", plain(visibleText(one)));

  /** What leads to the policy where no link does: a button, or a link that is one. It makes no choice. */
  function explains(layer) {
    const answers = [window.__gonogo.control("accept"), window.__gonogo.control("reject"), saveIn(layer)].filter(Boolean);
    const found = controlsThatSay("policy", layer).filter(
      (one) => one !== layer && (kind(one) !== "other" || offers(one)) && !arrives(one) && !answers.some((other) => contains(one, other) || contains(other, one)),
    );
    const opens = found.length > 1 ? preferences() : null;
    return found.find((one) => one !== opens) ?? null;
  }
  const leads = () => (banner() ? explains(banner()) : null);

  /** The document's text, that of what is on top at a grid of points, and how many documents that are no frames are embedded. */
  function contents() {
    const body = document.body;
    if (!body) return [[], [], 0];
    const embedded = [...document.querySelectorAll("object, embed")].filter(visible).length;
    const whole = textOf(body, { left: MOST_ELEMENTS });
    const texts = whole.length > MOST_TEXT ? [...whole.slice(0, MOST_TEXT).split("\n"), ...whole.slice(-MOST_TEXT).split("\n")] : whole.split("\n");
    const seen = [];
    for (let x = 0; x < FINE; x++) {
      for (let y = 0; y < FINE; y++) {
        const [left, top] = [((x + 0.5) / FINE) * innerWidth, ((y + 0.5) / FINE) * innerHeight];
        let element = document.elementFromPoint(left, top);
        for (let depth = 0; depth < 20; depth++) {
          const inner = element && shadow(element)?.elementFromPoint(left, top);
          if (!inner || inner === element) break;
          element = inner;
        }
        if (element) seen.push(textOf(element, { left: 50 }).slice(0, LONGEST_SEEN));
      }
    }
    return [texts, seen, embedded];
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
      ["policy", explains(node)],
      ["save", saveIn(node)],
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

  const BLURRED = 3; // CSS pixels, from which letters run together
  const FAINT = 0.15;

  /** Share of a grid of points whose topmost element floats above the page, or cannot be read: blurred, or next to transparent. */
  function covered() {
    let hidden = 0;
    for (let x = 0; x < GRID; x++) {
      for (let y = 0; y < GRID; y++) {
        const top = document.elementFromPoint(((x + 0.5) / GRID) * innerWidth, ((y + 0.5) / GRID) * innerHeight);
        let opaque = 1;
        for (let node = top; node; node = parent(node)) {
          const style = getComputedStyle(node);
          opaque *= Number(style.opacity);
          const blur = parseFloat(style.filter.match(/blur\(([\d.]+)px\)/)?.[1] ?? "0");
          if (floats(node, style) || blur >= BLURRED || opaque < FAINT) {
            hidden++;
            break;
          }
        }
      }
    }
    return hidden / (GRID * GRID);
  }

  /** Whether a part of the page that fills the window holds more than it lets be scrolled to. */
  function shell() {
    for (let node = document.elementsFromPoint(innerWidth / 2, innerHeight / 2).find((one) => !above(one)); node && node !== document.body; node = parent(node)) {
      if (/hidden|clip/.test(getComputedStyle(node).overflowY) && node.clientHeight >= 0.9 * innerHeight && node.scrollHeight > node.clientHeight + 2) return true;
    }
    return false;
  }

  const floats = (node, style = getComputedStyle(node)) => node.tagName === "DIALOG" || style.position === "fixed";
  function above(element) {
    for (let node = element; node; node = parent(node)) if (floats(node)) return true;
    return false;
  }

  /** Whether a page that is longer than the window cannot be scrolled. */
  function stands() {
    const [root, body] = [document.documentElement, document.body];
    if (!body || Math.max(root.scrollHeight, body.scrollHeight) <= innerHeight + 2) return false;
    const [outer, inner] = [getComputedStyle(root), getComputedStyle(body)];
    const hides = (style) => /hidden|clip/.test(style.overflowY);
    return inner.position === "fixed" || hides(outer) || (hides(inner) && outer.overflowY === "visible");
  }

  /** Hosts to which the page opens connections beforehand: they learn the visitor's address. */
  const preconnects = () =>
    [...document.querySelectorAll("link[rel~=preconnect i]")].slice(0, MOST_NAMES).filter((one) => /^https?:/.test(one.href)).map((one) => cut(one.href, 300));

  /** What has the focus; empty where nothing has. */
  function focus() {
    const holder = active();
    return !holder || holder === document.body || holder === document.documentElement ? "" : text(holder) || holder.tagName.toLowerCase();
  }

  function around() {
    const inside = banner();
    const counted = inside && document.body?.contains(inside) ? (inside.innerText ?? "").length : 0;
    const reopens = reopening();
    return {
      withdrawal: reopens ? text(reopens) || cut(reopens.id || reopens.getAttribute("class"), 100) : "",
      optOut: optOut(),
      length: Math.max(0, (document.body?.innerText ?? "").length - counted),
      covered: covered(),
      locked: stands() || shell(),
      focus: focus(),
      preconnects: preconnects(),
    };
  }

  // --- what the page keeps, and what it tells its tags ---

  const soon = (promise) => Promise.race([promise, new Promise((done) => setTimeout(() => done(null), API_MS))]).catch(() => null);

  /** What a store tells; none where it may not be asked, as in a sandboxed frame. Raises where it takes too long: that is not "nothing". */
  const listed = (ask) =>
    Promise.race([
      (async () => (await ask()) ?? [])().catch(() => []),
      new Promise((_, fail) => setTimeout(() => fail(new Error("IndexedDB or caches did not tell in time")), STORES_MS)),
    ]);

  async function stores() {
    const databases = await listed(() => indexedDB?.databases?.());
    const caches = await listed(() => window.caches?.keys());
    const files = await listed(async () => {
      const names = [];
      for await (const name of (await navigator.storage.getDirectory()).keys()) if (names.push(name) >= MOST_NAMES) break;
      return names;
    });
    return {
      files: files.map((one) => cut(one)), databases: databases.slice(0, MOST_NAMES).map((one) => cut(one.name)), caches: caches.slice(0, MOST_NAMES).map((one) => cut(one)) };
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
  const pairs = (answer, names) => names.filter((name) => answer[name] !== undefined).map((name) => [name, cut(typeof answer[name] === "object" ? JSON.stringify(answer[name]) : answer[name], LONGEST_STRING)]);

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
      layer: () => natively(layer),
      toggles: () => natively(() => toggles().map(({ name, checked, fixed }) => ({ name, checked, fixed }))),
      around: () => natively(around),
      stores: () => natively(stores),
      signals: () => natively(signals),
      whole: (now) => (whole = now),
      contents: () => natively(contents),
      element: (purpose) => natively(() => ({ preferences, reopening, cookies, optional, save, close, dismiss, leads })[purpose]()),
    },
  });
}
