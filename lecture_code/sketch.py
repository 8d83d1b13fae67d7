"""A field to draw a digit in, and a trained convolution network that reads it: in the page, without a kernel.

The network's parameters stand in the page as text, and a script computes what `ConvNet.output` computes. Nothing is
sent anywhere.

Book: ch-convolution-networks
"""

from __future__ import annotations

import base64
import html
import json
from dataclasses import dataclass

import numpy as np

from lecture_code.activations import relu
from lecture_code.convnet import ConvNet, unpack
from lecture_code.convolution import _pair
from lecture_code.validation import require


@dataclass(frozen=True)
class Sketch:
    """What a notebook shows: the HTML of the field, the network and the script.

    Attributes
    ----------
    markup : the HTML
    """

    markup: str

    def _repr_html_(self) -> str:
        return self.markup

    def __repr__(self) -> str:
        return "A field to draw a digit in; it needs a browser."


def sketch(net: ConvNet, theta: np.ndarray, example: np.ndarray) -> Sketch:
    """Return a field in which a reader draws a digit, and what the network says about it.

    Parameters
    ----------
    net : a network for images of one channel and 28 × 28 pixels, with ReLU in its blocks and no hidden dense layers
    theta : (P,), trained
    example : (784,), an image with values from 0 to 1 that a button puts into the field

    Raises
    ------
    ValueError
        If the network is of another kind, or shapes do not fit.
    """
    require(net.shape == (1, 28, 28), "net", "images of the shape (1, 28, 28)", net.shape)
    require(not net.hidden, "net", "no hidden dense layers", net.hidden)
    require(all(block.activation is relu for block in net.blocks), "net", "ReLU in all blocks",
            ", ".join(block.activation.name for block in net.blocks))
    example = np.asarray(example)
    require(example.shape == (784,), "example", "one image (784,)", f"shape {example.shape}")
    W, b = unpack(net, np.asarray(theta, np.float32))
    blocks = [{"Q": block.filters, **{name: _pair(name, getattr(block, name), name != "padding")
                                      for name in ("size", "stride", "padding", "pool")}} for block in net.blocks]
    numbers = np.concatenate([v.ravel() for pair in zip(W[1:], b[1:]) for v in pair])  # F¹, b¹, F², b², …, W, b
    data = {"net": json.dumps({"blocks": blocks, "classes": net.classes}), "theta": _text(numbers.astype("<f4")),
            "example": _text(np.round(255 * example).astype(np.uint8))}
    attributes = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in data.items())
    bars = "".join(f'<div class="sketch-bar"><b>{k}</b><i></i><span></span></div>' for k in range(net.classes))
    return Sketch(f'<style>{_STYLE}</style><div class="sketch" {attributes}>{_FIELD}'
                  f'<div class="sketch-says"><p aria-live="polite">&nbsp;</p>{bars}</div></div>'
                  f"<noscript>This field needs JavaScript.</noscript><script>{_SCRIPT}</script>")


def _text(numbers: np.ndarray) -> str:
    return base64.b64encode(numbers.tobytes()).decode()


_STYLE = """
.sketch { display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: flex-start; margin: 0.5rem 0; }
.sketch canvas { background: white; border: 2px solid #888; touch-action: none; max-width: 100%; }
.sketch canvas.sketch-pen { cursor: crosshair; }
.sketch canvas.sketch-seen { width: 112px; height: 112px; image-rendering: pixelated; }
.sketch label { display: block; margin: 0.3rem 0; }
.sketch button { margin: 0.3rem 0.6rem 0.3rem 0; padding: 0.3rem 0.8rem; color: #111; background: #eee; border: 1px solid #888; }
.sketch-says { min-width: 200px; flex: 1; max-width: 320px; }
.sketch-says p { font-weight: bold; margin: 0 0 0.4rem; }
.sketch-bar { display: flex; align-items: center; gap: 0.4rem; line-height: 1.35; }
.sketch-bar i { display: block; height: 0.8em; width: 0; background: #0072B2; }
"""

_FIELD = """
<div><canvas class="sketch-pen" width="252" height="252" role="img" aria-label="A field to draw a digit in"></canvas>
<div><button type="button" class="sketch-clear">Clear</button><button type="button" class="sketch-five">Show the five</button></div>
<label><input type="checkbox" class="sketch-centre" checked> scale and centre it, as MNIST's digits are</label>
<label>then move it to the right by <output>0</output> pixels<br>
<input type="range" class="sketch-move" min="-8" max="8" value="0"></label></div>
<div><canvas class="sketch-seen" width="28" height="28" role="img" aria-label="The image that the network sees"></canvas>
<br>what the network sees</div>
"""

_SCRIPT = """
for (const root of document.querySelectorAll(".sketch:not([data-ready])")) {
  root.dataset.ready = "yes";
  const find = (name) => root.querySelector(name), decoded = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const net = JSON.parse(root.dataset.net), theta = new Float32Array(decoded(root.dataset.theta).buffer);
  const five = decoded(root.dataset.example), pen = find(".sketch-pen"), ink = pen.getContext("2d", { willReadFrequently: true });
  const side = pen.width, shown = find(".sketch-seen").getContext("2d");
  let example = false, last = null;

  function block(a, { Q, size: [ky, kx], stride: [sy, sx], padding: [py, px], pool: [wy, wx] }, at) {
    const h = Math.floor((a.h + 2 * py - ky) / sy) + 1, w = Math.floor((a.w + 2 * px - kx) / sx) + 1;
    const out = { C: Q, h: Math.floor(h / wy), w: Math.floor(w / wx), at: at + Q * (a.C * ky * kx + 1) };
    out.v = new Float64Array(Q * out.h * out.w);
    for (let q = 0; q < Q; q++) for (let i = 0; i < out.h * wy; i++) for (let j = 0; j < out.w * wx; j++) {
      let z = theta[at + Q * a.C * ky * kx + q];
      for (let c = 0; c < a.C; c++) for (let u = 0; u < ky; u++) for (let v = 0; v < kx; v++) {
        const r = i * sy + u - py, s = j * sx + v - px;
        if (r >= 0 && r < a.h && s >= 0 && s < a.w) z += theta[at + ((q * a.C + c) * ky + u) * kx + v] * a.v[(c * a.h + r) * a.w + s];
      }
      const to = (q * out.h + Math.floor(i / wy)) * out.w + Math.floor(j / wx);
      out.v[to] = Math.max(out.v[to], z);                            // ReLU and max pooling at once: both are a maximum
    }
    return out;
  }

  function probabilities(image) {
    let a = { C: 1, h: 28, w: 28, v: image, at: 0 };
    for (const each of net.blocks) a = block(a, each, a.at);
    const n = a.v.length, K = net.classes, U = [];
    for (let k = 0; k < K; k++) U.push(a.v.reduce((sum, x, i) => sum + theta[a.at + k * n + i] * x, theta[a.at + K * n + k]));
    const top = Math.max(...U), e = U.map((u) => Math.exp(u - top)), total = e.reduce((x, y) => x + y);
    return e.map((x) => x / total);
  }

  function drawn() {                                                 // 28 × 28 numbers from 0 to 1, or null: no ink
    const dots = ink.getImageData(0, 0, side, side).data, dark = (x, y) => x < 0 || y < 0 || x >= side || y >= side ? 0 : dots[4 * (y * side + x) + 3] / 255;
    let x0 = side, x1 = -1, y0 = side, y1 = -1, sum = 0, mx = 0, my = 0;
    for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
      const d = dark(x, y);
      if (d > 0.1) { x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y); }
      sum += d; mx += d * (x + 0.5); my += d * (y + 0.5);
    }
    if (x1 < 0) return null;
    const centre = find(".sketch-centre").checked, step = centre ? (Math.max(x1 - x0, y1 - y0) + 1) / 20 : side / 28;
    const left = (centre ? mx / sum : side / 2) - 14 * step, top = (centre ? my / sum : side / 2) - 14 * step;
    const parts = Math.max(4, Math.ceil(step)), image = new Float64Array(784);
    for (let r = 0; r < 28; r++) for (let c = 0; c < 28; c++) for (let u = 0; u < parts; u++) for (let v = 0; v < parts; v++)
      image[28 * r + c] += dark(Math.floor(left + (c + (v + 0.5) / parts) * step), Math.floor(top + (r + (u + 0.5) / parts) * step)) / parts ** 2;
    return image;
  }

  function read() {
    const t = +find(".sketch-move").value, source = example ? Float64Array.from(five, (x) => x / 255) : drawn(), image = new Float64Array(784);
    find("output").textContent = String(t).replace("-", "\\u2212");
    for (let r = 0; r < 28; r++) for (let c = 0; c < 28; c++) if (source && c - t >= 0 && c - t < 28) image[28 * r + c] = source[28 * r + c - t];
    const pixels = shown.createImageData(28, 28);
    image.forEach((x, i) => pixels.data.set([0, 0, 0, 255 * x], 4 * i));
    shown.putImageData(pixels, 0, 0);
    const p = source ? probabilities(image) : new Array(net.classes).fill(0), best = p.indexOf(Math.max(...p));
    root.dataset.says = JSON.stringify(p);
    find("p").textContent = source ? `The network says ${best}.` : "Draw a digit, large, in one or two strokes.";
    root.querySelectorAll(".sketch-bar").forEach((bar, k) => {
      bar.querySelector("i").style.width = `${70 * p[k]}%`;
      bar.querySelector("span").textContent = source ? `${Math.round(100 * p[k])} %` : "";
    });
  }

  function clear() { ink.clearRect(0, 0, side, side); example = false; }
  function place(event) { const box = pen.getBoundingClientRect(); return [(event.clientX - box.left) * side / box.width, (event.clientY - box.top) * side / box.height]; }
  pen.addEventListener("pointerdown", (event) => { if (example) clear(); pen.setPointerCapture(event.pointerId); last = place(event); stroke(event); });
  pen.addEventListener("pointermove", (event) => { if (last) stroke(event); });
  for (const end of ["pointerup", "pointercancel"]) pen.addEventListener(end, () => { last = null; });
  function stroke(event) {
    const now = place(event);
    Object.assign(ink, { lineWidth: 20, lineCap: "round", lineJoin: "round", strokeStyle: "black" });
    ink.beginPath(); ink.moveTo(...last); ink.lineTo(now[0] + 0.01, now[1]); ink.stroke();
    last = now; read();
  }
  find(".sketch-clear").addEventListener("click", () => { clear(); read(); });
  find(".sketch-five").addEventListener("click", () => {
    clear(); example = true;
    const small = document.createElement("canvas"); small.width = small.height = 28;
    const pixels = new ImageData(28, 28);
    five.forEach((x, i) => pixels.data.set([0, 0, 0, x], 4 * i));
    small.getContext("2d").putImageData(pixels, 0, 0);
    ink.imageSmoothingEnabled = false; ink.drawImage(small, 0, 0, side, side); read();
  });
  for (const name of [".sketch-centre", ".sketch-move"]) find(name).addEventListener("input", read);
  read();
}
"""
