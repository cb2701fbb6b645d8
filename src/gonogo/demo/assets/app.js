/* Acme Insights: consent, analytics, error reports and the two pages that move. No dependencies. */
(() => {
  "use strict";

  const settings = window.acme;
  const HALF_YEAR = 180 * 24 * 60 * 60;
  const CONSENT = "consent";
  const VISITOR = "_ax";
  const REVISION = "2"; // of the policy; who chose under another one is asked again

  // --- cookies ---

  const readCookie = (name) => {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  };
  const writeCookie = (name, value, seconds) => {
    document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=${seconds}; Secure; SameSite=Lax`;
  };
  const removeCookie = (name) => writeCookie(name, "", 0);

  // --- error reports: essential, sent only when something broke, naming nobody ---

  const reported = new Set();
  const reportError = (message, source) => {
    const key = `${message}@${source}`;
    if (reported.has(key) || reported.size > 4) return;
    reported.add(key);
    const event = {
      release: settings.release,
      environment: settings.environment,
      request: { url: location.href },
      tags: { source },
      exception: { values: [{ type: "Error", value: message }] },
    };
    const lines = [{ sent_at: new Date().toISOString() }, { type: "event" }, event];
    const body = lines.map((line) => JSON.stringify(line)).join("\n");
    fetch(settings.errors, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
  };
  window.addEventListener("error", (event) => {
    if (event.message) reportError(event.message, `${event.filename}:${event.lineno}`);
  });
  window.addEventListener("unhandledrejection", (event) => reportError(String(event.reason), "promise"));

  const logError = (message, source) => {
    const body = JSON.stringify({ message, source, severity: "error" });
    fetch("/client-errors", { method: "POST", body, keepalive: true, headers: { "Content-Type": "application/json" } }).catch(() => {});
  };
  window.addEventListener("error", (event) => event.message && logError(event.message, `${event.filename}:${event.lineno}`));

  const { dsn, release, environment } = settings;
  window.Sentry = { getClient: () => ({ getOptions: () => ({ dsn, release, environment }) }) };

  // --- analytics: only after consent ---

  const analytics = {
    visitor: "",
    seenAt: 0,
    identify() {
      this.visitor = readCookie(VISITOR) || crypto.randomUUID();
      writeCookie(VISITOR, this.visitor, HALF_YEAR);
    },
    address() {
      const gcs = consent.choice() === "granted" ? "G101" : "G100";
      const shared = { v: "2", tid: settings.measurement, cid: this.visitor, gcs, dl: location.href };
      return `${settings.collector}?${new URLSearchParams(shared)}`;
    },
    hit(name, details = {}) {
      return new URLSearchParams({ en: name, ...details }).toString();
    },
    event(name) {
      if (!this.visitor) return;
      fetch(this.address(), { method: "POST", body: this.hit(name), keepalive: true, credentials: "omit" }).catch(() => {});
    },
    view() {
      this.seenAt = performance.now();
      const body = this.hit("page_view", { title: document.title });
      fetch(this.address(), { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
    },
    start() {
      if (this.visitor) return;
      this.identify();
      this.view();
    },
    stop() {
      this.visitor = "";
      removeCookie(VISITOR);
    },
    leave() {
      if (!this.visitor) return;
      const seconds = Math.round((performance.now() - this.seenAt) / 1000);
      navigator.sendBeacon(this.address(), this.hit("page_leave", { seconds }));
    },
  };
  window.addEventListener("pagehide", () => analytics.leave());

  // --- what tags are told: Google's Consent Mode v2 ---

  const tell = function () {
    (window.dataLayer ??= []).push(arguments);
  };
  const DENIED = { ad_storage: "denied", analytics_storage: "denied", ad_user_data: "denied", ad_personalization: "denied" };
  tell("consent", "default", DENIED);
  tell("js", new Date());
  tell("config", settings.measurement);

  // --- consent ---

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  const consent = {
    dialog: null,
    choice() {
      const [choice, revision] = readCookie(CONSENT).split(".");
      return revision === REVISION ? choice : "";
    },
    apply(choice) {
      tell("consent", "update", { ...DENIED, analytics_storage: choice });
      if (choice === "granted") analytics.start();
      if (choice === "denied") analytics.stop();
    },
    choose(choice) {
      writeCookie(CONSENT, `${choice}.${REVISION}`, HALF_YEAR);
      this.close();
      this.apply(choice);
    },
    close() {
      this.dialog?.remove();
      this.dialog = null;
      document.getElementById("cookie-settings")?.focus({ preventScroll: true });
    },
    open() {
      if (this.dialog) return;
      const button = (text, action) => {
        const made = element("button", { type: "button", className: "button", textContent: text });
        made.addEventListener("click", action);
        return made;
      };
      const box = element("input", { type: "checkbox", id: "consent-analytics", checked: this.choice() === "granted" });
      const preferences = element(
        "fieldset",
        { hidden: true },
        element("legend", { textContent: "What may run" }),
        element("label", {}, element("input", { type: "checkbox", checked: true, disabled: true }), " Needed: session, your choice, error reports"),
        element("label", {}, box, " Analytics: how the site is used"),
        button("Save my choice", () => this.choose(box.checked ? "granted" : "denied")),
      );
      const more = element("button", { type: "button", className: "link", textContent: "Preferences" });
      more.setAttribute("aria-expanded", "false");
      more.addEventListener("click", () => {
        preferences.hidden = !preferences.hidden;
        more.setAttribute("aria-expanded", String(!preferences.hidden));
      });
      this.dialog = element(
        "section",
        { className: "consent", id: "consent-banner" },
        element("h2", { id: "consent-title", textContent: "Cookies on this site" }),
        element(
          "p",
          {},
          "We would like to count how our site is used. Nothing is counted unless you accept. Read our ",
          element("a", { href: "/privacy", textContent: "privacy policy" }),
          ".",
        ),
        preferences,
        element(
          "div",
          { className: "actions" },
          button("Accept all", () => this.choose("granted")),
          button("Reject all", () => this.choose("denied")),
          more,
        ),
      );
      this.dialog.setAttribute("role", "dialog");
      this.dialog.setAttribute("aria-labelledby", "consent-title");
      // First in the document, so that it is first in the order of the keyboard; it floats, so nothing moves.
      document.body.prepend(this.dialog);
    },
    begin() {
      const choice = this.choice();
      if (choice) this.apply(choice);
      else this.open();
      document.getElementById("cookie-settings")?.addEventListener("click", () => {
        this.open();
        this.dialog.querySelector(".actions button").focus();
      });
    },
  };

  // --- home ---

  const beginHome = () => {
    const button = document.getElementById("show-figures");
    const figures = document.getElementById("figures");
    button.addEventListener("click", () => {
      figures.hidden = !figures.hidden;
      button.setAttribute("aria-expanded", String(!figures.hidden));
      button.textContent = figures.hidden ? "Show this week's figures" : "Hide this week's figures";
      if (!figures.hidden) analytics.event("figures_shown");
    });
  };

  // --- dashboard ---

  const SVG = "http://www.w3.org/2000/svg";
  const drawChart = (days) => {
    const most = Math.max(1, ...days.map((day) => day.events));
    const chart = document.createElementNS(SVG, "svg");
    chart.setAttribute("viewBox", "0 0 700 200");
    chart.setAttribute("preserveAspectRatio", "none");
    days.forEach((day, index) => {
      const height = (day.events / most) * 190;
      const bar = document.createElementNS(SVG, "rect");
      Object.entries({ x: index * 50 + 6, y: 200 - height, width: 38, height, rx: 4 }).forEach(([name, value]) => bar.setAttribute(name, value));
      chart.append(bar);
    });
    document.getElementById("chart").replaceChildren(chart);
  };
  const showFigures = (figures) => {
    const set = (id, text) => { document.getElementById(id).textContent = text; };
    set("total-events", figures.events.toLocaleString("en"));
    set("total-sessions", figures.sessions.toLocaleString("en"));
    set("per-session", (figures.events / Math.max(1, figures.sessions)).toFixed(1));
    set("updated", `Updated at ${new Date(figures.generated_at).toLocaleTimeString("en")}.`);
    drawChart(figures.days);
    const row = (day) => element("tr", {}, ...[day.date, day.events, day.sessions].map((text) => element("td", { textContent: text })));
    document.getElementById("days").replaceChildren(...figures.days.map(row));
  };
  const beginTeam = async () => {
    const response = await fetch("/api/analytics/engagement/metrics");
    const { bounce_rate: rate } = response.ok ? await response.json() : {};
    document.getElementById("bounce-rate").textContent = rate === undefined ? "–" : `${(100 * rate).toFixed(1)} %`;
  };
  const beginDashboard = () => {
    const refresh = async () => {
      try {
        const response = await fetch("/api/public/summary", { headers: { Accept: "application/json" } });
        if (!response.ok) throw new Error(`the summary answered ${response.status}`);
        showFigures(await response.json());
      } catch (error) {
        document.getElementById("updated").textContent = "The figures cannot be loaded at the moment.";
        reportError(String(error), "dashboard");
      }
    };
    refresh();
    setInterval(refresh, 15000);
    if (document.getElementById("bounce-rate")) beginTeam();
  };

  consent.begin();
  const page = document.body.dataset.page;
  if (page === "home") beginHome();
  if (page === "dashboard" || page === "team") beginDashboard();
})();
