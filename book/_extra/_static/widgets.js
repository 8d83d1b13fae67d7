// For the widgets of a page, whose HTML comes from vendor/widgets/embed.js, not from us:
// 1. sliders and buttons get the names and values that a screen reader speaks;
// 2. what only a kernel could answer (typing into a readout) is switched off.

(() => {
  "use strict";

  const text = (element) => (element ? element.textContent.trim() : "");

  function set(element, attribute, value) {
    if (element.getAttribute(attribute) !== value) element.setAttribute(attribute, value);
  }

  // A slider handle is named by its label; its value is the readout, not the index.
  function nameSlider(handle) {
    const widget = handle.closest(".widget-slider");
    set(handle, "aria-label", text(widget.querySelector(".widget-label")) || "slider");
    const readout = widget.querySelector(".widget-readout");
    if (!readout) return;
    set(handle, "aria-valuetext", text(readout));
    set(readout, "contenteditable", "false");
  }

  // The buttons of a Play widget carry icons only.
  const ICONS = { play: "play", pause: "pause", stop: "stop and go to the start", retweet: "repeat" };
  function nameButton(button) {
    if (text(button)) return;
    const icon = Object.keys(ICONS).find((name) => button.querySelector(`.fa-${name}`));
    set(button, "aria-label", ICONS[icon] || button.title || "button");
    if (icon === "retweet") set(button, "aria-pressed", String(button.classList.contains("mod-active")));
  }

  function nameAll() {
    document.querySelectorAll(".widget-slider [role=slider]").forEach(nameSlider);
    document.querySelectorAll(".jupyter-widgets button").forEach(nameButton);
    document.querySelectorAll(".widget-label[title=null]").forEach((label) => label.removeAttribute("title"));
  }

  document.addEventListener("DOMContentLoaded", () => {
    // Widgets are built after this point, and readouts change: look again after each change.
    let waiting = false;
    new MutationObserver(() => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; nameAll(); });
    }).observe(document.body, { childList: true, subtree: true, characterData: true,
                                attributes: true, attributeFilter: ["class", "contenteditable"] });
  });
})();
