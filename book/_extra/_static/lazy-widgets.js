// The bundle that shows widgets (vendor/widgets/embed.js, 1.9 MB) is loaded when the first widget comes near.
// Whoever wants the widgets at once calls loadWidgets().
(() => {
  "use strict";
  const here = document.currentScript.src;
  let begun = false;

  window.loadWidgets = () => {
    if (begun) return;
    begun = true;
    const script = document.createElement("script"), listen = window.addEventListener;
    // The bundle waits for the page to be loaded, which it is by now: that listener is called at once.
    window.addEventListener = (type, listener, ...options) =>
      type === "load" && document.readyState === "complete" ? setTimeout(listener) : listen.call(window, type, listener, ...options);
    script.onload = script.onerror = () => { window.addEventListener = listen; };
    script.src = new URL("vendor/widgets/embed.js", here);
    document.body.append(script);
  };

  const near = new IntersectionObserver((seen) => {
    if (!seen.some((each) => each.isIntersecting)) return;
    near.disconnect();
    window.loadWidgets();
  }, { rootMargin: "1500px" });
  document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]').forEach((view) => near.observe(view.parentElement));
  window.addEventListener("beforeprint", window.loadWidgets);
})();
