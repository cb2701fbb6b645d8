// Runs in every frame before the page's own scripts: reports CSP violations and finds the consent banner.
// Called with (words, selectors): phrases by purpose, and the CSS selectors that the environment declares.
(words, selectors) => {
  "use strict";
  if (Object.hasOwn(window, "__gonogo")) return;

  const MOST_VIOLATIONS = 200;
  const MOST_CHARACTERS = 2000;
  const MOST_ELEMENTS = 60000;
  const MOST_CONTROLS = 2000;
  const LONGEST_CONTROL = 60; // a longer text is a sentence, not a button
  const LONGEST_BANNER = 4000; // a longer one is an article about cookies
  const LONGEST_INLINE = 1500;

  // --- shadow roots: a closed root stays closed to the page, but we remember it ---

  const roots = new WeakMap();
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function attachShadow() {
    const root = Reflect.apply(attach, this, arguments);
    roots.set(this, root);
    return root;
  };
  const shadow = (element) => roots.get(element) ?? element.shadowRoot;

  // --- a form's fields hide its properties of the same name: one called "children" stands where the list of children was ---

  const { apply } = Reflect;
  const getter = (holder, key) => {
    const { get } = Reflect.getOwnPropertyDescriptor(holder, key);
    return (node) => apply(get, node, []);
  };
  const children = getter(Element.prototype, "children");
  const parentElement = getter(Node.prototype, "parentElement");
  const idOf = getter(Element.prototype, "id");
  const innerText = getter(HTMLElement.prototype, "innerText");
  const { getRootNode } = Node.prototype;
  const parent = (node) => {
    const outer = parentElement(node);
    if (outer) return outer;
    const root = apply(getRootNode, node, []);
    return root instanceof ShadowRoot ? root.host : null;
  };

  // --- the built-ins as they were: old libraries replace them, and what is looked for with the replaced ones is not found ---

  const { defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
  const natives = [];
  const HOLDERS = [Object, Object.prototype, Array, Array.prototype, String.prototype, RegExp.prototype, Map.prototype, Set.prototype];
  HOLDERS.push(WeakMap.prototype, Node.prototype, Element.prototype, HTMLElement.prototype, HTMLInputElement.prototype, HTMLAnchorElement.prototype);
  HOLDERS.push(Document.prototype, DocumentFragment.prototype, Storage.prototype, JSON, Math);
  for (const holder of HOLDERS) {
    for (const key of ownKeys(holder)) {
      // consent.js wraps `cookie`; a page may only read the rest of what is left out.
      if (key !== "cookie" && key !== "prototype") natives.push({ holder, key, was: getOwnPropertyDescriptor(holder, key) });
    }
  }
  natives.push({ holder: window, key: "getComputedStyle", was: getOwnPropertyDescriptor(window, "getComputedStyle") });
  let stuck = "";

  /** Do work that does not wait with the built-ins of before the page's scripts; afterwards the page has its own again. */
  function natively(work) {
    // Plain loops: until they are put back, no method and no iterator can be relied on.
    const changed = { length: 0 };
    stuck = "";
    for (let at = 0; at < natives.length; at++) {
      const { holder, key, was } = natives[at];
      const now = getOwnPropertyDescriptor(holder, key);
      if (now && now.value === was.value && now.get === was.get && now.set === was.set) continue;
      if (defineProperty(holder, key, was)) changed[changed.length++] = { holder, key, now };
      else stuck = String(key);
    }
    try {
      return work();
    } finally {
      for (let at = changed.length - 1; at >= 0; at--) {
        const { holder, key, now } = changed[at];
        if (now) defineProperty(holder, key, now);
        else deleteProperty(holder, key);
      }
    }
  }

  let lacks = ""; // why a search was not a search of the whole page

  /** Every element of the document and of all shadow roots, in document order, up to a bound. */
  function* elements() {
    let left = MOST_ELEMENTS;
    const stack = [document.documentElement];
    while (stack.length && left-- > 0) {
      const element = stack.pop();
      if (!element) continue;
      yield element;
      const inner = shadow(element);
      stack.push(...[...children(element), ...(inner ? inner.children : [])].reverse());
    }
    if (stack.length) lacks = `it has more than ${MOST_ELEMENTS} elements`;
  }

  // --- text ---

  const SILENT = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT"]);

  /** Visible text with that of shadow roots inside, up to a bound. */
  function textOf(node, budget = { left: 600 }) {
    if (SILENT.has(node.tagName)) return "";
    let text = "innerText" in node ? innerText(node) : "";
    const hosts = [node, ...node.querySelectorAll("*")];
    for (const host of hosts) {
      if (budget.left-- <= 0) break;
      const root = shadow(host);
      if (root) for (const child of root.children) text += ` ${textOf(child, budget)}`;
    }
    return text;
  }

  const plain = (text) =>
    ` ${text.slice(0, MOST_CHARACTERS * 3).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim()} `;

  // Phrases of scripts that put no space between words match anywhere; `*` at the end matches any ending; `=` before: that alone.
  const compile = (phrases) =>
    phrases.map((phrase) => {
      const open = phrase.endsWith("*");
      const text = plain(phrase.replace("*", "")).trim();
      if (phrase.startsWith("=")) return `=${text}`;
      if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return text.replaceAll(" ", "");
      return ` ${text}${open ? "" : " "}`;
    });
  const lists = Object.fromEntries(Object.entries(words).map(([purpose, phrases]) => [purpose, compile(phrases)]));
  const says = (purpose, text) => {
    const [whole, dense] = [`=${text.trim()}`, text.replaceAll(" ", "")];
    return lists[purpose].some((phrase) => (phrase.startsWith("=") ? phrase === whole : text.includes(phrase) || dense.includes(phrase)));
  };

  // --- visibility ---

  function visible(element) {
    if (!element?.isConnected) return false;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true })) return false;
    let box = element.getBoundingClientRect();
    if (box.width < 1 || box.height < 1 || box.right <= 0 || box.left >= innerWidth) return false;
    if (box.bottom + scrollY <= 0) return false;
    for (let node = element; node; node = parent(node)) {
      const style = getComputedStyle(node);
      // What is scrolled within a part of the page is where that part is.
      if (node !== element && /auto|scroll/.test(style.overflowY) && node.scrollHeight > node.clientHeight + 1) box = node.getBoundingClientRect();
      if (style.position === "fixed") return box.bottom > 0 && box.top < innerHeight;
    }
    return true;
  }

  const label = (element) => element.labels?.[0] ?? element.closest("label");
  /** What a person would press: custom toggles hide their input below a label. */
  const face = (element) => [element, label(element), parent(element)].find((one) => one && visible(one)) ?? null;

  // --- what a control says ---

  const CONTROLS = "button, a, summary, [role=button], [role=link], input[type=button], input[type=submit], [onclick], [tabindex]";

  const visibleText = (element) => (element.tagName === "INPUT" ? element.value : textOf(element, { left: 50 })).trim();

  function accessibleName(element) {
    const named = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
    const text = named.map((id) => element.getRootNode().getElementById?.(id)?.textContent ?? "").join(" ");
    const given = text || element.getAttribute("aria-label") || element.getAttribute("title") || element.querySelector("img[alt]")?.alt;
    return given || element.querySelector("svg[aria-label], [role=img][aria-label]")?.getAttribute("aria-label") || element.querySelector("svg > title")?.textContent.trim() || "";
  }

  const NEAR = 3; // words

  /** Whether a "not" stands right before what accepts: "Ne pas autoriser". Cookies that are "not necessary" are another matter. */
  function denies(text) {
    if (says("inessential", text)) return false;
    return lists.not.some((no) => {
      const at = text.indexOf(no);
      return at >= 0 && says("accept", ` ${text.slice(at + no.length).trim().split(" ").slice(0, NEAR).join(" ")} `);
    });
  }

  /** "accept", "reject" or "": what pressing this control would mean. */
  function meaning(element) {
    const texts = [visibleText(element), accessibleName(element)].filter((text) => text && text.length <= LONGEST_CONTROL).map(plain);
    const link = element.tagName === "A" && element.getAttribute("role") !== "button";
    const short = texts.filter((text) => !link || text.trim().split(" ").length <= 4);
    if (!short.length || says("other", short[0])) return "";
    if (short.some((text) => says("reject", text))) return "reject";
    const accepts = short.filter((text) => says("accept", text));
    if (!accepts.length) return "";
    if (accepts.some(denies)) return "reject";
    // "Accept necessary cookies" refuses the others.
    return accepts.some((text) => says("essential", text) && !says("all", text) && !says("optional", text) && !says("inessential", text)) ? "reject" : "accept";
  }

  /** Of several controls that mean the same: one that speaks of all rather than a selection, and a button rather than a link. */
  function rank(element) {
    const text = plain(`${visibleText(element)} ${accessibleName(element)}`);
    return (says("all", text) ? 4 : 0) - (says("selection", text) ? 4 : 0) + (element.tagName === "A" ? 0 : 1);
  }
  const best = (controls) => controls.reduce((a, b) => (a && rank(a) >= rank(b) ? a : b), null);

  // --- the banner ---

  const NAMED = /cookie|consent|gdpr|dsgvo/i;
  const nameOf = (node) => `${idOf(node)} ${node.getAttribute("class") ?? ""}`;
  /** By its words, or where its author calls it so: a layer of toggles may never say "cookie". */
  const speaksOfConsent = (node, text) => (says("consent", text) || NAMED.test(nameOf(node))) && !says("gate", text);
  const asksForData = (node) =>
    [...node.querySelectorAll("input[type=email], input[type=password], input[type=date], input[type=tel]")].some(visible);
  const overlays = (node) =>
    node.tagName === "DIALOG" ||
    /^(alert)?dialog$/.test(node.getAttribute("role") ?? "") ||
    node.hasAttribute("aria-modal") ||
    /^(fixed|sticky)$/.test(getComputedStyle(node).position);
  const named = (node) => /cookie|consent|gdpr|dsgvo|cmp|privacy|banner/i.test(nameOf(node));

  /** It interrupts the page by itself, whatever else stands in it. */
  const speaksUp = (node) =>
    node.tagName === "DIALOG" || /^(alert)?dialog$/.test(node.getAttribute("role") ?? "") || node.hasAttribute("aria-modal") || (NAMED.test(nameOf(node)) && overlays(node));

  /** The nearest ancestor that is a banner; `inline` when only its words make it one. */
  function bannerOf(control) {
    let inline = null;
    let long = false;
    for (let node = parent(control); node; node = parent(node)) {
      const body = node === document.body || node === document.documentElement;
      if (body && window === window.top) break;
      // A dialogue may hold a list of a hundred partners; what stands in the page's flow is an article then.
      if (long && !speaksUp(node)) continue;
      const text = textOf(node);
      if (text.length > LONGEST_BANNER && !speaksUp(node)) {
        long = true;
        continue;
      }
      if (!speaksOfConsent(node, plain(text)) || asksForData(node)) continue;
      if (body || overlays(node) || named(node)) return { node, inline: false };
      if (!inline && text.length <= LONGEST_INLINE) inline = { node, inline: true };
    }
    return inline;
  }

  function first(selector, within = null) {
    for (const element of elements()) {
      if (element.matches(selector) && visible(element) && (!within || contains(within, element))) return element;
    }
    return null;
  }
  function contains(outer, element) {
    for (let node = element; node; node = parent(node)) if (node === outer) return true;
    return false;
  }

  function controlsIn(outer) {
    const found = { accept: [], reject: [] };
    let left = MOST_CONTROLS;
    for (const element of elements()) {
      if (!element.matches(CONTROLS) || (outer && !contains(outer, element)) || !visible(element)) continue;
      if (left-- <= 0) {
        lacks = `it has more than ${MOST_CONTROLS} controls`;
        break;
      }
      const means = meaning(element);
      if (means) found[means].push(element);
    }
    return found;
  }

  function declared() {
    const chosen = (purpose) => (selectors[purpose] ? first(selectors[purpose]) : null);
    let banner = chosen("banner");
    const [accept, reject] = [chosen("accept"), chosen("reject")];
    if (!selectors.banner) {
      const control = accept ?? reject;
      banner = control && (bannerOf(control)?.node ?? parent(control));
    }
    if (!banner) return null;
    const within = controlsIn(banner);
    const [accepts, rejects] = [best(within.accept), best(within.reject)];
    // What a stale selector no longer finds may stand there all the same.
    const missed = [selectors.accept && !accept && accepts && "accept", selectors.reject && !reject && rejects && "reject"].filter(Boolean);
    return { banner, accept: accept ?? accepts, reject: reject ?? rejects, missed };
  }

  /** `floating`: only what stands above the page or is named as a banner. */
  function byWords(floating = false) {
    const groups = new Map();
    const { accept, reject } = controlsIn(null);
    for (const [purpose, controls] of Object.entries({ accept, reject })) {
      for (const control of controls) {
        const place = bannerOf(control);
        if (!place) continue;
        const group = groups.get(place.node) ?? { ...place, accept: [], reject: [], floats: overlays(place.node) };
        group[purpose].push(control);
        groups.set(place.node, group);
      }
    }
    const score = (group) => (group.accept.length ? 4 : 0) + (group.reject.length ? 2 : 0) + (group.floats ? 1 : 0);
    const candidates = [...groups.values()].filter((group) => !group.inline || (!floating && group.accept.length && group.reject.length));
    const chosen = candidates.reduce((a, b) => (a && score(a) >= score(b) ? a : b), null);
    if (!chosen) return null;
    const weak = !chosen.floats && !(chosen.accept.length && chosen.reject.length);
    return { banner: chosen.node, accept: best(chosen.accept), reject: best(chosen.reject), weak };
  }

  let found = null;
  let byRules = () => null; // of rules.js, where it is in use

  const wordsOf = (element) => (element ? visibleText(element) || accessibleName(element) : "").slice(0, 100);
  /** A control that says something; an icon alone answers no question that it does not tell. */
  const speaking = (element) => (element && /\p{L}{2}/u.test(wordsOf(element)) ? element : null);

  /** What a rule finds is judged where nothing else was found; else it may only help to press. */
  function withRules() {
    if (found?.accept && found.reject) return;
    const known = byRules();
    if (!known) return;
    const { accept, reject, rule } = known;
    if (!found) found = { banner: known.banner, accept: speaking(accept), reject: speaking(reject), rule };
    found.help = { accept, reject };
  }

  /** What stands in this frame now; remembered for `control`. `wide`: where selectors find nothing, by its words alone too. */
  const look = (wide = false) => natively(() => search(wide));
  function search(wide) {
    lacks = stuck && `the page has replaced ${stuck}`;
    const names = ["banner", "accept", "reject"].filter((name) => selectors[name]);
    found = names.length ? declared() : byWords();
    // In a frame, what its selectors do not find may be another's question: that of an embedded player.
    if (!found && names.length && (wide || window === window.top)) {
      found = byWords(!wide);
      if (found) found.missed = names.filter((name) => !first(selectors[name]));
    }
    withRules();
    if (!found) return { lacks };
    return {
      lacks: "",
      accept: wordsOf(found.accept),
      reject: wordsOf(found.reject),
      text: textOf(found.banner).slice(0, 300),
      rule: found.rule ?? "",
      missed: found.missed ?? [],
      weak: Boolean(found.weak), // in the page's flow, and with one answer: what stands in place of a video looks so, too
      pressable: ["accept", "reject"].filter((purpose) => pressable(purpose)),
    };
  }
  const pressable = (purpose) => found?.[purpose] ?? found?.help?.[purpose] ?? null;

  const { addEventListener: listen } = EventTarget.prototype;

  /** Tells, from now on, whether a person's click arrived at an element. */
  function watched(element) {
    let [clicked, touched] = [false, false];
    apply(listen, element, ["click", (event) => (clicked ||= event.isTrusted), true]);
    apply(listen, element, ["pointerdown", (event) => (touched ||= event.isTrusted), true]);
    // Some act when the button goes down, and are gone when it comes up.
    return { arrived: () => clicked || (touched && !element.isConnected) };
  }

  // --- CSP violations: handed over at once, and kept, for a page that changes how JSON is made loses what is handed over ---

  const kept = [];
  let violations = 0;
  const clip = (value) => String(value ?? "").slice(0, MOST_CHARACTERS);
  addEventListener(
    "securitypolicyviolation",
    (event) => {
      if (!event.isTrusted || violations++ >= MOST_VIOLATIONS) return;
      const source = event.sourceFile ? `${event.sourceFile}:${event.lineNumber}` : event.documentURI;
      const fields = [event.effectiveDirective || event.violatedDirective, event.blockedURI, source, event.disposition].map(clip);
      kept.push(fields);
      // Refused, it must not become an error of the page.
      natively(() => window.__gonogo_violation?.(fields)?.catch(() => {}));
    },
    true,
  );

  Object.defineProperty(window, "__gonogo", {
    value: {
      look,
      natively,
      visible,
      control: (purpose) => found?.[purpose] ?? null,
      pressable,
      watched,
      violations: () => kept.splice(0),
      vitals: null,
      // For consent.js, which describes what stands here.
      finder: { CONTROLS, accessibleName, banner: () => found?.banner ?? null, bannerOf, contains, elements, face, first, label, learn: (find) => (byRules = find), nameOf, overlays, parent, plain, says, selectors, shadow, textOf, visibleText },
    },
  });
}
