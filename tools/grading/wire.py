"""Values as JSON, and back: all that passes between the process of a student and its judge.

Numbers, arrays, lists, tensors and chains of known layers travel as what they are, functions as a number by which
the other side may call them. Everything else arrives as an object of which only the name of its type is known.
Nothing here can run code of the sender: there is no pickle, and sizes, depths and types are looked at on arrival.
"""

from __future__ import annotations

import base64
import json
import math
import numbers
import select
import socket
import struct
import sys
import time
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np

MOST = 32 << 20                                 # bytes of a message
MANY = 100_000                                  # values in one
DEEP = 30                                       # lists in lists
LONG = 20_000                                   # characters of a text
#: Layers of PyTorch that are rebuilt on the other side, and what they are made with.
LAYERS = {
    "Linear": ("in_features", "out_features"), "BatchNorm1d": ("num_features",), "Tanh": (), "ReLU": (), "Sigmoid": (),
    "GELU": (), "Identity": (), "LeakyReLU": ("negative_slope",), "Softmax": ("dim",), "LogSoftmax": ("dim",),
    "Flatten": ("start_dim", "end_dim"), "Dropout": ("p",)}


class Broken(Exception):
    """What arrived is no message: too large, of a wrong form, or nothing at all."""


class Foreign(Broken):
    """A model with a class of the student's own: it cannot be rebuilt on the other side."""


class Unknown:
    """Stands for an object that does not travel. Its class is named after the one of the sender."""


def clean(text: Any, most: int = 2000) -> str:
    """Return a text that can be written to any file: no lone surrogates, no control characters, not long."""
    text = str(text)[:most].encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


# ---------------------------------------------------------------- there

class Packer:
    """Turn values into JSON.

    Attributes
    ----------
    keep : what is noted of a function that the other side may call, and returns its number
    code : what makes of a function its code, if that shall travel; None for a function that stays
    arrays : those that have travelled, in order; a tensor in the memory of one of `shared` is said to be so
    """

    def __init__(self, keep: Callable[[Any], int] | None = None, shared: list[np.ndarray] | None = None,
                 code: Callable[[Any], dict[str, Any] | None] = lambda function: None) -> None:
        self.keep, self.shared, self.code, self.left = keep, shared or [], code, MANY
        self.arrays: list[np.ndarray] = []

    def __call__(self, value: Any, depth: int = 0) -> Any:
        self.left -= 1
        if self.left < 0 or depth > DEEP:
            raise Broken("a value of too many parts")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return {"s": str(value)[:LONG]}
        if isinstance(value, np.generic) or isinstance(value, np.ndarray):
            return self.array(value, depth)
        if isinstance(value, int):
            return int(value) if abs(value) < 10**300 else {"x": "int"}
        if isinstance(value, float):
            return float(value)
        if isinstance(value, complex):
            return {"c": [value.real, value.imag]}
        if isinstance(value, (list, tuple, range)):
            parts = [self(part, depth + 1) for part in value]
            if fields := getattr(value, "_fields", None):
                return {"u": parts, "fields": list(fields)}
            return {"u" if isinstance(value, tuple) else "l": parts}
        if isinstance(value, dict):
            return {"d": [[self(key, depth + 1), self(part, depth + 1)] for key, part in value.items()]}
        if isinstance(value, np.random.Generator):
            return {"g": value.bit_generator.state}
        torch = sys.modules.get("torch")
        if torch and isinstance(value, torch.Tensor):
            return self.tensor(value)
        if torch and isinstance(value, torch.nn.Module):
            return self.model(value, depth)
        if isinstance(value, numbers.Number):   # a fraction
            return float(value)
        if callable(value) and not isinstance(value, type) and self.keep:
            if isinstance(number := getattr(value, "over_there", None), int):
                return {"r": number}            # a function of the other side comes back
            if sent := self.code(value):
                return sent
            name = getattr(value, "__name__", type(value).__name__)
            return {"f": self.keep(value), "name": name if isinstance(name, str) else "f"}
        return {"x": type(value).__name__}

    def array(self, value: Any, depth: int) -> dict[str, Any]:
        if isinstance(value, np.ndarray):
            self.arrays.append(value)
        array = np.asarray(value)
        if array.dtype.kind not in "biufc":
            return {"o": [list(array.shape), [self(entry, depth + 1) for entry in array.ravel().tolist()]]}
        if array.nbytes > MOST // 2:
            raise Broken("an array too large to be sent")
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return {"n" if isinstance(value, np.generic) else "a": [array.dtype.str, list(array.shape), data]}

    def tensor(self, value: Any) -> dict[str, Any]:
        array = value.detach().cpu().numpy()
        lent = [i for i, other in enumerate(self.shared) if array.size and np.shares_memory(array, other)]
        made = self.array(array, 0)
        self.arrays.pop()
        grad = value.grad if value.is_leaf else None
        return {"t": made, "requires_grad": bool(value.requires_grad), "lent": lent[:1],
                "grad": None if grad is None else self.tensor(grad)}

    def model(self, model: Any, depth: int) -> dict[str, Any]:
        kind, nn = type(model).__name__, sys.modules["torch"].nn
        if type(model) is nn.Sequential and depth < DEEP:
            return {"m": kind, "train": bool(model.training), "parts": [self.model(part, depth + 1) for part in model]}
        if kind not in LAYERS or type(model) is not getattr(nn, kind):
            return {"x": kind, "model": True}
        state = {name: value if value is None else self.tensor(value)
                 for store in (model._parameters, model._buffers) for name, value in store.items()}
        return {"m": kind, "train": bool(model.training), "made": [self(getattr(model, name)) for name in LAYERS[kind]],
                "state": state}


# ---------------------------------------------------------------- and back

class Unpacker:
    """Make values of what arrived; raises `Broken` at what no `Packer` has made.

    Attributes
    ----------
    function : (number, name) ↦ what stands for a function of the other side
    ours : the functions that the other side has numbers of
    shared : arrays in whose memory a tensor may lie
    code : what makes a function of its code; the judge has none
    """

    def __init__(self, function: Callable[[int, str], Any] | None = None, ours: list[Any] | None = None,
                 shared: list[np.ndarray] | None = None, code: Callable[[dict[str, Any]], Any] | None = None) -> None:
        self.function, self.ours, self.shared, self.code, self.left = function, ours or [], shared or [], code, MANY
        self.arrays: list[np.ndarray] = []

    def __call__(self, sent: Any) -> Any:
        try:
            return self.value(sent, 0)
        except (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError, RuntimeError) as error:
            raise Broken(f"a value that is none: {clean(error, 200)}") from None

    def value(self, sent: Any, depth: int) -> Any:
        self.left -= 1
        if self.left < 0 or depth > DEEP:
            raise Broken("a value of too many parts")
        if sent is None or isinstance(sent, (bool, int, float)):
            return sent
        if "s" in sent:
            return clean(sent["s"], LONG)
        if "c" in sent:
            return complex(*map(float, sent["c"]))
        if "a" in sent or "n" in sent:
            return self.array(sent)
        if "o" in sent:
            shape, entries = sent["o"]
            made = np.empty(len(entries), dtype=object)
            made[:] = [self.value(entry, depth + 1) for entry in entries] or None
            return made.reshape(shape)
        if "l" in sent:
            return [self.value(part, depth + 1) for part in sent["l"]]
        if "u" in sent:
            parts = tuple(self.value(part, depth + 1) for part in sent["u"])
            return namedtuple("Parts", sent["fields"])(*parts) if "fields" in sent else parts
        if "d" in sent:
            return {key if isinstance(key, (str, int, float)) else str(key): part for key, part in (
                (self.value(key, depth + 1), self.value(part, depth + 1)) for key, part in sent["d"])}
        if "g" in sent:
            made = np.random.PCG64()
            made.state = sent["g"]
            return np.random.Generator(made)
        if "t" in sent:
            return self.tensor(sent)
        if "m" in sent:
            return self.model(sent, depth)
        if "f" in sent and self.function and isinstance(sent["f"], int):
            return self.function(sent["f"], clean(sent["name"], 60))
        if "code" in sent and self.code:
            return self.code(sent)
        if "r" in sent:
            return self.ours[abs(sent["r"])]
        if "model" in sent:
            raise Foreign(clean(sent["x"], 60))
        return type(clean(sent["x"], 60), (Unknown,), {})()

    def array(self, sent: dict[str, Any]) -> Any:
        kind, shape, data = sent.get("a") or sent["n"]
        dtype = np.dtype(kind if isinstance(kind, str) else None)
        if dtype.kind not in "biufc" or not all(isinstance(n, int) and n >= 0 for n in shape) or len(shape) > 32:
            raise Broken("an array of a strange kind")
        data = base64.b64decode(data, validate=True)
        if math.prod(shape) * dtype.itemsize != len(data):
            raise Broken("an array whose size is not that of its entries")
        made = np.frombuffer(data, dtype).reshape(shape).copy()
        if "n" in sent:
            return made[()]
        self.arrays.append(made)
        return made

    def tensor(self, sent: dict[str, Any]) -> Any:
        import torch

        array = self.array(sent["t"])
        if sent["t"].get("a"):
            self.arrays.pop()
        if sent["lent"]:                        # the very memory of an argument, whatever its entries are
            array = self.shared[sent["lent"][0]].reshape(-1)[:array.size].reshape(array.shape)
        made = torch.from_numpy(np.atleast_1d(array)).reshape(array.shape)
        if sent["requires_grad"] and made.is_floating_point():
            made.requires_grad_()
        if sent["grad"] is not None:
            made.grad = self.tensor(sent["grad"])
        return made

    def model(self, sent: dict[str, Any], depth: int) -> Any:
        import torch

        if "x" in sent:
            raise Foreign(clean(sent["x"], 60))
        if depth > DEEP:
            raise Broken("a model in a model without end")
        if sent["m"] == "Sequential":
            made = torch.nn.Sequential(*[self.model(part, depth + 1) for part in sent["parts"]])
        else:
            LAYERS[sent["m"]]
            arguments = [self.value(part, depth + 1) for part in sent["made"]]
            if any(isinstance(number, int) and abs(number) > 10_000 for number in arguments):
                raise Broken("a layer too large")
            with torch.random.fork_rng(devices=[]):         # the stream of random numbers goes on undisturbed
                made = getattr(torch.nn, sent["m"])(*arguments)
            for name, part in sent["state"].items():
                tensor = None if part is None else self.tensor(part)
                if name in made._buffers:
                    made._buffers[name] = tensor
                elif name in made._parameters:
                    made._parameters[name] = None if tensor is None else torch.nn.Parameter(
                        tensor.detach(), requires_grad=tensor.requires_grad)
                    if tensor is not None and tensor.grad is not None:
                        made._parameters[name].grad = tensor.grad
        made.training = bool(sent["train"])
        return made


# ---------------------------------------------------------------- the line between them

class Line:
    """A connection over which each side asks and answers; while it waits, it answers what the other one asks."""

    def __init__(self, sock: socket.socket, serve: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.sock, self.serve = sock, serve
        self.arrived = bytearray()              # what has been read of the next message
        self.asked = 0
        self.busy = False                       # an alarm that rang now would tear a message

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode("ascii")
        if len(data) > MOST:
            raise Broken("a message that is too large")
        self.sock.settimeout(60)
        self.busy = True
        self.sock.sendall(struct.pack(">I", len(data)) + data)
        self.busy = False

    def receive(self, until: float | None = None) -> dict[str, Any]:
        self._read(4, until)
        (size,) = struct.unpack(">I", self.arrived[:4])
        if size > MOST:
            raise Broken("a message that is too large")
        self._read(4 + size, until)
        data, self.arrived = self.arrived[4:4 + size], self.arrived[4 + size:]
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            raise Broken("a message that is no JSON") from None
        if not isinstance(message, dict):
            raise Broken("a message that is no message")
        return message

    def _read(self, size: int, until: float | None) -> None:
        """Wait until so many bytes have arrived."""
        while len(self.arrived) < size:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0 or not select.select([self.sock], [], [], left)[0]:
                raise TimeoutError
            self.busy = True
            data = self.sock.recv(1 << 20)
            self.arrived += data
            self.busy = False
            if not data:
                raise EOFError

    def ask(self, message: dict[str, Any], until: float | None = None) -> dict[str, Any]:
        """Send a question and return its answer. One to an earlier question, for which nobody waited, is dropped."""
        self.asked += 1
        number = self.asked
        self.send({**message, "number": number})
        while True:
            answer = self.receive(until)
            if until is not None and time.monotonic() > until:      # it may ask for ever
                raise TimeoutError
            if "ask" in answer or "do" in answer:
                self.answer(answer)
            elif answer.get("to") == number:
                return answer

    def answer(self, question: dict[str, Any]) -> None:
        self.send({**self.serve(question), "to": question.get("number")})
