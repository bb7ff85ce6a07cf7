// Cropping a photo: a frame of fixed shape over the picture, moved by pointer or keys; the numbers beside it are the form.
const RATIO = 26 / 32;
const SMALLEST = 154;

const stage = document.querySelector("[data-crop]");
const frame = stage.querySelector("[data-crop-box]");
const inputs = Object.fromEntries(["left", "top", "width"].map((name) => [name, document.querySelector(`[name="${name}"]`)]));
const picture = { width: Number(stage.dataset.width), height: Number(stage.dataset.height) };

const widest = Math.min(picture.width, Math.floor(picture.height * RATIO));
const clamp = (value, low, high) => Math.round(Math.max(low, Math.min(high, value)));
const scale = () => stage.querySelector("img").clientWidth / picture.width;
const read = () => ({ left: Number(inputs.left.value), top: Number(inputs.top.value), width: Number(inputs.width.value) });

function draw() {
  const box = read();
  const by = scale();
  Object.assign(frame.style, {
    left: `${box.left * by}px`, top: `${box.top * by}px`, width: `${box.width * by}px`, height: `${(box.width / RATIO) * by}px`,
  });
}

function put(box) {
  const width = clamp(box.width, Math.min(SMALLEST, widest), widest);
  inputs.width.value = width;
  inputs.left.value = clamp(box.left, 0, picture.width - width);
  inputs.top.value = clamp(box.top, 0, Math.max(0, Math.floor(picture.height - width / RATIO)));
  draw();
}

frame.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  frame.focus();
  frame.setPointerCapture(event.pointerId);
  const start = { x: event.clientX, y: event.clientY, ...read() };
  const sizing = event.target.hasAttribute("data-crop-corner");
  const move = (now) => {
    const across = (now.clientX - start.x) / scale();
    const down = (now.clientY - start.y) / scale();
    if (sizing) put({ left: start.left, top: start.top, width: start.width + Math.max(across, down * RATIO) });
    else put({ left: start.left + across, top: start.top + down, width: start.width });
  };
  frame.addEventListener("pointermove", move);
  const end = () => frame.removeEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) frame.addEventListener(name, end, { once: true });
});

frame.addEventListener("keydown", (event) => {
  const step = event.shiftKey ? 20 : 4;
  const moves = {
    ArrowLeft: [-step, 0, 0], ArrowRight: [step, 0, 0], ArrowUp: [0, -step, 0], ArrowDown: [0, step, 0],
    "+": [-2, -2, 4], "=": [-2, -2, 4], "-": [2, 2, -4],
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  event.stopPropagation();
  const box = read();
  put({ left: box.left + move[0], top: box.top + move[1], width: box.width + move[2] });
});

for (const input of Object.values(inputs)) input.addEventListener("change", () => put(read()));
stage.querySelector("img").addEventListener("load", draw);
window.addEventListener("resize", draw);
draw();
