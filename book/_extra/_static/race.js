// The race of the first page (book/_ext/front_page.py): three optimizers of lecture_code on the bowl
// C(θ) = ½ (λ₁ θ₁² + λ₂ θ₂²), computed here for whatever learning rate the reader chooses.
(() => {
  "use strict";
  const each = (theta, f) => theta.map((_, i) => f(i));   // entry by entry

  // The rules of lecture_code/optimizers.py: (θ, g, state, η) ↦ [new θ, new state], from a state of zeros.
  const rules = ({ mu, betas: [beta1, beta2], eps }) => ({
    sgd: (theta, g, state, eta) => [each(theta, (i) => theta[i] - eta * g[i]), state],
    momentum: (theta, g, { v }, eta) => {
      v = each(theta, (i) => mu * v[i] - eta * g[i]);
      return [each(theta, (i) => theta[i] + v[i]), { v }];
    },
    adam: (theta, g, { m, v, k }, eta) => {
      k += 1;
      m = each(theta, (i) => beta1 * m[i] + (1 - beta1) * g[i]);
      v = each(theta, (i) => beta2 * v[i] + (1 - beta2) * g[i] ** 2);
      const mHat = m.map((x) => x / (1 - beta1 ** k)), vHat = v.map((x) => x / (1 - beta2 ** k));
      return [each(theta, (i) => theta[i] - (eta * mHat[i]) / (eps + Math.sqrt(vHat[i]))), { m, v, k }];
    },
  });

  function path(rule, { curvatures, start, steps }, eta) {
    let theta = start, state = { m: [0, 0], v: [0, 0], k: 0 };
    const points = [theta];
    for (let k = 0; k < steps; k++) {
      [theta, state] = rule(theta, each(theta, (i) => curvatures[i] * theta[i]), state, eta);
      points.push(theta);
    }
    return points;
  }

  // What is seen on a path: how it moves across the valley, and how far down it ends.
  function manner(points, cost) {
    const turns = points.filter(([, y], k) => k && y * points[k - 1][1] < 0).length;
    const left = cost(points.at(-1)) / cost(points[0]);
    const how = turns > 0.8 * (points.length - 1) ? "jumps from wall to wall" : turns > 1 ? "swings across the valley" : "walks straight on";
    if (!(left < 2)) return `${how} and flies out of the bowl`;
    return how + (left < 1e-3 ? " and arrives" : left < 0.05 ? " and comes close" : " and is far from done");
  }

  const short = (x) => (!Number.isFinite(x) ? "∞" : x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e4)
    ? x.toExponential(0).replace("e+", "e") : String(+x.toPrecision(2)));

  function start(box) {
    const race = JSON.parse(box.dataset.race), rule = rules(race), [, height, middle, unit] = race.view;
    const cost = (theta) => theta.reduce((sum, x, i) => sum + (race.curvatures[i] * x * x) / 2, 0);
    const [button, number, slider] = box.querySelectorAll("button, input"), says = box.querySelector(".race-says");
    const names = { sgd: "gradient descent", momentum: "momentum", adam: "Adam" };
    const rate = () => `η = ${+eta.toPrecision(3)}`;
    let paths = {}, frame = 0, eta = race.eta, outcome = "";

    const near = (x) => Math.max(-1e4, Math.min(1e4, x));   // a browser draws in single precision
    const place = ([x, y]) => [near(middle + unit * x), near(height / 2 - unit * y)].map((p) => p.toFixed(1));
    function show(k) {
      for (const name in names) {
        const seen = paths[name].slice(0, k + 1), drawn = box.querySelector(`svg .race-${name}`), [x, y] = place(seen.at(-1));
        drawn.firstChild.setAttribute("points", seen.map(place).join(" "));
        drawn.lastChild.setAttribute("cx", x);
        drawn.lastChild.setAttribute("cy", y);
        box.querySelector(`li.race-${name} .race-cost`).textContent = `cost ${short(cost(seen.at(-1)))}`;
      }
      box.dataset.step = k;
    }
    function stop() {
      cancelAnimationFrame(frame);
      frame = 0;
      button.textContent = "Play";
    }
    function play() {
      const began = performance.now();
      button.textContent = "Reset";
      says.textContent = `${rate()}: the three are on their way.`;      // how it ends is said at the end
      const next = () => {
        const k = Math.min(race.steps, Math.floor((performance.now() - began) / 70));
        show(k);
        if (k < race.steps) frame = requestAnimationFrame(next);
        else {
          stop();
          says.textContent = outcome;
        }
      };
      next();
    }
    function choose(chosen) {
      stop();
      eta = chosen;
      slider.ariaValueText = String(eta);
      paths = Object.fromEntries(Object.keys(names).map((name) => [name, path(rule[name], race, eta)]));
      show(race.steps);
      const sentences = Object.keys(names).map((name) => `${names[name]} ${manner(paths[name], cost)}`);
      outcome = `${rate()}: ${sentences.join("; ")}.`;
      says.textContent = outcome;
    }

    button.onclick = () => {
      if (!frame) return play();
      stop();
      show(0);
      says.textContent = `${rate()}: all three stand at the start.`;
    };
    slider.oninput = () => {
      number.value = +(10 ** slider.value).toPrecision(3);
      choose(+number.value);
    };
    number.oninput = () => {
      if (!(+number.value > 0)) return;
      slider.value = Math.log10(number.value);
      choose(+number.value);
    };
    box.paths = (rate) => Object.keys(names).map((name) => path(rule[name], race, rate));
    choose(eta);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) play();
  }
  document.querySelectorAll(".race").forEach(start);
})();
