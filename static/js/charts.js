// Charts: drawn from the JSON in their attribute (htmx takes script elements out of what it swaps in). ECharts is loaded only where a chart stands.
const COLOURS = ["#066fd1", "#08735a", "#b36b00", "#7c2d91", "#6b7280", "#c92f2f"];
const SOFT = { color: "#4b5563", fontSize: 13 };
const source = document.querySelector('meta[name="xj-charts"]')?.content;
let loading;

function load() {
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = () => done(window.echarts);
    script.onerror = () => { loading = undefined; script.remove(); failed(new Error("chart library")); };
    document.head.append(script);
  });
  return loading;
}

const plain = (number) => Number(number).toLocaleString("en-US");

function ring(spec) {
  const data = spec.labels.map((name, at) => ({ name, value: spec.series[0].values[at] }));
  return {
    series: [{
      type: "pie", radius: ["48%", "70%"], center: ["50%", "50%"], data, padAngle: 1, minAngle: 4,
      label: { formatter: (one) => `${one.name}\n${plain(one.value)}`, ...SOFT }, labelLine: { length: 8, length2: 8 },
    }],
  };
}

const MOST_LABEL = 168;
const font = () => getComputedStyle(document.body).fontFamily;

function widest(words) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${SOFT.fontSize}px ${font()}`;
  return Math.ceil(Math.min(MOST_LABEL, Math.max(0, ...words.map((one) => pen.measureText(one).width)))) + 1;
}

function axes(spec) {
  const lying = spec.kind === "hbar";
  const beside = lying ? widest(spec.labels) : 0;
  const names = { type: "category", data: spec.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: "#e5e7eb" } }, axisLabel: { ...SOFT, interval: 0, hideOverlap: true, ...(lying && { width: beside, overflow: "truncate" }) }, inverse: lying };
  const numbers = { type: "value", minInterval: 1, splitNumber: 4, splitLine: { lineStyle: { color: "#e5e7eb" } }, axisLabel: { ...SOFT, formatter: plain } };
  const many = spec.series.length > 1;
  const labelled = !many && spec.labels.length <= 12;
  const series = spec.series.map((one) => ({
    name: one.name, data: one.values, type: spec.kind === "line" ? "line" : "bar", barMaxWidth: lying ? 16 : 28,
    stack: spec.kind === "stacked" ? "all" : undefined, symbolSize: 6, lineStyle: { width: 2 },
    label: { show: labelled, position: lying ? "right" : "top", formatter: (point) => plain(point.value), ...SOFT },
    endLabel: { show: spec.kind === "line" && many, formatter: "{a}", ...SOFT },
    itemStyle: { borderRadius: spec.kind === "stacked" ? 0 : lying ? [0, 3, 3, 0] : [3, 3, 0, 0] },
  }));
  return {
    series,
    xAxis: lying ? { ...numbers, show: !labelled } : names,
    yAxis: lying ? names : { ...numbers, show: !labelled },
    grid: { left: lying ? beside + 8 : 4, right: spec.kind === "line" && many ? 72 : lying ? 40 : 8, top: many ? 36 : 20, bottom: 4, containLabel: !lying },
    legend: many ? { top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: SOFT } : undefined,
  };
}

async function draw(figure) {
  const place = figure.querySelector(".xj-chart-picture");
  const fault = figure.querySelector(".xj-chart-fault");
  try {
    const spec = JSON.parse(figure.dataset.chart);
    const echarts = await load();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const picture = echarts.init(place, null, { renderer: "canvas" });
    picture.setOption({
      color: COLOURS, animation: !still, animationDuration: 300, aria: { enabled: true },
      textStyle: { fontFamily: font() },
      tooltip: { trigger: spec.kind === "ring" ? "item" : "axis", renderMode: "richText", valueFormatter: (value) => `${plain(value)} ${spec.unit}`, borderColor: "#d1d5db", textStyle: { color: "#1f2937", fontSize: 13 }, axisPointer: { type: "shadow" } },
      ...(spec.kind === "ring" ? ring(spec) : axes(spec)),
    });
    new ResizeObserver(() => picture.resize()).observe(place);
    fault.hidden = true;
    place.hidden = false;
  } catch {
    place.hidden = true;
    fault.hidden = false;
  }
}

const drawAll = (root) => root.querySelectorAll?.("figure[data-chart]:not([data-drawn])").forEach((figure) => {
  figure.dataset.drawn = "";
  draw(figure);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-chart-retry]");
  if (button) draw(button.closest("figure"));
});
document.addEventListener("htmx:load", (event) => drawAll(event.target.parentNode ?? document));
drawAll(document);
